# SPDX-License-Identifier: MIT
"""What the example chat costs: lines that come in one turn leave in one system
call for each of 300 others, and those who do not read cost bounded memory."""

import collections
import re
import shutil
import tempfile
import unittest

from chat import CHAT, batch, expect, join
from harness import Server, recv_exactly, rss_private
from traffic import Stopped, echo_yaml, send_all, until

CROWD = 301
SPEAKERS = 5
SLOW = 20
HIGH_MARK = 256 << 10
# 1.5 MB: the high mark, and what the kernel holds.
BATCHES = 150


def gather_crowd(address):
    """So many members, who have read all there was to read."""
    socks = []
    for number in range(CROWD):
        socks.append(join(address, f"m{number}"))
    for number, sock in enumerate(socks):
        expect(sock, "".join(f"* m{later} joined\n"
                             for later in range(number + 1, CROWD)))
    return socks


def await_end(trace):
    """What strace has written, when it has written all."""
    text = ""

    def has_end():
        nonlocal text
        text += trace.read()
        return "+++ exited" in text

    until(has_end, "strace ends")
    return text


class Cost:
    trigger = None

    def serve(self, *args, listen="127.0.0.1:0", **options):
        return Server(echo_yaml([listen], self.trigger, plugin=CHAT,
                                slow_callback="none"), *args, **options)

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_one_system_call_for_each_receiver(self):
        with tempfile.NamedTemporaryFile("r") as trace:
            strace = ["strace", "-D", "-s", "16", "-o", trace.name, "-e",
                      "trace=sendto,sendmsg,write,writev"]
            with self.serve(wrapper=strace) as server:
                socks = gather_crowd(server.address)
                self.speak_in_one_turn(server, socks, 1, "one")
                self.speak_in_one_turn(server, socks, SPEAKERS, "all")
                for sock in socks:
                    sock.close()
            text = await_end(trace)
            self.check_sends(text, "one", CROWD - 1)
            self.check_sends(text, "all", CROWD)

    def speak_in_one_turn(self, server, socks, speakers, word):
        with Stopped(server):
            for sock in socks[:speakers]:
                for _ in range(3):
                    send_all(sock, f"{word}\n".encode())
        for sock in socks:
            others = speakers - (sock in socks[:speakers])
            recv_exactly(sock, others * 3 * len(f"m0: {word}\n"))

    def check_sends(self, trace, word, receivers):
        """Each send begins with somebody's line."""
        sends = collections.Counter(
            re.findall(rf'(?:send|write)\w+\((\d+), [^"]*"m\d: {word}', trace))
        self.assertEqual(len(sends), receivers)
        self.assertEqual(set(sends.values()), {1}, sends)

    def test_memory_with_slow_readers(self):
        # A unix socket holds little, and never more.
        with self.serve(listen="unix:chat.sock") as server:
            socks = gather_crowd(server.address)
            self.speak(socks, 1, socks[1:])
            before = rss_private(server.pid)
            self.speak(socks, BATCHES, socks[1 + SLOW:])
            full = rss_private(server.pid)
            self.speak(socks, BATCHES, socks[1 + SLOW:])
            growth = rss_private(server.pid) - full
            print(f"{self.trigger}: {SLOW} slow readers cost "
                  f"{(full - before) >> 10} KiB, then {growth >> 10} more")
            self.assertGreater(full - before, SLOW * HIGH_MARK // 2)
            self.assertLess(full - before, SLOW * 2 * HIGH_MARK)
            self.assertLess(growth, HIGH_MARK)
            for sock in socks:
                sock.close()

    def speak(self, socks, batches, readers):
        """In small batches: what a turn brings waits for all up to its end."""
        for _ in range(batches):
            lines = batch(0)[:10]
            socks[0].sendall("".join(lines).encode())
            heard = "".join("m0: " + line for line in lines).encode()
            for sock in readers:
                self.assertTrue(recv_exactly(sock, len(heard)) == heard)


class Level(Cost, unittest.TestCase):
    trigger = "level"


class Edge(Cost, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    unittest.main()
