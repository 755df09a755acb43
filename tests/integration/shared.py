# SPDX-License-Identifier: MIT
"""Three protocols at one address, told apart by their first bytes: whatever
clients say or do not say, each is served by the right one."""

import random
import socket
import threading
import unittest

from harness import TEST_PLUGINS, Server, connect, recv_all, recv_exactly
from traffic import (count_connections, gather, is_silent, reset,
                     unacknowledged, until)

# The last of those that share an address has who says nothing.
CONFIG = """\
trigger: {trigger}
sniff_timeout: {timeout}
protocols:
  - plugin: {plugins}/http_like.so
    name: web
    listen: &shared ["{address}", "unix:shared.sock"]
    limits: {limits[web]}
  - plugin: {plugins}/resp_like.so
    name: store
    listen: *shared
    limits: {limits[store]}
  - plugin: {plugins}/line_greeter.so
    name: lines
    listen: *shared
    limits: {limits[lines]}
  - plugin: {plugins}/line_greeter.so
    name: alone
    listen: "127.0.0.1:0"
"""

REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nweb"
ARRAY = b"*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n"
REPLY = b"+store\r\n"
GREETING = b"hello\n"

# What clients say, and what they must hear. Some of the lines begin as a
# request does.
KINDS = [(REQUEST, RESPONSE), (b"HEAD" + REQUEST[3:], RESPONSE),
         (b"POST" + REQUEST[3:], RESPONSE), (ARRAY, REPLY)]
KINDS += [(line, GREETING + line) for line in (
    b"good day\n", b"\n", b"G\n", b"GETTING\n", b"HELO\n", b"POSTPONED\n")]

CLIENTS = 200


def private_address():
    """One at which the entries can meet: with port 0 each would have a port of
    its own. No other test has this one of the machine's own addresses."""
    dice = random.SystemRandom()
    host = f"127.{dice.randint(1, 254)}.{dice.randint(1, 254)}.1"
    with socket.socket() as sock:
        sock.bind((host, 0))
        return "%s:%d" % sock.getsockname()


