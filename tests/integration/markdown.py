# SPDX-License-Identifier: MIT
"""What a page in Markdown is made of, for tests that run what it prints."""

import os
import re
from collections import namedtuple

from harness import SOURCE

GUIDE = "protocols/README.md"
# Sections of it that have tests of their own: new.py and guide.py.
BEGINNING = "From nothing to a server"
STORY = "A real protocol, step by step"

# language: what stands behind the fence; intro: the paragraph right before it,
# "" behind another block; section: the title above it.
Block = namedtuple("Block", "language text intro section")

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"^#+ (.*)$", re.MULTILINE)


def page(path):
    """path: from the top of the tree."""
    with open(os.path.join(SOURCE, path)) as file:
        return file.read()


def blocks(text):
    """The fenced blocks, in order."""
    found, end, title = [], 0, ""
    for match in _FENCED.finditer(text):
        between = text[end:match.start()]
        title = (_TITLE.findall(between) or [title])[-1]
        intro = between.strip().rpartition("\n\n")[2]
        found.append(Block(match.group(1), match.group(2), intro, title))
        end = match.end()
    return found


def sections(text, level=2):
    """Title to text, of the titles of that level, with all that is below."""
    parts = re.split(rf"^{'#' * level} (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def tour(text):
    """The guide without those."""
    parts = sections(text)
    return text.replace(parts[BEGINNING], "").replace(parts[STORY], "")


def pitfalls():
    """The guide's table of them: (what is wrong, how it shows, the rule)."""
    rows = re.findall(r"^\| (.*) \|$", sections(page(GUIDE))["Pitfalls"],
                      re.MULTILINE)
    return [tuple(row.split(" | ")) for row in rows[1:]]


def pitfalls_quotes():
    """What is quoted there: (who says it, what)."""
    found = []
    for _, shown, _ in pitfalls():
        for part in shown.split("; "):
            who = re.match(r"berth-try|log|refused", part)
            if who:
                found += [(who.group(), quote)
                          for quote in re.findall(r"`([^`]*)`", part)]
    return found


def commands(text):
    """Of a block `console`: each command, with what it prints."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
    if parts[0]:
        raise AssertionError("it does not begin with a command: " + text)
    return list(zip(parts[1::2], parts[2::2]))
