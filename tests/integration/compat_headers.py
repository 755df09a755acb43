# SPDX-License-Identifier: MIT
"""What the headers for protocols said in a release stays where it was: they are
held against the folders of tests/compat, and abidiff looks at a plugin that is
built with either."""

import os
import re
import shutil
import sys
import tempfile
import unittest

from harness import SOURCE
from header import C, CXX, C_WARNINGS, WARNINGS

COMPAT = os.path.join(SOURCE, "tests", "compat")
sys.path.insert(0, COMPAT)
import abi  # noqa: E402
import layout  # noqa: E402
from builds import (build, can_compile, check_layout, compile_with,  # noqa: E402
                    plugins_of)

CURRENT = os.path.join(SOURCE, "core", "include")
RELEASES = layout.releases(COMPAT)
LAST = RELEASES[-1]


def inserted(line, text):
    """A change of protocol.h: something before a line."""
    return line, text + line


# A change: what stands in protocol.h, what is planted in its place, and what
# is named when that is found.
BREAKS = [
    (*inserted("    size_t (*room)(const berth_conn *c);\n",
               "    int (*planted)(berth_conn *c);\n"), "berth_host"),
    (*inserted("    const char *summary; ", "    const char *planted;\n"),
     "berth_protocol"),
    ("    uint32_t item_size; ", "    uint64_t item_size; ", "berth_option"),
    ("    void *owner;\n    uint64_t id;\n",
     "    uint64_t id;\n    void *owner;\n", "berth_ref"),
    # It is copied: it must not grow, either.
    ("    uint64_t id;\n", "    uint64_t id;\n    uint64_t planted;\n",
     "berth_ref"),
    ("    BERTH_WARNING = 1,\n    BERTH_INFO = 2,\n",
     "    BERTH_INFO = 1,\n    BERTH_WARNING = 2,\n", "BERTH_INFO"),
    ("void (*on_stop)(berth_conn *c, int reason);",
     "void (*on_stop)(berth_conn *c, long reason);", "on_stop"),
]
# abidiff sees only what the types of functions lead to.
UNSEEN_BREAKS = [
    ("    BERTH_SIZE = 3, ", "    BERTH_SIZE = 13, ", "BERTH_SIZE"),
    ("    BERTH_STOPPED = 2, ", "    BERTH_STOPPED = 3, ", "BERTH_STOPPED"),
    ("#define BERTH_ABI 1u", "#define BERTH_ABI 2u", "BERTH_ABI"),
    ("typedef struct berth_pair {\n",
     "typedef struct berth_pair {\n    int planted;\n", "berth_pair"),
    ("static inline char *berth_reserve(",
     "static inline void *berth_reserve(", "berth_reserve"),
]
GROWTHS = [
    ("    void (*on_reopen)(berth_entry *entry);\n",
     "    void (*on_reopen)(berth_entry *entry);\n"
     "    void (*on_growth)(berth_entry *entry);\n"),
    ("                       size_t size);\n};\n",
     "                       size_t size);\n"
     "    int (*growth)(berth_conn *c);\n"
     "    void (*more)(const berth_entry *entry, enum berth_what what);\n};\n"),
    ("    char text[256];", "    char text[256];\n    int growth;\n"),
    inserted("    BERTH_GET_TLS = 7, ", "    BERTH_GET_GROWTH = 8,\n"),
]


class Scratch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="berth-compat-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def plant(self, *changes):
        """The last release's headers with changes: a folder."""
        include = os.path.join(self.folder, "include")
        shutil.rmtree(include, ignore_errors=True)
        shutil.copytree(os.path.join(LAST, "include"), include)
        path = os.path.join(include, "berth", "protocol.h")
        with open(path) as file:
            text = file.read()
        for before, after, *_ in changes:
            self.assertEqual(text.count(before), 1, before)
            text = text.replace(before, after)
        with open(path, "w") as file:
            file.write(text)
        return include


