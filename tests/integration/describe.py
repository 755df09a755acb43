# SPDX-License-Identifier: MIT
"""What berth tells of its settings: --describe, --print-schema, --print-config
and --print-default-config say the same, the server keeps to it, and so do the
tables of the READMEs and the schema that is shipped."""

import copy
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml_subset
from harness import BERTH, BUILD, PLUGINS, SOURCE, TIMEOUT_S, Server, connect, \
    recv_exactly, run
from json_schema import Schema

OK, USAGE, CONFIG = 0, 64, 78
FIXTURES = os.path.join(BUILD, "tests", "plugins")

# A value for every key of the server and of the fixture `nested`.
FULL = """\
trigger: edge
plugin_path: [/tmp]
limits: {connections: 5, idle: 1m30s}
drain_timeout: none
log: {level: debug, format: text, file: /tmp/berth.log}
protocols:
  - plugin: nested
    name: one
    listen:
      - 127.0.0.1:0
      - address: unix:/tmp/berth-describe.sock
        backlog: 7
        mode: "0600"
    limits: {input: 64KiB, output: 65536, stall: "30s"}
    settings:
      loud: true
      level: -7
      most: none
      wait: 250ms
      greeting: "a $ and a \\" and a \\n: # [x]"
      root: /tmp
      password: sesame
      version: 1.0
      retry: {times: 4, wait: none}
      names: [a b, "none", "0660"]
      sizes: [1KiB, none, 7]
      routes:
        - path: /a
          folder: /tmp
          retry:
            times: 1
        - path: "true"
      headers: {X-A: b, "yes": "off", "a: b": "1"}
  - plugin: echo
    listen: 127.0.0.1:0
"""

# Where a value stands, and what may or may not stand there.
ENTRY = ("protocols", 0)
SETTINGS = (*ENTRY, "settings")
VARIABLE = "${BERTH_NOWHERE:-%s}"
VALUES = [
    ((), "trigger", ["level", VARIABLE % "edge", '"edge"'],
     ["egde", "yes", "[level]", "{}", "1"]),
    ((), "drain_timeout", ["none", "1s", "1d2h3m4s5ms", VARIABLE % "5s"],
     ["30", "30 s", "5min", "30s1m", "01s", "1.5s", "true", "[]", "nono"]),
    ((), "plugin_path", ["[]", "[a, ./b]", "[\"" + VARIABLE % "x" + "\"]"],
     ["a", "{}", "[[a]]"]),
    ((), "log", ["", "{}", "{level: info}"], ["info", "[]", "{levle: info}"]),
    (("limits",), "connections", ["none", "7", '"7"', VARIABLE % "9"],
     ["0", "-1", "many", "0x", "1.5", "true", "[1]", "1000000001"]),
    (("limits",), "input", ["1024", "64KiB", "64kB", "1GiB", '"4096"'],
     ["1023", "64K", "64 KiB", "1.5MiB", "none", "5m", "{}"]),
    (("limits",), "idle", ["none", "5m", VARIABLE % "5m"],
     ["5", "64KiB", "5M", "forever"]),
    (ENTRY, "name", ["a", "a-b.c_d", VARIABLE % "x"],
     ['""', "[a]", "x" * 65]),
    (ENTRY, "listen", ["127.0.0.1:0", "[127.0.0.1:0]", VARIABLE %
                       "127.0.0.1:0", "{address: 127.0.0.1:0}"],
     ["[]", "{}", "8080", "[[a]]", "{adress: 127.0.0.1:0}",
      "[{address: 127.0.0.1:0, backlgo: 1}]", "{backlog: 7}",
      "{address: 127.0.0.1:0, backlog: 0}"]),
    (ENTRY, "limits", ["", "{}", "{idle: 1s}"], ["1", "{idel: 1s}"]),
    (SETTINGS, "loud", ["true", "false", '"true"', VARIABLE % "true"],
     ["yes", "on", "1", "\"yes\""]),
    (SETTINGS, "level", ["0", "-9", '"-9"'], ["a", "1.5", "none", "true"]),
    (SETTINGS, "most", ["16", "1MiB", "none"], ["15", "1048577", "64K", "nil"]),
    (SETTINGS, "wait", ["0", '"0"', "0s", "1m"], ["1", "none", "1y"]),
    (SETTINGS, "greeting", ["none", '""', "12", "true", "$$", "x" * 64],
     ["x" * 65, "[a]", "{}", ""]),
    (SETTINGS, "root", ["a", "./a", VARIABLE % "b"], ["", "[a]"]),
    (SETTINGS, "version", ["1.0", '"1.0"', "1.1", "off", "null"],
     ["1.2", "true", "on", "[1.0]"]),
    (SETTINGS, "retry", ["", "{}", "{times: 10}"],
     ["3", "{tmies: 3}", "{times: 11}", "{wait: 5}"]),
    (SETTINGS, "names", ["[]", "[a, b, c]", "[1]"],
     ["a", "[a, b, c, d]", "[[a]]", "{a: b}"]),
    (SETTINGS, "sizes", ["[1, 1KiB, none]"], ["[1K]", "[0]", "[1025]"]),
    (SETTINGS, "routes", ["[]", "[{path: a}]", "[{path: a}, {path: b}]"],
     ["{path: a}", "[{}]", "[{path: \"\"}]", "[{path: a, ptah: b}]",
      "[{path: a}, {path: a}, {path: a}]", "[{path: a, retry: {tmies: 1}}]"]),
    (SETTINGS, "headers", ["{}", "{a: b, c: 1, d: true}"],
     ["a", "[]", "{a: [b]}", "{a: {b: c}}"]),
]


