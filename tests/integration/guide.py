# SPDX-License-Identifier: MIT
"""The steps of protocols/README.md from echo to a key-value store: followed as
they are printed, with nothing but an installed Berth. What comes out is
tests/plugins/kv."""

import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from unittest import mock

import harness
from harness import (BUILD, SOURCE, Server, connect, own_address,
                     recv_exactly)
from install import check, read, write
from markdown import (GUIDE, STORY, blocks, commands, page, pitfalls,
                      pitfalls_quotes, sections)

WARNINGS = "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror"
RUNS = re.compile(r"\(\d+ runs\)")
PLUGIN = os.path.join(SOURCE, "tests", "plugins", "kv")
TRANSCRIPTS = os.path.join(SOURCE, "tests", "transcripts")
LICENSE = "/* SPDX-License-Identifier: MIT */\n"


# ------------------------------------------------------------------- listings

def split(source):
    """The includes, the macros, then each struct, table and function by its
    name, with the comment above it: [(name, text)]."""
    items = []
    for text in re.split(r"\n\n+(?=\S)", source.strip("\n")):
        name = name_of(text)
        if items and items[-1][0] == name:
            items[-1] = (name, items[-1][1] + "\n\n" + text)
        else:
            items.append((name, text))
    return items


def name_of(text):
    text = re.sub(r"\A(/\*.*?\*/\n)+", "", text, flags=re.DOTALL)
    for start in ("#include", "#define", "BERTH_PROTOCOL(", "enum {"):
        if text.startswith(start):
            return start
    struct = re.match(r"struct \w+ \{", text)
    if struct:
        return struct.group()
    return re.match(r"[\w\s*]*?(\w+)(?:\(|\[| =)", text).group(1)


def members(text):
    """Of BERTH_PROTOCOL(): {name: value}."""
    return dict(re.findall(r"\.(\w+) = (.*?)(?=,\n|\);)", text))


def add_members(old, text):
    """In the order of the header."""
    head, _, tail = text.rpartition("BERTH_PROTOCOL(")
    if not tail.startswith("/* as before, and */\n"):
        return text
    header = page("core/include/berth/protocol.h")
    order = re.findall(r"(\w+)(?:\)\(.*?\))?;", header[
        header.index("typedef struct berth_protocol {"):
        header.index("} berth_protocol;")], re.DOTALL)
    found = {**members(old), **members(tail)}
    lines = [f".{name} = {found.pop(name)}" for name in order if name in found]
    if found:
        raise AssertionError(f"not in the header: {found}")
    return head + "BERTH_PROTOCOL(" + (",\n" + 15 * " ").join(lines) + ");"


def merge(source, listing):
    """What is there is replaced; what is new comes behind what stands before it
    in the listing, or before what stands behind it."""
    items, new = split(source), split(listing)
    names = [name for name, _ in items]
    at = next(names.index(name) for name, _ in new if name in names)
    for name, text in new:
        if name in names:
            at = names.index(name)
            if name == "BERTH_PROTOCOL(":
                text = add_members(items[at][1], text)
            items[at] = (name, with_head(items[at][1], text))
        else:
            items.insert(at, (name, text))
            names.insert(at, name)
        at += 1
    return "\n\n".join(text for _, text in items) + "\n"


def with_head(old, text):
    """A file's own comment, above its includes, stays."""
    head = re.match(r"/\*.*?\*/\n(?=#include)", old, re.DOTALL)
    return (head.group() if head else "") + text


