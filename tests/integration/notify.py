# SPDX-License-Identifier: MIT
"""What the service manager hears (sd_notify(3)): when the server serves,
reloads and stops, and that it is alive; from the supervisor alone."""

import os
import re
import signal
import socket
import struct
import sys
import tempfile
import time
import unittest

from harness import TIMEOUT_S
from operation import Program
from witness import (ENVIRONMENT, ask_once, configure, kill, reload, serve,
                     witness_yaml)

CREDENTIALS = struct.Struct("3i")
MOMENT = struct.Struct("2l")  # struct timespec
SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the socket module has it not
# A command in front of berth: what it executes has the number that it has.
WITH_PID = [sys.executable, "-c", """\
import os, sys
os.environ["WATCHDOG_PID"] = str(os.getpid() + int(sys.argv[1]))
os.execvp(sys.argv[2], sys.argv[2:])
"""]


class Manager:
    """Hears. Each message must be of the process `pid`, once that is known."""

    def __init__(self, name):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.bind("\0" + name[1:] if name.startswith("@") else name)
        self.pid = None
        self.since_s = time.time()
        self.sent_s = None  # when what was heard last was sent
        self.pulses = 0  # signs of life that were heard

    def hear(self):
        text, control, _, _ = self.sock.recvmsg(
            4096, socket.CMSG_SPACE(CREDENTIALS.size) +
            socket.CMSG_SPACE(MOMENT.size))
        told = {kind: data for _, kind, data in control}
        pid, _, _ = CREDENTIALS.unpack(told[socket.SCM_CREDENTIALS])
        seconds, ns = MOMENT.unpack(told[SO_TIMESTAMPNS])
        self.sent_s = seconds + ns / 1e9
        if self.pid is not None and pid != self.pid:
            raise AssertionError(f"{text!r} is of process {pid}")
        self.pulses += text == b"WATCHDOG=1"
        return text.decode()

    def hear_all(self):
        """What has come and was not heard."""
        self.sock.setblocking(False)
        try:
            heard = []
            while True:
                heard.append(self.hear())
        except BlockingIOError:
            return heard
        finally:
            self.sock.settimeout(TIMEOUT_S)


class Notified(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="berth-")
        self.addCleanup(scratch.cleanup)
        self.name = os.path.join(scratch.name, "notify")

    def serve(self, config=None, env=None, **more):
        self.manager = Manager(self.name)
        self.addCleanup(self.manager.sock.close)
        server = serve(config or witness_yaml(workers=2), **more, env={
            **ENVIRONMENT, "NOTIFY_SOCKET": self.name, **(env or {})})
        self.manager.pid = server.pid
        return server


class Life(Notified):
    def expect(self, *messages):
        for message in messages:
            self.assertEqual(self.manager.hear(), message)

    def expect_reload(self, generation, since):
        found = re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)",
                             self.manager.hear())
        self.assertIsNotNone(found)
        self.assertLessEqual(since, int(found[1]))
        self.assertLessEqual(int(found[1]), time.monotonic_ns() // 1000)
        self.expect_ready(generation)

    def expect_ready(self, generation):
        self.expect("READY=1", f"STATUS=generation {generation}: 1 protocol, "
                    "2 workers")

    def check_life(self):
        program = Program(self)
        with self.serve() as server:
            self.expect_ready(1)
            since = time.monotonic_ns() // 1000
            reload(server)
            self.expect_reload(2, since)
            # One that fails ends, too, and what served serves on.
            configure(server, "colour: 1\n")
            since = time.monotonic_ns() // 1000
            reload(server, "the reload has failed")
            self.expect_reload(2, since)
            configure(server, witness_yaml(workers=2))
            since = time.monotonic_ns() // 1000
            program.upgrade(server)
            self.expect_reload(4, since)  # one was in vain
            # A worker's end is not the server's.
            kill(ask_once(server.address)[0], signal.SIGKILL)
            server.wait_log("has died: SIGKILL")
            server.signal(signal.SIGTERM)
            self.expect("STOPPING=1")
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)
            self.assertEqual(self.manager.hear_all(), [])

    def test_its_life(self):
        self.check_life()

    def test_its_life_is_told_to_an_abstract_name(self):
        self.name = f"@berth-notify-{os.getpid()}"
        self.check_life()

    def test_a_start_that_fails_is_no_start(self):
        with self.assertRaises(AssertionError):
            self.serve("colour: 1\n")
        self.assertEqual(self.manager.hear_all(), [])

    def test_a_manager_that_is_gone_holds_nothing_up(self):
        with self.serve() as server:
            self.expect_ready(1)
            self.manager.sock.close()
            reload(server)

    def test_one_that_hears_slowly_holds_nothing_up(self):
        """Its queue is full (net.unix.max_dgram_qlen) after some reloads."""
        with self.serve(env={"WATCHDOG_USEC": "20000"}) as server:
            for _ in range(8):
                reload(server)


class Watchdog(Notified):
    HALF_S = 0.1
    LIMIT_US = "200000"

    def wrapper(self, difference):
        return [*WITH_PID, str(difference)]

    def expect_pulse(self, count):
        """So many more signs of life. Any may be late, and the next one comes
        half of the time after it: so the last is never early."""
        until = self.manager.pulses + count
        while self.manager.pulses < until:
            self.manager.hear()
        # The server's clock has milliseconds.
        self.assertGreaterEqual(self.manager.sent_s - self.manager.since_s,
                                until * (self.HALF_S - 0.002))

    def test_it_is_alive_through_reloads_and_upgrades(self):
        program = Program(self)
        with self.serve(env={"WATCHDOG_USEC": self.LIMIT_US},
                        wrapper=self.wrapper(0)) as server:
            self.expect_pulse(6)
            reload(server)
            self.manager.hear_all()
            self.expect_pulse(4)
            program.upgrade(server)
            self.manager.hear_all()
            self.expect_pulse(4)

    def test_another_process_is_watched(self):
        with self.serve(env={"WATCHDOG_USEC": self.LIMIT_US},
                        wrapper=self.wrapper(1)) as server:
            since = time.monotonic()
            while time.monotonic() - since < 3 * self.HALF_S:
                reload(server)
            self.assertNotIn("WATCHDOG=1", self.manager.hear_all())


if __name__ == "__main__":
    unittest.main()
