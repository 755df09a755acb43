# SPDX-License-Identifier: MIT
"""A plugin that was built with the headers of a release is served for ever:
those of tests/compat by this server, over real sockets and by berth-try."""

import functools
import os
import signal
import subprocess
import sys
import tempfile
import unittest

from harness import (BERTH, SOURCE, TEST_PLUGINS, TIMEOUT_S, Server, connect,
                     recv_all, recv_exactly, run)
from header import C, CXX
from operation import CONTROL, berthctl
from witness import reload

COMPAT = os.path.join(SOURCE, "tests", "compat")
sys.path.insert(0, COMPAT)
import layout  # noqa: E402
from builds import build_release  # noqa: E402

TRY = os.path.join(os.path.dirname(BERTH), "berth-try")
CONFIG = 78


def ask(address, text):
    """All that is answered to it and to the end of the stream."""
    with connect(address) as sock:
        sock.sendall(text)
        sock.shutdown(1)
        return recv_all(sock)


def serve(plugin, more="", is_supervised=False):
    """The plugin as entry `old`. more: lines of server.yaml that follow."""
    entry = f"""\
protocols:
  - plugin: {plugin}
    name: old
    listen: 127.0.0.1:0
{more}"""
    if is_supervised:
        return Server(f"workers: 1\ncontrol: {CONTROL}\n" + entry, workers=None)
    return Server(entry)


def each(name):
    """A test that is given each build of a plugin, one after the other."""
    def decorate(test):
        @functools.wraps(test)
        def wrapper(self):
            found = [path for _, other, path in self.plugins if other == name]
            self.assertGreaterEqual(len(found), len(layout.releases(COMPAT)))
            for path in found:
                with self.subTest(path):
                    test(self, path)
        return wrapper
    return decorate


class Built(unittest.TestCase):
    """`plugins` are all of all releases, in C and C++, each built with its own
    headers: release, name, path."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="berth-compat-")
        cls.addClassCleanup(scratch.cleanup)
        cls.plugins = []
        for release in layout.releases(COMPAT):
            folder = os.path.join(scratch.name, os.path.basename(release))
            os.mkdir(folder)
            cls.plugins += [
                (release, name, path) for name, path
                in build_release(release, (C[0], CXX[0]), folder)]


class Plugins(Built):
    def test_their_transcripts_hold(self):
        seen = set()
        for release, name, path in self.plugins:
            folder = os.path.join(release, "transcripts", name)
            # The second build of a plugin, in C++, is tried in one manner.
            manner = (["--only=bytes+edge"] if (release, name) in seen
                      else ["--random=2"])
            seen.add((release, name))
            files = [os.path.join(folder, file)
                     for file in sorted(os.listdir(folder))]
            self.assertNotEqual(files, [])
            with self.subTest(path):
                done = subprocess.run(
                    [TRY, "--jobs=2", *manner, path, *files],
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    text=True, timeout=TIMEOUT_S, check=False)
                self.assertEqual(done.returncode, 0, done.stdout)

    @each("echo")
    def test_echo(self, path):
        with serve(path) as server:
            self.assertEqual(ask(server.address, b"hello\n"), b"hello\n")

    @each("lines")
    def test_lines(self, path):
        with serve(path, "    settings: {max_line: 3}\n", True) as server:
            self.assertEqual(ask(server.address, b"abc\nabcd\nef"),
                             b"3 4\ntoo long\n2 2\n")
            metrics = berthctl(server, "metrics")
            self.assertRegex(metrics, r"_lines_total\{[^}]*\} 2\n")
            self.assertRegex(metrics, r"_too_long_total\{[^}]*\} 1\n")

    @each("greet")
    def test_greet(self, path):
        with serve(path, "    settings: {names: [ann]}\n") as server:
            self.assertEqual(ask(server.address, b"1234"), b"hello ann.\n4")


class Reference(Built):
    @each("reference")
    def test_what_it_refuses_is_told_with_its_place(self, path):
        done = run("--check", "-c", "server.yaml", config=f"""\
protocols:
  - plugin: {path}
    listen: 127.0.0.1:0
    settings: {{number: 13}}
