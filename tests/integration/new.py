# SPDX-License-Identifier: MIT
"""berth-new: what it makes builds, passes its test and serves, with nothing but
an installed Berth; what it refuses; and what it adds to Berth's own tree."""

import glob
import itertools
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from unittest import mock

import harness
from harness import BUILD, SOURCE, Server, connect, recv_all
from install import check, read, write
from markdown import BEGINNING, GUIDE, blocks, commands, page, sections

PARTS = ("settings", "state", "timer")
COMBINATIONS = [(language, parts)
                for language in ("c", "c++")
                for count in range(len(PARTS) + 1)
                for parts in itertools.combinations(PARTS, count)]
USAGE, CANNOT = 64, 73
RUNS = re.compile(r"\(\d+ runs\)")


def name_of(language, parts):
    return "-".join([language.replace("+", "p"), *parts])


def setUpModule():
    # Installed to one place, then moved to another: nothing may remember.
    scratch = tempfile.TemporaryDirectory(prefix="berth-new-")
    unittest.addModuleCleanup(scratch.cleanup)
    first = os.path.join(scratch.name, "first")
    check("cmake", "--install", BUILD, "--prefix", first)
    Installed.prefix = os.path.join(scratch.name, "a prefix")
    shutil.move(first, Installed.prefix)


class Installed(unittest.TestCase):
    """With the scratch prefix in PATH."""

    prefix = None

    @classmethod
    def setUpClass(cls):
        cls.berth = os.path.join(cls.prefix, "bin", "berth")
        cls.env = {**os.environ,
                   "PATH": f"{cls.prefix}/bin:{os.environ['PATH']}",
                   "CMAKE_PREFIX_PATH": cls.prefix,
                   "PKG_CONFIG_PATH": f"{cls.prefix}/lib/pkgconfig"}

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="berth-new-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def new(self, *args):
        return subprocess.run(["berth-new", *args], cwd=self.folder,
                              env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)

    def make(self, *args):
        done = self.new(*args)
        self.assertEqual((done.returncode, done.stderr), (0, ""), args)
        return done.stdout

    def check(self, *command, **options):
        return check(*command, env=self.env,
                     **{"cwd": self.folder, **options})

    def shell(self, script, **options):
        return self.check("bash", "-euc", script, **options)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def serve(self, folder):
        """With the server.yaml that is there, but on a free port."""
        path = self.path(folder, "server.yaml")
        write(path, read(path).replace("127.0.0.1:9000", "127.0.0.1:0"))
        with mock.patch.object(harness, "BERTH", self.berth):
            return Server(args=["-c", path])

    def talk(self, server, sent):
        with connect(server.address) as sock:
            sock.sendall(sent)
            sock.shutdown(1)
            return recv_all(sock)


