# SPDX-License-Identifier: MIT
"""The example session over real sockets: messages for those who are there, who
are absent, who read slowly; who takes over from whom; and times that pass."""

import os
import random
import socket
import struct
import unittest

from harness import TEST_PLUGINS, Server, connect, recv_all, recv_exactly
from traffic import echo_yaml, gather, reset

SESSION = os.path.join(TEST_PLUGINS, "session.so")
PINGREQ, PINGRESP, DISCONNECT = b"\xc0\0", b"\xd0\0", b"\xe0\0"
SUBSCRIBERS = 10
PUBLISHERS = 5
MESSAGES = 200


def packet(first, body):
    """Its length takes as many bytes as it needs."""
    length, head = len(body), bytes([first])
    while length > 127:
        head += bytes([length & 127 | 128])
        length >>= 7
    return head + bytes([length]) + body


def text(bytes_):
    return struct.pack(">H", len(bytes_)) + bytes_


def publication(topic, payload):
    return packet(0x30, text(topic) + payload)


def read_packet(sock):
    """Its first byte and its body."""
    first = recv_exactly(sock, 1)[0]
    length, shift = 0, 0
    while True:
        byte = recv_exactly(sock, 1)[0]
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
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

    def subscribe(self, *topics):
        self.sock.sendall(packet(
            0x82, b"\0\1" + b"".join(text(topic) + b"\0" for topic in topics)))
        assert read_packet(self.sock) == (0x90, b"\0\1" + bytes(len(topics)))

    def publish(self, topic, payload):
        self.sock.sendall(publication(topic, payload))

    def settle(self):
        """All that was sent has been handled. For one to whom nothing is
        sent."""
        self.sock.sendall(PINGREQ)
        assert recv_exactly(self.sock, 2) == PINGRESP

    def leave(self):
        self.sock.sendall(DISCONNECT)
        assert recv_all(self.sock) == b""
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


class Session:
    trigger = None

    def serve(self, limits=None, **settings):
        config = echo_yaml(trigger=self.trigger, plugin=SESSION,
                           limits=limits)
        if settings:
            config += "    settings:\n" + "".join(
                f"      {key}: {value}\n" for key, value in settings.items())
        return Server(config)

    def test_each_message_comes_to_each_in_order(self):
        payloads = {
            number: [random.Random(f"{number}:{i}").randbytes(
                random.Random(i).choice((0, 1, 100, 125, 126, 9000)))
                for i in range(MESSAGES)]
            for number in range(PUBLISHERS)}

        def publish(number):
            with Client(server.address, b"p%d" % number, clean=True) as client:
                for payload in payloads[number]:
                    client.publish(b"topic/%d" % number, payload)
                client.settle()

        def receive(client):
            came = {number: [] for number in range(PUBLISHERS)}
            for _ in range(PUBLISHERS * MESSAGES):
                first, body = read_packet(client.sock)
                assert first == 0x30 and body[:8] == b"\0\7topic/"
                came[int(body[8:9])].append(body[9:])
            return came

        # Whoever reads slowly here has room for all of it.
        with self.serve(max_queue="16MiB") as server:
            clients = [Client(server.address, b"s%d" % number, clean=True)
                       for number in range(SUBSCRIBERS)]
            for client in clients:
                client.subscribe(*(b"topic/%d" % number
                                   for number in range(PUBLISHERS)))
            results = gather(
                *(lambda client=client: receive(client) for client in clients),
                *(lambda number=number: publish(number)
                  for number in range(PUBLISHERS)))
            for came in results[:SUBSCRIBERS]:
                self.assertEqual(came, payloads)
            for client in clients:
                client.leave()

    def test_messages_wait_for_who_is_absent(self):
        with self.serve(max_queue="1MiB") as server, \
                Client(server.address, b"p", clean=True) as publisher:
            client = Client(server.address, b"a")
            client.subscribe(b"t")
            client.leave()
            payloads = [b"%d" % i + bytes(1000) for i in range(500)]
            for payload in payloads:
                publisher.publish(b"t", payload)
            publisher.settle()
            with Client(server.address, b"a") as client:
                self.assertTrue(client.is_present)
                for payload in payloads:
                    self.assertEqual(read_packet(client.sock),
                                     (0x30, text(b"t") + payload))
            # A reset is no farewell, and forgets nothing either.
            with Client(server.address, b"a") as client:
                reset(client.sock)
            publisher.publish(b"t", b"last")
            publisher.settle()
            with Client(server.address, b"a") as client:
                self.assertTrue(client.is_present)
                self.assertEqual(read_packet(client.sock),
                                 (0x30, text(b"t") + b"last"))

    def test_who_connects_again_takes_over(self):
        with self.serve() as server, \
                Client(server.address, b"p", clean=True) as publisher, \
                Client(server.address, b"a") as old:
            old.subscribe(b"t")
            with Client(server.address, b"a") as new:
                self.assertTrue(new.is_present)
                self.assertEqual(recv_all(old.sock), b"")
                publisher.publish(b"t", b"hello")
                self.assertEqual(read_packet(new.sock),
                                 (0x30, text(b"t") + b"hello"))

    def test_who_reads_slowly_misses_some_and_disturbs_nobody(self):
        payload = bytes(10_000)
        with self.serve(limits={"output": "64KiB"}) as server, \
                Client(server.address, b"p", clean=True) as publisher, \
                Client(server.address, b"s", receive_buffer=4096) as slow, \
                Client(server.address, b"f") as fast:
            slow.subscribe(b"t")
            fast.subscribe(b"t")
            count = 2000  # 20 MB, more than the kernel holds
            for number in range(count):
                publisher.publish(b"t", struct.pack(">I", number) + payload)
                body = read_packet(fast.sock)[1]
                self.assertEqual(body[3:7], struct.pack(">I", number))
            numbers = [-1]
            while numbers[-1] < count - 1:
                body = read_packet(slow.sock)[1]
                self.assertEqual(body[7:], payload)
                numbers.append(struct.unpack(">I", body[3:7])[0])
            self.assertEqual(numbers, sorted(set(numbers)))
            self.assertLess(len(numbers), count)

    def test_who_says_nothing_is_closed(self):
        with self.serve() as server, \
                Client(server.address, b"a", keep_alive=1) as client:
            self.assertEqual(recv_all(client.sock), b"")

    def test_who_is_absent_expires(self):
        with self.serve(expiry="1ms", max_sessions=1) as server:
            Client(server.address, b"a").leave()
            # Not told to anyone: that there is room is how it is seen.
            while True:
                with connect(server.address) as sock:
                    sock.sendall(packet(0x10, b"\0\4MQTT\4\2\0\0\0\1b"))
                    if read_packet(sock)[1] == b"\0\0":
                        break

    def test_mistakes_end_without_a_reset(self):
        for mistake in (b"GET / HTTP/1.1\r\n\r\n", PINGREQ,
                        b"\x10" + 5 * b"\x80"):
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