""")
        self.assertEqual(done.returncode, CONFIG, done.stderr)
        self.assertRegex(done.stderr, r"server.yaml:4:24: .*13 is refused")

    @each("reference")
    def test_output(self, path):
        with serve(path, is_supervised=True) as server:
            self.assertEqual(
                ask(server.address, b"x\nwritev\nowned\nfile\nreserve\n1234"),
                b"+x\none two\nlent\nfile\nin place\nleft 4\n")
            metrics = berthctl(server, "metrics")
            for name, value in (("opened", 1), ("closed", 1), ("released", 2)):
                self.assertRegex(metrics,
                                 rf"_{name}_total\{{[^}}]*\}} {value}\n")

    @each("reference")
    def test_back_pressure(self, path):
        with serve(path) as server, \
                connect(server.address, receive_buffer=4096) as sock:
            sock.sendall(b"fill\nx\n")
            text = b""
            while not text.endswith(b"+x\n"):
                text += sock.recv(65536)
            self.assertEqual(text.lstrip(b"."), b"drained\n+x\n")

    @each("reference")
    def test_time_posts_and_jobs(self, path):
        with serve(path) as server, connect(server.address) as sock:
            for order, answer in (
                    (b"now", b"steady\nnow\n"), (b"deadline", b"timer\n"),
                    (b"tick", b"tick\n"), (b"post", b"posted\n"),
                    (b"entry-post", b"posted to the entry\n"),
                    (b"work", b"worked 65537\n"),
                    (b"entry-work", b"worked 65537\n"),
                    (b"pause\nx", b"resumed\n+x\n")):
                sock.sendall(order + b"\n")
                self.assertEqual(recv_exactly(sock, len(answer)), answer)

    @each("reference")
    def test_ends(self, path):
        with serve(path) as server:
            for order, answer in ((b"keep", b"the last\n"),
                                  (b"shutdown\n", b"shut down\n"),
                                  (b"close\n", b"closed\n"),
                                  (b"fail\n", b"failed\n")):
                self.assertEqual(ask(server.address, order), answer)
            with connect(server.address) as sock, \
                    self.assertRaises(ConnectionResetError):
                sock.sendall(b"abort\n")
                recv_all(sock)
            for why in ("done", "Protocol error",
                        "Software caused connection abort"):
                server.wait_log("over: " + why)

    @each("reference")
    def test_switching(self, path):
        other = f"  - {{plugin: {path}, name: other}}\n"
        with serve(path, other) as server:
            self.assertEqual(ask(server.address, b"switch\nx\n"),
                             b"switched from afar\n+x\n")
            self.assertEqual(ask(server.address, b"become\nx\n"),
                             b"second here\nx\n")
            server.wait_log("over: switched")

    @each("reference")
    def test_an_address_that_is_shared(self, path):
        with Server(f"""\
protocols:
  - {{plugin: {path}, listen: "unix:sock"}}
  - {{plugin: echo, listen: "unix:sock"}}
""") as server:
            address = f"unix:{server.folder}/sock"
            for text, answer in ((b"reference\n", b"+reference\n"),
                                 (b"referral\n", b"referral\n")):
                self.assertEqual(ask(address, text), answer)

    @each("reference")
    def test_what_it_is_told(self, path):
        with serve(path, "    settings: {words: [a, b]}\n") as server:
            with connect(server.address) as sock:
                peer = "%s:%d" % sock.getsockname()
                sock.sendall(b"get\nmetrics\nsettings\n")
                sock.shutdown(1)
                told = recv_all(sock).decode().splitlines()
            self.assertRegex(told.pop(0), r"^id \d+$")
            self.assertEqual(told, [
                f"peer {peer}", "peer ip 127.0.0.1", f"local {server.address}",
                "listener 127.0.0.1:0", "tls none", "nothing none", "counted",
                "loud -1 -5000000000 65536 90000 a text none none cheerful "
                "1024 1000", "word a", "word b"])

    @each("reference")
    def test_what_it_tells(self, path):
        with serve(path) as server:
            self.assertEqual(ask(server.address, b"log\n"), b"logged\n")
            for line in ("error.*an error 1", "warn.*a warning 2",
                         "info.*an info 3", "info.*of entry old",
                         "info.*a record of old"):
                server.wait_log(line)
            server.signal(signal.SIGUSR1)
            server.wait_log("reopened")

    @each("reference")
    def test_a_reload_and_the_end(self, path):
        with serve(path, is_supervised=True) as server, \
                connect(server.address) as sock:
            sock.sendall(b"x\n")
            self.assertEqual(recv_exactly(sock, 3), b"+x\n")
            reload(server)
            self.assertEqual(recv_exactly(sock, 9), b"a reload\n")
            server.signal(signal.SIGTERM)
            self.assertEqual(recv_all(sock), b"the end\n")


class Others(unittest.TestCase):
    """Plugins of tests/plugins, whose descriptors are shorter or longer."""

    def check(self, name):
        return run("--check", os.path.join(TEST_PLUGINS, name) + ".so")

    def test_what_it_needs_is_there(self):
        for name in ("older", "newer_unused"):
            path = os.path.join(TEST_PLUGINS, name + ".so")
            with Server(args=[path + "=127.0.0.1:0"]) as server:
                # The older one has no on_reopen: what is there is not its own.
                server.signal(signal.SIGUSR1)
                self.assertEqual(ask(server.address, b"hello\n"), b"hello\n")

    def test_another_version_of_the_contract_is_refused(self):
        for name in ("abi_2", "abi_wrong"):
            done = self.check(name)
            self.assertEqual(done.returncode, CONFIG)
            self.assertRegex(done.stderr,
                             r"it was built for version \d+ of the contract, "
                             r"this server speaks 1\b")
            self.assertIn("build it with the header of this release",
                          done.stderr)

    def test_what_is_used_and_not_known_is_refused(self):
        for name in ("newer_callback", "newer_counter", "newer_option"):
            done = self.check(name)
            self.assertEqual(done.returncode, CONFIG)
            self.assertIn("it needs a newer server", done.stderr)


if __name__ == "__main__":
    unittest.main()
