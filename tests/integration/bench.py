# SPDX-License-Identifier: MIT
"""tools/bench: its arithmetic, and a run that is too short to say anything:
only that the report has its tables, and that every byte was right. No figure is
asserted."""

import os
import random
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

from harness import BUILD, SOURCE, TIMEOUT_S
from misconduct import Bad

BENCH = os.path.join(SOURCE, "tools", "bench")
sys.path.insert(0, BENCH)

from measuring import (loading, peers, program, rows, special,  # noqa: E402
                       sums, table)
from measuring.place import Missing, Place  # noqa: E402


class Sums(unittest.TestCase):
    def test_median(self):
        self.assertEqual(sums.median([3, 1, 2]), 2)
        self.assertEqual(sums.median([4, 1, 2, 3]), 2.5)
        self.assertRaises(ValueError, sums.median, [])

    def test_quantile(self):
        numbers = list(range(101))
        self.assertEqual(sums.quantile(numbers, 0), 0)
        self.assertEqual(sums.quantile(numbers, 1), 100)
        self.assertAlmostEqual(sums.quantile(numbers, 0.025), 2.5)
        self.assertEqual(sums.quantile([7], 0.5), 7)

    def test_what_does_not_vary_is_sure(self):
        self.assertEqual(sums.interval([2.0] * 20), (2.0, 2.0))

    def test_the_interval_is_around_the_median_and_within_the_numbers(self):
        chance = random.Random(7)
        for count in (2, 5, 20):
            numbers = [chance.gauss(1, 0.1) for _ in range(count)]
            low, high = sums.interval(numbers)
            self.assertLessEqual(min(numbers), low)
            self.assertLessEqual(low, sums.median(numbers))
            self.assertLessEqual(sums.median(numbers), high)
            self.assertLessEqual(high, max(numbers))

    def test_more_pairs_are_surer(self):
        chance = random.Random(7)
        few = [chance.gauss(1, 0.1) for _ in range(8)]
        many = [chance.gauss(1, 0.1) for _ in range(200)]

        def width(numbers):
            low, high = sums.interval(numbers)
            return high - low

        self.assertLess(width(many), width(few))

    def test_the_interval_has_the_truth_about_as_often_as_it_says(self):
        """The true median is 1; 95 of 100 intervals should have it."""
        chance = random.Random(11)
        had = 0
        for _ in range(200):
            low, high = sums.interval([chance.gauss(1, 0.1)
                                       for _ in range(20)], resamples=300)
            had += low <= 1 <= high
        self.assertGreater(had, 175)
        self.assertLess(had, 200)

    def test_the_same_numbers_have_the_same_interval(self):
        numbers = [1, 1.1, 0.9, 1.3, 0.7]
        self.assertEqual(sums.interval(numbers), sums.interval(numbers))

    def test_a_ratio_is_that_of_pairs(self):
        """The machine is ten times slower in the second pair: both are."""
        found = sums.ratio([(10, 11), (100, 110), (20, 22)])
        self.assertAlmostEqual(found.median, 1.1)
        self.assertTrue(found.includes(1.1))
        self.assertFalse(found.includes(1.0))

    def test_no_ratio_to_nothing(self):
        self.assertIsNone(sums.ratio([]))
        self.assertIsNone(sums.ratio([(0, 1)]))

    def test_the_order_is_abba(self):
        self.assertEqual([sums.is_base_first(pair) for pair in range(4)],
                         [True, False, True, False])

    def test_drift_cancels_out(self):
        """Each measurement takes longer than the one before it: neither side
        has an advantage."""
        moment, pairs = 100.0, []
        for pair in range(20):
            one, other = moment, moment + 1
            moment += 2
            pairs.append((one, other) if sums.is_base_first(pair)
                         else (other, one))
        self.assertAlmostEqual(sums.ratio(pairs).median, 1, places=3)


