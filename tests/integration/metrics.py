# SPDX-License-Identifier: MIT
"""What the server counts: told in the format of Prometheus wherever it is told,
with the values that a test knows, and no counter ever goes down."""

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from exposition import Malformed, parse
from harness import (BERTH, PLUGINS, SOURCE, TEST_PLUGINS, TIMEOUT_S, connect,
                     recv_all, recv_exactly)
from operation import CONTROL, Program, berthctl, command
from traffic import MIB, reset, until
from witness import (Load, ask_once, children, configure, kill, reload,
                     serve, witness_yaml)

ACTOR = os.path.join(TEST_PLUGINS, "actor.so")
PROMTOOL = shutil.which("promtool")

HEAD = '# HELP a_total b\n# TYPE a_total counter\n'
HISTOGRAM = '# HELP h b\n# TYPE h histogram\n'


class Parser(unittest.TestCase):
    """It takes what is right, and nothing else."""

    def test_what_is_right(self):
        metrics = parse(
            HEAD + 'a_total{x="\\"\\\\\\n,}",y=""} 1\na_total 2.5\n' +
            HISTOGRAM + 'h_bucket{le="0.5"} 1\nh_bucket{le="+Inf"} 3\n'
            'h_sum 1.25\nh_count 3\n')
        self.assertEqual(metrics["a_total"].help, "b")
        self.assertEqual(metrics.series("a_total", y=""),
                         [({"x": '"\\\n,}', "y": ""}, 1)])
        self.assertEqual(metrics.sum("a_total"), 3.5)
        self.assertEqual(metrics.sum("h_bucket", le="0.5"), 1)
        self.assertEqual(len(metrics.growing()), 6)

    def test_what_is_wrong(self):
        for text, message in [
                ("", "no end"), (HEAD[:-1], "no end"),
                ("\n", "no sample"), (HEAD + "\n", "no sample"),
                ("# some remark\n", "no sample"),
                ("a_total 1\n", "not known"),
                ("# HELP a_total b\na_total 1\n", "not known"),
                ("# HELP a_total b\n", "no type"),
                ("# TYPE a_total counter\n", "help of another"),
                (HEAD + "# TYPE a_total counter\n", "second type"),
                (HEAD + HEAD, "there before"),
                ("# HELP a_total \n", "no help"),
                ("# HELP a_total b\\c\n", "escapes nothing"),
                ("# HELP a_total b\\\\\\\n", "escapes nothing"),
                (HEAD.replace("counter", "total"), "no type"),
                (HEAD + "b_total 1\n", "does not belong"),
                (HEAD + "a_total_sum 1\n", "does not belong"),
                (HEAD + "a_total 1\na_total 1\n", "there before"),
                (HEAD + 'a_total{x="1",y="2"} 1\na_total{y="2",x="1"} 1\n',
                 "there before"),
                (HEAD + "a_total -1\n", "below zero"),
                (HEAD + "a_total NaN\n", "no number"),
                (HEAD + "a_total 0x1\n", "no number"),
                (HEAD + "a_total  1\n", "no sample"),
                (HEAD + "a_total 1 1700000000\n", "no sample"),
                (HEAD + "a_total{} 1\n", "no sample"),
                (HEAD + 'a_total{x="1",} 1\n', "between labels"),
                (HEAD + 'a_total{x="1" y="2"} 1\n', "between labels"),
                (HEAD + 'a_total{x="1",x="2"} 1\n', "twice"),
                (HEAD + 'a_total{x="a"b"} 1\n', "between labels"),
                (HEAD + 'a_total{x="\\t"} 1\n', "no label"),
                (HEAD + "a_total{x=1} 1\n", "no label"),
                (HEAD + 'a_total{1x="1"} 1\n', "no label"),
                ("# HELP a b\n# TYPE a counter\n", "end in _total"),
                ("# HELP a_total b\n# TYPE a_total gauge\n", "end in _total"),
                ("# HELP a_count b\n# TYPE a_count gauge\n", "may have"),
                (HISTOGRAM + "h 1\n", "neither a bucket"),
                (HISTOGRAM + "h_sum 1\nh_count 1\n", r"\+Inf"),
                (HISTOGRAM + 'h_bucket{le="1"} 1\nh_sum 1\nh_count 1\n',
                 r"\+Inf"),
                (HISTOGRAM + "h_bucket 1\nh_sum 1\nh_count 1\n", r"\+Inf"),
                (HISTOGRAM + 'h_bucket{le="+Inf"} 1\nh_bucket{le="1"} 1\n'
                 "h_sum 1\nh_count 1\n", r"\+Inf"),
                (HISTOGRAM + 'h_bucket{le="2"} 1\nh_bucket{le="1"} 1\n'
                 'h_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n', "not rise"),
                (HISTOGRAM + 'h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\n'
                 "h_sum 1\nh_count 1\n", "cumulative"),
                (HISTOGRAM + 'h_bucket{le="+Inf"} 1\nh_count 1\n', "no sum"),
                (HISTOGRAM + 'h_bucket{le="+Inf"} 1\nh_sum 1\n', "no count"),
                (HISTOGRAM + 'h_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n',
                 "the count")]:
            with self.subTest(text):
                with self.assertRaisesRegex(Malformed, message):
                    parse(text)


