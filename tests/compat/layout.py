# SPDX-License-Identifier: MIT
"""What the headers for protocols declare, as rows of a layout: names, places,
sizes, types. layout.c holds the rows of a release against headers."""

import hashlib
import os
import re
import subprocess
import tempfile

HEADERS = ("line.h", "protocol.h")
INCLUDES = "".join(f"#include <berth/{name}>\n" for name in HEADERS)
# These may grow at their end: a plugin gets them by a pointer from the server,
# or gives their size with them. All others are copied, or are part of its own
# structs, and stay as they are.
GROWING = {"berth_conn", "berth_counter", "berth_entry", "berth_error",
           "berth_host", "berth_option", "berth_protocol"}

# What BERTH_PROTOCOL_INIT() and BERTH_FIELD() write.
FILLED = {"size", "abi", "option_size", "counter_size", "offset", "width"}

_PRIVATE = re.compile(r"/\* Not part of the interface(?:(?!\*/).)*\*/\s*"
                      r"static inline [^{(]*?(\w+)\(", re.DOTALL)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_ATTRIBUTE = re.compile(r"__attribute__\(\((?:[^()]|\([^()]*\))*\)\)\s*")
_DIRECTIVE = re.compile(r"^#(?:[^\n]*\\\n)*[^\n]*$", re.MULTILINE)
_CONSTANT = re.compile(r"^#define (BERTH_\w+) +(?:\d+u?|0x\w+)$", re.MULTILINE)
_ENUM = re.compile(r"\benum (\w+) \{(.*?)\}", re.DOTALL)
_STRUCT = re.compile(r"\bstruct (\w+) \{(.*?)\n\}", re.DOTALL)
_TYPE = re.compile(r"\btypedef ([\w ]+?\**)(\w+)(\([^;{]*\));")
_FUNCTION = re.compile(r"\bstatic inline ([\w\s]+?\**)(\w+)(\([^{]*\))\s*\{")


def _squeeze(text):
    return re.sub(r"\s+", " ", text).strip().replace("( ", "(")


def _fields(body):
    """Of a struct's body: each name, and its type without it."""
    for declaration in map(_squeeze, body.split(";")):
        pointer = re.fullmatch(r"(.*?\(\*)(\w+)(\).*)", declaration)
        if pointer:
            yield pointer.group(2), pointer.group(1) + pointer.group(3)
            continue
        first = re.fullmatch(r"(.*?[ *])((?:\w+(?:\[\w+\])?(?:, )?)+)",
                             declaration)
        if first is None:
            if declaration:
                raise ValueError(f"not understood: {declaration}")
            continue
        for name in first.group(2).split(", "):
            bare, bracket, size = name.partition("[")
            yield bare, first.group(1).strip() + bracket + size


def read_header(text):
    """The rows of a header without numbers: tuples of a kind, a name, and
    what belongs to it; in the header's order within each kind."""
    private = set(_PRIVATE.findall(text))
    text = _COMMENT.sub("", text)
    rows = [("constant", name) for name in _CONSTANT.findall(text)]
    text = _ATTRIBUTE.sub("", _DIRECTIVE.sub("", text))
    for name, body in _ENUM.findall(text):
        rows.append(("enum", name))
        rows += [("value", value, name)
                 for value in re.findall(r"\b(BERTH_\w+) =", body)]
    for name, body in _STRUCT.findall(text):
        rows.append(("struct", name))
        rows += [("field", field, name, kind) for field, kind in _fields(body)]
    rows += [("type", name, _squeeze(result + parameters))
             for result, name, parameters in _TYPE.findall(text)]
    functions = _FUNCTION.findall(text)
    if len(functions) != text.count("static inline"):
        raise ValueError("a function is not understood")
    rows += [("function", name, f"{result.strip()} (*){_squeeze(parameters)}")
             for result, name, parameters in functions if name not in private]
    return rows


def read_folder(include):
    """The rows of all headers of a folder."""
    rows = []
    for name in HEADERS:
        with open(os.path.join(include, "berth", name)) as file:
            rows += read_header(file.read())
    return rows


def names(rows):
    """What the plugins of a release must use: functions, values, and the
    members that a plugin writes."""
    return {row[1] for row in rows
            if row[0] in ("function", "value")
            or (row[0] == "field" and row[1] not in FILLED
                and row[2] in ("berth_protocol", "berth_option"))}


