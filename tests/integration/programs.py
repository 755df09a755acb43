# SPDX-License-Identifier: MIT
"""Of each program that is built, the help, the manual page, the READMEs and what
shells complete say the same: a program that is new has all of them."""

import os
import re
import unittest

from harness import BUILD, SOURCE
from helps import (BIN, PROGRAMS, commands_of, options_of, run, statuses_of,
                   usage_of, words_of)

SERVER = "berth"  # its README is that of the whole
TOOLS = [name for name in PROGRAMS if name != SERVER]
# Left out where what they need is missing.
OPTIONAL = {"berth-fuzz", "berth-load"}
MAN = os.path.join(BUILD, "man")


def read(*path):
    with open(os.path.join(*path)) as file:
        return file.read()


def page_of(program):
    found = [os.path.join(folder, name) for folder, _, names in os.walk(MAN)
             for name in names if re.fullmatch(rf"{program}\.[18]", name)]
    if len(found) != 1:
        raise AssertionError(f"{program} has {len(found)} manual pages")
    return found[0]


def part_of(program, title):
    """Of its manual page, without the other parts."""
    return re.search(rf"^\.Sh {title}$(.*?)(?=^\.Sh |\Z)", read(page_of(program)),
                     re.MULTILINE | re.DOTALL).group(1)


def section_of(program):
    """Of tools/README.md, without the other sections."""
    found = re.search(rf"^## {program}$(.*?)(?=^## |\Z)",
                      read(SOURCE, "tools", "README.md"),
                      re.MULTILINE | re.DOTALL)
    if found is None:
        raise AssertionError(f"tools/README.md has no section {program}")
    return found.group(1)


def table_of(text, head):
    """The first words of the rows of a table that begins with `head`; None if
    there is none."""
    table = re.search(rf"^\| {head} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text,
                      re.MULTILINE)
    return table and set(re.findall(r"^\| `(\S+?)[ `]", table.group(1),
                                    re.MULTILINE))


class Each(unittest.TestCase):
    def of_each(self, programs):
        self.assertGreater(len(programs), 3)
        return programs

    def test_version(self):
        for program in self.of_each(PROGRAMS):
            with self.subTest(program):
                self.assertRegex(
                    run(os.path.join(BIN, program), "--version"),
                    rf"\A{program} \d+\.\d+\.\d+( \(.*\))?\n\Z")
                self.assertLessEqual({"-h", "--help", "-V", "--version"},
                                     options_of(program)[0])

    def test_what_shells_complete_is_there(self):
        for program in self.of_each(PROGRAMS):
            for name in (f"bash-completion/completions/{program}",
                         f"zsh/site-functions/_{program}",
                         f"fish/vendor_completions.d/{program}.fish"):
                self.assertTrue(
                    os.path.exists(os.path.join(BUILD, "completion", name)),
                    f"{name}: see tools/cmake/BerthCompletion.cmake")


class Pages(Each):
    def test_options(self):
        for program in self.of_each(PROGRAMS):
            items = "\n".join(re.findall(r"^\.It .*", read(page_of(program)),
                                         re.MULTILINE))
            told = {"-" + name for name in re.findall(r"\bFl (\w|-[\w-]+)",
                                                      items)}
            with self.subTest(program):
                self.assertEqual(told, options_of(program)[0])

    def test_values(self):
        for program in self.of_each(PROGRAMS):
            known = {(option[1:], re.match("[A-Z]+", value).group())
                     for option, value in options_of(program)[1].items()}
            told = set(re.findall(r"^\.It .*Fl (-[\w-]+) Ar ([A-Z]+)",
                                  read(page_of(program)), re.MULTILINE))
            with self.subTest(program):
                self.assertEqual(told, known)

    def test_commands_and_words(self):
        for program in self.of_each(PROGRAMS):
            text = read(page_of(program))
            told = set(re.findall(r"^\.It Cm ([\w-]+)", text, re.MULTILINE))
            known = commands_of(program).union(*words_of(program).values())
            with self.subTest(program):
                self.assertLessEqual(told, known)
                named = set(re.findall(r"\bCm ([\w-]+)", text))
                self.assertLessEqual(known, named)

    def test_statuses(self):
        for program in self.of_each(PROGRAMS):
            told = re.findall(r"^\.It (\d+)", part_of(program, "EXIT STATUS"),
                              re.MULTILINE)
            with self.subTest(program):
                self.assertGreater(len(told), 2)
                self.assertEqual(set(told), statuses_of(program))


class Readmes(Each):
    def test_each_tool_is_in_the_table(self):
        rows = re.findall(r"^\| \[([\w-]+)\]\(#\1\) \|",
                          read(SOURCE, "tools", "README.md"), re.MULTILINE)
        self.assertEqual(sorted(rows), sorted(OPTIONAL.union(TOOLS)))

    def test_each_is_installed(self):
        text = read(SOURCE, "README.md")
        for program in self.of_each(PROGRAMS):
            section = os.path.splitext(page_of(program))[1][1:]
            for name in (f"`bin/{program}`", f" {program}({section})"):
                self.assertIn(name, text)

    def test_usages(self):
        for program in self.of_each(TOOLS):
            with self.subTest(program):
                self.assertTrue(section_of(program).startswith(
                    f"\n\n```text\n{usage_of(program)}\n```\n"))

    def test_tables(self):
        seen = 0
        for program in self.of_each(TOOLS):
            known = {"option": {option for option in options_of(program)[0]
                                if len(option) > 2} - {"--help", "--version"},
                     "command": commands_of(program),
                     "check": words_of(program).get("CHECK")}
            for head, names in known.items():
                told = table_of(section_of(program), head)
                seen += told is not None
                if told is not None:
                    with self.subTest(program, head=head):
                        self.assertEqual(told, names)
        self.assertGreater(seen, 2)

    def test_statuses(self):
        for program in self.of_each(TOOLS):
            told = re.search(r"^The exit status is (0.*?)\n\n",
                             section_of(program), re.MULTILINE | re.DOTALL)
            with self.subTest(program):
                self.assertEqual(
                    set(re.findall(r"(?:^|; |;\n)(\d+)\b", told.group(1))),
                    statuses_of(program))


if __name__ == "__main__":
    unittest.main()