def entry(name, plugin=ACTOR, listen="127.0.0.1:0", **more):
    lines = [f"  - plugin: {plugin}", f"    name: {name}",
             f'    listen: "{listen}"']
    lines += [f"    {key}: {value}" for key, value in more.items()]
    return "\n".join(lines) + "\n"


def yaml(*entries, **top):
    lines = [f"{key}: {value}\n" for key, value in
             {"workers": 2, "control": CONTROL, **top}.items()]
    return "".join(lines) + "protocols:\n" + "".join(entries)


def look(server):
    return parse(command(server, "metrics"))


def http_get(address, path):
    """Status line and head, body."""
    with connect(address) as sock:
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\n"
                     "Connection: close\r\n\r\n".encode())
        head, _, body = recv_all(sock).partition(b"\r\n\r\n")
    return head.decode(), body.decode()


class Told(unittest.TestCase):
    """The same in three places, each a text that Prometheus takes."""

    def setUp(self):
        config = yaml(
            entry("web", f"{PLUGINS}/http.so", settings="{routes: [{path: "
                  "/metrics, metrics: true}]}"),
            entry("a.strange_Name-1"), entry("lines", f"{PLUGINS}/line.so"))
        self.server = serve(config)
        self.addCleanup(self.server.__exit__, None, None, None)
        self.web, self.actor, self.lines = self.server.addresses
        with connect(self.actor) as sock:
            sock.sendall(b"count 5\nhello\n")
            self.assertEqual(recv_exactly(sock, 6), b"hello\n")

    def check(self, text):
        metrics = parse(text)
        self.assertEqual(metrics.sum("berth_plugin_actor_points_total",
                                     entry="a.strange_Name-1"), 5)
        self.assertEqual(metrics["berth_plugin_actor_points_total"].help,
                         r"what was told to be \\counted")
        if PROMTOOL:
            done = subprocess.run(
                [PROMTOOL, "check", "metrics"], input=text, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=TIMEOUT_S, check=False)
            self.assertEqual((done.returncode, done.stdout), (0, ""))
        return set(metrics)

    def test_everywhere(self):
        if not PROMTOOL:
            print("promtool is not installed: it is not asked")
        head, body = http_get(self.web, "/metrics")
        self.assertTrue(head.startswith("HTTP/1.1 200 "), head)
        self.assertIn("\r\nContent-Type: text/plain; version=0.0.4; "
                      "charset=utf-8\r\n", head + "\r\n")
        families = self.check(body)
        self.assertEqual(self.check(berthctl(self.server, "metrics")),
                         families)
        with connect(self.actor) as sock:
            sock.sendall(b"metrics\n")
            self.assertEqual(self.check(recv_all(sock).decode()), families)

    def test_a_histogram_has_bounds_four_times_apart(self):
        metrics = look(self.server)
        bounds = [float(labels["le"]) for labels, _ in metrics.series(
            "berth_callback_seconds_bucket", entry="web", worker="0")]
        for lower, upper in zip(bounds, bounds[1:-1]):
            self.assertAlmostEqual(upper / lower, 4)
        self.assertGreater(len(bounds), 8)

    def test_a_summary_for_people(self):
        # The actor's worker counts what it has sent after it was sent.
        until(lambda: look(self.server).sum(
            "berth_sent_bytes_total", entry="a.strange_Name-1") == 6,
              "the answer is counted")
        with connect(self.lines) as sock:
            sock.sendall(b"STATS\nQUIT\n")
            text = recv_all(sock).decode()
        self.assertRegex(text, r"(?m)^berth \S+, up \S+, generation 1, 0 "
                               r"reloads, 0 failed, 0 workers replaced\r?$")
        self.assertRegex(
            text, r"(?m)^a\.strange_Name-1: open \d, accepted 1, refused 0, "
                  r"closed \d, timeouts 0, crashes 0, bytes in 14, bytes out "
                  r"6, queued 0, callbacks \d+, .*orders 1, points 5\r?$")
        self.assertRegex(text, r"(?m)^lines: open 1, accepted 1, ")
        self.assertRegex(text, r"(?m)^web: open 0, accepted 0, ")