class Shared:
    trigger = None
    is_unix = False

    def serve(self, timeout="20s", **limits):
        """limits: entry to what stands in its limits. The address that is
        shared is server.shared then, as in server.yaml and as it is."""
        limits = {name: "{%s}" % limits.get(name, "")
                  for name in ("web", "store", "lines")}
        address = private_address()
        server = Server(CONFIG.format(
            trigger=self.trigger, timeout=timeout, address=address,
            limits=limits, plugins=TEST_PLUGINS))
        server.written = "unix:shared.sock" if self.is_unix else address
        server.shared = address
        if self.is_unix:
            server.shared = f"unix:{server.folder}/shared.sock"
        return server

    def check(self, sock, kind):
        """All of it at once."""
        sock.sendall(kind[0])
        self.assertEqual(recv_exactly(sock, len(kind[1])), kind[1])

    def test_everything_at_once(self):
        with self.serve() as server:
            for kind in KINDS:
                with connect(server.shared) as sock:
                    self.check(sock, kind)
                    sock.shutdown(socket.SHUT_WR)
                    self.assertEqual(recv_all(sock), b"")

    def test_many_at_once(self):
        with self.serve() as server, connect(server.shared) as sock:
            self.check(sock, (REQUEST * 100, RESPONSE * 100))
        with self.serve() as server, connect(server.shared) as sock:
            self.check(sock, (ARRAY * 100, REPLY * 100))

    def test_one_byte_at_a_time(self):
        with self.serve() as server:
            for said, heard in KINDS:
                with connect(server.shared) as sock:
                    for byte in said:
                        sock.sendall(bytes([byte]))
                        until(lambda: unacknowledged(sock) == 0, "it arrives")
                    self.assertEqual(recv_exactly(sock, len(heard)), heard)

    def test_who_says_nothing_is_greeted(self):
        with self.serve(timeout="50ms") as server:
            with connect(server.shared) as sock:
                self.assertEqual(recv_exactly(sock, 6), GREETING)
                self.check(sock, (b"GET is a word\n",) * 2)

    def test_an_entry_that_is_alone_does_not_wait(self):
        with self.serve(timeout="none") as server:
            with connect(server.shared) as silent, \
                    connect(server.addresses[-1]) as sock:
                self.assertEqual(recv_exactly(sock, 6), GREETING)
                self.assertTrue(is_silent(silent))

    def test_who_says_too_little_is_greeted(self):
        with self.serve(timeout="50ms") as server:
            for said in (b"G", b"HEA", b"POST"):
                with connect(server.shared) as sock:
                    sock.sendall(said)
                    self.assertEqual(recv_exactly(sock, 6), GREETING)
                    self.check(sock, (b" on\n", said + b" on\n"))

    def test_half_close_at_once(self):
        with self.serve() as server:
            for said, heard in KINDS + [(b"", GREETING), (b"GE", GREETING),
                                        (b"*1", b""), (b"GET ", b"")]:
                with connect(server.shared) as sock:
                    sock.sendall(said)
                    sock.shutdown(socket.SHUT_WR)
                    self.assertEqual(recv_all(sock), heard)

    def test_reset(self):
        with self.serve() as server:
            for said in (b"", b"GE", b"*1", b"GET ", REQUEST, ARRAY, b"\n"):
                sock = connect(server.shared)
                sock.sendall(said)
                reset(sock)
            until(lambda: count_connections(server) == 0, "all are gone")
            for kind in KINDS:
                with connect(server.shared) as sock:
                    self.check(sock, kind)

    def test_an_entry_that_is_full(self):
        with self.serve(store="connections: 1") as server:
            first = connect(server.shared)
            self.check(first, (ARRAY, REPLY))
            with connect(server.shared) as late:
                late.sendall(ARRAY)
                self.assertEqual(recv_all(late), b"")
            server.wait_log(r"entry=web\+store\+lines connection=2 .*closed: it "
                            r"is for 'store', which cannot have it: no more")
            for kind in KINDS:
                if kind[1] != REPLY:
                    with connect(server.shared) as sock:
                        self.check(sock, kind)
            self.check(first, (ARRAY, REPLY))
            first.close()
            until(lambda: count_connections(server) == 0, "it is gone")
            with connect(server.shared) as sock:
                self.check(sock, (ARRAY, REPLY))

    def test_listener_and_entry(self):
        with self.serve() as server:
            with connect(server.shared) as sock:
                self.check(sock, (b"where\n", GREETING +
                                  f"{server.written} lines\n".encode()))
            with connect(server.addresses[-1]) as sock:
                self.check(sock, (b"where\n",
                                  GREETING + b"127.0.0.1:0 alone\n"))

    def test_many_clients_of_all_kinds(self):
        dice = random.Random(7)
        kinds = [dice.choice(KINDS) for _ in range(CLIENTS)]
        cuts = [dice.randint(0, len(said)) for said, _ in kinds]
        gate = threading.Barrier(CLIENTS)

        def talk(address, kind, cut):
            with connect(address) as sock:
                gate.wait(60)
                sock.sendall(kind[0][:cut])
                sock.sendall(kind[0][cut:])
                heard = recv_exactly(sock, len(kind[1]))
                sock.shutdown(socket.SHUT_WR)
                return heard + recv_all(sock)

        with self.serve() as server:
            heard = gather(*[lambda k=kind, c=cut: talk(server.shared, k, c)
                             for kind, cut in zip(kinds, cuts)])
        self.assertEqual(heard, [kind[1] for kind in kinds])


class Level(Shared, unittest.TestCase):
    trigger = "level"

    def test_an_address_that_has_enough(self):
        """A limit for each peer, of one of the entries."""
        with self.serve(lines="connections_per_ip: 1") as server:
            first = connect(server.shared)
            self.check(first, (b"one\n", GREETING + b"one\n"))
            with connect(server.shared) as late:
                late.sendall(b"two\n")
                self.assertEqual(recv_all(late), b"")
            server.wait_log(r"closed: it is for 'lines', which cannot")
            for kind in KINDS[:4]:
                with connect(server.shared) as sock:
                    self.check(sock, kind)
            host, port = server.shared.split(":")
            with socket.create_connection((host, int(port)), 30,
                                          (host, 0)) as other:
                self.check(other, (b"two\n", GREETING + b"two\n"))
            first.close()


class Edge(Shared, unittest.TestCase):
    trigger = "edge"


class LevelUnix(Shared, unittest.TestCase):
    trigger = "level"
    is_unix = True


class EdgeUnix(Shared, unittest.TestCase):
    trigger = "edge"
    is_unix = True


if __name__ == "__main__":
    unittest.main()
