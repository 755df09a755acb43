# SPDX-License-Identifier: MIT
"""config/README.md is right about every key: all are there and no others, each
is in an example, and each takes what its row says and nothing else."""

import os
import re
import unittest

from harness import SOURCE, run

ECHO = {"plugin": "echo", "listen": "127.0.0.1:0"}
# What is no key of a table.
STRANGE = "qqqqqqqqqqqq"
# The heading of a section, and a server.yaml with one line of it.
SECTIONS = {
    "The top level": lambda line: {"top": [line]},
    "`protocols`: an entry": lambda line: {"entry": [line]},
    "`listen`: an address": lambda line: {
        "entry": ["listen: {address: \"unix:x\", %s}" % line]},
    "`limits`": lambda line: {"top": ["limits: {%s}" % line]},
    "`pool`": lambda line: {"top": ["pool: {%s}" % line]},
    "`log`": lambda line: {"top": ["log: {%s}" % line]},
}


def server_yaml(top=(), entry=()):
    """A key that is given replaces that of the plainest entry."""
    keys = {line.split(":")[0] for line in entry}
    lines = [f"{key}: {value}" for key, value in ECHO.items()
             if key not in keys]
    return "\n".join([*top, "protocols:", "  - " + "\n    ".join(
        [*lines, *entry])]) + "\n"


def readme():
    with open(os.path.join(SOURCE, "config", "README.md")) as file:
        return file.read()


def rows(heading):
    """The rows of the section's table of keys: (key, value, meaning)."""
    section = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)",
                        readme(), re.MULTILINE | re.DOTALL).group(1)
    table = re.search(r"^\| key \| value .*?(?=^$)", section,
                      re.MULTILINE | re.DOTALL).group()
    return re.findall(r"^\| `(\w+)` \| (.*?) \| .*? ?\| (.*) \|$", table,
                      re.MULTILINE)


def edges(value, meaning):
    """What the text of a row promises: (taken, refused)."""
    taken, refused = [], []
    words = re.fullmatch(r"(`\w+`, )*`\w+`", value)
    ranged = re.match(r"(?:number|size|duration), (\S+) to (\w+)", value)
    if "or `auto`" in value:
        taken.append("auto")
    if words:
        taken += re.findall(r"`(\w+)`", value)
        refused += ["sideways", "1", "yes", "True"]
    elif ranged:
        taken += ranged.groups()
        refused += [below(ranged.group(1)), above(ranged.group(2)), "-1", "x"]
    elif value.startswith("size, from 4KiB"):
        taken += ["4KiB", "1TiB"]
        refused += ["4095", "x"]
    elif "in octal" in meaning:
        taken += ['"0000"', '"0660"', '"0777"']
        refused += ['"1000"', '"0888"', '"rw"']
    elif "crashed" in meaning:
        taken += ["1/1ms", "1000/1d", "none"]
        refused += ["0/1m", "1001/1m", "5", "5/10", "1m/5", '""']
    elif "berthctl" in meaning:
        taken += ["unix:x", "'unix:@x'", "none"]
        refused += ["127.0.0.1:1", "x"]
    elif "`A-Z a-z 0-9 _ . -`" in meaning:
        taken += ["a", "A-z_0.9", "a" * 64]
        refused += ['""', "a" * 65, '"a b"', "a/b"]
    if ranged or value.startswith("size, from"):
        (taken if "`none`" in value else refused).append("none")
    return taken, refused


def below(text):
    return {"0": "-1", "1": "0", "1ms": "0ms", "1us": "0us", "1KiB": "1023"}[text]


def above(text):
    number, unit = re.match(r"(\d+)(\w*)", text).groups()
    return f"{int(number) + 1}{unit}"


class Keys(unittest.TestCase):
    def check(self, heading, line, status):
        text = server_yaml(**SECTIONS[heading](line))
        done = run("-t", "-c", "server.yaml", config=text)
        self.assertEqual(done.returncode, status, text + done.stderr)
        return done.stderr

    def test_all_keys_are_described_and_no_others(self):
        for heading in SECTIONS:
            with self.subTest(heading):
                story = self.check(heading, STRANGE + ": 1", 78)
                known = re.search(r"hint: the keys here are (.*)", story)
                # A hint is short; the top level has too many keys for one.
                keys = known.group(1).split(", ") if known else re.findall(
                    r"^  (\w+):", run("--describe").stdout, re.MULTILINE)
                self.assertEqual(sorted(keys),
                                 sorted(key for key, *_ in rows(heading)))

    def test_every_key_is_in_an_example(self):
        # readme.py checks that these are accepted.
        examples = "\n".join(re.findall(r"^```yaml\n(.*?)^```$", readme(),
                                        re.MULTILINE | re.DOTALL))
        for heading in SECTIONS:
            for key, *_ in rows(heading):
                with self.subTest(heading, key=key):
                    self.assertRegex(examples, rf"(?m)(^|[ {{]){key}:")

    def test_every_key_takes_what_its_row_says(self):
        count = 0
        for heading in SECTIONS:
            for key, *row in rows(heading):
                taken, refused = edges(*row)
                count += len(taken) > 0
                for text in taken:
                    with self.subTest(heading, key=key, text=text):
                        self.check(heading, f"{key}: {text}", 0)
                for text in refused:
                    with self.subTest(heading, key=key, text=text):
                        self.check(heading, f"{key}: {text}", 78)
        self.assertGreater(count, 10)


if __name__ == "__main__":
    unittest.main()