class Made(Installed):
    def make_all(self):
        lines = ["cmake_minimum_required(VERSION 3.25)",
                 "project(all LANGUAGES C CXX)",
                 "enable_testing()",
                 "add_compile_options(-Wall -Wextra -Werror)"]
        for language, parts in COMBINATIONS:
            name = name_of(language, parts)
            self.make("--lang", language, "--with=" + ",".join(parts), name)
            lines.append(f"add_subdirectory({name})")
        write(self.path("CMakeLists.txt"), "\n".join(lines) + "\n")

    def test_every_combination_builds_and_passes_its_test(self):
        self.make_all()
        self.check("cmake", "-G", "Ninja", "-B", "build")
        self.check("cmake", "--build", "build")
        told = self.check("ctest", "--test-dir", "build")
        self.assertIn(f"tests passed, 0 tests failed out of "
                      f"{len(COMBINATIONS)}", told)
        self.check("cmake", "--install", "build", "--prefix", self.prefix)
        listed = self.check("berth", "--list")
        for language, parts in COMBINATIONS:
            with self.subTest(language=language, parts=parts):
                name = name_of(language, parts)
                self.assertRegex(listed, rf"(?m)^{re.escape(name)} +0\.1 ")
                self.check_files(name, language, parts)

    def check_files(self, name, language, parts):
        suffix = {"c": "c", "c++": "cpp"}[language]
        self.assertEqual(
            sorted(os.listdir(self.path(name))),
            sorted(["CMakeLists.txt", "README.md", f"{name}.{suffix}",
                    f"{name}.transcript", "server.yaml"]))
        source = read(self.path(name, f"{name}.{suffix}"))
        for part, word in zip(PARTS, ("berth_option options", "state_size",
                                      "berth_deadline")):
            self.assertEqual(word in source, part in parts, part)
        for made in glob.glob(self.path(name, "*")):
            self.assertNotRegex(read(made), r"@|/tmp|SPDX", made)

    @unittest.skipUnless(shutil.which("clang-format"), "no clang-format")
    def test_it_is_formatted(self):
        shutil.copy(os.path.join(SOURCE, ".clang-format"), self.folder)
        if " version 14." not in check("clang-format", "--version"):
            self.skipTest("clang-format is not version 14")
        self.make_all()
        files = glob.glob(self.path("*", "*.c")) + \
            glob.glob(self.path("*", "*.cpp"))
        self.assertEqual(len(files), len(COMBINATIONS))
        self.check("clang-format", "--dry-run", "-Werror", *files)

    def test_it_serves_as_its_readme_says(self):
        for language in ("c", "c++"):
            for parts in ((), PARTS):
                with self.subTest(language=language, parts=parts):
                    self.check_service(language, parts)

    def check_service(self, language, parts):
        name = name_of(language, parts)
        self.make("--lang=" + language, "--with", ",".join(parts), name)
        readme = read(self.path(name, "README.md"))
        commands = re.search(r"```sh\n(cmake .*\n)berth-try", readme).group(1)
        self.shell(commands, cwd=self.path(name))
        self.assertIn("server.yaml: ok", self.check(
            "berth", "--check", "-c", f"{name}/server.yaml"))
        sent, answer = re.search(
            r"\$ printf '(.*)\\n' \| nc -N 127\.0\.0\.1 9000\n(.*)```",
            readme, re.DOTALL).groups()
        with self.serve(name) as server:
            self.assertEqual(self.talk(server, sent.encode() + b"\n"),
                             answer.encode())

    @unittest.skipUnless(shutil.which("nc"), "no nc")
    def test_from_nothing_to_a_server(self):
        """As protocols/README.md tells it."""
        found = blocks(sections(page(GUIDE))[BEGINNING])
        self.assertEqual({block.language for block in found}, {"console"})
        steps = [step for block in found for step in commands(block.text)]
        serve = next(i for i, (command, _) in enumerate(steps)
                     if command.startswith("berth -c"))
        self.assertEqual(len(steps), serve + 2)
        folder = self.folder
        for command, told in steps[:serve]:
            if command.startswith("cd "):
                folder = os.path.join(folder, command[3:])
                continue
            printed = self.shell(command, cwd=folder)
            if told:  # the number of runs is not promised
                self.assertEqual(RUNS.sub("(some)", printed),
                                 RUNS.sub("(some)", told), command)
        with self.serve("shout") as server:
            command, told = steps[serve + 1]
            port = server.address.rpartition(":")[2]
            self.assertIn(" 9000", command)
            self.assertEqual(
                self.shell(command.replace(" 9000", " " + port)), told)


class Options(Installed):
    def refuse(self, status, pattern, *args):
        before = sorted(os.listdir(self.folder))
        done = self.new(*args)
        self.assertEqual((done.returncode, done.stdout), (status, ""), args)
        self.assertRegex(done.stderr, rf"(?s)\Aberth-new: .*{pattern}.*\n\Z")
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_nothing_is_written_over(self):
        self.make("mine")
        source = self.path("mine", "mine.c")
        write(source, "changed\n")
        self.refuse(CANNOT, "mine is there already", "mine")
        self.refuse(CANNOT, "mine is there already", "--lang=c++", "mine")
        self.assertEqual(read(source), "changed\n")
        self.assertEqual(len(os.listdir(self.path("mine"))), 5)
        write(self.path("file"), "")
        self.refuse(CANNOT, "file is there already", "file")

    def test_bad_names(self):
        for name in ("", "Upper", "9lives", "a b", "a/b", "../a", "a.b", "_a",
                     "a" * 33, "é", "a\nb", "test", "all", "install"):
            self.refuse(USAGE, "NAME is missing" if name == "" else
                        "cannot be a name", name)
        self.make("a" * 32)
        self.make("a-1_b")

    def test_bad_options(self):
        self.refuse(USAGE, "a NAME is missing")
        self.refuse(USAGE, "one NAME", "one", "two")
        self.refuse(USAGE, "no option --nonsense", "--nonsense", "one")
        self.refuse(USAGE, "--with colour: the parts are", "--with",
                    "state,colour", "one")
        self.refuse(USAGE, "--lang rust: c or c", "--lang=rust", "one")
        self.refuse(USAGE, "--into needs a value", "one", "--into")
        self.refuse(CANNOT, "cannot make nowhere/one", "--into", "nowhere",
                    "one")

    def test_into_another_folder(self):
        os.mkdir(self.path("there"))
        self.assertIn("there/mine: mine.c ", self.make("--into=there/", "mine"))
        self.assertTrue(os.path.isfile(self.path("there", "mine", "mine.c")))

    def test_help_and_version(self):
        self.assertIn("Usage: berth-new ", self.make("--help"))
        self.assertEqual(self.make("-h"), self.make("--help"))
        version = re.search(r"\d+\.\d+\.\d+", check(self.berth, "--version"))
        self.assertEqual(self.make("-V"), f"berth-new {version.group()}\n")
        self.assertEqual(os.listdir(self.folder), [])

    @unittest.skipUnless(shutil.which("shellcheck"), "no shellcheck")
    def test_shellcheck_finds_nothing(self):
        check("shellcheck", os.path.join(self.prefix, "bin", "berth-new"))