class Shown(unittest.TestCase):
    def test_times(self):
        self.assertEqual([table.show_ns(ns) for ns in
                          (850, 12340, 1.5e6, 2e9, None)],
                         ["850 ns", "12.3 us", "1.5 ms", "2 s", "-"])

    def test_a_table(self):
        one = loading.Comparison("other")
        for base, peer in ((100, 110), (200, 220)):
            one.add(told(base), told(peer))
        failed = loading.Comparison("bad", failure="byte 3 is wrong")
        text = table.of_comparisons("Echo", "bare", [one, failed],
                                    ("cpu", "rate")).markdown()
        self.assertIn("### Echo\n", text)
        self.assertIn("| bare (what 1.00 is) | 150 ns | 1,500/s |", text)
        self.assertIn("| other | 1.10 [1.10, 1.10] | 1.10 [1.10, 1.10] |", text)
        self.assertIn("- bad: not measured: byte 3 is wrong", text)
        self.assertNotIn("| bad", text)

    def test_a_row_for_every_column(self):
        one = loading.Comparison("other")
        one.add(told(1), told(2))
        made = table.of_comparisons("Echo", "bare", [one], loading.METRICS)
        for row in made.rows:
            self.assertEqual(len(row), len(made.head))


def told(number):
    """What berth-load would tell."""
    return {"cpu_ns_per_message": number, "messages_per_second": number * 10,
            "latency_ns": {"p50": number, "p99": number, "p99.9": number}}


def open_process(pid):
    """A descriptor of it; None if it has ended."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


class Tables(unittest.TestCase):
    def test_rows_name_peers_that_there_are(self):
        for row in rows.ROWS:
            for name in (row.base, *row.peers):
                self.assertIn(name, peers.PEERS, row.name)
                if row.path is not None:
                    self.assertIn(row.path, peers.PEERS[name].paths)
            self.assertTrue(set(row.metrics) <= set(loading.METRICS))

    def test_names_are_there_once(self):
        names = [row.name for row in rows.ROWS] + list(rows.SPECIAL)
        self.assertEqual(len(names), len(set(names)))
        with open(os.path.join(BENCH, "README.md")) as file:
            text = file.read()
        for name in names:
            self.assertIn(f"| `{name}` |", text)


class Servers(unittest.TestCase):
    """Of the real thing, as it is built here."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="berth-")
        self.addCleanup(folder.cleanup)
        self.place = Place(BUILD, os.path.join(folder.name, "peers"))
        self.addCleanup(self.place.close)

    def test_a_server_that_is_not_there_is_told(self):
        peer = peers.Peer("x", "X", lambda *_: [], package="x-server",
                          program="no-such-program")
        peers.PEERS["x"] = peer
        self.addCleanup(peers.PEERS.pop, "x")
        found, notes = special.each(
            ["x"], lambda peer: peers.Running(peer, self.place))
        self.assertEqual(found, {})
        self.assertEqual(notes, ["X: not measured: no-such-program is not "
                                 "installed (Debian: x-server)"])

    def test_one_that_ends_at_once_is_told(self):
        peer = peers.Peer("x", "X", lambda *_: ["sh", "-c", "echo why; exit 1"])
        with self.assertRaisesRegex(Missing, "ended at once: why"):
            peers.Running(peer, self.place)

    def test_wrong_bytes_are_no_measurement(self):
        def serve(sock, server):
            while data := sock.recv(4096):
                sock.sendall(data[::-1])

        with Bad(serve) as bad:
            running = mock.MagicMock(address=bad.address)
            running.pids.return_value = [os.getpid()]
            with self.assertRaisesRegex(loading.Wrong, "instead of"):
                loading.measure(self.place, running, ["--connections=1"], 50)
        self.assertEqual(len(self.place.wrong), 1)

    def test_processes_are_all_counted(self):
        """The one that checks server.yaml may take its time to end."""
        with peers.Running(peers.PEERS["berth-two"], self.place) as running:
            deadline = time.monotonic() + TIMEOUT_S
            while len(running.pids()) != 3:
                self.assertLess(time.monotonic(), deadline, running.pids())
            self.assertGreater(loading.cpu_ns(running.pids()), 0)
            self.assertGreater(loading.private_bytes(running.pids()), 0)

    def test_one_that_spins_does_so_only_while_it_is_measured(self):
        with peers.Running(peers.PEERS["bare-spin"], self.place) as running:
            self.await_state(running, "T")
            with running.awake():
                self.await_state(running, "R")
            self.await_state(running, "T")
            self.measure(running, [])
            self.await_state(running, "T")

    def await_state(self, running, wanted):
        deadline = time.monotonic() + TIMEOUT_S
        state = None
        while state != wanted:
            self.assertLess(time.monotonic(), deadline, state)
            with open(f"/proc/{running.process.pid}/stat") as file:
                state = file.read().rpartition(")")[2].split()[0]

    def test_the_bare_loops_lose_no_byte(self):
        for name, options in (("bare", ["--depth=16"]),
                              ("bare-edge", ["--size=300000", "--depth=3"]),
                              ("bare-64k", ["--reconnect=2"])):
            with peers.Running(peers.PEERS[name], self.place) as running:
                self.measure(running, options)
        for name, path, options in (("bare-http", "fixed", ["--depth=16"]),
                                    ("bare-close", "fixed", ["--reconnect=1"]),
                                    ("bare-sendfile", "large", ["--depth=3"])):
            with peers.Running(peers.PEERS[name], self.place) as running:
                self.measure(running, options, path)

    def measure(self, running, options, path=None):
        """No time is long enough for sure: then there is nothing to tell."""
        try:
            told = loading.measure(self.place, running,
                                   ["--connections=4", *options], 50, path)
        except loading.Nothing:
            return
        self.assertGreater(told["messages"], 0)