def unused(folder):
    """Of a release's folder: what its plugins do not use."""
    text = ""
    for place, _, files in os.walk(os.path.join(folder, "plugins")):
        for name in files:
            with open(os.path.join(place, name)) as file:
                text += _COMMENT.sub("", file.read())
    rows = read_folder(os.path.join(folder, "include"))
    return sorted(names(rows) - set(re.findall(r"\w+", text)))


def _expressions(row):
    """The numbers that belong to a row, in C."""
    kind, name = row[0], row[1]
    if kind in ("constant", "value"):
        return [name]
    if kind == "enum":
        return [f"sizeof(enum {name})"]
    if kind == "struct":
        return [f"sizeof({name})", f"_Alignof({name})"]
    if kind == "field":
        return [f"offsetof({row[2]}, {name})",
                f"sizeof((({row[2]} *)0)->{name})"]
    return []


def measure(include, rows, compiler="cc"):
    """The numbers of each row, as this compiler has them."""
    lines = ['(void)printf("' + "%lld " * len(numbers) + '\\n"'
             + "".join(f", (long long)({number})" for number in numbers)
             + ");\n" for numbers in map(_expressions, rows)]
    text = (INCLUDES + "#include <stdio.h>\nint main(void)\n{\n"
            + "".join(lines) + "return 0;\n}\n")
    with tempfile.TemporaryDirectory(prefix="berth-layout-") as folder:
        program = os.path.join(folder, "measure")
        subprocess.run([compiler, "-std=gnu11", "-Wno-format-zero-length",
                        "-I" + include, "-x", "c", "-", "-o", program],
                       input=text, text=True, check=True)
        printed = subprocess.run([program], stdout=subprocess.PIPE, text=True,
                                 check=True).stdout
    return [[int(number) for number in line.split()]
            for line in printed.splitlines()]


def check_gaps(rows, numbers):
    """A field that was overlooked would leave a gap."""
    sizes = {row[1]: found for row, found in zip(rows, numbers)
             if row[0] == "struct"}
    ends = dict.fromkeys(sizes, 0)
    for row, found in zip(rows, numbers):
        if row[0] == "field":
            offset, size = found
            # No field here is aligned to more than 8.
            unit = min(size & -size, 8)
            if offset > (ends[row[2]] + unit - 1) // unit * unit:
                raise ValueError(f"before {row[2]}.{row[1]} there is a gap")
            ends[row[2]] = offset + size
    for name, (size, alignment) in sizes.items():
        if size - ends[name] >= alignment:
            raise ValueError(f"at the end of {name} there is a gap")


def out_of_order(before, after):
    """The structs and enumerations of a release that do not begin, later, with
    what they were."""
    found = []
    for row in before:
        if row[0] in ("struct", "enum"):
            was, now = ([other[1] for other in rows
                         if other[0] in ("field", "value")
                         and other[2] == row[1]] for rows in (before, after))
            if now[:len(was)] != was:
                found.append(row[1])
    return found


def sums(folder):
    """The text of SHA256SUMS for a release's folder, as sha256sum writes it."""
    lines = []
    for place, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(place, name)
            relative = os.path.relpath(path, folder)
            if relative != "SHA256SUMS":
                with open(path, "rb") as file:
                    digest = hashlib.sha256(file.read()).hexdigest()
                lines.append((relative, f"{digest}  {relative}\n"))
    return "".join(line for _, line in sorted(lines))


def releases(folder=os.path.dirname(os.path.abspath(__file__))):
    """The folders of the releases, the oldest first."""
    found = [name for name in os.listdir(folder)
             if re.fullmatch(r"\d+\.\d+", name)]
    return [os.path.join(folder, name) for name in
            sorted(found, key=lambda name: [*map(int, name.split("."))])]


def write(include):
    """The text of a layout.def."""
    rows = read_folder(include)
    numbers = measure(include, rows)
    check_gaps(rows, numbers)
    lines = []
    for row, found in zip(rows, numbers):
        words = [row[1], *map(str, found)]
        if row[0] == "struct":
            words.append("GROWING" if row[1] in GROWING else "FIXED")
        elif row[0] == "field":
            words = [row[2], *words, row[3]]
        elif row[0] in ("type", "function"):
            words.append(row[2])
        lines.append(f"LAYOUT_{row[0].upper()}({', '.join(words)})\n")
    return ("/* SPDX-License-Identifier: MIT */\n"
            "/* Made by tests/compat/freeze; see ../layout.c. */\n"
            + "".join(lines))