class Listings(unittest.TestCase):
    OLD = ("/* A file. */\n#include <a.h>\n\n#define A 1\n\n"
           "struct s {\n    int a;\n};\n\n"
           "/* Says. */\nstatic int f(int a)\n{\n    a++;\n\n    g();\n}\n")

    def test_a_file_is_what_it_is_made_of(self):
        self.assertEqual([name for name, _ in split(self.OLD)],
                         ["#include", "#define", "struct s {", "f"])
        self.assertEqual(merge(self.OLD, self.OLD.partition("\n")[2]), self.OLD)

    def test_what_is_there_is_replaced(self):
        self.assertEqual(
            merge(self.OLD, "#define A 2\n#define B 3\n"),
            self.OLD.replace("#define A 1\n", "#define A 2\n#define B 3\n"))
        self.assertEqual(
            merge(self.OLD, "#include <a.h>\n\n#include \"b.h\"\n"),
            self.OLD.replace("<a.h>\n", "<a.h>\n\n#include \"b.h\"\n"))

    def test_what_is_new_stands_at_its_neighbour(self):
        struct = "struct s {\n    int a;\n};\n"
        new = "static int t[] = {1};\n"
        self.assertEqual(merge(self.OLD, struct + "\n" + new),
                         self.OLD.replace(struct, struct + "\n" + new))
        self.assertEqual(merge(self.OLD, new + "\n" + struct),
                         self.OLD.replace(struct, new + "\n" + struct))
        protocol = 'BERTH_PROTOCOL(.name = "a",\n' + 15 * " "
        self.assertEqual(
            merge(protocol + ".on_data = f);\n",
                  "BERTH_PROTOCOL(/* as before, and */\n    .init = i);\n"),
            protocol + ".init = i,\n" + 15 * " " + ".on_data = f);\n")
        with self.assertRaises(StopIteration):
            merge(self.OLD, new)


# ---------------------------------------------------------------------- story

class Story:
    """Somebody who does what the guide says, in an empty folder. compare is
    called with each command, what the guide says that it prints, and what it
    does print."""

    def __init__(self, prefix, folder, compare):
        self.folder = folder
        self.compare = compare
        self.server = self.last_file = None
        self.berth = os.path.join(prefix, "bin", "berth")
        self.env = {**os.environ,
                    "PATH": f"{prefix}/bin:{os.environ['PATH']}",
                    "PREFIX": prefix, "CMAKE_PREFIX_PATH": prefix,
                    "CFLAGS": WARNINGS}

    def follow(self, block):
        if block.language == "console":
            for command, printed in commands(block.text):
                self.obey(command, printed)
        else:
            self.put(block)

    def put(self, block):
        whole = re.findall(r"whole of\s`([\w.]+)`", block.intro)
        part = re.search(r"[Ii]n\s`([\w.]+)`:$", block.intro)
        if whole:
            self.last_file = os.path.join(self.folder, whole[-1])
            write(self.last_file, block.text)
            return
        if part:
            self.last_file = os.path.join(self.folder, part.group(1))
        elif block.intro:
            raise AssertionError("which file is it? " + block.intro)
        write(self.last_file, merge(read(self.last_file), block.text))

    def obey(self, command, printed):
        if command.startswith("cd "):
            self.folder = os.path.join(self.folder, command[3:])
        elif command == "berth -c server.yaml &":
            self.serve()
        elif command == "kill %1":
            self.end()
        else:
            self.compare(command, printed, self.run(command))

    def run(self, command):
        if self.server is not None:
            command = command.replace(" 127.0.0.1 9000", " " + " ".join(
                self.server.address.split(":")))
        return check("bash", "-euc", command, cwd=self.folder, env=self.env,
                     stdin=subprocess.DEVNULL, timeout=4 * harness.TIMEOUT_S)

    def serve(self):
        """At an address that is free."""
        path = os.path.join(self.folder, "server.yaml")
        write(path, read(path).replace("127.0.0.1:9000", own_address()))
        with mock.patch.object(harness, "BERTH", self.berth):
            self.server = Server(args=["-c", path], workers=None)

    def end(self):
        server, self.server = self.server, None
        if server is not None:
            server.stop()


def install_berth():
    scratch = tempfile.TemporaryDirectory(prefix="berth-guide-")
    unittest.addModuleCleanup(scratch.cleanup)
    prefix = os.path.join(scratch.name, "a prefix")
    check("cmake", "--install", BUILD, "--prefix", prefix)
    return prefix


