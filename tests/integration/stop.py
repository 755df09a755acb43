# SPDX-License-Identifier: MIT
"""Signals: what has arrived is answered before the end, nobody can hold the end
up, a rotated log is opened anew; and sockets that a server left behind."""

import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from harness import BERTH, TIMEOUT_S, Server, connect, recv_all
from traffic import (MIB, Stopped, echo_yaml, gather, reset, round_trip,
                     send_all, send_until_stuck, until)


class Stop:
    trigger = None

    def serve(self, listen=("127.0.0.1:0",), **top):
        return Server(echo_yaml(listen, self.trigger, **top))

    def stuck_client(self, server):
        """One that has an answer waiting and takes none of it."""
        sock = connect(server.address, receive_buffer=4096)
        send_until_stuck(sock, bytes(16 * MIB))
        return sock

    def check_answers(self, number):
        text = os.urandom(40_000)
        with self.serve(["127.0.0.1:0", "unix:echo.sock"]) as server:
            socks = [connect(address) for address in server.addresses * 3]
            for sock in socks:
                round_trip(sock)
            with Stopped(server):
                for sock in socks:
                    send_all(sock, text) if sock.family == socket.AF_INET \
                        else sock.sendall(text)
                server.signal(number)
            for sock in socks:
                self.assertTrue(recv_all(sock) == text, "not the whole answer")
                sock.close()
            server.process.wait(TIMEOUT_S)

    def test_sigterm_answers_what_has_arrived(self):
        self.check_answers(signal.SIGTERM)

    def test_sigint_answers_what_has_arrived(self):
        self.check_answers(signal.SIGINT)

    def test_those_who_wait_to_be_accepted_are_served(self):
        with self.serve(["127.0.0.1:0", "unix:echo.sock"]) as server:
            with Stopped(server):
                socks = [connect(address)
                         for address in server.addresses * 50]
                for number, sock in enumerate(socks):
                    sock.sendall(b"%d" % number)
                server.signal(signal.SIGTERM)
            for number, sock in enumerate(socks):
                self.assertEqual(recv_all(sock), b"%d" % number)
                sock.close()

    def test_silent_clients_get_the_end_and_nobody_waits_for_them(self):
        with self.serve() as server:
            socks = [connect(server.address) for _ in range(20)]
            for sock in socks:
                round_trip(sock)
            server.signal(signal.SIGTERM)
            for sock in socks:
                self.assertEqual(recv_all(sock), b"")
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)
            for sock in socks:
                sock.close()

    def test_answers_that_are_queued_are_sent(self):
        with self.serve() as server, self.stuck_client(server) as sock:
            server.signal(signal.SIGTERM)
            server.wait_log("stopping")
            # At the very least what the server had read.
            self.assertGreater(len(recv_all(sock)), MIB)

    def test_nobody_is_let_in_while_it_stops(self):
        with self.serve() as server, self.stuck_client(server):
            server.signal(signal.SIGTERM)
            server.wait_log("stopping")
            with self.assertRaises(ConnectionRefusedError):
                connect(server.address)
            server.signal(signal.SIGTERM)

    def check_second(self, first, second):
        with self.serve(drain_timeout="none") as server, \
                self.stuck_client(server):
            server.signal(first)
            server.wait_log("stopping")
            self.assertIsNone(server.process.poll())
            server.signal(second)
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)

    def test_a_second_signal_ends_at_once(self):
        self.check_second(signal.SIGTERM, signal.SIGTERM)
        self.check_second(signal.SIGINT, signal.SIGTERM)

    def test_a_second_signal_together_with_news_of_those_it_ends(self):
        # All in one turn of the event loop, the signal first.
        with self.serve(drain_timeout="none") as server:
            socks = [self.stuck_client(server) for _ in range(3)]
            server.signal(signal.SIGTERM)
            server.wait_log("stopping")
            with Stopped(server):
                server.signal(signal.SIGTERM)
                for sock in socks:
                    reset(sock)
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)

    def test_drain_timeout(self):
        with self.serve(drain_timeout="400ms") as server, \
                self.stuck_client(server):
            before = time.monotonic()
            server.signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)
            self.assertGreaterEqual(time.monotonic() - before, 0.39)
            server.wait_log("drain_timeout")

    def test_a_peer_that_goes_on_asking_does_not_hold_it_up(self):
        with self.serve(drain_timeout="none") as server, \
                connect(server.address) as sock:
            round_trip(sock)
            server.signal(signal.SIGTERM)
            with self.assertRaises((AssertionError, ConnectionError)):
                while True:
                    round_trip(sock)
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)

    def test_a_peer_that_never_stops_sending_does_not_hold_it_up(self):
        with self.serve(drain_timeout="1s") as server, \
                connect(server.address) as sock:
            round_trip(sock)
            gather(lambda: self.send_for_ever(sock),
                   lambda: self.receive_for_ever(sock),
                   lambda: server.signal(signal.SIGTERM))
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)

    def send_for_ever(self, sock):
        with self.assertRaises(ConnectionError):
            while True:
                sock.sendall(bytes(100_000))

    def receive_for_ever(self, sock):
        try:
            while sock.recv(MIB):
                pass
        except ConnectionError:
            pass


