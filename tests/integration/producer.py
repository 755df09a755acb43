# SPDX-License-Identifier: MIT
"""The example producer: all bytes arrive, however the client reads; a client
that leaves is not produced for."""

import os
import shutil
import socket
import subprocess
import unittest

from harness import TEST_PLUGINS, Server, connect, fds, recv_exactly
from traffic import MIB, echo_yaml, reset, until

PRODUCER = os.path.join(TEST_PLUGINS, "producer.so")
GIB = 1024 * MIB


def text(begin, end):
    """What the producer's text has at these offsets; begin is that of a
    line."""
    lines = b"".join(b"%015d\n" % offset for offset in range(begin, end, 16))
    return lines[:end - begin]


class Text:
    """Looks at every byte that comes."""

    def __init__(self, size):
        self.size = size
        self.offset = 0

    def check(self, data):
        begin = self.offset - self.offset % 16
        expected = text(begin, self.offset + len(data))
        if data != expected[self.offset - begin:]:
            raise AssertionError(f"other bytes from {self.offset} on")
        self.offset += len(data)

    def read(self, sock, step):
        """All of it, so much at once."""
        while self.offset < self.size:
            data = sock.recv(min(step, self.size - self.offset))
            if not data:
                raise AssertionError(f"it ends at {self.offset}")
            self.check(data)


def ask(sock, *sizes):
    sock.sendall(b"".join(b"%d\n" % size for size in sizes))


class Producer:
    trigger = None

    def serve(self):
        return Server(echo_yaml(trigger=self.trigger, plugin=PRODUCER))

    def test_a_fast_reader(self):
        self.check_reader(32 * MIB, MIB)

    def test_a_reader_of_small_pieces(self):
        self.check_reader(4 * MIB, 1000)

    def test_a_reader_with_a_tiny_window(self):
        self.check_reader(4 * MIB, 5000, receive_buffer=2048)

    def check_reader(self, size, step, **options):
        with self.serve() as server:
            with connect(server.address, **options) as sock:
                ask(sock, size)
                sock.shutdown(socket.SHUT_WR)
                Text(size).read(sock, step)
                self.assertEqual(sock.recv(1), b"")

    def test_pipelined_requests(self):
        sizes = [1, 0, MIB, 15, 3 * MIB, 17, 0, 1]
        with self.serve() as server, connect(server.address) as sock:
            ask(sock, *sizes)
            sock.shutdown(socket.SHUT_WR)
            for size in sizes:
                Text(size).read(sock, MIB)
            self.assertEqual(sock.recv(1), b"")

    def test_a_client_that_leaves(self):
        with self.serve() as server:
            before = fds(server.pid)
            for leave in (socket.socket.close, reset):
                sock = connect(server.address)
                ask(sock, 16 * GIB)
                Text(MIB).read(sock, MIB)
                leave(sock)
                until(lambda: fds(server.pid) == before, "it is abandoned")

    @unittest.skipUnless(shutil.which("nc"), "needs nc")
    def test_another_client(self):
        with self.serve() as server:
            host, port = server.address.rsplit(":", 1)
            done = subprocess.run(["nc", "-N", host, port], input=b"1000000\n",
                                  stdout=subprocess.PIPE, check=True)
            self.assertTrue(done.stdout == text(0, 1000000))

    def test_many_at_once(self):
        with self.serve() as server:
            socks = [connect(server.address) for _ in range(50)]
            for sock in socks:
                ask(sock, MIB)
            for sock in reversed(socks):
                self.assertTrue(recv_exactly(sock, MIB) == text(0, MIB))
                sock.close()


class Level(Producer, unittest.TestCase):
    trigger = "level"


class Edge(Producer, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    unittest.main()