class Documented(unittest.TestCase):
    """config/README.md names what is exposed, and nothing else."""

    def setUp(self):
        with open(os.path.join(SOURCE, "config", "README.md")) as file:
            text = file.read()
        section = text.split("\n## Metrics\n")[1].split("\n## ")[0]
        self.rows = [row.strip("|").split(" | ", 1)
                     for row in re.findall(r"(?m)^\| `.*\|$", section)]

    def test_the_names(self):
        documented = [name for names, _ in self.rows
                      for name in re.findall("`(berth_[^`]*)`", names)]
        self.assertEqual(len(documented), len(set(documented)))
        with serve(yaml(entry("one"))) as server:
            reload(server)  # before the first one less is told
            exposed = set(look(server))
        own = {name for name in exposed if "_plugin_" not in name}
        self.assertEqual(set(documented) - {
            "berth_plugin_PROTOCOL_COUNTER_total"}, own)
        self.assertEqual(exposed - own,
                         {"berth_plugin_actor_orders_total",
                          "berth_plugin_actor_points_total"})
        self.assertIn("berth_plugin_PROTOCOL_COUNTER_total", documented)

    def test_the_labels(self):
        """Where a row says what values a label has, these are all."""
        with serve(yaml(entry("one"))) as server:
            metrics = look(server)
        checked = 0
        for names, meaning in self.rows:
            found = re.search(r"by `(\w+)`: (.*)", meaning)
            name = re.search("`(.*?)`", names)[1]
            if found:
                told = {labels[found[1]] for labels, _ in
                        metrics.series(name)}
                self.assertEqual(set(re.findall("`(.*?)`", found[2])), told,
                                 name)
                checked += 1
        self.assertEqual(checked, 4)