class Frozen(Scratch):
    def test_a_release_does_not_change(self):
        for release in RELEASES:
            with open(os.path.join(release, "SHA256SUMS")) as file:
                self.assertEqual(
                    layout.sums(release), file.read(),
                    f"{release} was changed. Plugins were built with these "
                    "headers: they stay as they were released. What is new "
                    "belongs into core/include/berth, and at the next release "
                    "into a folder of its own, made by tests/compat/freeze.")

    def test_its_plugins_use_all_of_it(self):
        for release in RELEASES:
            self.assertEqual(layout.unused(release), [], release)

    def test_a_change_is_noticed(self):
        release = os.path.join(self.folder, "release")
        shutil.copytree(LAST, release)
        self.assertEqual(layout.sums(release), layout.sums(LAST))
        path = os.path.join(release, "plugins", "reference", "orders.c")
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace("berth_writev", "berth_write"))
        self.assertNotEqual(layout.sums(release), layout.sums(LAST))
        self.assertEqual(layout.unused(release), ["berth_writev"])

    def test_the_release_of_this_tree_has_a_folder(self):
        with open(os.path.join(SOURCE, "CMakeLists.txt")) as file:
            version = re.search(r"^ +VERSION (\d+)\.(\d+)\.", file.read(),
                                re.MULTILINE)
        release = f"{version.group(1)}.{version.group(2)}"
        if version.group(1) != "0":
            self.assertIn(release, map(os.path.basename, RELEASES),
                          f"run tests/compat/freeze {release}")

    def test_its_plugins_still_compile_without_a_warning(self):
        for release in RELEASES:
            for name, sources in plugins_of(release).items():
                for compiler in C + CXX:
                    if not can_compile(compiler, sources):
                        continue
                    more = C_WARNINGS if compiler in C else []
                    with self.subTest(name, compiler=compiler):
                        self.assertEqual(
                            compile_with(compiler, CURRENT, sources,
                                         "-fsyntax-only", *WARNINGS, *more),
                            "")


class Layout(Scratch):
    def test_a_release_is_what_its_layout_says(self):
        for release in RELEASES:
            include = os.path.join(release, "include")
            for compiler in C + CXX:
                with self.subTest(release, compiler=compiler):
                    self.assertEqual(
                        check_layout(compiler, release, include,
                                     "-DLAYOUT_IS_EXACT"), "")
            with open(os.path.join(release, "layout.def")) as file:
                self.assertEqual(file.read(), layout.write(include))

    def test_the_headers_have_all_of_each_release(self):
        for release in RELEASES:
            for compiler in C + CXX:
                with self.subTest(release, compiler=compiler):
                    self.assertEqual(
                        check_layout(compiler, release, CURRENT), "")

    def test_what_is_new_stands_at_the_end(self):
        now = layout.read_folder(CURRENT)
        layout.check_gaps(now, layout.measure(CURRENT, now))
        for release in RELEASES:
            before = layout.read_folder(os.path.join(release, "include"))
            self.assertEqual(layout.out_of_order(before, now), [], release)

    def test_what_is_new_in_the_middle_is_noticed(self):
        before = layout.read_folder(os.path.join(LAST, "include"))
        after = list(before)
        # There is padding: nothing else moves.
        place = after.index(("field", "help", "berth_option", "const char *"))
        after.insert(place, ("field", "planted", "berth_option", "uint32_t"))
        self.assertEqual(layout.out_of_order(before, after), ["berth_option"])

    def test_what_breaks_is_noticed(self):
        for change in BREAKS + UNSEEN_BREAKS:
            include = self.plant(change)
            for compiler in (C[0], CXX[0]):
                with self.subTest(change[1], compiler=compiler):
                    self.assertIn(change[2],
                                  check_layout(compiler, LAST, include))

    def test_what_may_grow_is_fine(self):
        include = self.plant(*GROWTHS)
        for compiler in C + CXX:
            with self.subTest(compiler):
                self.assertEqual(check_layout(compiler, LAST, include), "")
                self.assertNotEqual(
                    check_layout(compiler, LAST, include, "-DLAYOUT_IS_EXACT"),
                    "")

    def test_a_field_that_is_overlooked_is_noticed(self):
        include = os.path.join(LAST, "include")
        for field in ("count", "items"):
            rows = [row for row in layout.read_folder(include)
                    if row[:3] != ("field", field, "berth_list")]
            with self.assertRaisesRegex(ValueError, "berth_list"):
                layout.check_gaps(rows, layout.measure(include, rows))


@unittest.skipUnless(abi.ABIDIFF, "no abidiff: it is in abigail-tools")
class Abi(Scratch):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="berth-compat-")
        cls.addClassCleanup(scratch.cleanup)
        cls.before = cls.build(os.path.join(LAST, "include"),
                               os.path.join(scratch.name, "before.so"))

    @staticmethod
    def build(include, path):
        return build(C[0], include, plugins_of(LAST)["reference"], path)

    def complaints(self, include):
        after = self.build(include, os.path.join(self.folder, "after.so"))
        return abi.complaints(self.before, after)

    def test_the_headers_are_compatible(self):
        self.assertEqual(self.complaints(CURRENT), [])

    def test_what_breaks_is_noticed(self):
        for changes in [*([change] for change in BREAKS[:1]),
                        *([change, *GROWTHS] for change in BREAKS)]:
            with self.subTest(changes[0][1], others=len(changes) - 1):
                self.assertIn(changes[0][2],
                              " ".join(self.complaints(self.plant(*changes))))

    def test_what_may_grow_is_fine(self):
        self.assertEqual(self.complaints(self.plant(*GROWTHS)), [])


if __name__ == "__main__":
    unittest.main()
