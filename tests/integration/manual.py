# SPDX-License-Identifier: MIT
"""The manual pages are well-formed, have every option, key, signal and exit
status, and what they show works."""

import os
import re
import shutil
import subprocess
import unittest

from harness import BERTH, BUILD, SOURCE, TIMEOUT_S, run
from keys import SECTIONS, rows
from settings import has_plugin

PAGES = ["man1/berth-conform.1", "man1/berth-load.1", "man1/berth-new.1",
         "man1/berth-try.1",
         "man1/berthctl.1",
         "man5/server.yaml.5", "man8/berth.8"]
OTHERS = {"sd_listen_fds 3", "sd_notify 3"}  # pages of others
MANDOC = shutil.which("mandoc")
BERTHCTL = os.path.join(os.path.dirname(BERTH), "berthctl")


def read(*path):
    with open(os.path.join(*path)) as file:
        return file.read()


def page(name):
    return read(BUILD, "man", name)


class Manual(unittest.TestCase):
    @unittest.skipUnless(MANDOC, "mandoc is not there")
    def test_mandoc_finds_nothing(self):
        for name in PAGES:
            with self.subTest(name):
                done = subprocess.run(
                    [MANDOC, "-T", "lint", os.path.join(BUILD, "man", name)],
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    text=True, timeout=TIMEOUT_S, check=False)
                # It looks for other pages where none need be installed.
                self.assertEqual(
                    [line for line in done.stdout.splitlines()
                     if "referenced manual not found" not in line], [])

    def test_pages_that_are_named_are_there(self):
        own = {re.sub(r".*/(.*)\.(\d)", r"\1 \2", name) for name in PAGES}
        for name in PAGES:
            named = set(re.findall(r"^\.Xr (\S+ \d)", page(name), re.MULTILINE))
            self.assertEqual(named - own - OTHERS, set(), name)
            self.assertNotEqual(named & own, set(), name)

    def test_nothing_is_left_to_insert(self):
        for name in PAGES:
            self.assertNotIn("insert", page(name))

    def test_every_option_is_there(self):
        text = page("man8/berth.8")
        options = re.findall(r"--([\w-]+)", run("--help").stdout)
        self.assertGreater(len(options), 5)
        for option in options:
            self.assertRegex(text, rf"\.It (Fl . .*)?Fl -{option}\b")

    def test_every_key_is_there(self):
        text = page("man5/server.yaml.5")
        # keys.py holds these tables against the program.
        keys = {key for heading in SECTIONS for key, *_ in rows(heading)}
        self.assertGreater(len(keys), 30)
        for key in keys:
            self.assertTrue(f'.It Ic "{key}" : ' in text, key)

    def test_signals_and_statuses_are_those_of_the_readme(self):
        readme = read(SOURCE, "README.md")
        text = page("man8/berth.8")
        told = re.findall(r"^\| (SIG[\w, ]+|\d+) \|", readme, re.MULTILINE)
        self.assertGreater(len(told), 6)
        for row in told:
            for word in row.split(", "):
                self.assertRegex(text, rf"(?m)^\.It .*\b{word}\b")

    @unittest.skipUnless(has_plugin("line"), "line is not built")
    def test_every_server_yaml_is_right(self):
        shown = re.findall(r"^\.Bd [^\n]*\n(.*?)^\.Ed$",
                           page("man5/server.yaml.5"),
                           re.MULTILINE | re.DOTALL)
        files = [text for text in shown if "protocols:" in text]
        self.assertEqual(len(files), 2)
        for text in files:
            done = run("-t", "-c", "server.yaml", config=text)
            self.assertEqual(done.returncode, 0, done.stderr)

    @unittest.skipUnless(os.path.exists(BERTHCTL), "berthctl is not built")
    def test_every_command_is_there(self):
        done = subprocess.run([BERTHCTL, "help"], stdout=subprocess.PIPE,
                              text=True, timeout=TIMEOUT_S, check=True)
        text = page("man1/berthctl.1")
        commands = re.findall(r"^  ([a-z]+)\b", done.stdout, re.MULTILINE)
        self.assertGreater(len(commands), 5)
        for command in commands:
            self.assertRegex(text, rf"(?m)^\.It Cm {command}\b")
        for option in re.findall(r"--([\w-]+)", done.stdout):
            self.assertRegex(text, rf"\.It .*Fl -{option}\b")

    def test_every_option_of_the_other_tools_is_there(self):
        for tool in ("berth-new", "berth-try"):
            path = os.path.join(os.path.dirname(BERTH), tool)
            if not os.path.exists(path):
                continue
            done = subprocess.run([path, "--help"], stdout=subprocess.PIPE,
                                  text=True, timeout=TIMEOUT_S, check=True)
            options = re.findall(r"^ +(?:-., )?--([\w-]+)", done.stdout,
                                 re.MULTILINE)
            self.assertGreater(len(options), 4)
            text = page(f"man1/{tool}.1")
            for option in options:
                self.assertRegex(text, rf"\.It .*Fl -{option}\b")


if __name__ == "__main__":
    unittest.main()
