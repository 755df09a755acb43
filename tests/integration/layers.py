# SPDX-License-Identifier: MIT
"""The layers of core/README.md hold: a file includes only headers of levels
below its own, and its own header; a protocol nothing of the core. And each noun
of the core has a unit test."""

import os
import re
import unittest

from harness import SOURCE

CORE = os.path.join(SOURCE, "core")
PROTOCOLS = os.path.join(SOURCE, "protocols")
TESTS = os.path.join(SOURCE, "tests")
# Nouns without a unit test of their own, and where they are tested instead;
# none: there is nothing to run.
TESTED_ELSEWHERE = {
    "attribute": [],  # a macro
    "config_entry": ["unit/test_config.c"],
    "control_client": ["unit/test_control.c"],  # all of it is behind control.h
    "limit": [],  # a struct
    # It is the whole program: processes, signals, sockets.
    "supervisor": ["integration/fleet.py", "integration/reload.py"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(<[^>]+>|"[^"]+")', re.MULTILINE)
NAME = re.compile(r"\b([a-z][a-z0-9_]*)(?:\.[ch])?\b")
ROW = re.compile(r"^\|\s*(\d+)\s*\|([^|]*)\|", re.MULTILINE)


def includes(path):
    with open(path) as file:
        return INCLUDE.findall(file.read())


def read_table():
    """From the table under `## Layers`: name of a file to its level. Names
    are separated by anything that is no letter, .c and .h may be left out."""
    with open(os.path.join(CORE, "README.md")) as file:
        section = re.search(r"^## Layers$(.*?)(?=^## |\Z)", file.read(),
                            re.MULTILINE | re.DOTALL)
    levels = {}
    for level, cell in ROW.findall(section.group(1) if section else ""):
        for name in NAME.findall(cell):
            if name in levels:
                raise AssertionError(f"{name} is in the table twice")
            levels[name] = int(level)
    return levels


def owner(name):
    """The file whose header this one's is: a noun may have several .c files
    (address_parse.c belongs to address.h)."""
    while "_" in name and not os.path.exists(os.path.join(CORE, name + ".h")):
        name = name.rpartition("_")[0]
    return name


class Layers(unittest.TestCase):
    def setUp(self):
        self.levels = read_table()
        self.names = [name for name in sorted(os.listdir(CORE))
                      if name.endswith((".c", ".h"))]

    def test_the_table_is_there(self):
        self.assertGreater(len(self.levels), 10)

    def test_every_file_is_in_the_table_and_the_reverse(self):
        files = {owner(os.path.splitext(name)[0]) for name in self.names}
        self.assertEqual(files, set(map(owner, self.levels)))

    def test_core_files_include_only_lower_levels(self):
        wrong = []
        for name in self.names:
            own = owner(os.path.splitext(name)[0])
            for include in includes(os.path.join(CORE, name)):
                if not include.startswith('"'):
                    continue
                header = include.strip('"')
                other = os.path.splitext(header)[0]
                if other == own:
                    continue
                if header not in self.names:
                    wrong.append(f"{name}: {include} is not in core/")
                elif self.levels[other] >= self.levels[own]:
                    wrong.append(f"{name} (level {self.levels[own]}) includes "
                                 f"{include} (level {self.levels[other]})")
        self.assertEqual(wrong, [])

    def test_every_header_is_included_first_by_its_own_file(self):
        wrong = []
        for name in self.names:
            own = owner(os.path.splitext(name)[0])
            if not name.endswith(".c") or own + ".h" not in self.names:
                continue
            if includes(os.path.join(CORE, name))[0] != f'"{own}.h"':
                wrong.append(name)
        self.assertEqual(wrong, [])

    def test_headers_for_protocols_include_nothing_of_the_core(self):
        folder = os.path.join(CORE, "include", "berth")
        public = {f"<berth/{name}>" for name in os.listdir(folder)}
        self.assertIn("<berth/protocol.h>", public)
        for name in os.listdir(folder):
            for include in includes(os.path.join(folder, name)):
                with self.subTest(name, include=include):
                    self.assertTrue(include in public or
                                    re.fullmatch(r"<(sys/)?\w+\.h>", include))

    def test_protocols_include_nothing_of_the_core(self):
        wrong, seen = [], 0
        for folder, _, names in os.walk(PROTOCOLS):
            for name in names:
                if not name.endswith((".c", ".h", ".cpp")):
                    continue
                seen += 1
                for include in includes(os.path.join(folder, name)):
                    header = include[1:-1]
                    if include.startswith('"'):
                        fine = os.path.exists(os.path.join(folder, header))
                    elif header.startswith("berth/"):
                        fine = os.path.exists(os.path.join(
                            CORE, "include", header))
                    else:
                        fine = ".." not in header
                    if not fine:
                        wrong.append(f"{name}: {include}")
        self.assertGreater(seen, 0)
        self.assertEqual(wrong, [])


class UnitTests(unittest.TestCase):
    def setUp(self):
        self.nouns = {os.path.splitext(name)[0] for name in os.listdir(CORE)
                      if name.endswith(".h")}
        self.tested = {owner(name[len("test_"):-len(".c")])
                       for name in os.listdir(os.path.join(TESTS, "unit"))
                       if re.fullmatch(r"test_\w+\.c", name)}

    def test_every_noun_has_one(self):
        self.assertGreater(len(self.nouns), 10)
        self.assertEqual(
            sorted(self.nouns - self.tested - set(TESTED_ELSEWHERE)), [])

    def test_exceptions_have_none_and_are_tested_elsewhere(self):
        self.assertEqual(
            sorted(set(TESTED_ELSEWHERE) - (self.nouns - self.tested)), [])
        for noun, places in TESTED_ELSEWHERE.items():
            for place in places:
                with self.subTest(noun, place=place):
                    self.assertTrue(
                        os.path.exists(os.path.join(TESTS, place)))

    def test_every_one_is_run(self):
        with open(os.path.join(TESTS, "unit", "CMakeLists.txt")) as file:
            listed = re.search(r"set\(tests\s+([^)]*)\)", file.read())
        names = listed.group(1).split()
        self.assertEqual(names, sorted(names))
        self.assertEqual(
            set(names), {name[len("test_"):-len(".c")]
                         for name in os.listdir(os.path.join(TESTS, "unit"))
                         if re.fullmatch(r"test_\w+\.c", name)})


if __name__ == "__main__":
    unittest.main()
