# SPDX-License-Identifier: MIT
"""berth-load: what it counts is true, of our servers and of bad ones: each of
those here does one thing badly, and it is counted by its name. No time is
asserted, but that there is an end."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time
import unittest

from harness import BUILD, SOURCE, TIMEOUT_S, Server
from json_schema import Schema
from misconduct import Bad, reset
from settings import has_plugin

LOAD = os.path.join(BUILD, "bin", "berth-load")
HTTP = 'settings: {routes: [{path: "/", respond: {body: "Hello"}}]}'
SHORT = ["--time=50ms", "--warmup=0"]
FAULTS = ("refused", "reset", "ended", "timeout", "wrong", "surplus",
          "malformed", "system")

with open(os.path.join(SOURCE, "tools/berth-load/output.schema.json")) as _file:
    SCHEMA = Schema(json.load(_file))


def load(*args, wrapper=()):
    return subprocess.run([*wrapper, LOAD, *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=100, check=False)


def measured(case, *args, status=0):
    """What --json prints; its form, and what must always be true of it."""
    done = load("--json", *args)
    case.assertEqual(done.returncode, status, done.stdout + done.stderr)
    case.assertEqual(done.stderr, "")
    told = json.loads(done.stdout)
    case.assertEqual(SCHEMA.errors(told), [])
    times = told["latency_ns"]
    ordered = [times[name] for name in ("min", "p50", "p75", "p90", "p95", "p99",
                                        "p99.9", "p99.99", "max")]
    case.assertEqual(ordered, sorted(ordered))
    case.assertEqual(any(told["faults"].values()), status == 1)
    case.assertEqual(told["first_fault"] is None, status == 0)
    return told


def measured_until(case, enough, *args):
    """The same of one that goes on until the event comes."""
    process = subprocess.Popen(
        [LOAD, "--json", "--time=1h", "--warmup=0", *args],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        case.assertTrue(enough.wait(TIMEOUT_S))
        process.terminate()
        out, _ = process.communicate(timeout=TIMEOUT_S)
    finally:
        process.kill()
        process.communicate()
    case.assertEqual(process.returncode, 0, out)
    return json.loads(out)


def served(plugin):
    settings = HTTP if plugin == "http" else ""
    return (f"protocols:\n  - plugin: {plugin}.so\n"
            f"    listen: 127.0.0.1:0\n    {settings}\n")


class Ours(unittest.TestCase):
    """Each way to send, to each protocol: no byte is wrong."""

    DEEP, TURNS = ["--depth=16"], ["--connections=200", "--active=3"]
    NEW, NEW_DEEP = ["--reconnect=1"], ["--reconnect=5", "--depth=2"]
    RATE, NEW_RATE = ["--rate=2000"], ["--rate=500", "--reconnect=1"]
    IDLE, MANY = ["--idle=50"], ["--workers=3", "--sources=9"]

    def check_all(self, plugin, *ways, more=()):
        if not has_plugin(plugin):
            self.skipTest(f"{plugin} is not built")
        with Server(served(plugin)) as server:
            for way in ways:
                with self.subTest(way):
                    told = measured(self, *SHORT, *way, *more,
                                    f"--profile={plugin}", server.address)
                    self.assertGreater(told["latency_ns"]["count"], 0)

    def test_echo(self):
        self.check_all("echo", [], self.DEEP, self.TURNS, self.NEW,
                       self.NEW_DEEP, self.RATE, self.NEW_RATE, self.IDLE,
                       self.MANY)

    def test_echo_of_large_messages(self):
        self.check_all("echo", self.DEEP, self.NEW_DEEP, self.RATE,
                       more=["--size=100kB", "--connections=5"])

    def test_line(self):
        self.check_all("line", self.DEEP, self.NEW, self.IDLE)

    def test_http(self):
        self.check_all("http", self.DEEP, self.NEW, self.NEW_DEEP,
                       self.NEW_RATE, self.IDLE, self.MANY)

    def test_a_unix_socket(self):
        config = "protocols:\n  - plugin: echo.so\n    listen: unix:./sock\n"
        with Server(config) as server:
            told = measured(self, *SHORT,
                            "unix:" + os.path.join(server.folder, "sock"))
        self.assertGreater(told["latency_ns"]["count"], 0)

    def test_an_answer_to_a_message_of_each_size(self):
        with Server(served("echo")) as server:
            for size in ("1", "7", "4096", "65521", "1MiB"):
                told = measured(self, *SHORT, f"--size={size}",
                                "--connections=4", server.address)
                self.assertGreater(told["latency_ns"]["count"], 0)


def echo(sock, server):
    while data := sock.recv(65536):
        sock.sendall(data)


class Counts(unittest.TestCase):
    """What is told is what a server has seen."""

    def test_messages_and_connections(self):
        with Server(served("echo")) as server:
            told = measured(self, *SHORT, "--connections=5", "--idle=20",
                            "--size=100", server.address)
        self.assertEqual(told["open"], 25)
        self.assertEqual(told["connects"], 0)
        # A read may bring a part of an answer only.
        self.assertLess(abs(told["bytes"] - 100 * told["messages"]), 5 * 100)
        self.assertEqual(told["lag_ns"], None)
        self.assertEqual(told["cpu_ns"], None)

    def test_every_source_is_used(self):
        peers = set()

        def serve(sock, server):
            peers.add(sock.getpeername()[0])
            echo(sock, server)

        with Bad(serve) as bad:
            measured(self, *SHORT, "--connections=20", "--sources=10",
                     bad.address)
        # The first connection only looks whether there is a server.
        self.assertEqual(len(peers), 10)
        for peer in peers:
            self.assertRegex(peer, r"^127\.1\.0\.\d+$")

    def test_a_connection_for_so_many_messages(self):
        sizes, enough = [], threading.Event()

        def serve(sock, server):
            size = 0
            while data := sock.recv(65536):
                size += len(data)
                sock.sendall(data)
            sizes.append(size)
            if sizes.count(30) > 4:
                enough.set()

        with Bad(serve) as bad:
            told = measured_until(self, enough, "--connections=2",
                                  "--size=10", "--reconnect=3", bad.address)
        self.assertGreater(told["connects"], 4)
        # One that was the last may have said less.
        self.assertLessEqual(set(sizes), {0, 10, 20, 30})

    def test_an_open_loop_does_not_wait_for_answers(self):
        """The server sleeps for half the time: what was due meanwhile was late
        by that, and is told so; a closed loop would have one such message."""
        started = threading.Event()

        def serve(sock, server):
            while data := sock.recv(65536):
                if not started.is_set():
                    started.set()
                    server.over.wait(0.5)
                sock.sendall(data)

        with Bad(serve) as bad:
            told = measured(self, "--time=1s", "--warmup=0", "--rate=100",
                            "--connections=1", bad.address)
        self.assertEqual(told["latency_ns"]["count"] + told["unsent"], 100)
        self.assertGreater(told["latency_ns"]["p75"], 200000000)

    def test_processor_time(self):
        with Server(served("echo")) as server:
            told = measured(self, "--time=1s", f"--cpu-of={server.pid}",
                            server.address)
        self.assertGreater(told["cpu_ns"], 0)
        self.assertAlmostEqual(told["cpu_ns_per_message"],
                               told["cpu_ns"] / told["messages"], places=2)

    def test_a_process_that_is_gone_has_none(self):
        with Server(served("echo")) as server:
            told = measured(self, *SHORT, f"--cpu-of={2 ** 31 - 1}",
                            server.address)
        self.assertEqual(told["cpu_ns"], None)


class BadEcho(unittest.TestCase):
    """A fault is counted by its name, whatever else follows from it."""

    # Of those in which something does not come.
    LOSES = ["--timeout=500ms"]

    def check_fault(self, serve, *kinds, args=()):
        with Bad(serve) as bad:
            told = measured(self, *SHORT, "--connections=2", *args,
                            bad.address, status=1)
        counted = {kind for kind in FAULTS if told["faults"][kind] > 0}
        self.assertTrue(counted & set(kinds), told["faults"])
        return told

    @staticmethod
    def damaging(damage):
        """Echoes what damage makes of what it reads."""
        def serve(sock, server):
            while data := sock.recv(4096):
                sock.sendall(damage(data))
        return serve

    def test_a_byte_is_changed(self):
        told = self.check_fault(self.damaging(
            lambda data: bytes([data[0] ^ 1]) + data[1:]), "wrong")
        self.assertRegex(told["first_fault"],
                         r"^connection \d: byte \d+ of the answers is "
                         r"0x\w\w instead of 0x\w\w$")

    def test_a_byte_is_lost(self):
        self.check_fault(self.damaging(lambda data: data[1:]),
                         "wrong", "timeout", args=self.LOSES)

    def test_a_whole_message_is_lost(self):
        self.check_fault(self.damaging(lambda data: data[64:]),
                         "wrong", "timeout", args=["--depth=4", *self.LOSES])

    def test_a_byte_is_doubled(self):
        self.check_fault(self.damaging(lambda data: data[:1] + data), "wrong",
                         "surplus")

    def test_the_last_byte_is_doubled(self):
        self.check_fault(self.damaging(lambda data: data + data[-1:]),
                         "surplus", "wrong")

    def test_a_message_is_doubled(self):
        self.check_fault(self.damaging(lambda data: data + data), "surplus",
                         "wrong")

    def test_two_bytes_are_swapped(self):
        self.check_fault(self.damaging(
            lambda data: data[1::-1] + data[2:]), "wrong")

    def test_a_byte_more_when_it_is_over(self):
        def serve(sock, server):
            echo(sock, server)
            sock.sendall(b"x")

        self.check_fault(serve, "surplus")

    def test_one_gets_the_answer_of_another(self):
        lock, socks = threading.Lock(), []

        def serve(sock, server):
            with lock:
                socks.append(sock)
            while data := sock.recv(4096):
                with lock:
                    other = socks[-1]
                other.sendall(data)

        self.check_fault(serve, "wrong", "surplus", args=self.LOSES)

    def test_it_ends(self):
        def serve(sock, server):
            sock.sendall(sock.recv(4096))

        self.check_fault(serve, "ended", "reset")

    def test_it_resets(self):
        def serve(sock, server):
            sock.recv(10)
            reset(sock)

        self.check_fault(serve, "reset")

    def test_it_is_silent(self):
        def serve(sock, server):
            while sock.recv(4096):
                pass

        self.check_fault(serve, "timeout", args=self.LOSES)

    def test_it_stops_listening(self):
        def serve(sock, server):
            sock.recv(10)
            server.stop()

        self.check_fault(serve, "refused", args=["--time=2s", *self.LOSES])

    def test_idle_ones_are_looked_after(self):
        def serve(sock, server):
            sock.sendall(sock.recv(4096))

        told = self.check_fault(serve, "ended", args=[
            "--connections=0", "--idle=3", "--time=1s", *self.LOSES])
        self.assertIn("0 messages unanswered", told["first_fault"])

    def test_it_ends_them_while_more_are_opened(self):
        """They are never all there, and yet it begins."""
        lock, before = threading.Lock(), []

        def serve(sock, server):
            data = sock.recv(4096)
            with lock:
                while before:
                    before.pop().shutdown(socket.SHUT_RDWR)
                before.append(sock)
            sock.sendall(data)
            server.over.wait(TIMEOUT_S)

        self.check_fault(serve, "ended", "reset", args=[
            "--connections=0", "--idle=3", *self.LOSES])


class BadHttp(unittest.TestCase):
    GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

    def check_fault(self, bad_answer, kind, *args):
        """Only the very first answer, which is learned, is good."""
        learned = threading.Event()

        def serve(sock, server):
            while data := sock.recv(65536):
                for _ in range(data.count(b"\r\n\r\n")):
                    sock.sendall(bad_answer if learned.is_set() else self.GOOD)
                    learned.set()

        with Bad(serve) as bad:
            told = measured(self, *SHORT, "--connections=2", "--profile=http",
                            *args, bad.address, status=1)
        self.assertGreater(told["faults"][kind], 0, told["faults"])
        return told

    def test_other_bytes(self):
        self.check_fault(self.GOOD.replace(b"ll", b"LL"), "wrong")

    def test_another_status(self):
        told = self.check_fault(self.GOOD.replace(b"200", b"503"), "wrong")
        self.assertIn("another status", told["first_fault"])

    def test_another_length(self):
        self.check_fault(self.GOOD.replace(b"5", b"4")[:-1], "wrong")

    def test_two_answers(self):
        self.check_fault(self.GOOD + self.GOOD, "surplus")

    def test_no_answer(self):
        self.check_fault(b"hello\r\n\r\n", "malformed", "--depth=3")

    def test_an_answer_in_pieces_is_good(self):
        def serve(sock, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while data := sock.recv(65536):
                for _ in range(data.count(b"\r\n\r\n")):
                    for i in range(len(self.GOOD)):
                        sock.send(self.GOOD[i:i + 1])

        with Bad(serve) as bad:
            told = measured(self, *SHORT, "--connections=2", "--profile=http",
                            "--depth=2", bad.address)
        self.assertGreater(told["latency_ns"]["count"], 0)

    def test_who_says_close_closes(self):
        answer = self.GOOD.replace(b"Con", b"Connection: close\r\nCon")
        answers, enough = [], threading.Event()

        def serve(sock, server):
            if sock.recv(65536):
                sock.sendall(answer)
                answers.append(answer)
            if len(answers) > 5:
                enough.set()

        with Bad(serve) as bad:
            told = measured_until(self, enough, "--connections=2",
                                  "--profile=http", bad.address)
        self.assertEqual(sum(told["faults"].values()), 0)

    def test_an_answer_may_end_with_the_connection(self):
        def serve(sock, server):
            sock.recv(65536)
            sock.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")

        with Bad(serve) as bad:
            told = measured(self, *SHORT, "--connections=2", "--profile=http",
                            "--reconnect=1", bad.address)
        self.assertGreater(told["latency_ns"]["count"], 0)

    def test_what_is_no_web_server(self):
        with Bad(echo) as bad:
            done = load(*SHORT, "--profile=http", bad.address)
        self.assertEqual((done.returncode, done.stdout), (69, ""))
        self.assertIn("no status line", done.stderr)


class CommandLine(unittest.TestCase):
    def test_nobody_there(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))  # and does not listen
            address = "127.0.0.1:%d" % sock.getsockname()[1]
            done = load(address)
        self.assertEqual((done.returncode, done.stdout), (69, ""))
        self.assertIn(f"{address}: Connection refused", done.stderr)

    def test_what_cannot_be_meant(self):
        for args, message in (
                ([], "which server"),
                (["-p", "ecko", "127.0.0.1:1"], "did you mean echo"),
                (["-c", "x", "127.0.0.1:1"],
                 "'--connections x' is not a number from 0 to 10000000"),
                (["-s", "64K", "127.0.0.1:1"], "64KiB"),
                (["-t", "5", "127.0.0.1:1"], "needs a unit"),
                (["--fast"], "'--fast' is unknown")):
            with self.subTest(args):
                done = load(*args)
                self.assertEqual((done.returncode, done.stdout), (64, ""))
                self.assertIn(message, done.stderr)

    def test_too_few_descriptors(self):
        with Server(served("echo")) as server:
            done = load("--connections=100", server.address,
                        wrapper=["sh", "-c", 'ulimit -n 40; exec "$@"', "sh"])
            self.assertEqual((done.returncode, done.stdout), (71, ""))
            self.assertIn("117 files for each of 1 processes", done.stderr)
            done = load("--connections=100", "--workers=5", *SHORT,
                        server.address,
                        wrapper=["sh", "-c", 'ulimit -n 40; exec "$@"', "sh"])
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_help_and_version(self):
        for option in ("--help", "--version"):
            done = load(option)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80)
        self.assertRegex(done.stdout, r"^berth-load \d+\.\d+\.\d+\n$")

    def test_the_manual_page_has_all(self):
        with open(os.path.join(BUILD, "man", "man1", "berth-load.1")) as file:
            page = file.read()
        for option in re.findall(r" --([a-z-]+)", load("--help").stdout):
            self.assertRegex(page, rf"(?m)^\.It .*Fl -{option}\b")
        for fault in FAULTS:
            self.assertRegex(page, rf"(?m)^\.It Ql {fault}$")

    def test_for_people(self):
        with Server(served("echo")) as server:
            done = load("--time=1s", "--rate=1000", f"--cpu-of={server.pid}",
                        server.address)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.splitlines()[0],
                         f"{server.address}, profile echo: 64 connections, "
                         "depth 1, 64 bytes, 1000 messages/s")
        for name in ("measured", "messages", "bytes", "latency", "lag",
                     "unsent", "server CPU"):
            self.assertRegex(done.stdout, rf"(?m)^{name} +\d|^{name} +p50 \d")
        self.assertRegex(done.stdout, r"(?m)^faults +none$")


class Ends(unittest.TestCase):
    def start(self, *args):
        process = subprocess.Popen([LOAD, *args], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def check_signal(self, number):
        with Server(served("echo")) as server:
            process = self.start("--json", "--time=1h", "--announce",
                                 "--idle=10", "--workers=2", "--warmup=0",
                                 server.address)
            self.assertEqual(process.stderr.readline(),
                             "berth-load: all connections are open\n")
            process.send_signal(number)
            out, err = process.communicate(timeout=TIMEOUT_S)
        self.assertEqual((process.returncode, err), (0, ""))
        told = json.loads(out)
        self.assertTrue(told["interrupted"])
        self.assertEqual(SCHEMA.errors(told), [])

    def test_interrupted(self):
        self.check_signal(signal.SIGINT)

    def test_terminated(self):
        self.check_signal(signal.SIGTERM)

    def test_a_process_that_dies_ends_all(self):
        with Server(served("echo")) as server:
            process = self.start("--time=1h", "--announce", "--workers=2",
                                 server.address)
            process.stderr.readline()
            with open(f"/proc/{process.pid}/task/{process.pid}/children") as f:
                os.kill(int(f.read().split()[0]), signal.SIGKILL)
            out, err = process.communicate(timeout=TIMEOUT_S)
        self.assertEqual((process.returncode, out), (71, ""))
        self.assertIn("ended by Killed", err)

    def test_none_is_left_behind(self):
        with Server(served("echo")) as server:
            process = self.start("--time=1h", "--announce", "--workers=2",
                                 server.address)
            process.stderr.readline()
            with open(f"/proc/{process.pid}/task/{process.pid}/children") as f:
                pids = [int(pid) for pid in f.read().split()]
            ends = [os.pidfd_open(pid) for pid in pids]
            process.kill()
            deadline = time.monotonic() + TIMEOUT_S
            for end in ends:
                left = max(deadline - time.monotonic(), 0)
                self.assertTrue(select.select([end], [], [], left)[0])
                os.close(end)
        self.assertEqual(len(pids), 2)

    def test_progress_on_a_terminal(self):
        ours, its = os.openpty()
        with Server(served("echo")) as server:
            process = subprocess.Popen(
                [LOAD, "--time=1h", server.address], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=its, text=True)
            self.addCleanup(os.close, ours)
            os.close(its)
            told = b""
            while not re.search(rb"64 connections  [1-9][\d.]*k? messages/s  "
                                rb"0 faults", told):
                told += os.read(ours, 4096)
            process.terminate()
            process.communicate(timeout=TIMEOUT_S)
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
