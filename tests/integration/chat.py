# SPDX-License-Identifier: MIT
"""The example chat: what one says all others hear; one that does not read
misses lines, is told how many, and disturbs nobody."""

import os
import re
import unittest

from harness import TEST_PLUGINS, Server, connect, recv_all, recv_exactly
from traffic import echo_yaml, is_silent, reset

CHAT = os.path.join(TEST_PLUGINS, "chat.so")
LINE = "%0994d"  # with "m0: " and its end it is 999 bytes
LINE_BYTES = 999
# They fit below the high mark, so that one that reads misses none of them.
BATCH = 100
# More than what the kernel holds for one that does not read.
BATCHES = 100


def join(address, name, **options):
    sock = connect(address, **options)
    sock.sendall(name.encode() + b"\n")
    expect(sock, "* welcome\n")
    return sock


def expect(sock, text):
    received = recv_exactly(sock, len(text)).decode()
    if received != text:
        raise AssertionError(f"expected {text!r}, got {received!r}")


def join_all(address, names, **options):
    """They have heard of each other."""
    socks = []
    for name in names:
        newcomer = join(address, name, **options)
        for sock in socks:
            expect(sock, f"* {name} joined\n")
        socks.append(newcomer)
    return socks


def batch(first):
    numbers = range(first, first + BATCH)
    return [LINE % number + "\n" for number in numbers]


class Chat:
    trigger = None

    def serve(self, settings="", **options):
        text = echo_yaml(trigger=self.trigger, plugin=CHAT, **options)
        return Server(text + settings)

    def test_all_others_hear(self):
        with self.serve() as server:
            socks = join_all(server.address, ["ann", "bob", "cem"])
            for sock, name in zip(socks, ["ann", "bob", "cem"]):
                sock.sendall(b"hello\nbye\n")
                for other in socks:
                    if other is not sock:
                        expect(other, f"{name}: hello\n{name}: bye\n")
            self.assertTrue(all(is_silent(sock) for sock in socks))
            socks[0].close()
            expect(socks[1], "* ann left\n")
            expect(socks[2], "* ann left\n")
            reset(socks[1])
            expect(socks[2], "* bob left\n")
            socks[2].close()

    def test_settings(self):
        settings = "    settings: {max_members: 1, max_line: 5}\n"
        with self.serve(settings) as server:
            ann = join(server.address, "ann")
            with connect(server.address) as bob:
                bob.sendall(b"bob\n")
                self.assertEqual(recv_all(bob), b"* full\n")
            ann.sendall(b"123456\n")
            self.assertEqual(recv_all(ann), b"")
            ann.close()
            join(server.address, "bob").close()

    def test_one_that_does_not_read_misses_lines(self):
        with self.serve() as server:
            names = [f"m{number}" for number in range(5)]
            speaker, *others = join_all(server.address, names)
            slow = join(server.address, "slow", receive_buffer=4096)
            for sock in [speaker, *others]:
                expect(sock, "* slow joined\n")
            for number in range(BATCHES):
                self.speak(speaker, others, number * BATCH)
            self.check_missed(slow)
            speaker.sendall(b"hello\n")
            for sock in [*others, slow]:
                expect(sock, "m0: hello\n")
            for sock in [speaker, *others, slow]:
                sock.close()

    def speak(self, speaker, others, first):
        lines = batch(first)
        speaker.sendall("".join(lines).encode())
        heard = "".join("m0: " + line for line in lines)
        for sock in others:
            expect(sock, heard)

    def check_missed(self, slow):
        """It has got the first lines, and how many there were besides."""
        received = b""
        while not re.search(rb"\* you missed \d+ lines\n$", received):
            part = slow.recv(1 << 20)
            self.assertTrue(part, "it was closed")
            received += part
        lines = received.decode().split("\n")
        self.assertEqual(lines.pop(), "")
        missed = int(lines.pop().split()[3])
        self.assertEqual(len(lines) + missed, BATCHES * BATCH)
        for number, line in enumerate(lines):
            self.assertEqual(line, "m0: " + LINE % number)
        print(f"{self.trigger}: of {BATCHES * BATCH} lines {missed} missed")


class Level(Chat, unittest.TestCase):
    trigger = "level"


class Edge(Chat, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    unittest.main()