def read(*path):
    with open(os.path.join(SOURCE, *path)) as file:
        return file.read()


def find_files(pattern):
    """Files of the tree, from its top."""
    return sorted(os.path.relpath(path, SOURCE)
                  for path in glob.glob(os.path.join(SOURCE, pattern)))


def find(document, path):
    for step in path:
        document = document[step]
    return document


def mappings(value, path=()):
    """The paths of all mappings within."""
    if isinstance(value, dict):
        yield path
    items = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from mappings(item, (*path, key))


def uncomment(text):
    """A sample configuration with every key set. A line of it begins with '#'
    and a key, or so many blanks as the key has; a comment with one blank."""
    return re.sub(r"^#(?=( {2,})?[a-z- ]*[a-z_]+:)(?! [a-z])", "", text,
                  flags=re.MULTILINE)


class Program(unittest.TestCase):
    """A copy of the program that finds the plugins echo and nested."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="berth-describe-")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = scratch.name
        cls.berth = os.path.join(cls.folder, "bin", "berth")
        plugins = os.path.join(cls.folder, "plugins")
        os.mkdir(os.path.dirname(cls.berth))
        os.mkdir(plugins)
        shutil.copy(BERTH, cls.berth)
        shutil.copy(os.path.join(PLUGINS, "echo.so"), plugins)
        shutil.copy(os.path.join(FIXTURES, "nested.so"), plugins)
        cls.schema = Schema(json.loads(cls.print("--print-schema")))

    @classmethod
    def call(cls, *args, cwd=None):
        return subprocess.run(
            [cls.berth, *args], cwd=cwd or cls.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=TIMEOUT_S, check=False)

    @classmethod
    def print(cls, *args, cwd=None):
        done = cls.call(*args, cwd=cwd)
        if done.returncode != OK or done.stderr:
            raise AssertionError(f"{args}: {done.returncode}\n{done.stderr}")
        return done.stdout

    def write(self, text, name="server.yaml"):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def is_taken(self, text):
        done = self.call("-t", "-c", self.write(text))
        self.assertIn(done.returncode, (OK, CONFIG), done.stderr)
        return done.returncode == OK

    def check_valid(self, document, story=""):
        self.assertEqual(self.schema.errors(document), [], story)


class SchemaTest(Program):
    def shipped(self):
        """The configurations of the tree: (where, text)."""
        for path in ["config/server.yaml", *find_files("config/examples/*.yaml")]:
            yield path, read(path)
        for path in ["README.md", *find_files("*/README.md"),
                     *find_files("*/*/README.md")]:
            for text in re.findall(r"^```yaml\n(.*?)^```$", read(path),
                                   re.MULTILINE | re.DOTALL):
                if re.search(r"^protocols:", text, re.MULTILINE):
                    yield path, text

    def test_every_shipped_configuration_is_valid(self):
        seen = 0
        for path, text in self.shipped():
            with self.subTest(path, text=text):
                self.check_valid(yaml_subset.load(text))
                seen += 1
        self.assertGreater(seen, 10)

    def test_every_value_of_every_key_is_valid(self):
        self.check_valid(yaml_subset.load(FULL))
        self.assertTrue(self.is_taken(FULL))

    def everything(self):
        """A document with every key that there is: what takes effect."""
        document = yaml_subset.load(
            self.print("--print-config", "-c", self.write(FULL)))
        self.check_valid(document)
        return document

    def test_a_mistyped_key_is_refused_at_every_level(self):
        document = self.everything()
        free = (*SETTINGS, "headers")
        levels = [path for path in mappings(document) if path != free]
        self.assertGreater(len(levels), 10)
        for path in levels:
            for key in find(document, path):
                with self.subTest(path, key=key):
                    wrong = copy.deepcopy(document)
                    place = find(wrong, path)
                    place[key[:-1] + "x" + key[-1]] = place.pop(key)
                    self.assertNotEqual(self.schema.errors(wrong), [])

    def test_a_value_of_another_kind_is_refused(self):
        document = self.everything()
        for path in mappings(document):
            for key, value in find(document, path).items():
                others = [[["x"]], {"x_x": {"x": "y"}}]
                if isinstance(value, (dict, list)) and key != "listen":
                    others.append("x y")
                for other in others:
                    with self.subTest(path, key=key, other=other):
                        wrong = copy.deepcopy(document)
                        find(wrong, path)[key] = other
                        self.assertNotEqual(self.schema.errors(wrong), [])

    def put(self, path, key, value):
        """The whole document as JSON, which is YAML, with the value in it as it
        is written: also what an editor makes of it."""
        document = yaml_subset.load(FULL)
        find(document, path)[key] = "@@@"
        text = json.dumps(document, indent=1).replace('"@@@"', value)
        find(document, path)[key] = yaml_subset.load(f"x: {value}")["x"]
        return text, document

    def test_the_schema_says_what_the_server_says(self):
        for path, key, good, bad in VALUES:
            for value in [*good, *bad]:
                if value.startswith("${"):
                    value = f'"{value}"'
                with self.subTest(path, key=key, value=value):
                    text, document = self.put(path, key, value)
                    is_good = value in good or value.startswith('"${')
                    self.assertEqual(self.is_taken(text), is_good)
                    self.assertEqual(self.schema.errors(document) == [],
                                     is_good)

    def test_settings_are_those_of_the_plugin_however_it_is_named(self):
        for plugin in ("nested", "nested.so", "./plugins/nested.so",
                       "/a/b/nested.so"):
            for settings, is_good in (({"root": "."}, True), ({}, False),
                                      ({"root": ".", "x": 1}, False),
                                      (None, False)):
                with self.subTest(plugin, settings=settings):
                    entry = {"plugin": plugin, "settings": settings}
                    document = {"protocols": [entry]}
                    self.assertEqual(self.schema.is_valid(document), is_good)
            self.assertFalse(self.schema.is_valid(
                {"protocols": [{"plugin": plugin}]}))
        self.check_valid({"protocols": [{"plugin": "echo", "settings": {}}]})
        self.assertFalse(self.schema.is_valid(
            {"protocols": [{"plugin": "echo.so", "settings": {"a": 1}}]}))
        for plugin in ("unknown", "xnested", "nested.so.1", "nestedxso"):
            self.check_valid({"protocols": [{"plugin": plugin,
                                             "settings": {"a": [1]}}]})

    def test_other_validators_agree(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("no python3-jsonschema")
        jsonschema.Draft7Validator.check_schema(self.schema.root)
        validator = jsonschema.Draft7Validator(self.schema.root)
        for _, text in self.shipped():
            self.assertTrue(validator.is_valid(yaml_subset.load(text)), text)
        for path, key, good, bad in VALUES:
            for value in [*good, *bad]:
                if value.startswith("${"):
                    value = f'"{value}"'
                _, document = self.put(path, key, value)
                self.assertEqual(validator.is_valid(document),
                                 self.schema.is_valid(document), value)

    def test_the_shipped_schema_is_the_printed_one(self):
        # To mend it: berth --print-schema > config/server.schema.json
        done = run("--print-schema")
        self.assertEqual((done.returncode, done.stderr), (OK, ""))
        self.assertEqual(done.stdout, read("config", "server.schema.json"))

    def test_the_shipped_configuration_names_it(self):
        first = read("config", "server.yaml").splitlines()[0]
        match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        self.assertTrue(os.path.isfile(
            os.path.join(SOURCE, "config", match.group(1))))


class PrintConfig(Program):
    def values(self, text):
        """What is printed of the file, without comments."""
        path = self.write(text)
        printed = self.print("--print-config", "-c", path, cwd="/")
        self.check_valid(yaml_subset.load(
            printed.replace("# password: given, and secret", "")))
        return printed, yaml_subset.load(printed)

    def test_what_is_printed_means_the_same(self):
        for text in (FULL, read("config", "server.yaml"),
                     read("config", "examples", "limits.yaml"),
                     read("config", "examples", "addresses.yaml")):
            with self.subTest(text=text):
                printed, values = self.values(text)
                again, values_again = self.values(printed)
                self.assertEqual(values_again, values)
                self.assertNotEqual(again, printed) # other lines

    def test_what_was_given_is_in_it(self):
        def check(given, found):
            if isinstance(given, dict):
                for key, value in given.items():
                    if key not in ("password", "plugin", "listen"):
                        check(value, found[key])
            elif isinstance(given, list):
                self.assertEqual(len(given), len(found))
                for one, other in zip(given, found):
                    check(one, other)
            else:
                same = {65536: "64KiB"}.get(given, given)
                if isinstance(same, str): # no variable, as it is printed
                    same = same.replace("$", "$$")
                self.assertEqual(found, same)

        _, values = self.values(FULL)
        check(yaml_subset.load(FULL), values)

    def test_every_value_has_its_place(self):
        printed, _ = self.values(FULL)
        path = re.escape(os.path.join(self.folder, "server.yaml"))
        lines = FULL.splitlines()
        for line in printed.splitlines()[2:]:
            if re.match(r" *# ", line) or re.match(r" *- \{\}$", line):
                continue
            match = re.search(rf" # (default|command line|{path}:(\d+))$", line)
            self.assertTrue(match, line)
            key = re.match(r"[ -]*\"?([^:\"]+)", line).group(1)
            if match.group(2) and ":" in line[:match.start()]:
                source = lines[int(match.group(2)) - 1]
                self.assertTrue(key in source or key == "address", line)

    def test_secrets_are_not_printed(self):
        printed, _ = self.values(FULL)
        self.assertNotIn("sesame", printed)
        self.assertIn("# password: given, and secret\n", printed)

    def test_variables_are_what_they_hold(self):
        _, values = self.values(read("config", "examples", "variables.yaml"))
        self.assertEqual(values["protocols"][0]["listen"][0]["address"],
                         "127.0.0.1:8080")

    def test_the_command_line_is_printed_as_a_file(self):
        printed = self.print("--print-config", "echo", "echo=127.0.0.1:0")
        entries = yaml_subset.load(printed)["protocols"]
        self.assertEqual([entry["name"] for entry in entries],
                         ["echo", "echo-2"])
        self.assertEqual([entry["listen"][0]["address"] for entry in entries],
                         ["127.0.0.1:8080", "127.0.0.1:0"])
        self.assertTrue(self.is_taken(printed))

    def test_a_bad_file_is_refused_as_ever(self):
        path = self.write("triger: edge\n")
        done = self.call("--print-config", "-c", path)
        checked = self.call("-t", "-c", path)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (CONFIG, "", checked.stderr))


class PrintDefaultConfig(Program):
    def test_it_is_served_as_it_is(self):
        printed = self.print("--print-default-config")
        document = yaml_subset.load(printed)
        self.check_valid(document)
        self.assertTrue(self.is_taken(printed))
        self.assertEqual(document, {"protocols": [
            {"plugin": "echo.so", "listen": {"address": "127.0.0.1:8080"}}]})
        with Server(printed.replace(":8080", ":0")) as server, \
                connect(server.address) as sock:
            sock.sendall(b"hello\n")
            self.assertEqual(recv_exactly(sock, 6), b"hello\n")

    def test_with_every_key_taken_in_it_is_still_right(self):
        text = uncomment(self.print("--print-default-config"))
        # What has no default has nothing behind it; a group has deeper lines.
        text = re.sub(r"^( *)[a-z_]+:\n(?!(\1 +#.*\n)*\1 +[^ #])", "", text,
                      flags=re.MULTILINE)
        document = yaml_subset.load(text)
        self.check_valid(document, text)
        self.assertTrue(self.is_taken(text), text)
        self.assertEqual([entry["plugin"] for entry in document["protocols"]],
                         ["echo.so", "nested.so"])
        self.assertEqual(document["limits"]["idle"], "5m")
        settings = document["protocols"][1]["settings"]
        self.assertEqual(settings["greeting"], 'it costs $$5: "hello"')
        self.assertEqual(settings["routes"][0]["retry"],
                         {"times": 3, "wait": "1s"})


class Described:
    """An option as --describe tells it."""

    def __init__(self, value, default, help_text=""):
        self.value, self.default, self.help = value, default, help_text
        self.items = {}

    def groups(self, name):
        """All that have keys within: (name, option)."""
        if self.items:
            yield name, self
        for key, option in self.items.items():
            yield from option.groups(key)

    def rows(self):
        return [(key, option.value, option.default, option.help)
                for key, option in self.items.items()]


def parse(printed):
    """Reads the part `keys:` or `settings:` of what --describe prints."""
    root = Described("", "")
    around = [(0, root)]  # indentation, option
    part = re.search(r"^(?:keys|settings):\n((?: .*\n)*)", printed,
                     re.MULTILINE)
    for line in part.group(1).splitlines() if part else ():
        depth = len(line) - len(line.lstrip(" "))
        if depth == around[-1][0] + 4:
            option = around[-1][1]
            option.help = (option.help + " " + line.strip()).strip()
            continue
        match = re.fullmatch(r" *([a-z0-9_]+): (.*?)"
                             r"(?:; (required|default (.*)))?", line)
        while around[-1][0] >= depth:
            around.pop()
        option = Described(match.group(2),
                           match.group(4) or match.group(3) or "")
        around[-1][1].items[match.group(1)] = option
        around.append((depth, option))
    return root


def plain(cell):
    """A cell of a table without links, and what marks words."""
    cell = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell.strip())
    return cell.replace("`", "").replace("*required*", "required") \
        .replace("\\|", "|")


def tables(text):
    """The tables of keys of a README: (the first word in backquotes of the
    heading above, rows)."""
    found = []
    heading = ""
    for part in re.split(r"^(#+ .*)$", text, flags=re.MULTILINE):
        if part.startswith("#"):
            match = re.search(r"`([a-z_]+)`", part)
            heading = match.group(1) if match else ""
            continue
        for table in re.findall(r"^\| key \| value \| default \| meaning \|\n"
                                r"\|[-|]*\|\n((?:\|.*\n)*)", part,
                                re.MULTILINE):
            rows = [tuple(plain(cell) for cell in
                          re.split(r"(?<!\\)\|", row)[1:-1])
                    for row in table.splitlines()]
            found.append((heading, rows))
    return found


def as_row(row):
    key, value, default, meaning = (cell.replace("|", "\\|") for cell in row)
    default = "*required*" if default == "required" else \
        f"`{default}`" if default else ""
    return f"| `{key}` | {value} | {default} | {meaning} |"


class Readmes(Program):
    def check_tables(self, text, described):
        """Each group has a table, and each table is that of a group."""
        groups = {}
        for name, option in described.groups(""):
            # Of two of a name, one may have some of the other's keys only.
            rows = option.rows()
            most = max(rows, groups.get(name, rows), key=len)
            self.assertLessEqual(set(rows) | set(groups.get(name, rows)),
                                 set(most), f"two groups '{name}' that differ")
            groups[name] = most
        found = dict(tables(text))
        self.assertEqual(sorted(found), sorted(groups))
        for name, rows in groups.items():
            self.assertEqual(
                found[name], rows,
                "\nthe table should have these rows (links and backquotes "
                "aside):\n" + "\n".join(map(as_row, rows)))

    def test_the_configuration_has_every_key(self):
        self.check_tables(read("config", "README.md"),
                          parse(self.print("--describe")))

    def test_the_first_readme_has_every_limit(self):
        limits = parse(self.print("--describe")).items["limits"].items
        table = re.search(r"^\| key \| default \| .*\n\|[-|]*\|\n((?:\|.*\n)*)",
                          read("README.md"), re.MULTILINE).group(1)
        rows = [row.split("|")[1:3] for row in table.splitlines()]
        self.assertEqual([(plain(key), plain(value)) for key, value in rows],
                         [(key, option.default)
                          for key, option in limits.items()])

    def test_every_protocol_has_its_settings(self):
        paths = find_files("protocols/*/README.md")
        self.assertGreater(len(paths), 0)
        for path in paths:
            name = path.split("/")[1]
            with self.subTest(name):
                done = run("--describe", name)
                self.assertEqual((done.returncode, done.stderr), (OK, ""))
                self.check_tables(read(path), parse(done.stdout))

    def test_a_table_that_differs_is_told(self):
        described = parse(self.print("--describe", "nested"))
        text = "".join(
            f"# `{name}`\n\n| key | value | default | meaning |\n|--|--|--|--|\n"
            + "".join(as_row(row) + "\n" for row in option.rows())
            for name, option in described.groups(""))
        text = text.replace("# ``", "# Settings")
        self.check_tables(text, described)
        for old, new in (("how often", "how seldom"), ("`1s`", "`2s`"),
                         ("1 to 10", "1 to 11"), ("`wait`", "`wiat`"),
                         ("# `routes`", "# routs"),
                         ("| `names` |", "| `extra` | | | |\n| `names` |")):
            self.assertIn(old, text)
            with self.subTest(new), self.assertRaises(AssertionError):
                self.check_tables(text.replace(old, new), described)


class Describe(Program):
    def test_what_is_described_is_what_the_schema_has(self):
        def compare(described, schema):
            properties = schema["properties"]
            self.assertEqual(list(described.items), list(properties))
            for name, option in described.items.items():
                inner = properties[name]
                self.assertEqual(inner["description"], option.help)
                self.assertEqual(name in schema.get("required", ()),
                                 option.default == "required")
                if option.items:
                    inner = inner.get("items", inner)
                    compare(option, inner if "properties" in inner
                            else inner["anyOf"][1])

        compare(parse(self.print("--describe")), self.schema.root)
        entry = self.schema.root["properties"]["protocols"]["items"]
        rule = next(rule for rule in entry["allOf"] if "nested" in
                    rule["if"]["properties"]["plugin"]["pattern"])
        compare(parse(self.print("--describe", "nested")),
                rule["then"]["properties"]["settings"])

    def test_a_plugin_is_named_as_elsewhere(self):
        printed = self.print("--describe", "nested")
        for name in ("nested.so", "./plugins/nested.so",
                     os.path.join(self.folder, "plugins", "nested.so")):
            self.assertEqual(self.print("--describe", name), printed)
        self.assertRegex(printed, r"\Anested: has settings of every type\n"
                         r"file: /\S+/plugins/nested\.so\n"
                         r"version: 2\.0 \"beta\"\n\nsettings:\n")
        self.assertIn("\ncounters:\n  lines\n      lines received\n", printed)

    def test_several_are_described_one_after_the_other(self):
        self.assertEqual(self.print("--describe", "echo", "nested"),
                         self.print("--describe", "echo") + "\n" +
                         self.print("--describe", "nested"))

    def test_one_that_is_not_there_is_told_and_what_may_be_meant(self):
        done = self.call("--describe", "netsed")
        self.assertEqual((done.returncode, done.stdout), (CONFIG, ""))
        self.assertRegex(done.stderr, r"\Anetsed: error: the plugin 'netsed': ")
        self.assertIn("did you mean 'nested.so'?", done.stderr)

    def test_what_does_not_go_together_is_refused(self):
        for args in (("--print-schema", "echo"), ("--describe", "-t"),
                     ("--print-default-config", "echo"),
                     ("--print-config", "-c", "x", "echo"),
                     ("--describe=echo",)):
            with self.subTest(args):
                done = self.call(*args)
                self.assertEqual((done.returncode, done.stdout), (USAGE, ""))

    def test_a_full_disk_is_no_success(self):
        for args in (("--describe",), ("--print-schema",), ("--print-config",),
                     ("--print-default-config",)):
            with self.subTest(args), open("/dev/full", "w") as full:
                done = subprocess.run(
                    [self.berth, *args], cwd=self.folder, stdout=full,
                    stderr=subprocess.PIPE, text=True, check=False)
                self.assertEqual(done.returncode, 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
