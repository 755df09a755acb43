# SPDX-License-Identifier: MIT
"""The example session over real sockets: messages for those who are there and
who read slowly; who takes over from whom; and times that pass."""

import os
import random
import socket
import struct
import threading
import unittest

from harness import TEST_PLUGINS, Server, connect, recv_all, recv_exactly
from traffic import echo_yaml, gather, reset

SESSION = os.path.join(TEST_PLUGINS, "session.so")
PINGREQ, PINGRESP, DISCONNECT = b"\xc0\0", b"\xd0\0", b"\xe0\0"
RECEIVERS = 10
PUBLISHERS = 5
MESSAGES = 200


def packet(first, body):
    assert len(body) < 128
    return bytes([first, len(body)]) + body


def text(bytes_):
    return struct.pack(">H", len(bytes_)) + bytes_


def read_packet(sock):
    """Its first byte and its body."""
    first, length = recv_exactly(sock, 2)
    return first, recv_exactly(sock, length)


class Client:
    """A client that is connected. Attributes: sock, is_present (what CONNACK
    said of a session)."""

    def __init__(self, address, id_, clean=False, keep_alive=0, **options):
        self.sock = connect(address, **options)
        self.sock.sendall(packet(
            0x10, b"\0\4MQTT\4" + struct.pack(">BH", 2 * clean, keep_alive) +
            text(id_)))
        first, (present, code) = read_packet(self.sock)
        assert (first, code) == (0x20, 0), (first, code)
        self.is_present = bool(present)

    def publish(self, body):
        self.sock.sendall(packet(0x30, body))

    def settle(self):
        """All that was sent has been handled. For one to whom nothing is
        sent."""
        self.sock.sendall(PINGREQ)
        assert recv_exactly(self.sock, 2) == PINGRESP

    def leave(self):
        """Returns whether it had a session before."""
        self.sock.sendall(DISCONNECT)
        assert recv_all(self.sock) == b""
        self.sock.close()
        return self.is_present

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


class Session:
    trigger = None

    def serve(self, limits=None, expiry="1h"):
        return Server(echo_yaml(trigger=self.trigger, plugin=SESSION,
                                limits=limits) +
                      "    settings: {expiry: " + expiry + "}\n")

    def test_each_message_comes_to_each_in_order(self):
        bodies = {
            number: [bytes([number]) + random.Random(f"{number}:{i}").randbytes(
                random.Random(i).choice((0, 1, 100, 126)))
                for i in range(MESSAGES)]
            for number in range(PUBLISHERS)}

        def publish(number):
            # It is sent those of the others, and reads none of them.
            with Client(server.address, b"p%d" % number, clean=True) as client:
                for body in bodies[number]:
                    client.publish(body)
                client.sock.sendall(DISCONNECT)
                recv_all(client.sock)

        def receive(client):
            came = {number: [] for number in range(PUBLISHERS)}
            for _ in range(PUBLISHERS * MESSAGES):
                first, body = read_packet(client.sock)
                assert first == 0x30
                came[body[0]].append(body)
            return came

        # Whoever reads slowly here has room for all of it.
        with self.serve() as server:
            clients = [Client(server.address, b"r%d" % number, clean=True)
                       for number in range(RECEIVERS)]
            results = gather(
                *(lambda client=client: receive(client) for client in clients),
                *(lambda number=number: publish(number)
                  for number in range(PUBLISHERS)))
            for came in results[:RECEIVERS]:
                self.assertEqual(came, bodies)
            for client in clients:
                client.leave()

    def test_a_session_waits_for_who_is_absent(self):
        with self.serve() as server:
            with Client(server.address, b"a") as client:
                self.assertFalse(client.is_present)
                client.leave()
            # A reset is no farewell, and forgets nothing either.
            with Client(server.address, b"a") as client:
                self.assertTrue(client.is_present)
                reset(client.sock)
            with Client(server.address, b"a") as client:
                self.assertTrue(client.is_present)

    def test_who_connects_again_takes_over(self):
        with self.serve() as server, \
                Client(server.address, b"p", clean=True) as publisher, \
                Client(server.address, b"a") as old, \
                Client(server.address, b"a") as new:
            self.assertTrue(new.is_present)
            self.assertEqual(recv_all(old.sock), b"")
            publisher.publish(b"hello")
            self.assertEqual(read_packet(new.sock), (0x30, b"hello"))

    def test_who_reads_slowly_misses_some_and_disturbs_nobody(self):
        batches, size = 500, 100  # 6 MB, more than the kernel holds
        count = batches * size

        def publish():
            for first in range(0, count, size):
                publisher.sock.sendall(b"".join(
                    packet(0x30, struct.pack(">I", number) + bytes(120))
                    for number in range(first, first + size)))
                read.acquire(timeout=30)  # so that the fast one keeps up

        def receive():
            for number in range(count):
                body = read_packet(fast.sock)[1]
                self.assertEqual(body[:4], struct.pack(">I", number))
                if number % size == size - 1:
                    read.release()

        read = threading.Semaphore(0)
        with self.serve(limits={"output": "64KiB"}) as server, \
                Client(server.address, b"p", clean=True) as publisher, \
                Client(server.address, b"s", receive_buffer=4096) as slow, \
                Client(server.address, b"f") as fast:
            gather(publish, receive)
            publisher.sock.sendall(DISCONNECT)
            slow.sock.sendall(DISCONNECT)
            came = recv_all(slow.sock)
            self.assertEqual(len(came) % 126, 0)
            numbers = [struct.unpack_from(">I", came, at + 2)[0]
                       for at in range(0, len(came), 126)]
            self.assertEqual(numbers, sorted(set(numbers)))
            self.assertTrue(0 < len(numbers) < count)

    def test_who_says_nothing_is_closed(self):
        with self.serve() as server, \
                Client(server.address, b"a", keep_alive=1) as client:
            self.assertEqual(recv_all(client.sock), b"")

    def test_who_is_absent_expires(self):
        with self.serve(expiry="1ms") as server:
            # Told to nobody: that it is forgotten is how it is seen.
            self.assertFalse(Client(server.address, b"a").leave())
            while Client(server.address, b"a").leave():
                pass

    def test_mistakes_end_without_a_reset(self):
        for mistake in (b"GET / HTTP/1.1\r\n\r\n", PINGREQ,
                        b"\x10\x80\x80"):
            with self.serve() as server, connect(server.address) as sock:
                sock.sendall(mistake + bytes(100_000))
                sock.shutdown(socket.SHUT_WR)
                self.assertEqual(recv_all(sock), b"")


class Level(Session, unittest.TestCase):
    trigger = "level"


class Edge(Session, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    unittest.main()
