# SPDX-License-Identifier: MIT
"""--print-schema: the schema takes what is shipped and refuses what the server
refuses, as far as a schema can, at every level."""

import copy
import json
import os
import re
import unittest

import yaml_subset
from harness import SOURCE, run
from settings import FULL, OK, Program, find_files, has_plugin, read

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


class PrintSchema(Program):
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

    @unittest.skipUnless(has_plugin("http"), "http is not built")
    def test_the_shipped_schema_is_the_printed_one(self):
        done = run("--print-schema")
        self.assertEqual((done.returncode, done.stderr), (OK, ""))
        self.assertEqual(done.stdout, read("config", "server.schema.json"))

    def test_the_shipped_configuration_names_it(self):
        first = read("config", "server.yaml").splitlines()[0]
        match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        self.assertTrue(os.path.isfile(
            os.path.join(SOURCE, "config", match.group(1))))

if __name__ == "__main__":
    unittest.main()
