# SPDX-License-Identifier: MIT
"""What rude and broken peers do leaves nothing behind: no descriptor, no
memory (the leak sanitizer looks when the server ends), no lost byte, and no
line at level error, for none of it is an error of the server."""

import os
import random
import socket
import unittest

from harness import Server, connect, fds, recv_all
from traffic import (MIB, close_at_once, count_connections, echo_yaml,
                     exchange, gather, random_chunks, reset, round_trip,
                     send_until_stuck, until)

CONNECTS = 5000
CLIENTS = 8  # threads that connect
RESETS = 200


class Abuse:
    trigger = None

    def setUp(self):
        self.server = Server(echo_yaml(
            ["127.0.0.1:0", "unix:echo.sock"], self.trigger,
            log="{level: debug}"))
        self.address = self.server.address
        with connect(self.address) as sock:
            round_trip(sock)
        until(lambda: count_connections(self.server) == 0, "it is gone")
        self.before = fds(self.server.pid)

    def tearDown(self):
        server = self.server
        try:
            # It still serves, and all it had is given back.
            with connect(self.address) as sock:
                round_trip(sock)
            until(lambda: fds(server.pid) == self.before,
                  f"descriptors come back to {self.before}")
            self.assertEqual([line for line in server.log
                              if "level=error" in line], [])
            server.stop()
        finally:
            server.kill()

    def test_5000_connects_closed_at_once(self):
        def connect_many(first):
            for number in range(first, CONNECTS, CLIENTS):
                close_at_once(self.address, number)

        gather(*(lambda first=first: connect_many(first)
                 for first in range(CLIENTS)))

    def test_unix_connects_closed_at_once(self):
        for number in range(500):
            sock = connect(self.server.addresses[1])
            if number % 2:
                sock.sendall(b"x")
            sock.close()

    def test_resets_in_mid_transfer(self):
        dice = random.Random(1)
        data = dice.randbytes(MIB)
        with connect(self.address) as innocent:
            for number in range(RESETS):
                sock = connect(self.address, receive_buffer=4096)
                sock.sendall(data[:dice.randrange(200_000)])
                sock.recv(dice.randint(1, 2000))
                reset(sock)
                if number % 20 == 0:
                    round_trip(innocent, data[:20_000])

    def test_resets_with_output_queued_up(self):
        for _ in range(5):
            sock = connect(self.address, receive_buffer=4096)
            send_until_stuck(sock, bytes(32 * MIB), quiet_s=0.1)
            reset(sock)

    def test_a_reset_behind_the_end(self):
        for _ in range(100):
            sock = connect(self.address, receive_buffer=4096)
            sock.sendall(bytes(100_000))
            sock.shutdown(socket.SHUT_WR)
            sock.recv(1)
            reset(sock)

    def test_urgent_bytes_stay_in_their_place(self):
        with connect(self.address) as sock:
            sock.sendall(b"abc")
            sock.send(b"!", socket.MSG_OOB)
            sock.sendall(b"def")
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(recv_all(sock), b"abc!def")

    def test_many_urgent_bytes(self):
        text = bytes(range(256)) * 4
        with connect(self.address) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for place in range(0, len(text), 4):
                sock.sendall(text[place:place + 3])
                sock.send(text[place + 3:place + 4], socket.MSG_OOB)
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(recv_all(sock), text)

    def test_an_urgent_byte_alone_is_answered_while_the_peer_waits(self):
        with connect(self.address) as sock:
            for number in range(100):
                byte = bytes([number])
                sock.send(byte, socket.MSG_OOB)
                self.assertEqual(sock.recv(1), byte)
                round_trip(sock, b"behind")

    def test_one_byte_segments(self):
        text = os.urandom(3000)
        with connect(self.address) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sent, _, received, size = exchange(
                sock, (text[place:place + 1] for place in range(len(text))))
            self.assertEqual((size, received), (len(text), sent))

    def test_rude_peers_beside_good_ones(self):
        def be_good(seed):
            with connect(self.address) as sock:
                sent, _, received, _ = exchange(
                    sock, random_chunks(seed, 2 * MIB))
                self.assertEqual(received, sent)

        def be_rude():
            for number in range(500):
                close_at_once(self.address, number)

        gather(be_rude, be_rude, *(lambda seed=seed: be_good(seed)
                                   for seed in range(6)))


class Level(Abuse, unittest.TestCase):
    trigger = "level"


class Edge(Abuse, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    unittest.main()
