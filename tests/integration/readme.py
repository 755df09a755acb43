# SPDX-License-Identifier: MIT
"""What the READMEs print is run as it stands: the plugins are compiled and
served, the commands beside them print what is printed there, whole server.yaml
are accepted, and what is named exists."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

import markdown
from harness import (BERTH, PLUGINS, SOURCE, Server, connect, own_address,
                     recv_exactly, run, skip)
from markdown import GUIDE

READMES = ["README.md", "config/README.md", "core/README.md",
           "protocols/README.md", "protocols/echo/README.md",
           "protocols/line/README.md",
           "tests/README.md", "tools/README.md", "tools/bench/README.md"]
if os.path.exists(os.path.join(PLUGINS, "http.so")):
    READMES.append("protocols/http/README.md")
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
PLUGIN = ["-fPIC", "-shared", "-Wl,-z,defs"]
ADDRESS = re.compile(r"127\.0\.0\.1:\d+")
TALK = re.compile(r"\b(nc -N 127\.0\.0\.1 |curl -s http://127\.0\.0\.1:)\d+\b")


def find_compiler():
    for name in ("cc", "gcc", "clang"):
        if shutil.which(name):
            return shutil.which(name)
    return skip("no C compiler")


read = markdown.page


def listings(path):
    """The fenced blocks of a README, in order; of the guide only those that no
    other test has."""
    text = read(path)
    return markdown.blocks(markdown.tour(text) if path == GUIDE else text)


def blocks(path):
    return [(block.language, block.text) for block in listings(path)]


def is_plugin(language, text):
    return language == "c" and re.match(
        r"(#define .*\n)*#include <berth/protocol\.h>\n", text)


def is_config(language, text):
    return language == "yaml" and re.search("^protocols:", text, re.MULTILINE)


def shell(command, folder, path=None):
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PATH": path or os.environ["PATH"]},
        timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}\n{done.stdout}")
    return done.stdout


def talks(text):
    """The commands of a console block that talk to a server, each with what it
    prints."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
    return [(command, printed)
            for command, printed in zip(parts[1::2], parts[2::2])
            if TALK.search(command)]


class Sample:
    """A plugin as a README prints it, with its server.yaml and the commands
    that talk to it."""

    def __init__(self, text):
        self.text = text
        self.name = re.search(r'BERTH_PROTOCOL\(\.name = "([a-z]+)"',
                              text).group(1)
        self.config = None
        self.talks = []


def samples(path):
    found = []
    for language, text in blocks(path):
        if is_plugin(language, text):
            found.append(Sample(text))
        elif found and is_config(language, text):
            found[-1].config = text
        elif found and language == "console":
            found[-1].talks += talks(text)
    return found


