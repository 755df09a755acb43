# SPDX-License-Identifier: MIT
"""A callback that takes long is logged, by name; others are not."""

import unittest

from harness import TEST_PLUGINS, Server, connect, recv_exactly

CONFIG = """\
trigger: {trigger}
slow_callback: {slow}
protocols:
  - plugin: {plugins}/sleeper.so
    name: naps
    listen: 127.0.0.1:0
"""

# What sleeper.c is told, and where it sleeps then.
CALLBACKS = {"data": "on_data", "timer": "on_timer",
             "posted": "a posted function"}
ATTEMPTS = 20


class Slow:
    trigger = None

    def serve(self, slow):
        return Server(CONFIG.format(trigger=self.trigger, slow=slow,
                                    plugins=TEST_PLUGINS))

    def sleep(self, sock, command, ms):
        sock.sendall(f"{command} {ms}\n".encode())
        self.assertEqual(recv_exactly(sock, 5), b"done\n")

    def test_a_slow_callback_is_named(self):
        with self.serve("20ms") as server:
            connect(server.address).close()
            for command, callback in CALLBACKS.items():
                with connect(server.address) as sock:
                    self.check_line(server, sock, command, callback)

    def check_line(self, server, sock, command, callback):
        """One may go unnoticed, at the very moment when the thread that looks
        out for them falls asleep."""
        host, port = sock.getsockname()
        number = 2 + list(CALLBACKS).index(command)
        line = (f"level=warn entry=naps connection={number} "
                f"peer={host}:{port} msg=\"{callback} of plugin 'sleeper' took ")
        for _ in range(ATTEMPTS):
            self.sleep(sock, command, 100)
            if any(line in told for told in server.log):
                break
        server.wait_log(line + r"\d+ ms, and all others waited "
                        r"\(slow_callback\)")

    def check_silence(self, slow, ms):
        with self.serve(slow) as server:
            with connect(server.address) as sock:
                for command in list(CALLBACKS) * 3:
                    self.sleep(sock, command, ms)
            server.stop()
            self.assertFalse([line for line in server.log
                              if "slow_callback" in line])

    def test_a_fast_one_is_not(self):
        self.check_silence("10s", 30)

    def test_none_looks_at_nothing(self):
        self.check_silence("none", 120)


class Level(Slow, unittest.TestCase):
    trigger = "level"


class Edge(Slow, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    unittest.main()
