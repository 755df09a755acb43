# SPDX-License-Identifier: MIT
"""What the example session costs: those who are absent or do not read cost
little; and valgrind finds nothing."""

import random
import shutil
import unittest

from harness import Server, connect, rss_private
from session import SESSION, Client, packet, read_packet
from traffic import MIB, echo_yaml, gather, reset
from valgrind import VALGRIND, is_sanitized

ABSENT = 500
SILENT = 20  # who are sent messages and do not read
OUTPUT = 64 << 10
CLIENTS = 4


class Cost:
    trigger = None

    def serve(self, expiry="1h", limits=None, **options):
        return Server(echo_yaml(trigger=self.trigger, plugin=SESSION,
                                limits=limits) +
                      "    settings: {expiry: " + expiry + "}\n", **options)

    def test_who_is_absent_or_silent_costs_little(self):
        with self.serve(limits={"output": OUTPUT}) as server, \
                Client(server.address, b"p", clean=True) as publisher:
            publisher.settle()
            before = rss_private(server.pid)
            for number in range(ABSENT):
                Client(server.address, b"%d" % number).leave()
            silent = [Client(server.address, b"s%d" % number,
                             receive_buffer=4096) for number in range(SILENT)]
            for _ in range(20):
                publisher.sock.sendall(1000 * packet(0x30, bytes(127)))
            publisher.settle()
            growth = rss_private(server.pid) - before
            print(f"{self.trigger}: {ABSENT} absent and {SILENT} silent "
                  f"clients cost {growth >> 10} KiB")
            self.assertLess(growth, SILENT * 2 * OUTPUT + MIB)
            for client in silent:
                reset(client.sock)

    @unittest.skipIf(shutil.which("valgrind") is None or is_sanitized(),
                     "valgrind is not there, or a sanitizer is")
    def test_valgrind(self):
        with self.serve("50ms", wrapper=VALGRIND, timeout=60) as server:
            gather(*(lambda seed=seed: self.play(server, seed)
                     for seed in range(CLIENTS)))
            # One there, one absent, one taken over, when the server ends.
            with Client(server.address, b"one"), \
                    Client(server.address, b"two") as two, \
                    connect(server.address) as sock:
                reset(two.sock)
                sock.sendall(packet(0x10, b"\0\4MQTT\4\0\0\0\0\3one"))
                self.assertEqual(read_packet(sock)[1], b"\1\0")
                server.process.terminate()
                self.assertEqual(server.wait(), 0, server.story("the end"))
        self.assertIn("ERROR SUMMARY: 0 errors", "\n".join(server.log))

    def play(self, server, seed):
        """Comes and goes, and speaks to all; nobody reads much."""
        dice = random.Random(seed)
        for _ in range(50):
            client = Client(server.address, b"%d" % dice.randrange(4),
                            timeout=60)
            try:
                for _ in range(10):
                    client.publish(bytes(dice.choice((0, 30, 127))))
                if dice.randrange(2):
                    client.leave()
            except (AssertionError, OSError):
                pass  # another has taken over, or sent it something
            finally:
                client.sock.close()


class Level(Cost, unittest.TestCase):
    trigger = "level"


class Edge(Cost, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    unittest.main()
