# SPDX-License-Identifier: MIT
"""What abidiff (package abigail-tools) says of two builds of a plugin, without
what is allowed: structs that the server hands out may grow at their end, and
enumerations may have more names."""

import re
import shutil
import subprocess

import layout

ABIDIFF = shutil.which("abidiff")

_WRONG_USE = 1 | 2  # bits of its exit status
_INCOMPATIBLE = 8
_TYPE = re.compile(r"'(?:struct|enum) (\w+)\b.*' changed:")
_GROWN = re.compile(r"type size changed from (\d+) to (\d+) \(in bits\)")
_INSERTED = re.compile(r"'.*', at offset (\d+) \(in bits\)")
# Said of the exported symbol, which is as large as its type; and headings.
_FINE = re.compile(
    r"(Leaf|Changed leaf|Removed/Changed/Added) .*|"
    r"1 Changed variable:|"
    r"\[C\] 'const berth_protocol berth_protocol_1' was changed:|"
    r"size of symbol changed from (\d+) to (\d+)|type of variable changed:|"
    r"type size hasn't changed|\d+ data member insertions?:|"
    r"\d+ enumerator insertions?:|'\w+::\w+' value '\d+'")


def _judge(lines):
    """The lines of a report that tell of what an old plugin would not stand."""
    name, size = None, None
    for line in lines:
        kind = _TYPE.fullmatch(line)
        grown = _GROWN.fullmatch(line)
        inserted = _INSERTED.fullmatch(line)
        if kind:
            name, size = kind.group(1), None
        elif grown and name in layout.GROWING and \
                int(grown.group(1)) < int(grown.group(2)):
            size = int(grown.group(1))
        elif inserted and size is not None and \
                int(inserted.group(1)) >= size:
            pass
        elif not _FINE.fullmatch(line):
            yield f"{name}: {line}"


def complaints(before, after):
    """What is not compatible in the shared object `after`, line by line."""
    done = subprocess.run(
        [ABIDIFF, "--no-added-syms", "--leaf-changes-only", "--no-show-locs",
         before, after],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode & _WRONG_USE:
        raise AssertionError(done.stderr)
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    found = list(_judge(lines))
    if done.returncode & _INCOMPATIBLE and not found:
        found = lines
    return found