class Level(Stop, unittest.TestCase):
    trigger = "level"


class Edge(Stop, unittest.TestCase):
    trigger = "edge"


class LogFile(unittest.TestCase):
    """The log is a file, so that nothing comes on stderr: this waits for what
    is in the file."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="berth-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        os.mkdir(self.path("logs"))
        self.log = self.path("logs", "berth.log")
        with open(self.path("server.yaml"), "w") as file:
            file.write(echo_yaml(log="{file: logs/berth.log}"))
        self.process = subprocess.Popen(
            [BERTH, "-c", self.path("server.yaml")],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.process.stderr.close)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        until(lambda: "ready" in self.read(self.log), "ready")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def read(self, path):
        try:
            with open(path) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def stop(self):
        self.process.terminate()
        self.assertEqual(self.process.wait(TIMEOUT_S), 0)
        self.assertEqual(self.process.stderr.read(), "")

    def test_a_rotated_log_is_opened_anew(self):
        old = self.path("logs", "berth.log.1")
        os.rename(self.log, old)
        self.process.send_signal(signal.SIGUSR1)
        until(lambda: os.path.exists(self.log), "a new log")
        self.stop()
        self.assertIn("ready", self.read(old))
        self.assertNotIn("stop", self.read(old))
        self.assertIn("stopped", self.read(self.log))
        self.assertNotIn("ready", self.read(self.log))

    def test_the_old_one_is_kept_if_there_can_be_no_new_one(self):
        os.rename(self.path("logs"), self.path("moved"))
        old = self.path("moved", "berth.log")
        self.process.send_signal(signal.SIGUSR1)
        until(lambda: "level=error" in self.read(old), "the error is told")
        self.assertIn("No such file", self.read(old))
        self.stop()
        self.assertIn("stopped", self.read(old))

    def test_nobody_else_may_read_it(self):
        self.assertEqual(os.stat(self.log).st_mode & 0o007, 0)
        self.stop()


class UnixSockets(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="berth-")
        self.addCleanup(scratch.cleanup)
        self.path = os.path.join(scratch.name, "echo.sock")
        self.address = "unix:" + self.path

    def check_served(self):
        with Server(echo_yaml([self.address])) as server:
            with connect(server.address) as sock:
                round_trip(sock)

    def check_refused(self):
        done = subprocess.run(
            [BERTH, "echo=" + self.address], stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, 71, done.stderr)
        self.assertIn(self.address, done.stderr)
        return done.stderr

    def test_a_stale_one_is_replaced(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left_behind:
            left_behind.bind(self.path)
            left_behind.listen()
        self.assertTrue(os.path.exists(self.path))
        self.check_served()
        self.assertFalse(os.path.exists(self.path))

    def test_one_of_a_server_that_was_killed_is_replaced(self):
        server = Server(echo_yaml([self.address]))
        server.kill()
        self.assertTrue(os.path.exists(self.path))
        self.check_served()

    def test_a_living_one_is_left_alone(self):
        with Server(echo_yaml([self.address])) as server:
            self.check_refused()
            with connect(server.address) as sock:
                round_trip(sock)

    def test_a_living_one_whose_backlog_is_full_is_left_alone(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as busy, \
                socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as first:
            busy.bind(self.path)
            busy.listen(0)
            first.connect(self.path)
            self.check_refused()
            self.assertTrue(os.path.exists(self.path))

    def test_a_file_that_is_no_socket_is_left_alone(self):
        with open(self.path, "w") as file:
            file.write("precious")
        self.check_refused()
        with open(self.path) as file:
            self.assertEqual(file.read(), "precious")

    def test_the_path_of_another_is_not_removed_at_the_end(self):
        with Server(echo_yaml([self.address])) as server:
            os.unlink(self.path)
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
                other.bind(self.path)
                server.stop()
                self.assertTrue(os.path.exists(self.path))

    def test_its_mode_is_as_the_file_says(self):
        config = ("protocols:\n  - plugin: echo\n    listen:\n"
                  f"      - {{address: \"{self.address}\", mode: \"0600\"}}\n")
        with Server(config):
            self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)


class StandardStreams(unittest.TestCase):
    def test_closed_ones_are_no_sockets(self):
        """What a plugin prints must not get into a connection."""
        with tempfile.TemporaryDirectory(prefix="berth-") as folder:
            path = os.path.join(folder, "echo.sock")
            process = subprocess.Popen([BERTH, "echo=unix:" + path],
                                       preexec_fn=lambda: os.closerange(0, 3))
            try:
                until(lambda: os.path.exists(path), "a socket")
                for fd in range(3):
                    self.assertEqual(
                        os.readlink(f"/proc/{process.pid}/fd/{fd}"),
                        "/dev/null")
            finally:
                process.terminate()
                self.assertEqual(process.wait(TIMEOUT_S), 0)


if __name__ == "__main__":
    unittest.main()
