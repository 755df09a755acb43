# SPDX-License-Identifier: MIT
"""Reads as much of YAML as the files in this tree use, as an editor does: what
a value without quotes looks like is what it is (YAML 1.2, core schema).

Lists and mappings in blocks, or in brackets on one line; texts plain, or in
quotes on one line; comments. Anything else is an error."""

import json
import re

_KEY = re.compile(r'("(?:[^"\\]|\\.)*"|[^\s"#:{}\[\],-](?:[^:#]|:(?! )|\S#)*?)'
                  r":(?: +|$)")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None,
          "true": True, "True": True, "TRUE": True,
          "false": False, "False": False, "FALSE": False}


def load(text):
    """The value of a document, or None if there is none."""
    lines = [_Line(number, line) for number, line in
             enumerate(text.splitlines(), 1)]
    lines = [line for line in lines if line.text]
    if not lines:
        return None
    value, rest = _block(lines, lines[0].indent)
    if rest:
        raise ValueError(f"line {rest[0].number}: not understood")
    return value


def scalar(text):
    """What a value without quotes is."""
    if text in _WORDS:
        return _WORDS[text]
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"0o[0-7]+", text):
        return int(text[2:], 8)
    if re.fullmatch(r"0x[0-9a-fA-F]+", text):
        return int(text, 16)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?",
                    text):
        return float(text)
    return text


class _Line:
    def __init__(self, number, text):
        self.number = number
        self.text = _cut_comment(text)
        self.indent = len(self.text) - len(self.text.lstrip(" "))
        self.text = self.text.strip(" ")


def _cut_comment(text):
    quote = ""
    for index, char in enumerate(text):
        if quote:
            if char == quote and (quote == "'" or
                                  not _is_escaped(text, index)):
                quote = ""
        elif char in "\"'" and (index == 0 or text[index - 1] in " [{,:"):
            quote = char
        elif char == "#" and (index == 0 or text[index - 1] == " "):
            return text[:index].rstrip(" ")
    return text.rstrip(" ")


def _is_escaped(text, index):
    before = text[:index]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _block(lines, indent):
    """A list, mapping or value at that indentation, and the lines behind."""
    if lines[0].text == "-" or lines[0].text.startswith("- "):
        return _list(lines, indent)
    if _KEY.match(lines[0].text):
        return _mapping(lines, indent)
    return _inline(lines[0].text), lines[1:]


def _list(lines, indent):
    items = []
    while lines and lines[0].indent == indent and lines[0].text[0] == "-":
        first = lines[0]
        inner = first.text[1:].lstrip(" ")
        if inner:
            first.indent += len(first.text) - len(inner)
            first.text = inner
        else:
            lines = lines[1:]
        if lines and lines[0].indent > indent:
            value, lines = _block(lines, lines[0].indent)
        else:
            value = None
        items.append(value)
    return items, lines


def _mapping(lines, indent):
    found = {}
    while lines and lines[0].indent == indent:
        match = _KEY.match(lines[0].text)
        if not match:
            raise ValueError(f"line {lines[0].number}: no key")
        key = match.group(1)
        key = json.loads(key) if key.startswith('"') else key
        rest = lines[0].text[match.end():]
        lines = lines[1:]
        if rest:
            found[key] = _inline(rest)
        elif lines and (lines[0].indent > indent or
                        lines[0].indent == indent and
                        lines[0].text.startswith("-")):
            found[key], lines = _block(lines, lines[0].indent)
        else:
            found[key] = None
    return found, lines


def _inline(text):
    value, rest = _flow(text, "")
    if rest.strip(" "):
        raise ValueError(f"not understood: {rest!r} in {text!r}")
    return value


def _flow(text, ends):
    """A value that begins the text, and what is behind it; `ends`: what ends
    one without quotes."""
    text = text.lstrip(" ")
    if text.startswith("["):
        return _flow_items(text[1:], "]", [], lambda items, value:
                           items.append(value))
    if text.startswith("{"):
        return _flow_pairs(text[1:])
    if text.startswith('"'):
        match = re.match(r'"(?:[^"\\]|\\.)*"', text)
        quoted = re.sub(r"\\x(..)", r"\\u00\1", match.group())
        return json.loads(quoted), text[match.end():]
    if text.startswith("'"):
        match = re.match(r"'((?:[^']|'')*)'", text)
        return match.group(1).replace("''", "'"), text[match.end():]
    if text[:1] in tuple("&*!|>%@`"):
        raise ValueError(f"not understood: {text!r}")
    match = re.match(f"[^{re.escape(ends)}]*" if ends else ".*", text)
    return scalar(match.group().strip(" ")), text[match.end():]


def _flow_items(text, end, items, add):
    text = text.lstrip(" ")
    while not text.startswith(end):
        value, text = _flow(text, ",]}")
        add(items, value)
        text = _after_comma(text, end)
    return items, text[1:]


def _flow_pairs(text):
    found = {}
    text = text.lstrip(" ")
    while not text.startswith("}"):
        match = _KEY.match(text)
        if not match:
            raise ValueError(f"no key: {text!r}")
        key = match.group(1)
        key = json.loads(key) if key.startswith('"') else key
        found[key], text = _flow(text[match.end():], ",]}")
        text = _after_comma(text, "}")
    return found, text[1:]


def _after_comma(text, end):
    text = text.lstrip(" ")
    if text.startswith(","):
        return text[1:].lstrip(" ")
    if not text.startswith(end):
        raise ValueError(f"no end: {text!r}")
    return text