class Tree(Installed):
    """In Berth's own tree: a copy of it, which is configured and builds no more
    than the new protocols."""

    LISTS = ("protocols/CMakeLists.txt", "tests/transcripts/CMakeLists.txt")

    def setUp(self):
        super().setUp()
        for name in ("CMakeLists.txt", "config", "core", "protocols", "tests",
                     "tools", "LICENSE", "README.md"):
            copy = shutil.copytree if os.path.isdir(
                os.path.join(SOURCE, name)) else shutil.copy
            copy(os.path.join(SOURCE, name), self.path(name))

    def test_it_is_added_to_the_build(self):
        names = ("aaa", "middle", "zzz")
        for name, language in zip(names, ("c", "c++", "c")):
            told = self.make("--into", "protocols", "--lang", language,
                             "--with", "settings,state,timer", name)
            self.assertIn(f"-R transcript.{name}", told)
            self.assertTrue(os.path.isfile(self.path(
                "tests", "transcripts", name, "lines.transcript")))
        self.check_lists(names)
        self.check("cmake", "-G", "Ninja", "-B", "build", "-DBERTH_WERROR=ON",
                   "-DBERTH_UNIT_TESTS=OFF",
                   "-DBERTH_LLHTTP=" + self.path("none"))
        self.check("cmake", "--build", "build", "--target", *names)
        for name in names:
            self.check("berth-try", f"build/plugins/{name}.so",
                       f"tests/transcripts/{name}/lines.transcript")

    def check_lists(self, names):
        before = [read(os.path.join(SOURCE, path)) for path in self.LISTS]
        after = [read(self.path(path)) for path in self.LISTS]
        pattern = (r"foreach\(protocol IN ITEMS ([^)]*)\)",
                   r"set\(protocols\n([^)]*)\)")
        for path, old, new, found in zip(self.LISTS, before, after, pattern):
            had, has = (re.search(found, text).group(1).split()
                        for text in (old, new))
            self.assertEqual(sorted(had + list(names)), sorted(has), path)
            self.assertEqual(re.sub(found, "", old), re.sub(found, "", new))
        self.assertEqual(has, sorted(has))

    def test_names_that_are_taken(self):
        for name in ("echo", "chat"):
            done = self.new("--into", "protocols", name)
            self.assertEqual(done.returncode, CANNOT)
            self.assertIn(f"{name} is there already", done.stderr)
        self.assertFalse(os.path.exists(self.path("protocols", "chat")))


@unittest.skipUnless(shutil.which("pkg-config") and shutil.which("cc"),
                     "no pkg-config, or no cc")
class PkgConfig(Installed):
    def test_a_plugin_is_built_by_cc_alone(self):
        self.make("plain")
        self.shell("eval cc -Wall -Wextra -Werror -shared -fPIC -Wl,-z,defs"
                   " $(pkg-config --cflags berth-protocol)"
                   " -o plain.so plain/plain.c")
        where = self.check("pkg-config", "--variable=plugindir",
                           "berth-protocol").strip().replace("\\ ", " ")
        shutil.copy(self.path("plain.so"), where)
        self.assertRegex(self.check("berth", "--list"), r"(?m)^plain +0\.1 ")

    def test_its_version(self):
        self.assertEqual(
            self.check("pkg-config", "--modversion", "berth-protocol").strip(),
            re.search(r"\d+\.\d+\.\d+",
                      check(self.berth, "--version")).group())


if __name__ == "__main__":
    unittest.main()
