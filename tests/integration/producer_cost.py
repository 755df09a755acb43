# SPDX-License-Identifier: MIT
"""What the example producer costs: bounded memory, however much is asked for
and however little is read."""

import os
import unittest

from harness import Server, connect, rss_private
from producer import GIB, PRODUCER, Text, ask
from traffic import MIB, echo_yaml, process_state, until

BYTES = int(os.environ.get("BERTH_BYTES", 64 * MIB))
SILENT = 20
# The high mark, and the segments that hold it.
EACH = (256 + 64) << 10


class Cost:
    trigger = None

    def serve(self):
        return Server(echo_yaml(trigger=self.trigger, plugin=PRODUCER))

    def test_clients_that_do_not_read(self):
        with self.serve() as server:
            before = rss_private(server.pid)
            socks = [connect(server.address, receive_buffer=4096)
                     for _ in range(SILENT)]
            for sock in socks:
                ask(sock, 16 * GIB)
                Text(1).read(sock, 1)
            until(lambda: process_state(server.pid) == "S", "all are full")
            growth = rss_private(server.pid) - before
            print(f"{self.trigger}: {SILENT} that do not read cost "
                  f"{growth >> 10} KiB")
            self.assertLess(growth, SILENT * EACH + MIB)
            for sock in socks:
                sock.close()

    def test_a_long_stream(self):
        with self.serve() as server, connect(server.address) as sock:
            before = rss_private(server.pid)
            ask(sock, BYTES)
            stream = Text(BYTES)
            most = 0
            for part in range(1, 9):
                stream.size = BYTES * part // 8
                stream.read(sock, MIB)
                most = max(most, rss_private(server.pid) - before)
            print(f"{self.trigger}: {BYTES >> 20} MiB, memory grew by "
                  f"{most >> 10} KiB")
            self.assertLess(most, MIB)


class Level(Cost, unittest.TestCase):
    trigger = "level"


class Edge(Cost, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    unittest.main()
