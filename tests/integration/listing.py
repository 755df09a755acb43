# SPDX-License-Identifier: MIT
"""`berthctl connections` and `close`: each column of each connection is right,
and the one that is named is closed, no other."""

import json
import time
import unittest

from harness import connect, recv_all, recv_exactly
from operation import ACTORS, berthctl, command
from traffic import MIB, until
from witness import children, reload, serve



class Connections(unittest.TestCase):
    def setUp(self):
        self.server = serve(ACTORS)
        self.addCleanup(self.server.__exit__, None, None, None)

    def connect(self, address, text=b"", **options):
        sock = connect(address, **options)
        self.addCleanup(sock.close)
        sock.sendall(text)
        return sock

    def rows(self):
        return json.loads(command(self.server, "json connections"))

    def row(self, sock):
        host, port = sock.getsockname()
        row, = [row for row in self.rows() if row["peer"] == f"{host}:{port}"]
        return row

    def await_row(self, sock, **wanted):
        """Until it has these values; fails with those that it has."""
        def read():
            row = self.row(sock)
            return {key: row[key] for key in wanted}
        try:
            until(lambda: read() == wanted, "these values", 10)
        except AssertionError:
            self.assertEqual(read(), wanted)

    def test_whose_each_is(self):
        one, other = self.server.addresses[:2]
        socks = [self.connect(address, b"hello\n")
                 for address in (one, other) * 5]
        for sock in socks:
            self.assertEqual(recv_exactly(sock, 6), b"hello\n")
        for sock in socks:
            self.await_row(sock, bytes_in=6, bytes_out=6, bytes_queued=0)
        rows = [self.row(sock) for sock in socks]
        self.assertEqual([row["entry"] for row in rows],
                         ["one", "other"] * 5)
        self.assertEqual(len({row["id"] for row in rows}), 10)
        for row in rows:
            pid, number = map(int, row["id"].split("."))
            self.assertIn(pid, children(self.server.pid))
            self.assertGreater(number, 0)

    def test_one_without_an_address(self):
        """The kernel counts no bytes of unix sockets."""
        sock = self.connect(self.server.addresses[2], b"hello\n")
        self.assertEqual(recv_exactly(sock, 6), b"hello\n")
        row, = self.rows()
        self.assertEqual((row["entry"], row["bytes_in"], row["bytes_out"]),
                         ("other", None, None))
        self.assertTrue(row["peer"].startswith("unix:"), row)

    def test_how_old_they_are(self):
        since = time.monotonic()
        first = self.connect(self.server.address)
        until(lambda: self.rows() and self.row(first)["age_seconds"] >= 1,
              "it grows older")
        second = self.connect(self.server.address)
        until(lambda: len(self.rows()) == 2, "it is there")
        younger = self.row(second)["age_seconds"]
        older = self.row(first)["age_seconds"]
        self.assertLessEqual(older, time.monotonic() - since)
        self.assertLess(younger, older)

    def test_what_each_waits_for(self):
        address = self.server.address
        size = 16 * MIB
        silent = self.connect(address)
        until(lambda: len(self.rows()) == 1, "it is accepted")
        self.await_row(silent, bytes_in=0, bytes_out=0, bytes_queued=0,
                       waits_for="the first byte")
        usual = self.connect(address, b"hello\n")
        self.assertEqual(recv_exactly(usual, 6), b"hello\n")
        self.await_row(usual, waits_for="the next bytes")
        half = self.connect(address, b"count 1\nno end")
        until(lambda: len(self.rows()) == 3, "it is accepted")
        self.await_row(half, bytes_in=14, waits_for="the next bytes")
        paused = self.connect(address, b"pause\nhello\n")
        until(lambda: len(self.rows()) == 4, "it is accepted")
        self.await_row(paused, bytes_in=12, bytes_out=0,
                       waits_for="its protocol")
        closed = self.connect(address, b"close\n")
        self.assertEqual(recv_all(closed), b"")
        self.await_row(closed, waits_for="the peer's end")
        slow = self.connect(address, b"fill %d\n" % size, receive_buffer=4096)
        until(lambda: len(self.rows()) == 6, "it is accepted")
        self.await_row(slow, waits_for="the peer to read")
        row = self.row(slow)
        self.assertGreater(row["bytes_queued"], MIB)
        # What the kernel holds is neither.
        self.assertLess(row["bytes_queued"] + row["bytes_out"], size)
        self.assertEqual(len(recv_exactly(slow, size)), size)
        self.await_row(slow, bytes_queued=0, bytes_out=size,
                       waits_for="the next bytes")

    def test_a_connection_that_has_ended_is_not_told(self):
        sock = self.connect(self.server.address, b"hello\n")
        recv_exactly(sock, 6)
        sock.close()
        until(lambda: self.rows() == [], "none is there")

    def test_those_of_an_earlier_generation(self):
        sock = self.connect(self.server.address, b"hello\n")
        recv_exactly(sock, 6)
        before = self.row(sock)
        reload(self.server)
        self.await_row(sock, id=before["id"])
        command(self.server, "close " + before["id"])
        self.assertEqual(recv_all(sock), b"")

    def test_one_alone_is_closed(self):
        socks = [self.connect(self.server.address, b"hello\n")
                 for _ in range(10)]
        for sock in socks:
            recv_exactly(sock, 6)
        for number in (3, 7):
            berthctl(self.server, "close", self.row(socks[number])["id"])
            self.assertEqual(recv_all(socks[number]), b"")
        for number in set(range(10)) - {3, 7}:
            socks[number].sendall(b"again\n")
            self.assertEqual(recv_exactly(socks[number], 6), b"again\n")

    def test_one_that_is_not_there(self):
        sock = self.connect(self.server.address, b"hello\n")
        recv_exactly(sock, 6)
        pid, number = self.row(sock)["id"].split(".")
        for text, told in [
                (f"{pid}.{int(number) + 1}", "there is no such connection"),
                (f"{self.server.pid}.{number}",
                 f"there is no worker {self.server.pid}"),
                ("x", "'x' is no connection: as in 4711.17"),
                (pid, f"'{pid}' is no connection"),
                (f"{pid}.{number}x", "is no connection")]:
            with self.subTest(text):
                self.assertIn(told, berthctl(self.server, "close", text,
                                             status=1))
        sock.sendall(b"again\n")
        self.assertEqual(recv_exactly(sock, 6), b"again\n")


if __name__ == "__main__":
    unittest.main()
