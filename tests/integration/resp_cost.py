# SPDX-License-Identifier: MIT
"""What the example resp costs: a value is in memory once, however many ask for
it and do not read; and valgrind finds nothing."""

import random
import shutil
import unittest

from harness import Server, connect, recv_exactly, rss_private
from resp import RESP, bulk, command, make_script, play
from traffic import MIB, echo_yaml, gather, reset, send_until_stuck
from valgrind import VALGRIND, is_sanitized

SILENT = 20  # who ask and do not read
ASKED = 1000  # values, by each of them
CLIENTS = 4


class Cost:
    trigger = None

    def serve(self, **options):
        return Server(echo_yaml(trigger=self.trigger, plugin=RESP), **options)

    def test_who_does_not_read_costs_little(self):
        value = random.Random(1).randbytes(MIB)
        get = command(b"GET", b"key")
        with self.serve() as server, connect(server.address) as sock:
            play(sock, [command(b"SET", b"key", value), get],
                 [b"+OK\r\n", bulk(value)])
            before = rss_private(server.pid)
            silent = [connect(server.address, receive_buffer=4096)
                      for _ in range(SILENT)]
            for one in silent:
                one.sendall(ASKED * get)
                self.assertEqual(recv_exactly(one, 100), bulk(value)[:100])
            play(sock, 10 * [get], 10 * [bulk(value)])
            growth = rss_private(server.pid) - before
            print(f"{self.trigger}: {SILENT} that asked for {ASKED} MiB each "
                  f"cost {growth >> 10} KiB")
            # Their unused input, and less than one value for all of them.
            self.assertLess(growth, SILENT * 100_000 + MIB // 2)
            for one in silent:
                reset(one)
            play(sock, [get], [bulk(value)])

    def test_a_replaced_value_is_given_back(self):
        values = [random.Random(seed).randbytes(MIB) for seed in range(2)]
        script = [command(b"SET", b"key", value) for value in values]
        with self.serve() as server, connect(server.address) as sock:
            play(sock, script, 2 * [b"+OK\r\n"])
            before = rss_private(server.pid)
            play(sock, 50 * script, 100 * [b"+OK\r\n"])
            self.assertLess(rss_private(server.pid) - before, 2 * MIB)

    @unittest.skipIf(shutil.which("valgrind") is None or is_sanitized(),
                     "valgrind is not there, or a sanitizer is")
    def test_valgrind(self):
        value = random.Random(1).randbytes(MIB)
        with self.serve(wrapper=VALGRIND, timeout=60) as server:
            gather(*(lambda seed=seed: self.play(server, seed)
                     for seed in range(CLIENTS)))
            with connect(server.address) as sock, connect(
                    server.address, receive_buffer=4096) as stuck, connect(
                        server.address) as half:
                play(sock, [command(b"SET", b"key", value)], [b"+OK\r\n"])
                send_until_stuck(stuck, 50 * command(b"GET", b"key"))
                half.sendall(command(b"SET", b"half", value)[:MIB // 2])
                play(sock, [command(b"DEL", b"key")], [b":1\r\n"])
                server.process.terminate()
                reset(stuck)
                self.assertEqual(server.wait(), 0, server.story("the end"))
        self.assertIn("ERROR SUMMARY: 0 errors", "\n".join(server.log))

    def play(self, server, seed):
        keys = [b"%d:%d" % (seed, number) for number in range(4)]
        with connect(server.address, timeout=60) as sock:
            play(sock, *make_script(seed, keys, (0, 4096, 100_000), 100), seed)


class Level(Cost, unittest.TestCase):
    trigger = "level"


class Edge(Cost, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    unittest.main()