class Smoke(unittest.TestCase):
    def run_bench(self, *words):
        return subprocess.run(
            [sys.executable, os.path.join(BENCH, "run"), *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=100, check=False)

    def test_a_report(self):
        with tempfile.TemporaryDirectory(prefix="berth-") as folder:
            done = self.run_bench(
                "--build", BUILD, "--output", folder, "--pairs=1", "--time=100",
                "--peers=bare-edge,berth", "--only=echo-64")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            with open(os.path.join(folder, "RESULTS.md")) as file:
                text = file.read()
        self.assertIn("Written by `tools/bench/run --build", text)
        self.assertRegex(text, r"\| kernel \| \d+\.")
        self.assertIn("### Echo, 64 bytes, 64 connections, depth 1", text)
        ratio = r" [\d.]+ \[[\d.]+, [\d.]+\] \|"
        for label in ("bare epoll loop, level-triggered once more (A/A)",
                      "bare epoll loop, edge-triggered", "Berth, echo"):
            label = re.escape(label)
            self.assertRegex(
                text, rf"(?m)^\| {label} \|{ratio * 4}|^- {label}: not "
                r"measured: (no message was answered in the time|its "
                r"processor time is not known)$")
        self.assertIn("to reach: CPU time per message at most 1.03", text)

    def test_nothing_is_left_behind(self):
        """Killed, or told to end, while servers run."""
        for number in (signal.SIGKILL, signal.SIGTERM):
            with tempfile.TemporaryDirectory(prefix="berth-") as folder:
                process = subprocess.Popen(
                    [sys.executable, os.path.join(BENCH, "run"), "--build",
                     BUILD, "--output", folder, "--pairs=1000",
                     "--peers=berth", "--only=echo-64"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, "TMPDIR": folder})
                ends = self.await_servers(process)
                process.send_signal(number)
                process.wait(TIMEOUT_S)
                for end in ends:
                    self.assertTrue(select.select([end], [], [], TIMEOUT_S)[0])
                    os.close(end)

    def await_servers(self, process):
        """Descriptors of all its processes, once there are servers."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline)
            left, found = peers.children_of(process.pid), []
            while left:
                found.append(left.pop())
                left += peers.children_of(found[-1])
            if len(found) >= 4:
                return [end for end in map(open_process, found)
                        if end is not None]

    def test_the_list(self):
        done = self.run_bench("--list")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for row in rows.ROWS:
            self.assertIn(row.name, done.stdout)

    def test_what_cannot_be_meant(self):
        for words, message in ((["--only=x"], "invalid choice"),
                               (["--peers=x"], "there is no server 'x'"),
                               (["--pairs=0"], "--pairs begins at 1")):
            done = self.run_bench(*words)
            self.assertEqual(done.returncode, 2)
            self.assertIn(message, done.stderr)

    def test_nothing_to_measure(self):
        with tempfile.TemporaryDirectory(prefix="berth-") as folder:
            done = self.run_bench("--build", folder, "--output", folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no " + os.path.join(folder, "bin", "berth"),
                      done.stderr)

    def test_quick_is_quicker(self):
        usual = program.plan_of(program.parse_arguments([]))
        quick = program.plan_of(program.parse_arguments(["--quick"]))
        self.assertEqual((usual.pairs, usual.time_ms), (20, 200))
        self.assertLess(quick.pairs * quick.time_ms,
                        usual.pairs * usual.time_ms / 5)


if __name__ == "__main__":
    unittest.main()