@unittest.skipUnless(shutil.which("nc"), "no nc")
class Guide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prefix = install_berth()

    def compare(self, command, printed, told):
        # The number of runs is not promised.
        self.assertEqual(RUNS.sub("(some)", told), RUNS.sub("(some)", printed),
                         command)

    def test_each_step_does_what_is_printed(self):
        with tempfile.TemporaryDirectory(prefix="berth-guide-") as folder:
            story = Story(self.prefix, folder, self.compare)
            self.addCleanup(story.end)
            for block in blocks(sections(page(GUIDE))[STORY]):
                with self.subTest(block.section, listing=block.text[:60]):
                    story.follow(block)
            self.check_outcome(story.folder)

    def check_outcome(self, folder):
        """The example in the tree is tried with the sanitizers, too."""
        seen = 0
        for name in sorted(os.listdir(folder)):
            plugin, kind = os.path.splitext(name)
            if kind in (".c", ".h"):
                expected = read(os.path.join(PLUGIN, name))
                made = LICENSE + read(os.path.join(folder, name))
            elif kind == ".transcript":
                where = "door" if plugin == "door" else "kv"
                expected = read(os.path.join(TRANSCRIPTS, where, name))
                made = read(os.path.join(folder, name))
            else:
                continue
            seen += 1
            self.assertEqual(made, expected, name)
        self.assertEqual(seen, 4 + 6)


class Building(unittest.TestCase):
    def test_a_project_of_its_own(self):
        """The CMakeLists.txt that is printed, and the first protocol."""
        listing, = (block.text for block in blocks(sections(page(GUIDE))[
            "Building"]) if block.language == "cmake")
        source = blocks(sections(page(GUIDE))["The first one"])[0].text
        prefix = install_berth()
        with tempfile.TemporaryDirectory(prefix="berth-guide-") as folder:
            write(os.path.join(folder, "CMakeLists.txt"), listing)
            write(os.path.join(folder, "my.c"), source)
            for command in (["-B", "build", "-DCMAKE_PREFIX_PATH=" + prefix],
                            ["--build", "build"],
                            ["--install", "build", "--prefix", prefix]):
                check("cmake", *command, cwd=folder,
                      env={**os.environ, "CFLAGS": WARNINGS})
        with mock.patch.object(harness, "BERTH",
                               os.path.join(prefix, "bin", "berth")), \
                Server(args=["my=127.0.0.1:0"]) as server, \
                connect(server.address) as sock:
            sock.sendall(b"hello\n")
            self.assertEqual(recv_exactly(sock, 6), b"hello\n")


# ------------------------------------------------------------------- pitfalls

def literals(*folders):
    """What programs say: the texts of their sources, each in one piece."""
    found = []
    for folder in folders:
        for path in sorted(glob.glob(os.path.join(SOURCE, folder, "*.c"))):
            source = re.sub(r'"\s*\n\s*"', "", read(path))
            found += re.findall(r'"((?:[^"\\\n]|\\.)*)"', source)
    return found


class Pitfalls(unittest.TestCase):
    # Who says it: where its texts are.
    SPEAKERS = {"berth-try": ["tools/berth-try", "tools"], "log": ["core"],
                "refused": ["core"]}

    def test_what_is_quoted_is_said(self):
        quotes = pitfalls_quotes()
        self.assertEqual({who for who, _ in quotes}, set(self.SPEAKERS))
        for who, quote in quotes:
            with self.subTest(who, quote=quote):
                self.assertTrue(any(quote in text for text in literals(
                    *self.SPEAKERS[who])))

    def test_each_has_a_rule_that_there_is(self):
        rules = re.findall(r"^(\d+)\. \*\*", sections(page(GUIDE))[
            "The rules in short"], re.MULTILINE)
        rows = pitfalls()
        self.assertGreaterEqual(len(rows), 15)
        cited = {number for row in rows
                 for number in re.findall(r"^(\d+): ", row[2])}
        self.assertLessEqual(cited, set(rules))
        self.assertGreater(len(cited), 8)


if __name__ == "__main__":
    unittest.main()