class Values(unittest.TestCase):
    """Each thing that happens is counted where it belongs, once."""

    def serve(self, *entries, **top):
        self.server = serve(yaml(*entries, **top))
        self.addCleanup(self.server.__exit__, None, None, None)
        return self.server

    def await_values(self, wanted, **labels):
        """Until each name has that value; fails with those it has."""
        def read():
            metrics = look(self.server)
            return {name: metrics.sum(name, **labels) for name in wanted}
        try:
            until(lambda: read() == wanted, "the values", 10)
        except AssertionError:
            self.assertEqual(read(), wanted)

    def closed(self, name):
        """By reason, without those that never came; timeouts by limit."""
        metrics = look(self.server)
        return ({labels["reason"]: metrics.sum(
            "berth_connections_closed_total", entry=name,
            reason=labels["reason"]) for labels, value in metrics.series(
                "berth_connections_closed_total", entry=name) if value},
                {labels["limit"]: value for labels, value in metrics.series(
                    "berth_timeouts_total", entry=name) if value})

    def await_closed(self, name, reason, limit=None):
        """Of one connection, which was the entry's only one."""
        wanted = ({reason: 1}, {} if limit is None else {limit: 1})
        try:
            until(lambda: self.closed(name) == wanted, "it is closed", 10)
        except AssertionError:
            self.assertEqual(self.closed(name), wanted)

    def await_end(self, name, reason, limit=None):
        """The same, and it is not there any more."""
        self.await_closed(name, reason, limit)
        self.await_values({"berth_connections_accepted_total": 1,
                           "berth_connections_closed_total": 1,
                           "berth_connections_open": 0}, entry=name)

    def test_connections_and_bytes(self):
        with self.serve(entry("one"), entry("other")) as server:
            socks = [connect(server.address) for _ in range(20)]
            for number, sock in enumerate(socks):
                text = b"x" * number * 1000 + b"\n"
                sock.sendall(text)
                self.assertEqual(recv_exactly(sock, len(text)), text)
            bytes_each_way = sum(range(20)) * 1000 + 20
            self.await_values({
                "berth_connections_accepted_total": 20,
                "berth_connections_open": 20,
                "berth_connections_closed_total": 0,
                "berth_received_bytes_total": bytes_each_way,
                "berth_sent_bytes_total": bytes_each_way,
                "berth_output_queued_bytes": 0}, entry="one")
            for sock in socks[:15]:
                sock.close()
            for sock in socks[15:]:
                reset(sock)
            self.await_values({"berth_connections_open": 0,
                               "berth_connections_accepted_total": 20,
                               "berth_connections_closed_total": 20})
            self.assertEqual(self.closed("one")[0], {"ended": 15, "peer": 5})
            self.assertEqual(look(server).sum(
                "berth_connections_accepted_total", entry="other"), 0)
            # One of 64 is timed, the first perhaps: about a call a message.
            self.assertGreaterEqual(look(server).sum(
                "berth_callbacks_total", entry="one"), 20)

    def test_each_end_that_is_ordered(self):
        orders = [(b"close\n", "ended"), (b"abort\n", "aborted"),
                  (b"fail\n", "error"), (b"deadline 1\n", "deadline"),
                  (b"x" * 70000, "limit"), (b"", "ended")]
        names = [f"one-{number}" for number in range(len(orders))]
        with self.serve(*map(entry, names)) as server:
            for (order, reason), name, address in zip(orders, names,
                                                      server.addresses):
                with self.subTest(order[:20]), connect(address) as sock:
                    sock.sendall(order)
                    if not order:
                        sock.shutdown(socket.SHUT_WR)
                    try:
                        recv_all(sock)
                    except ConnectionError:
                        pass
                    self.await_closed(name, reason, reason
                                      if reason == "deadline" else None)

    def test_each_limit_of_time(self):
        limits = ("idle", "first_byte", "stall")
        with self.serve(*(entry(limit, limits=f"{{{limit}: 100ms}}")
                          for limit in limits)) as server:
            socks = [connect(address, receive_buffer=4096)
                     for address in server.addresses]
            socks[0].sendall(b"hello\n")
            socks[2].sendall(b"fill 16000000\n")
            for limit in limits:
                self.await_end(limit, limit, limit)
            for sock in socks:
                sock.close()

    def test_one_that_is_closed_by_command(self):
        with self.serve(entry("one")) as server:
            with connect(server.address) as sock:
                sock.sendall(b"x\n")
                recv_exactly(sock, 2)
                row = command(server, "tsv connections").splitlines()[1]
                command(server, "close " + row.split("\t")[0])
                self.assertEqual(recv_all(sock), b"")
            self.await_end("one", "stopped")

    def test_one_that_another_entry_takes(self):
        with self.serve(entry("one"), entry("other")) as server:
            with connect(server.address) as sock:
                sock.sendall(b"switch\nhello\n")
                self.assertEqual(recv_exactly(sock, 6), b"hello\n")
                self.await_end("one", "switched")
                self.await_values({"berth_connections_accepted_total": 1,
                                   "berth_connections_open": 1},
                                  entry="other")
            self.await_end("other", "ended")

    def test_one_that_stays_with_its_entry_is_not_closed(self):
        """A protocol that hands it to another one of the same plugin."""
        with self.serve(entry("one")) as server:
            with connect(server.address) as sock:
                sock.sendall(b"become\nbecome\nhello\n")
                self.assertEqual(recv_exactly(sock, 6), b"hello\n")
                self.await_values({"berth_connections_accepted_total": 1,
                                   "berth_connections_closed_total": 0,
                                   "berth_connections_open": 1})
            self.await_end("one", "ended")

    def test_an_address_that_entries_share(self):
        """What looks at the first bytes is no entry."""
        like = os.path.join(TEST_PLUGINS, "resp_like.so")
        with self.serve(entry("first", like, "unix:sock"),
                        entry("rest", listen="unix:sock")) as server:
            with connect(f"unix:{server.folder}/sock") as sock:
                sock.sendall(b"hello\n")
                self.assertEqual(recv_exactly(sock, 6), b"hello\n")
            self.await_end("rest", "ended")
            metrics = look(server)
            self.assertEqual({labels["entry"] for labels, _ in metrics.series(
                "berth_connections_open")}, {"first", "rest"})

    def test_refusals(self):
        with self.serve(entry("one", limits="{connections_per_ip: 2}"),
                        workers=1) as server:
            socks = [connect(server.address) for _ in range(2)]
            for sock in socks:
                sock.sendall(b"x\n")
                self.assertEqual(recv_exactly(sock, 2), b"x\n")
            for _ in range(3):
                with connect(server.address) as sock:
                    try:
                        self.assertEqual(recv_all(sock), b"")
                    except ConnectionError:
                        pass
            metrics = look(server)
            name = "berth_connections_refused_total"
            self.assertEqual(metrics.sum(name, entry="one",
                                         reason="connections_per_ip"), 3)
            self.assertEqual(metrics.sum(name), 3)
            self.assertEqual(metrics.sum("berth_connections_accepted_total"),
                             2)
            for sock in socks:
                sock.close()

    def test_back_pressure(self):
        size = 4 * MIB
        with self.serve(entry("one")) as server, \
                connect(server.address, receive_buffer=4096) as sock:
            sock.sendall(b"fill %d\n" % size)
            self.await_values({"berth_backpressure_pauses_total": 1})
            queued = look(server).sum("berth_output_queued_bytes")
            sent = look(server).sum("berth_sent_bytes_total")
            self.assertGreater(queued, MIB)
            self.assertLessEqual(queued + sent, size)
            self.assertEqual(len(recv_exactly(sock, size)), size)
            sock.sendall(b"hello\n")
            self.assertEqual(recv_exactly(sock, 6), b"hello\n")
            self.await_values({"berth_backpressure_pauses_total": 1,
                               "berth_output_queued_bytes": 0,
                               "berth_sent_bytes_total": size + 6})

    def test_counters_of_plugins(self):
        with self.serve(entry("one"), entry("other")) as server:
            for address, number in zip(server.addresses * 3, range(6)):
                with connect(address) as sock:
                    sock.sendall(b"count %d\ncount 100\nclose\n" % number)
                    self.assertEqual(recv_all(sock), b"")
            for name, points in (("one", 306), ("other", 309)):
                self.await_values({"berth_plugin_actor_points_total": points,
                                   "berth_plugin_actor_orders_total": 9},
                                  entry=name)

    def test_reloads(self):
        with self.serve(entry("one")) as server:
            metrics = look(server)
            self.assertNotIn("berth_last_reload_success", metrics)
            self.assertEqual(metrics.sum("berth_generation"), 1)
            self.assertLess(abs(metrics.sum("berth_start_time_seconds") -
                                time.time()), TIMEOUT_S)
            before = time.time()
            reload(server)
            self.check_reloads(2, 1, 0, 1, before)
            configure(server, "colour: 1\n")
            before = time.time()
            reload(server, "the reload has failed")
            self.check_reloads(2, 1, 1, 0, before)

    def check_reloads(self, generation, good, failed, success, before):
        metrics = look(self.server)
        self.assertEqual(
            (metrics.sum("berth_generation"),
             metrics.sum("berth_reloads_total", result="ok"),
             metrics.sum("berth_reloads_total", result="failed"),
             metrics.sum("berth_last_reload_success")),
            (generation, good, failed, success))
        # The clock of the loop may be of its turn's begin.
        at = metrics.sum("berth_last_reload_time_seconds")
        self.assertGreater(at, before - 1)
        self.assertLess(at, time.time() + 1)

    def test_the_version(self):
        done = subprocess.run([BERTH, "--version"], stdout=subprocess.PIPE,
                              text=True, check=True)
        with self.serve(entry("one")) as server:
            (labels, value), = look(server).series("berth_build_info")
        self.assertEqual(value, 1)
        self.assertIn(labels["version"], done.stdout.split())

    def test_workers_that_die(self):
        with self.serve(entry("one"), entry("other"), workers=1,
                        crash_limit="none") as server:
            with connect(server.address) as sock, \
                    connect(server.addresses[1]) as bystander:
                bystander.sendall(b"hello\n")
                self.assertEqual(recv_exactly(bystander, 6), b"hello\n")
                sock.sendall(b"crash\n")
                with self.assertRaises(ConnectionError):
                    if not recv_all(sock):
                        raise ConnectionError
            server.wait_log("has died: SIGSEGV in on_data of 'one'")
            self.await_end("one", "crashed")
            self.await_end("other", "crashed")
            self.check_crashes(one=1, other=0, replaced=1)
            until(lambda: len(children(server.pid)) == 1, "a successor")
            victim, = children(server.pid)
            with connect(server.address) as sock:
                sock.sendall(b"hello\n")
                self.assertEqual(recv_exactly(sock, 6), b"hello\n")
                kill(victim, signal.SIGKILL)
            server.wait_log("has died: SIGKILL")
            self.await_values({"berth_connections_accepted_total": 3,
                               "berth_connections_closed_total": 3,
                               "berth_connections_open": 0})
            self.check_crashes(one=1, other=0, replaced=2)

    def check_crashes(self, replaced, **entries):
        metrics = look(self.server)
        self.assertEqual(metrics.sum("berth_workers_replaced_total"), replaced)
        for name, count in entries.items():
            self.assertEqual(metrics.sum("berth_crashes_total", entry=name),
                             count, name)


