# SPDX-License-Identifier: MIT
"""Each bug that is planted in plugins/ is found by berth-try, with a message
that names it, although the plugin's own transcript is right; and what the
shipped protocols say passes. Here, since the sanitizers have the memory to
themselves: without them berth-try counts it and lets allocations fail."""

import glob
import os
import re
import subprocess
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TRY = os.environ["BERTH_TRY"]
PLUGINS = os.environ["BERTH_PLUGINS"]
TEST_PLUGINS = os.environ["BERTH_TEST_PLUGINS"]
PLANTED = os.path.join(os.environ["BERTH_FAULTS"], "plugins")
SOURCES = os.path.join(HERE, "plugins")
GUIDE = os.path.join(HERE, os.pardir, os.pardir, "protocols", "README.md")
TRANSCRIPTS = os.path.join(HERE, os.pardir, "transcripts")
TIMEOUT_S = 240

# What is said of each, and in which manner it shows.
BUGS = {
    "blocks": ("on_data .* blocks: .* berth_work", "whole"),
    "collects": ("memory has no bound: .* limits.input", "flood:0:0"),
    "greedy": ("used more than it was offered: it returned 2 for 1 ",
               "split:1"),
    "halves": ("not expected before this line", "split:6"),
    "keeps": ("a pointer to data was kept: .* earlier on_data", "bytes"),
    "leaks": ("memory leaks: 9 bytes in 1 blocks", "whole"),
    "produces": ("produces without asking berth_room", "number:0:1"),
    "reaches": (r"a job touches a connection .* berth_write\(\)", "whole"),
    "textual": ("on_data .* crashes: SIGSEGV, by a NULL pointer", "zero:1"),
    "truncates": ("a partial message at the end is ignored: .* no on_end",
                  "end:1"),
}
DETAILS = {
    "halves": r'place    "hello\\r" \| "\\nyou.*\n#   hint     CR and LF came',
    "leaks": "leaked   9 bytes in 1 blocks, allocated in on_open",
    "textual": r'byte 1 is a NUL.*\n#   place    "h" \| "ello',
    "truncates": 'unused   "h"',
}


def run(*args):
    return subprocess.run([TRY, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          timeout=TIMEOUT_S, check=False)


def planted(name, *options):
    return run(*options, os.path.join(PLANTED, name + ".so"),
               os.path.join(SOURCES, name + ".transcript"))


class Planted(unittest.TestCase):
    def test_each_bug_is_in_the_list(self):
        found = {os.path.splitext(name)[0] for name in os.listdir(SOURCES)
                 if name.endswith(".c")}
        self.assertEqual(found, set(BUGS))

    def test_each_bug_is_named(self):
        for name, (message, manner) in BUGS.items():
            with self.subTest(name):
                done = planted(name)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertRegex(done.stdout, message)
                self.assertRegex(done.stdout, DETAILS.get(name, message))
                self.assertIn(f"--only {manner} ", done.stdout)

    def test_the_guide_quotes_what_is_said(self):
        with open(GUIDE) as file:
            pitfalls = re.search(r"^## Pitfalls\n(.*?)^## ", file.read(),
                                 re.MULTILINE | re.DOTALL).group(1)
        quotes = re.findall(r"berth-try: `([^`]*)`", pitfalls)
        for name in BUGS:
            with self.subTest(name):
                told = planted(name).stdout
                self.assertTrue(any(quote in told for quote in quotes), told)

    def test_what_is_said_repeats_just_that(self):
        for name in BUGS:
            with self.subTest(name):
                first = planted(name).stdout
                command = re.search(r"repeat   berth-try (.*)", first).group(1)
                again = run(*command.split())
                self.assertEqual(again.stdout, first)

    def test_a_rule_that_is_allowed_is_not_minded(self):
        for name, *rules in (("leaks", "leak", "growth"),
                             ("truncates", "partial"), ("collects", "memory")):
            with self.subTest(name):
                allowed = [f"--allow={rule}" for rule in rules]
                done = planted(name, *allowed)
                self.assertEqual(done.returncode, 0, done.stdout)
                if len(rules) > 1:
                    done = planted(name, *allowed[1:])
                    self.assertEqual(done.returncode, 1, done.stdout)

    def test_a_limit_can_be_set(self):
        self.assertEqual(planted("blocks", "--slow=none", "--only=whole")
                         .returncode, 0)
        self.assertEqual(planted("collects", "--memory=16MiB").returncode, 1)


class Shipped(unittest.TestCase):
    def test_all_transcripts_pass(self):
        seen = 0
        for folder in sorted(glob.glob(os.path.join(TRANSCRIPTS, "*/"))):
            name = os.path.basename(os.path.dirname(folder))
            plugin = os.path.join(PLUGINS, name + ".so")
            options = ["--random=4"]
            if not os.path.exists(plugin):
                plugin = os.path.join(TEST_PLUGINS, name + ".so")
                options += ["--allow=partial"]
            if not os.path.exists(plugin):
                continue
            with self.subTest(name):
                done = run(*options, plugin,
                           *sorted(glob.glob(folder + "*.transcript")))
                self.assertEqual(done.returncode, 0, done.stdout)
                seen += 1
        self.assertGreater(seen, 5)


if __name__ == "__main__":
    unittest.main()
