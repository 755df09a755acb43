# SPDX-License-Identifier: MIT
"""SIGUSR2: the server becomes what its file is now, and loses nobody."""

import os
import shutil
import signal
import tempfile
import unittest
from unittest import mock

import harness
from harness import BERTH, PLUGINS, Server, connect, recv_exactly
from traffic import until


def yaml():
    return (f"workers: 2\nprotocols:\n  - plugin: {PLUGINS}/echo.so\n"
            "    listen: 127.0.0.1:0\n")


def echo(sock, text):
    sock.sendall(text)
    return recv_exactly(sock, len(text))


def workers(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return set(file.read().split())


class Upgrade(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="berth-")
        self.addCleanup(scratch.cleanup)
        os.mkdir(os.path.join(scratch.name, "bin"))
        self.program = os.path.join(scratch.name, "bin", "berth")
        shutil.copy(BERTH, self.program)
        patch = mock.patch.object(harness, "BERTH", self.program)
        patch.start()
        self.addCleanup(patch.stop)

    def replace(self, source):
        """As a package manager does: the old file stays for who runs it."""
        shutil.copy(source, self.program + ".new")
        os.rename(self.program + ".new", self.program)

    def test_connections_and_addresses_stay(self):
        with Server(yaml(), workers=None) as server:
            before = workers(server.pid)
            with connect(server.address) as sock:
                self.assertEqual(echo(sock, b"one"), b"one")
                for _ in range(3):
                    start = len(server.log)
                    self.replace(BERTH)
                    server.signal(signal.SIGUSR2)
                    server.wait_log("upgraded to berth", start)
                    server.wait_log("reloaded", start)
                    self.assertEqual(echo(sock, b"two"), b"two")
                    with connect(server.address) as other:
                        self.assertEqual(echo(other, b"new"), b"new")
            # Whoever served is gone, whoever serves is the same server's child.
            until(lambda: len(workers(server.pid)) == 2,
                  "the old workers have left")
            self.assertFalse(before & workers(server.pid))

    def test_what_is_no_berth_is_refused(self):
        with Server(yaml(), workers=None) as server:
            with connect(server.address) as sock:
                for broken in ("/bin/true", "/bin/false", __file__):
                    start = len(server.log)
                    self.replace(broken)
                    server.signal(signal.SIGUSR2)
                    server.wait_log("upgrade is refused", start)
                    self.assertEqual(echo(sock, b"still"), b"still")
                    with connect(server.address) as other:
                        self.assertEqual(echo(other, b"here"), b"here")
                # It did no harm: the right one is taken afterwards.
                start = len(server.log)
                self.replace(BERTH)
                server.signal(signal.SIGUSR2)
                server.wait_log("reloaded", start)
                self.assertEqual(echo(sock, b"on"), b"on")


if __name__ == "__main__":
    unittest.main()
