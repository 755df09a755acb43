# SPDX-License-Identifier: MIT
"""--describe: it says what the schema says, and so do the tables of the
READMEs."""

import os
import re
import subprocess
import unittest

from harness import run
from settings import (CONFIG, OK, USAGE, Program, find_files, has_plugin,
                      read)


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
            if not has_plugin(name):
                continue
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