class NeverDown(unittest.TestCase):
    """Somebody looks all the time while whatever can happen happens."""

    def setUp(self):
        self.program = Program(self)
        self.last = {}
        self.looks = 0

    def watch(self, server, is_over):
        while not is_over.is_set():
            self.look(server)

    def look(self, server):
        try:
            growing = look(server).growing()
        except ConnectionError:
            return  # an exec ends who asks at that moment
        for series, value in self.last.items():
            if growing.get(series, -1) < value:
                raise AssertionError(f"{series} was {value}, and is "
                                     f"{growing.get(series)}")
        self.last = growing
        self.looks += 1

    def config(self, workers):
        return witness_yaml(workers=workers, control=CONTROL,
                            crash_limit="none")

    def lose_a_worker(self, server, load, number):
        """One that serves newcomers, not one that only finishes."""
        victim = ask_once(server.address)[0]
        lost = [client for client in load.clients if client.pid == victim]
        load.may_end.add(victim)
        kill(victim, number)
        load.run(lambda: len(load.ended) == len(lost), "its clients have ended")
        load.ended.clear()
        for client in lost:
            client.connect()
        load.settle()

    def upset(self, server, load):
        for count in (2, 1, 3):
            for number in (signal.SIGKILL, signal.SIGSEGV):
                self.lose_a_worker(server, load, number)
            configure(server, self.config(count))
            load.reload(server)
            self.program.replace()
            self.program.upgrade(server, load)
            load.run_for(200)

    def test_over_crashes_reloads_and_upgrades(self):
        with serve(self.config(2)) as server:
            is_over = threading.Event()
            errors = []
            watcher = threading.Thread(target=self.run_watch, args=(
                server, is_over, errors))
            watcher.start()
            try:
                with Load() as load:
                    load.add(server.address, 20)
                    load.settle()
                    self.upset(server, load)
                    answers = load.answers
            finally:
                is_over.set()
                watcher.join()
            self.assertEqual(errors, [])
            until(lambda: look(server).sum("berth_connections_open") == 0,
                  "all have left")
            self.check_sums(server, answers)
            print(f"{self.looks} looks, {answers} answers")

    def run_watch(self, server, is_over, errors):
        try:
            self.watch(server, is_over)
        except Exception as error:
            errors.append(error)

    def check_sums(self, server, answers):
        metrics = look(server)
        self.assertEqual(
            metrics.sum("berth_connections_accepted_total"),
            metrics.sum("berth_connections_closed_total"))
        self.assertGreaterEqual(metrics.sum("berth_callbacks_total"), answers)
        self.assertEqual(metrics.sum("berth_workers_replaced_total"), 6)
        # Each upgrade ends in a reload.
        self.assertEqual(metrics.sum("berth_reloads_total", result="ok"), 6)
        self.assertEqual(metrics.sum("berth_generation"), 7)


if __name__ == "__main__":
    unittest.main()
