# SPDX-License-Identifier: MIT
"""A peer that does not read costs little memory, disturbs nobody and loses
nothing; one that never reads again is closed, and the log says why."""

import hashlib
import os
import random
import socket
import threading
import unittest

from harness import Server, connect, fds, recv_exactly, rss_private
from traffic import (COMPILER, MIB, build_plugin, echo_yaml, exchange, gather,
                     round_trip, send_until_stuck, until)

FLOOD_BYTES = 64 * MIB
REQUESTS = 200_000
GET = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
HTTP = """\
protocols:
  - plugin: http
    listen: 127.0.0.1:0
    settings: {routes: [{path: /hello, respond: {body: hello}}]}
"""
GROWTH_BYTES = 2 * MIB
MESSAGES = 300

# Answers each byte with 1 MiB, written by one call; what is written names the
# answer.
FLOOD_C = """
#include <berth/protocol.h>
#include <string.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    static char answer[1 << 20];

    (void)size;
    memset(answer, data[0], sizeof(answer));
    berth_write(c, answer, sizeof(answer));
    return 1;
}

BERTH_PROTOCOL(.name = "flood", .on_data = on_data);
"""


class Growth:
    """How much the server's memory has grown, at most."""

    def __init__(self, pid):
        self.pid = pid
        self.before = rss_private(pid)
        self.most = 0

    def look(self):
        self.most = max(self.most, rss_private(self.pid) - self.before)
        return self.most


def warm_up(address):
    """What the server allocates once is there before it is measured."""
    socks = [connect(address) for _ in range(20)]
    for sock in socks:
        round_trip(sock, os.urandom(65536))
        sock.close()


