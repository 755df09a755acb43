# SPDX-License-Identifier: MIT
"""`cmake --install` gives a tree that runs from any folder, and a package
that is enough to build a plugin with."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from unittest import mock

import harness
from harness import BUILD, SOURCE, Server, connect, recv_all, recv_exactly

PACKAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "package")


def check(*command, **options):
    """Runs a command that must succeed; returns what it prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}:\n{done.stdout}")
    return done.stdout


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def read(path):
    with open(path) as file:
        return file.read()


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Installed to one place, then moved to another: nothing may remember.
        scratch = tempfile.TemporaryDirectory(prefix="berth-install-")
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = scratch.name
        first = os.path.join(cls.scratch, "first")
        check("cmake", "--install", BUILD, "--prefix", first)
        cls.prefix = os.path.join(cls.scratch, "a prefix")
        shutil.move(first, cls.prefix)
        cls.berth = os.path.join(cls.prefix, "bin", "berth")
        cls.config = os.path.join(cls.prefix, "etc", "berth", "server.yaml")

    def serve(self, **options):
        with mock.patch.object(harness, "BERTH", self.berth):
            return Server(**options)

    def test_it_has_what_it_should(self):
        for path in ("bin/berth", "bin/berth-conform", "bin/berth-load",
                     "bin/berth-new",
                     "bin/berth-try", "bin/berthctl", "lib/berth/echo.so",
                     "lib/berth/line.so", "lib/pkgconfig/berth-protocol.pc",
                     "etc/berth/server.yaml",
                     "etc/berth/server.schema.json",
                     "etc/berth/www/index.html", "include/berth/line.h",
                     "include/berth/protocol.h", "share/doc/berth/README.md",
                     "share/doc/berth/config/README.md",
                     "share/doc/berth/config/examples/berth.socket",
                     "share/doc/berth/protocols/README.md",
                     "lib/systemd/system/berth.service",
                     "share/bash-completion/completions/berth-try",
                     "share/berth/new-protocol/protocol.c.in",
                     "share/fish/vendor_completions.d/berth.fish",
                     "share/zsh/site-functions/_berthctl",
                     "share/man/man1/berth-conform.1",
                     "share/man/man1/berth-load.1",
                     "share/man/man1/berth-new.1",
                     "share/man/man1/berth-try.1",
                     "share/man/man1/berthctl.1",
                     "share/man/man5/server.yaml.5",
                     "share/man/man8/berth.8",
                     "lib/cmake/berth/berth-config.cmake"):
            self.assertTrue(os.path.isfile(os.path.join(self.prefix, path)),
                            path)

    def test_nothing_names_the_place_it_was_built_or_installed(self):
        for part in ("lib/cmake", "lib/pkgconfig", "share"):
            for folder, _, names in os.walk(os.path.join(self.prefix, part)):
                for name in names:
                    text = read(os.path.join(folder, name))
                    for place in (SOURCE, self.scratch):
                        self.assertNotRegex(
                            text, r"(?<![\w.})])" + re.escape(place) + r"\b")

    def test_the_program_runs(self):
        version = check(self.berth, "--version", cwd="/")
        self.assertRegex(version, r"\b\d+\.\d+\.\d+\b")

    def test_it_finds_its_configuration_and_plugins(self):
        # No server.yaml in the working directory: the installed one is taken.
        empty = os.path.join(self.scratch, "empty")
        os.mkdir(empty)
        self.assertIn("server.yaml: ok", check(self.berth, "-t", cwd=empty))
        with self.serve() as server, connect(server.address) as sock:
            sock.sendall(b"hello\n")
            self.assertEqual(recv_exactly(sock, 6), b"hello\n")

    def test_an_edited_configuration_is_kept(self):
        prefix = os.path.join(self.scratch, "edited")
        config = os.path.join(prefix, "etc", "berth", "server.yaml")
        shipped = read(os.path.join(SOURCE, "config", "server.yaml"))
        for _ in range(2):
            check("cmake", "--install", BUILD, "--prefix", prefix)
        self.assertFalse(os.path.exists(config + ".new"))
        write(config, "# mine\n")
        check("cmake", "--install", BUILD, "--prefix", prefix)
        self.assertEqual(read(config), "# mine\n")
        self.assertEqual(read(config + ".new"), shipped)

    def test_the_package_builds_plugins(self):
        build = os.path.join(self.scratch, "build")
        check("cmake", "-G", "Ninja", "-S", PACKAGE, "-B", build,
              "-DCMAKE_PREFIX_PATH=" + self.prefix)
        check("cmake", "--build", build)
        check("cmake", "--install", build, "--prefix", self.prefix)
        for name in ("plain", "greet"):
            path = os.path.join(self.prefix, "lib", "berth", name + ".so")
            exports = check("nm", "-D", "--defined-only", path).split()
            self.assertEqual(exports[2:], ["berth_protocol_1"], name)
        self.serve_plugins()

    @unittest.skipUnless(shutil.which("clang") and os.path.exists(
        os.path.join(BUILD, "bin", "berth-fuzz")), "no clang, or no libFuzzer")
    def test_the_package_instruments_plugins(self):
        build = os.path.join(self.scratch, "fuzz")
        check("cmake", "-G", "Ninja", "-S", PACKAGE, "-B", build,
              "-DCMAKE_PREFIX_PATH=" + self.prefix, "-DBERTH_FUZZ=ON",
              "-DCMAKE_C_COMPILER=clang", "-DCMAKE_CXX_COMPILER=clang++")
        check("cmake", "--build", build)
        plugin = os.path.join(build, "plain.so")
        self.assertRegex(
            check(os.path.join(self.prefix, "bin", "berth-fuzz"),
                  "--runs=200", "--seed=1", plugin, cwd=self.scratch),
            r"plain\.so: instrumented, \d+ edges(.|\n)*reached [1-9]")
        # Other programs load it, too.
        self.assertIn("plain", check(self.berth, "--describe", plugin))

    def serve_plugins(self):
        config = """\
protocols:
  - plugin: plain
    listen: 127.0.0.1:0
  - plugin: greet
    listen: 127.0.0.1:0
    settings:
      greeting: good day
      times: 2
      mood: cheerful
      wait: 30s
      most: 64KiB
      loud: true
      names: [Ann, Bob]
"""
        with self.serve(config=config) as server:
            plain, greet = server.addresses
            with connect(plain) as sock:
                sock.sendall(b"hello\n")
                self.assertEqual(recv_exactly(sock, 6), b"HELLO\n")
            with connect(greet) as sock:
                sock.sendall(b"x" * 1234)
                sock.shutdown(1)
                self.assertEqual(recv_all(sock),
                                 b"good day Ann Bob!!" * 2 + b"1234")


if __name__ == "__main__":
    unittest.main()
