# SPDX-License-Identifier: MIT
"""For tests: what programs there are, and what the help of each says. All else
that tells of options is held against it."""

import functools
import os
import re
import subprocess

from harness import BERTH, TIMEOUT_S

BIN = os.path.dirname(BERTH)
PROGRAMS = sorted(os.listdir(BIN))

_OPTION = re.compile(r"^ +(?:(-\w), )?(--[\w-]+)(?: ([A-Z]\S*))?", re.MULTILINE)
_ITEM = re.compile(r"^  ([a-z][\w-]*)(?: [A-Z[]\S*)?  +\S")
_WORDS = re.compile(r"^  ([a-z][\w-]*(?: [a-z][\w-]*)*)$")


def run(*command, **options):
    """What the command prints; it must succeed, and say nothing of an error."""
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          text=True, timeout=TIMEOUT_S, check=False, **options)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stderr}")
    return done.stdout


@functools.lru_cache(maxsize=None)
def help_of(program):
    return run(os.path.join(BIN, program), "--help")


def usage_of(program):
    return re.match(r"Usage: (.*)", help_of(program)).group(1)


def options_of(program):
    """The options, as "-c" and "--config", and those of the long ones that take
    a value, each with its name there."""
    rows = _OPTION.findall(help_of(program))
    found = {word for short, long, _ in rows for word in (short, long) if word}
    return found, {long: value for _, long, value in rows if value}


def _items(text):
    for line in text.splitlines():
        item, words = _ITEM.match(line), _WORDS.match(line)
        if item:
            yield item.group(1)
        elif words:
            yield from words.group(1).split()


def commands_of(program):
    """What stands before the options."""
    return set(_items(help_of(program).partition("\n  -")[0]))


def words_of(program):
    """What stands behind the options: of each value that an option takes, such
    as RULE, the words that it may be."""
    found = {}
    for value in options_of(program)[1].values():
        noun = re.match("[A-Z]+", value).group()
        section = re.search(rf"^{noun.capitalize()}s?\b.*?\n\n(.*?)(\n\n|\Z)",
                            help_of(program), re.MULTILINE | re.DOTALL)
        if section:
            found[noun] = set(_items(section.group(1)))
    return found


def statuses_of(program):
    text = help_of(program).partition("\nExit status:")[2]
    return set(re.findall(r"(?:^|[,;])\s*(\d+)(?=[ ;:])", text))
