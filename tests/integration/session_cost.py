# SPDX-License-Identifier: MIT
"""What the example session costs: what waits for absent clients is bounded, and
what expires is given back; and valgrind finds nothing."""

import random
import shutil
import unittest

from harness import Server, connect, rss_private
from session import SESSION, Client, packet, read_packet
from traffic import MIB, echo_yaml, gather, reset
from valgrind import VALGRIND, is_sanitized

ABSENT = 50
QUEUE = 64 << 10
CLIENTS = 4


class Cost:
    trigger = None

    def serve(self, settings="", **options):
        return Server(echo_yaml(trigger=self.trigger, plugin=SESSION) +
                      "    settings: {" + settings + "}\n", **options)

    def test_what_waits_is_bounded(self):
        with self.serve() as server, \
                Client(server.address, b"p", clean=True) as publisher:
            publisher.publish(b"t", bytes(10_000))
            publisher.settle()
            before = rss_private(server.pid)
            for number in range(ABSENT):
                client = Client(server.address, b"%d" % number)
                client.subscribe(b"t")
                client.leave()
            for _ in range(500):
                publisher.publish(b"t", bytes(10_000))
            publisher.settle()
            growth = rss_private(server.pid) - before
            print(f"{self.trigger}: {ABSENT} absent clients cost "
                  f"{growth >> 10} KiB")
            self.assertLess(growth, ABSENT * 2 * QUEUE + MIB)

    @unittest.skipIf(shutil.which("valgrind") is None or is_sanitized(),
                     "valgrind is not there, or a sanitizer is")
    def test_valgrind(self):
        with self.serve("max_queue: 2000, expiry: 50ms", wrapper=VALGRIND,
                        timeout=60) as server:
            gather(*(lambda seed=seed: self.play(server, seed)
                     for seed in range(CLIENTS)))
            # Some there, one absent with messages, one taken over, one that
            # is not a client, when the server ends.
            with Client(server.address, b"one") as one, \
                    Client(server.address, b"two") as two, \
                    connect(server.address) as sock:
                one.subscribe(b"0")
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
                client.sock.sendall(
                    packet(0x82, b"\0\1\0\1%d\0" % dice.randrange(4)))
                for _ in range(10):
                    client.publish(b"%d" % dice.randrange(4),
                                   bytes(dice.choice((0, 300, 5000))))
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
