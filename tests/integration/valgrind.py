# SPDX-License-Identifier: MIT
"""Valgrind finds nothing: no invalid access, no use of what was never set, no
leak."""

import os
import re
import shutil
import signal
import tempfile
import unittest

from harness import BERTH, Server, connect, skip
from traffic import (MIB, echo_yaml, exchange, gather, random_chunks, reset,
                     round_trip, send_until_stuck)

CLIENTS = 8
BYTES_EACH = MIB // 2
VALGRIND = ["valgrind", "--leak-check=full",
            "--errors-for-leak-kinds=definite,indirect", "--track-fds=no",
            "--error-exitcode=99"]


class Valgrind:
    trigger = None

    def test_echo_and_rude_peers(self):
        config = echo_yaml(["127.0.0.1:0", "unix:echo.sock"], self.trigger,
                           limits={"connections_per_ip": 100, "idle": "20s"})
        with Server(config, wrapper=VALGRIND, timeout=60) as server:
            gather(*(lambda seed=seed: self.transfer(server, seed)
                     for seed in range(CLIENTS)))
            self.be_rude(server.address)
            # One that is connected when the server ends, one that is stuck.
            with connect(server.address) as sock, connect(
                    server.address, receive_buffer=4096) as stuck:
                round_trip(sock)
                send_until_stuck(stuck, bytes(8 * MIB))
                server.process.terminate()
                self.assertEqual(sock.recv(1), b"")
                reset(stuck)
            self.assertEqual(server.wait(), 0, server.story("the end"))
        report = "\n".join(server.log)
        self.assertIn("ERROR SUMMARY: 0 errors", report)
        lost = re.search(r"definitely lost: ([\d,]+) bytes", report)
        self.assertEqual(lost.group(1) if lost else "0", "0")
        usage = re.search(r"total heap usage: .*", report)
        print(f"{self.trigger}: {usage.group() if usage else 'no heap'}")

    def transfer(self, server, seed):
        address = server.addresses[seed % len(server.addresses)]
        with connect(address) as sock:
            sent, sent_size, received, size = exchange(
                sock, random_chunks(seed, BYTES_EACH))
        self.assertEqual((size, received), (sent_size, sent))

    def be_rude(self, address):
        for number in range(50):
            sock = connect(address)
            sock.sendall(os.urandom(number * 100))
            if number % 2:
                reset(sock)
            else:
                sock.close()


class Supervised(unittest.TestCase):
    """All processes: each writes a report of its own."""

    def test_start_reload_and_stop(self):
        with tempfile.TemporaryDirectory(prefix="berth-") as folder:
            config = echo_yaml(["127.0.0.1:0", "unix:echo.sock"], workers=2,
                               start_timeout="60s")
            with Server(config, workers=None, timeout=60, wrapper=[
                    *VALGRIND, "--trace-children=yes",
                    f"--log-file={folder}/%p"]) as server:
                with connect(server.address) as sock:
                    round_trip(sock)
                    self.reload(server)
                    round_trip(sock)
                with connect(server.addresses[1]) as sock:
                    round_trip(sock)
                    self.reload(server, "colour: 1\n")
                    server.process.terminate()
                    self.assertEqual(sock.recv(1), b"")
                self.assertEqual(server.wait(), 0, server.story("the end"))
            self.check(folder)

    @staticmethod
    def reload(server, more=""):
        """With more in the file it fails."""
        start = len(server.log)
        with open(os.path.join(server.folder, "server.yaml"), "a") as file:
            file.write(more)
        server.signal(signal.SIGHUP)
        server.wait_log("the reload has failed" if more else "reloaded: ",
                        start)

    def check(self, folder):
        names = os.listdir(folder)
        # The supervisor, three that checked, and two times two workers.
        self.assertEqual(len(names), 1 + 3 + 4)
        for name in names:
            with open(os.path.join(folder, name)) as file:
                report = file.read()
            self.assertIn("ERROR SUMMARY: 0 errors", report)
            lost = re.search(r"definitely lost: ([\d,]+) bytes", report)
            self.assertEqual(lost.group(1) if lost else "0", "0", report)


class Level(Valgrind, unittest.TestCase):
    trigger = "level"


class Edge(Valgrind, unittest.TestCase):
    trigger = "edge"


def is_sanitized():
    """Two that watch memory at once watch each other. gcc's sanitizer is a
    library of its own, clang's is in the program: both have this name."""
    with open(BERTH, "rb") as file:
        return b"__asan_init" in file.read()


if __name__ == "__main__":
    if shutil.which("valgrind") is None:
        skip("valgrind is not installed")
    if is_sanitized():
        skip("this build has a sanitizer in it")
    unittest.main()