class Readme(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="berth-readme-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.compiler = find_compiler()

    def need_nc(self):
        for client in ("nc", "curl"):
            if shutil.which(client) is None:
                self.skipTest("no " + client)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def compile(self, sample, options):
        source = self.write(sample.name + ".c", sample.text)
        plugin = os.path.join(self.folder, sample.name + ".so")
        include = os.path.join(SOURCE, "core", "include")
        done = subprocess.run(
            [self.compiler, *options, *PLUGIN, "-I" + include, "-o", plugin,
             source],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        return plugin

    def serve(self, sample):
        """As the README says, but on a free port."""
        plugin = os.path.join(self.folder, sample.name + ".so")
        if sample.config is None:
            return Server(args=[plugin + "=127.0.0.1:0"])
        is_shared = len(ADDRESS.findall(sample.config)) > 1
        address = own_address() if is_shared else "127.0.0.1:0"
        path = self.write("server.yaml", ADDRESS.sub(address, sample.config))
        return Server(args=["-c", path])

    def talk(self, server, sample):
        host, _, port = server.address.rpartition(":")
        for command, printed in sample.talks:
            command = TALK.sub(lambda found: found.group(1) + port, command)
            command = command.replace("127.0.0.1", host)
            self.assertEqual(shell(command, self.folder), printed, command)


class First(Readme):
    def test_the_first_protocol_echoes_a_line(self):
        sample = samples("README.md")[0]
        self.compile(sample, [])
        with self.serve(sample) as server:
            with connect(server.address) as sock:
                sock.sendall(b"hello\n")
                self.assertEqual(recv_exactly(sock, 6), b"hello\n")

    def test_the_first_protocol_has_few_lines(self):
        lines = [line for line in samples("README.md")[0].text.splitlines()
                 if line and not line.startswith("#include")]
        self.assertEqual(len(lines), 5)

    def test_the_first_commands_work(self):
        self.need_nc()
        shown = "".join(text for language, text in blocks("README.md")
                        if language == "console")
        self.assertTrue(shown.startswith("$ tools/run\n"))
        found = talks(shown)
        self.assertEqual([printed for _, printed in found], ["hello\n"])
        with Server() as server:
            sample = Sample(samples("README.md")[0].text)
            sample.talks = found
            self.talk(server, sample)

    def test_the_entry_has_three_lines(self):
        entry = next(text for language, text in blocks("README.md")
                     if language == "yaml")
        self.assertEqual(len(entry.splitlines()), 3)


class Commands(Readme):
    """The commands that build plugins, in a folder where core/include is what
    it is at the top of the tree."""

    def build(self, path, name, text):
        os.symlink(os.path.join(SOURCE, "core"),
                   os.path.join(self.folder, "core"))
        tools = os.path.join(self.folder, "bin")
        os.mkdir(tools)
        os.symlink(self.compiler, os.path.join(tools, "cc"))
        self.write(name + ".c", text)
        pattern = re.compile(rf"^cc .*-o {name}\.so {name}\.c$", re.MULTILINE)
        commands = pattern.findall(read(path))
        self.assertTrue(commands, f"{path} does not build {name}.so")
        for command in commands:
            plugin = os.path.join(self.folder, name + ".so")
            shell(command, self.folder, tools + ":" + os.environ["PATH"])
            with Server(args=[plugin + "=127.0.0.1:0"]) as server:
                with connect(server.address) as sock:
                    sock.sendall(b"hello\n")
                    self.assertEqual(recv_exactly(sock, 6), b"hello\n")
            os.remove(plugin)

    def test_the_command_of_the_first_screen_builds_a_plugin(self):
        self.build("README.md", "my", samples("README.md")[0].text)

    def test_the_first_command_of_the_tutorial_builds_a_plugin(self):
        self.build("protocols/README.md", "echo",
                   samples("protocols/README.md")[0].text)

    def test_the_long_command_of_the_tutorial_builds_a_plugin(self):
        self.build("protocols/README.md", "my",
                   samples("protocols/README.md")[0].text)


class Samples(Readme):
    def test_every_sample_is_talked_to(self):
        for sample in samples("protocols/README.md"):
            self.assertTrue(sample.talks, sample.name)

    def test_every_sample_answers_what_is_printed(self):
        self.need_nc()
        for sample in samples("protocols/README.md"):
            with self.subTest(sample.name):
                self.compile(sample, WARNINGS)
                with self.serve(sample) as server:
                    self.talk(server, sample)

    def test_every_sample_answers_bytes_that_come_one_by_one(self):
        for sample in samples("protocols/README.md"):
            self.compile(sample, [])
            for command, printed in sample.talks:
                given = re.match(r"(printf '[^']*') \| nc \S+ \S+ \d+$",
                                 command)
                if not given:
                    continue
                with self.subTest(command), self.serve(sample) as server:
                    sent = shell(given.group(1), self.folder).encode()
                    self.assertEqual(self.trickle(server, sent),
                                     printed.encode())

    @staticmethod
    def trickle(server, data):
        """Sends byte by byte, and returns all that comes back."""
        with connect(server.address) as sock:
            sock.setsockopt(6, 1, 1)  # IPPROTO_TCP, TCP_NODELAY
            for byte in data:
                sock.sendall(bytes([byte]))
            sock.shutdown(1)
            parts = iter(lambda: sock.recv(65536), b"")
            return b"".join(parts)


class Guide(Readme):
    """What the guide prints besides."""

    # Section, language: the test that runs it. One of each.
    OTHERS = {
        ("Settings", "text"): "test_a_plugin_is_described_as_printed",
        ("State of an entry, and init", "text"):
            "Configs.test_the_refusal_of_an_init_is_as_printed",
        ("The end of input, errors, log, counters", "text"):
            "test_the_log_has_the_line_that_is_printed",
        ("Building", "cmake"): "guide.Building",
    }
    COMMAND = re.compile(r"cc .* -o (\w+)\.so \1\.c|"  # see Commands
                         r"tools/run \./\w+\.so=127\.0\.0\.1:9000")

    def block(self, title, language):
        found = [block.text for block in listings(GUIDE)
                 if (block.section, block.language) == (title, language)]
        self.assertEqual(len(found), 1, (title, language))
        return found[0]

    def sample(self, title):
        text = self.block(title, "c")
        return next(sample for sample in samples(GUIDE) if sample.text == text)

    def is_run(self, block):
        if block.language == "sh":
            return all(self.COMMAND.fullmatch(line)
                       for line in block.text.splitlines())
        if block.language == "console":
            return talks(block.text) == markdown.commands(block.text)
        return (is_plugin(block.language, block.text) or
                is_config(block.language, block.text))

    def test_every_listing_is_run(self):
        others = []
        for block in listings(GUIDE):
            if not self.is_run(block):
                others.append((block.section, block.language))
        self.assertEqual(sorted(others), sorted(self.OTHERS),
                         "what no test here runs has a row in OTHERS")

    def test_a_plugin_is_described_as_printed(self):
        plugin = self.compile(self.sample("Settings"), [])
        self.assertIn("\n\n" + self.block("Settings", "text"),
                      run("--describe", plugin).stdout)

    def test_the_log_has_the_line_that_is_printed(self):
        title = "The end of input, errors, log, counters"
        sample = self.sample(title)
        self.compile(sample, [])
        sample.config = ("log: {format: text}\nprotocols:\n"
                         "  - plugin: ./sum.so\n    listen: 127.0.0.1:9000\n")
        line = re.escape(self.block(title, "text").rstrip("\n"))
        line = re.sub(r"(\d|\\[-. ])+:\d\d:\d\d\\\.\d+", r"[-0-9:. ]+", line)
        with self.serve(sample) as server:
            self.talk(server, sample)
            server.wait_log(re.sub(r":40418", r":\\d+", line) + "$")


def scenes(path):
    """What the README of a protocol shows of it: (a whole configuration, the
    commands that talk to what it serves). It is printed, or a file of the tree
    that is served by a command."""
    config = None
    for language, text in blocks(path):
        served = re.search(r"^\$ tools/run -c (\S+)$", text, re.MULTILINE)
        if is_config(language, text):
            config = text
        elif served:
            config = read(served.group(1))
        elif language == "console" and talks(text):
            yield config, talks(text)


class Protocols(Readme):
    def test_every_protocol_answers_what_is_printed(self):
        self.need_nc()
        paths = [path for path in READMES
                 if re.fullmatch(r"protocols/\w+/README\.md", path)]
        self.assertGreater(len(paths), 1)
        for path in paths:
            found = list(scenes(path))
            self.assertTrue(found, f"nothing is shown in {path}")
            for config, commands in found:
                with self.subTest(path, config=config):
                    self.check_scene(config, commands)

    def check_scene(self, config, commands):
        scene = Sample('BERTH_PROTOCOL(.name = "scene"')
        scene.config, scene.talks = config, commands
        with self.serve(scene) as server:
            self.talk(server, scene)


class Configs(Readme):
    def check(self, text):
        path = self.write("server.yaml", text)
        return run("-t", "-c", path)

    def test_every_whole_configuration_is_accepted(self):
        seen = 0
        for path in READMES:
            plugins = {sample.config: sample for sample in samples(path)}
            for language, text in blocks(path):
                if not is_config(language, text):
                    continue
                seen += 1
                with self.subTest(path, text=text):
                    if text in plugins:
                        self.compile(plugins[text], [])
                    done = self.check(text)
                    self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(seen, 1)

    def test_a_broken_one_is_not(self):
        self.assertEqual(self.check("protocol:\n").returncode, 78)

    def test_the_refusal_of_an_init_is_as_printed(self):
        sample = next(sample for sample in samples("protocols/README.md")
                      if "berth_refuse(" in sample.text)
        printed = [text for _, text in blocks("protocols/README.md")
                   if text.startswith("ticket.yaml:")]
        self.assertEqual(len(printed), 1)
        self.compile(sample, [])
        self.write("ticket.yaml", sample.config.replace("first: 7",
                                                        "first: 9"))
        done = subprocess.run(
            [BERTH, "-t", "-c", "ticket.yaml"], cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            check=False)
        self.assertEqual((done.returncode, done.stderr), (78, printed[0]))


class Names(unittest.TestCase):
    def test_every_function_that_is_named_exists(self):
        code = ""
        for folder in ("core", "core/include/berth", "protocols/http",
                       "tools/simulator", "tests/plugins/kv"):
            for name in os.listdir(os.path.join(SOURCE, folder)):
                if name.endswith((".c", ".h")):
                    code += read(os.path.join(folder, name))
        code += read("tools/cmake/BerthProtocol.cmake") + read("tools/prepare")
        known = set(re.findall(r"\b(\w+)\s*\(", code))
        for path in READMES:
            with self.subTest(path):
                named = set(re.findall(r"`(\w+)\(\)`", read(path)))
                self.assertEqual(named - known, set())
        tour = next(text for _, text in blocks("README.md")
                    if text.startswith("worker_run"))
        steps = set(re.findall(r"^\s*(\w+)", tour, re.MULTILINE))
        self.assertEqual(steps - known, {"your"})

    def test_every_link_leads_somewhere(self):
        for path in READMES:
            folder = os.path.dirname(os.path.join(SOURCE, path))
            for link in re.findall(r"\]\(([^)\s]+)\)", read(path)):
                if re.match(r"https?:", link):
                    continue
                target, _, anchor = link.partition("#")
                where = os.path.join(folder, target) if target else \
                    os.path.join(SOURCE, path)
                with self.subTest(path, link=link):
                    self.assertTrue(os.path.exists(where))
                    if anchor:
                        self.assertIn(anchor, anchors(where))


def anchors(path):
    with open(path) as file:
        titles = re.findall(r"^#+ (.*)$", file.read(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
            for title in titles}


if __name__ == "__main__":
    unittest.main()
