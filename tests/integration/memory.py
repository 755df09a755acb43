# SPDX-License-Identifier: MIT
"""10,000 idle connections cost next to nothing beyond a server that has served
100, and what they cost is given back; so is what rude peers cost."""

import unittest

from harness import Server, connect, fds, rss_private, skip
from traffic import (close_at_once, echo_yaml, raise_descriptors, round_trip,
                     until)

FEW = 100
MANY = 10_000
RUDE = 2_000
DESCRIPTORS = MANY + 100  # of the server, and of this process
BYTES_EACH = 256
MESSAGE = bytes(range(64))


class Memory:
    trigger = None

    def serve_until(self, server, socks, count):
        """So many are connected, and each was served."""
        while len(socks) < count:
            socks.append(connect(server.address))
            round_trip(socks[-1], MESSAGE)
        return rss_private(server.pid)

    def test_10000_idle_connections(self):
        socks = []
        with Server(echo_yaml(trigger=self.trigger),
                    open_files=DESCRIPTORS) as server:
            before = fds(server.pid)
            few = self.serve_until(server, socks, FEW)
            many = self.serve_until(server, socks, MANY)
            each = (many - few) / (MANY - FEW)
            print(f"{self.trigger}: {MANY} idle connections cost {each:.1f} "
                  f"bytes each beyond {few >> 10} KiB")
            self.assertLessEqual(each, BYTES_EACH)
            # All are really there.
            self.assertEqual(fds(server.pid), before + MANY)
            for sock in socks:
                round_trip(sock, MESSAGE)
            again = rss_private(server.pid)
            self.assertLessEqual((again - few) / (MANY - FEW), BYTES_EACH)
            for sock in socks:
                sock.close()
            until(lambda: fds(server.pid) == before, "all are gone")
            # The next 10,000 find the memory of those who left.
            socks.clear()
            once_more = self.serve_until(server, socks, MANY)
            self.assertLess(once_more - again, 64 << 10)
            for sock in socks:
                sock.close()

    def test_memory_does_not_grow_with_the_number_of_peers(self):
        with Server(echo_yaml(trigger=self.trigger)) as server:
            before = fds(server.pid)
            first = self.serve_rude(server, before)
            growth = self.serve_rude(server, before) - first
            print(f"{self.trigger}: {RUDE} rude peers more, memory grew by "
                  f"{growth >> 10} KiB")
            self.assertLess(growth, 64 << 10)

    def serve_rude(self, server, before):
        for number in range(RUDE):
            close_at_once(server.address, number)
        until(lambda: fds(server.pid) == before, "all are gone")
        return rss_private(server.pid)


class Level(Memory, unittest.TestCase):
    trigger = "level"


class Edge(Memory, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    if raise_descriptors(DESCRIPTORS) < DESCRIPTORS:
        skip(f"a process may not have {DESCRIPTORS} descriptors")
    unittest.main()
