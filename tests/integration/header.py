# SPDX-License-Identifier: MIT
"""The headers for protocols compile without a warning, each alone, in every
standard that they promise; so do the protocols that the documentation shows, and they
are served as they stand."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import SOURCE, Server, connect, recv_all

INCLUDE = os.path.join(SOURCE, "core", "include")
HEADERS = sorted(os.listdir(os.path.join(INCLUDE, "berth")))
WARNINGS = """-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wpointer-arith
    -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wimplicit-fallthrough
    -Werror""".split()
C_WARNINGS = ["-Wstrict-prototypes", "-Wmissing-prototypes"]
PLUGIN = ["-shared", "-fPIC", "-fvisibility=hidden", "-Wl,-z,defs"]
C = [name for name in ("gcc", "clang") if shutil.which(name)]
CXX = [name for name in ("g++", "clang++") if shutil.which(name)]


def compile_text(compiler, standard, text, *options):
    """Compiles a text with all warnings; returns what the compiler says."""
    language = "c++" if "+" in compiler else "c"
    warnings = WARNINGS + (C_WARNINGS if language == "c" else [])
    done = subprocess.run(
        [compiler, "-std=" + standard, *warnings, "-I" + INCLUDE, *options,
         "-x", language, "-"],
        input=text, stderr=subprocess.STDOUT, stdout=subprocess.PIPE,
        text=True, check=False)
    return done.stdout if done.returncode != 0 else ""


def samples(path):
    """The whole protocols in C that a README shows, as they are printed."""
    with open(os.path.join(SOURCE, path)) as file:
        blocks = re.findall(r"^```c\n(.*?)^```$", file.read(),
                            re.MULTILINE | re.DOTALL)
    return [text for text in blocks
            if "#include <berth/protocol.h>" in text
            and "BERTH_PROTOCOL(" in text]


class Header(unittest.TestCase):
    def test_it_is_enough_alone(self):
        self.assertTrue(C and CXX)
        for name in HEADERS:
            twice = f"#include <berth/{name}>\n" * 2
            for compiler in C + CXX:
                standards = (("c++17", "c++20", "gnu++20") if compiler in CXX
                             else ("c11", "gnu11", "c17"))
                for standard in standards:
                    with self.subTest(name, compiler=compiler,
                                      standard=standard):
                        self.assertEqual(
                            compile_text(compiler, standard, twice,
                                         "-fsyntax-only"), "")

    def test_all_of_them_are_one_text(self):
        self.assertEqual(HEADERS, ["line.h", "protocol.h"])
        text = "".join(f"#include <berth/{name}>\n" for name in HEADERS)
        for compiler in C + CXX:
            with self.subTest(compiler):
                self.assertEqual(
                    compile_text(compiler,
                                 "c++17" if compiler in CXX else "c11", text,
                                 "-fsyntax-only"), "")

    def test_a_warning_is_an_error_here(self):
        for compiler in C + CXX:
            self.assertNotEqual(
                compile_text(compiler, "c++20" if compiler in CXX else "c11",
                             "static void f(int n) { }\n",
                             "-fsyntax-only"), "")

    def test_cxx20_writes_a_protocol_with_settings(self):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                            "package", "greet.cpp")
        with open(path) as file:
            text = file.read()
        for compiler in CXX:
            with self.subTest(compiler):
                self.assertEqual(
                    compile_text(compiler, "c++20", text, *PLUGIN,
                                 "-o", os.devnull), "")

    def test_the_protocols_of_the_readmes_compile(self):
        for path in ("README.md", "protocols/README.md"):
            self.assertTrue(samples(path), f"no protocol in {path}")
            for text in samples(path):
                for compiler in C:
                    with self.subTest(path, compiler=compiler):
                        self.assertEqual(
                            compile_text(compiler, "c11", text, *PLUGIN,
                                         "-o", os.devnull), "")

    def test_the_first_protocol_of_the_readme_echoes(self):
        with tempfile.TemporaryDirectory() as folder:
            plugin = os.path.join(folder, "first.so")
            self.assertEqual(
                compile_text(C[0], "c11", samples("README.md")[0], *PLUGIN,
                             "-o", plugin), "")
            with Server(args=[plugin + "=127.0.0.1:0"]) as server:
                with connect(server.address) as sock:
                    sock.sendall(b"hello\n")
                    sock.shutdown(1)
                    self.assertEqual(recv_all(sock), b"hello\n")


if __name__ == "__main__":
    unittest.main()