class Pressure:
    trigger = None

    def serve(self, limits=None, **options):
        return Server(echo_yaml(trigger=self.trigger, limits=limits,
                                **options))

    def flood(self, sock):
        """Sends as much of 64 MiB as is taken; returns all and how much."""
        data = random.Random(1).randbytes(FLOOD_BYTES)
        sent = send_until_stuck(sock, data)
        self.assertLess(sent, FLOOD_BYTES, "the server reads on")
        return data, sent

    def test_a_peer_that_does_not_read_is_not_read(self):
        with self.serve() as server:
            warm_up(server.address)
            growth = Growth(server.pid)
            with connect(server.address) as sock:
                data, sent = self.flood(sock)
                self.assertLess(growth.look(), GROWTH_BYTES)
                print(f"{self.trigger}: {sent >> 10} KiB were taken, memory "
                      f"grew by {growth.most >> 10} KiB")
                self.check_others(server.address)
                self.assertLess(growth.look(), GROWTH_BYTES)
                self.check_rest(sock, data, sent, growth)

    def check_others(self, address):
        for _ in range(20):
            # "At once": long before anything would time out.
            with connect(address, timeout=2) as sock:
                round_trip(sock, os.urandom(20_000))

    def check_rest(self, sock, data, sent, growth):
        """It reads after all: everything comes."""
        received = hashlib.sha256()
        size = 0

        def receive():
            nonlocal size
            while True:
                part = sock.recv(MIB)
                if not part:
                    return
                received.update(part)
                size += len(part)
                growth.look()

        def send():
            sock.sendall(memoryview(data)[sent:])
            sock.shutdown(socket.SHUT_WR)

        gather(send, receive)
        self.assertEqual(size, len(data))
        self.assertEqual(received.digest(), hashlib.sha256(data).digest())
        self.assertLess(growth.most, GROWTH_BYTES)

    def test_a_peer_that_never_reads_is_closed_and_the_log_says_why(self):
        with self.serve({"stall": "300ms"}) as server:
            before = fds(server.pid)
            with connect(server.address) as sock:
                host, port = sock.getsockname()
                # What is queued is dropped: it must not look whole. Whether
                # the reset is noticed sending or receiving is a matter of
                # luck; nothing is read before it, or it would not come.
                with self.assertRaises(ConnectionResetError):
                    self.flood(sock)
                    server.wait_log(r".*limits\.stall.*")
                    while sock.recv(MIB):
                        pass
            line = server.wait_log(r".*limits\.stall.*").group()
            self.assertIn("closed", line)
            self.assertIn(f"peer={host}:{port}", line)
            until(lambda: fds(server.pid) == before, "descriptors come back")

    def test_a_slow_reader_is_not_taken_for_one_that_never_reads(self):
        # With a small window each read lets the peer's kernel take some more;
        # a large one stays shut until much was read. The server's kernel
        # reports room far less often than every `stall`: what counts is what
        # the peer takes.
        with self.serve({"stall": "1s"}) as server, connect(
                server.address, receive_buffer=4096) as sock:
            self.flood(sock)
            pace = threading.Event()
            for _ in range(150):
                self.assertTrue(sock.recv(16384))
                pace.wait(0.02)
            self.assertFalse([line for line in server.log
                              if "limits.stall" in line])

    def test_300_pipelined_messages_of_1_mib_in_bounded_memory(self):
        with self.serve() as server:
            warm_up(server.address)
            growth = Growth(server.pid)
            message = os.urandom(MIB)

            def messages():
                for _ in range(MESSAGES):
                    growth.look()
                    yield message

            with connect(server.address) as sock:
                sent, sent_size, received, size = exchange(sock, messages())
            self.assertEqual((size, received), (sent_size, sent))
            self.assertEqual(size, MESSAGES * MIB)
            self.assertLess(growth.look(), GROWTH_BYTES)
            print(f"{self.trigger}: {MESSAGES} MiB pipelined, memory grew by "
                  f"{growth.most >> 10} KiB")

    @unittest.skipUnless(COMPILER, "needs a C compiler")
    def test_300_pipelined_answers_of_1_mib_in_bounded_memory(self):
        with Server(echo_yaml(trigger=self.trigger)) as idle:
            plugin = os.path.join(idle.folder, "flood.so")
            build_plugin(plugin, FLOOD_C)
            with self.serve(plugin=plugin) as server:
                self.check_flood(server)

    def check_flood(self, server):
        questions = bytes(number % 251 for number in range(MESSAGES))
        growth = Growth(server.pid)
        with connect(server.address) as sock:
            sock.sendall(questions)
            sock.shutdown(socket.SHUT_WR)
            for number, question in enumerate(questions):
                answer = recv_exactly(sock, MIB)
                self.assertTrue(answer == bytes([question]) * MIB,
                                f"answer {number} is wrong")
                growth.look()
            self.assertEqual(sock.recv(1), b"")
        # The buffer of the plugin, one message queued, and room to spare.
        self.assertLess(growth.most, 4 * MIB)
        print(f"{self.trigger}: {MESSAGES} answers of 1 MiB, memory grew by "
              f"{growth.most >> 10} KiB")


class Level(Pressure, unittest.TestCase):
    trigger = "level"


class Edge(Pressure, unittest.TestCase):
    trigger = "edge"


class Http(unittest.TestCase):
    def test_pipelined_requests_that_are_read_late(self):
        requests = GET * REQUESTS
        with Server(HTTP) as server, \
                connect(server.address, receive_buffer=4096) as sock:
            sock.sendall(GET)
            size = len(sock.recv(65536))
            growth = Growth(server.pid)
            sent = send_until_stuck(sock, requests)
            self.assertLess(sent, len(requests), "the server reads on")
            growth.look()
            answers = []

            def receive():
                left = REQUESTS * size
                while left > 0:
                    answers.append(sock.recv(MIB))
                    self.assertTrue(answers[-1], "the server closes")
                    left -= len(answers[-1])
                    growth.look()

            gather(lambda: sock.sendall(memoryview(requests)[sent:]), receive)
            answers = b"".join(answers)
        self.assertEqual(answers.count(b"HTTP/1.1 200 OK\r\n"), REQUESTS)
        self.assertEqual(answers.count(b"\r\n\r\nhello"), REQUESTS)
        self.assertLess(growth.most, GROWTH_BYTES)
        print(f"{REQUESTS} requests read late, memory grew by "
              f"{growth.most >> 10} KiB")


if __name__ == "__main__":
    unittest.main()
