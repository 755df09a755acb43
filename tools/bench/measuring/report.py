# SPDX-License-Identifier: MIT
"""RESULTS.md."""

import os

HEAD = """\
# Results

Written by `{command}` on {date}; it took {minutes}. Do not edit: run it again.

How all this is measured, and what the words mean: [README.md](README.md).
Ratios are medians over pairs, with the interval of 95 % in brackets. The row
"once more (A/A)" is the base against a second instance of itself: what differs
from 1.00 there is what this machine cannot tell apart.
{warning}
## Where

| what | value |
|---|---|
{facts}

| server | version |
|---|---|
{versions}

## Figures

"""


def _rows(pairs):
    return "\n".join(f"| {name} | {value} |" for name, value in pairs)


def write(folder, about, tables):
    """about: what HEAD needs."""
    path = os.path.join(folder, "RESULTS.md")
    text = HEAD.format(**{**about, "facts": _rows(about["facts"]),
                          "versions": _rows(about["versions"])})
    text += "\n".join(table.markdown() for table in tables)
    with open(path + ".new", "w") as file:
        file.write(text.rstrip("\n") + "\n")
    os.replace(path + ".new", path)
    return path
