# SPDX-License-Identifier: MIT
"""A plugin that crashes or hangs is contained: it is put aside at the limit, a
worker that it ended is replaced, each time later, one that it keeps is told of
or killed, and all else is served meanwhile. And entries that one worker serves
alone, and those that are told to drain."""

import json
import os
import re
import signal
import unittest

from harness import TEST_PLUGINS, TIMEOUT_S, connect, recv_all, recv_exactly
from operation import CONTROL, berthctl
from traffic import is_refused, round_trip, until
from witness import (WITNESS, ask, ask_once, await_end, children,
                     connect_to_all, kill, serve)

HTTP_LIKE = os.path.join(TEST_PLUGINS, "http_like.so")


def entries_yaml(*entries, **top):
    """entries: key to value, as they are written; a plugin that is not named is
    the witness, an address one of port 0."""
    lines = [f"{key}: {value}" for key, value in
             {"control": CONTROL, **top}.items()]
    lines.append("protocols:")
    for entry in entries:
        whole = {"plugin": WITNESS, "listen": "127.0.0.1:0", **entry}
        keys = [f"{key}: {value}" for key, value in whole.items()]
        lines += ["  - " + keys[0], *("    " + key for key in keys[1:])]
    return "\n".join(lines) + "\n"


ECHO = {"plugin": "echo.so"}


def status(server):
    return json.loads(berthctl(server, "--json", "status"))


def entry_status(server, name):
    for entry in status(server)["entries"]:
        if entry["entry"] == name:
            return entry
    raise AssertionError(f"no entry {name}")


def misbehave(address, order):
    """Tells the witness to crash; the connection ends without an answer."""
    with connect(address) as sock:
        try:
            sock.sendall(order + b"\n")
            answer = recv_all(sock)
        except ConnectionResetError:
            answer = b""
    if answer:
        raise AssertionError(f"it lives: {answer!r}")


def crash(server, address, order=b"crash"):
    """The same, and waits until the supervisor has told of it; returns the
    match."""
    start = len(server.log)
    misbehave(address, order)
    return server.wait_log(r"worker (\d+) \(process (\d+)\) has died: ([^\"]*)",
                           start)


def echo_times(address, count):
    """New connections, so many one after another."""
    for number in range(count):
        with connect(address) as sock:
            round_trip(sock, b"%d\n" % number)


class Limit(unittest.TestCase):
    def check_aside(self, server, *names):
        for name in names:
            server.wait_log(rf"entry={name} msg=\"put aside until the next "
                            r"reload: its plugin ended a worker 3 times "
                            r"within 1h \(crash_limit\)\"")
            self.assertEqual(entry_status(server, name)["state"], "put aside")
            self.assertRegex(berthctl(server, "status"),
                             rf"(?m)^{name} +put aside ")

    def check_crashes(self, order, how):
        """The echo is served all the time: over connections to the worker
        that does not crash, and whoever comes when one has crashed."""
        config = entries_yaml({"name": "bad", "workers": 1}, ECHO, workers=2,
                              crash_limit="3/1h")
        with serve(config) as server:
            bad, echo = server.addresses
            socks = [connect(echo) for _ in range(20)]
            for sock in socks:
                round_trip(sock)
            for number in range(3):
                self.assertEqual(entry_status(server, "bad")["state"],
                                 "serving")
                match = crash(server, bad, order)
                self.assertEqual(match.group(1), "0")
                self.assertRegex(match.group(3), how)
                if number == 0:
                    socks = [sock for sock in socks if self.is_alive(sock)]
                    self.assertGreater(len(socks), 0)
                echo_times(echo, 20)
                for sock in socks:
                    round_trip(sock)
            self.check_aside(server, "bad")
            self.assertTrue(is_refused(bad))
            self.assertEqual(entry_status(server, "bad")["crashes"], 3)
            self.assertEqual(entry_status(server, "echo")["state"], "serving")
            # The worker is there again, without the plugin.
            until(lambda: len(children(server.pid)) == 2, "it is replaced")
            echo_times(echo, 50)
            for sock in socks:
                round_trip(sock)
                sock.close()
            self.check_reload(server)

    @staticmethod
    def is_alive(sock):
        try:
            round_trip(sock)
        except (AssertionError, ConnectionError):
            sock.close()
            return False
        return True

    def check_reload(self, server):
        """It ends what was put aside."""
        start = len(server.log)
        server.signal(signal.SIGHUP)
        address = server.wait_log(r"entry=bad msg=\"listening on ([^\"]*)\"",
                                  start).group(1)
        server.wait_log("reloaded: ", start)
        ask_once(address)
        self.assertEqual(entry_status(server, "bad")["state"], "serving")

    def test_an_abort(self):
        self.check_crashes(b"crash", r"^SIGABRT in on_data of 'bad' "
                           r"\(plugin 'witness'\), connection \d+$")

    def test_a_fault(self):
        self.check_crashes(b"fault", r"^SIGSEGV in on_data of 'bad' "
                           r"\(plugin 'witness'\), connection \d+$")

    def test_an_exit(self):
        self.check_crashes(b"exit", r"^exit status 3 in on_data of 'bad' "
                           r"\(plugin 'witness'\), connection \d+$")

    def test_entries_of_one_plugin_count_together(self):
        config = entries_yaml({"name": "one"}, {"name": "two"}, ECHO,
                              workers=2, crash_limit="3/1h")
        with serve(config) as server:
            one, two, echo = server.addresses
            crash(server, one)
            crash(server, two)
            self.assertEqual(entry_status(server, "one")["state"], "serving")
            self.assertEqual(entry_status(server, "two")["state"], "serving")
            crash(server, one)
            self.check_aside(server, "one", "two")
            self.assertTrue(is_refused(one))
            self.assertTrue(is_refused(two))
            echo_times(echo, 50)

    def test_at_a_shared_address_the_others_go_on(self):
        config = entries_yaml({"plugin": HTTP_LIKE, "name": "web",
                               "listen": "unix:shared"},
                              {"name": "bad", "listen": "unix:shared"},
                              workers=2, crash_limit="3/1h")
        with serve(config) as server:
            address = f"unix:{server.folder}/shared"
            for _ in range(3):
                crash(server, address)
            self.check_aside(server, "bad")
            for _ in range(10):
                with connect(address) as sock:
                    sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
                    self.assertEqual(recv_exactly(sock, 15), b"HTTP/1.1 200 OK")
                misbehave(address, b"who")

    def test_none(self):
        config = entries_yaml({}, workers=3, crash_limit="none")
        with serve(config) as server:
            for _ in range(6):  # five are the default
                crash(server, server.address)
            ask_once(server.address)
            self.assertEqual(entry_status(server, "witness")["state"],
                             "serving")
            self.assertEqual(entry_status(server, "witness")["crashes"], 6)
            self.assertEqual(status(server)["status"]["crashes"], 6)

    def test_signals_from_outside_do_not_count(self):
        config = entries_yaml({}, workers=2, crash_limit="2/1h")
        with serve(config) as server:
            for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT) * 2:
                start = len(server.log)
                with connect(server.address) as sock:
                    victim = ask(sock)[0]
                    sock.sendall(b"hang\n")
                    server.wait_log(f"process {victim} obeys: hang", start)
                    kill(victim, number)
                name = signal.Signals(number).name
                server.wait_log(rf"process {victim}\) has died: {name} in "
                                "on_data of 'witness', connection", start)
            entry = entry_status(server, "witness")
            self.assertEqual((entry["state"], entry["crashes"]),
                             ("serving", 0))
            crash(server, server.address)
            ask_once(server.address)
            crash(server, server.address)
            self.assertEqual(entry_status(server, "witness")["state"],
                             "put aside")


class BackingOff(unittest.TestCase):
    def test_each_time_later(self):
        """The second in a row is replaced after 100 ms, the third after 200.
        A worker that has lived for a second begins anew, which a machine that
        is busy may make of any."""
        config = entries_yaml({"settings": "{init: tell}"}, workers=1,
                              crash_limit="none")
        with serve(config) as server:
            deaths = []
            for _ in range(4):
                deaths.append(int(crash(server, server.address).group(2)))
            ask_once(server.address)
            times = self.times(server)
        waits = []
        for dead, born in zip(deaths, deaths[1:]):
            waits.append(times["init", born] - times["died", dead])
        lives = [times["died", pid] - times["init", pid] for pid in deaths]
        if max(lives) > 0.9:
            return
        # The log's clock is read a little before or after the timer's.
        self.assertGreater(waits[1], 0.09)
        self.assertGreater(waits[2], 0.19)

    @staticmethod
    def times(server):
        """When each process has begun and ended, in seconds of the day."""
        found = {}
        for line in server.log:
            match = re.search(r"T(\d+):(\d+):([\d.]+)Z.*(?:(init) in process "
                              r"(\d+)|process (\d+)\) has (died))", line)
            if match:
                hours, minutes, seconds, init, one, other, died = \
                    match.groups()
                found[init or died, int(one or other)] = (
                    int(hours) * 3600 + int(minutes) * 60 + float(seconds))
        return found


class Watchdog(unittest.TestCase):
    stuck = (r"worker \d+ \(process {}\) is stuck for 300ms in on_data of "
             r"'bad' \(plugin 'witness'\), connection \d+{}\"")

    def hang(self, address):
        sock = connect(address)
        victim = ask(sock)[0]
        sock.sendall(b"hang\n")
        return sock, victim

    def test_it_tells_and_others_serve(self):
        config = entries_yaml({"name": "bad"}, ECHO, workers=2,
                              watchdog="300ms", crash_limit="1/1h")
        with serve(config) as server:
            bad, echo = server.addresses
            sock, victim = self.hang(bad)
            server.wait_log(self.stuck.format(victim, ""))
            states = {worker["pid"]: worker["state"]
                      for worker in status(server)["workers"]}
            self.assertEqual(states[victim], "stuck")
            for _ in range(50):
                self.assertNotEqual(ask_once(bad)[0], victim)
            echo_times(echo, 50)
            self.assertIn(victim, children(server.pid))
            kill(victim, signal.SIGKILL)
            sock.close()
            ask_once(bad)
            self.assertEqual(entry_status(server, "bad")["state"], "serving")

    def test_it_kills(self):
        config = entries_yaml({"name": "bad"}, ECHO, workers=2,
                              watchdog="300ms", watchdog_kill="true",
                              crash_limit="2/1h")
        with serve(config) as server:
            bad, echo = server.addresses
            for number in range(2):
                self.assertEqual(entry_status(server, "bad")["state"],
                                 "serving")
                sock, victim = self.hang(bad)
                server.wait_log(self.stuck.format(victim, ": it is killed"))
                await_end(victim)
                sock.close()
                echo_times(echo, 20)
                until(lambda: len(children(server.pid)) == 2, "it is replaced")
            server.wait_log("entry=bad msg=\"put aside until the next reload")
            self.assertEqual(entry_status(server, "bad")["state"], "put aside")
            self.assertTrue(is_refused(bad))
            echo_times(echo, 20)


class Alone(unittest.TestCase):
    """An entry that one worker serves."""

    config = entries_yaml({"name": "alone", "workers": 1,
                           "listen": "[\"127.0.0.1:0\", \"unix:alone\"]",
                           "settings": "{init: tell}"},
                          {"name": "all", "log": "{access: true}"},
                          workers=3)

    @staticmethod
    def told(server):
        """The processes in which its init has run."""
        return {int(match.group(1)) for match in
                (re.search(r"init in process (\d+)", line)
                 for line in server.log) if match}

    def test_no_other_one_runs_its_init(self):
        with serve(self.config) as server:
            alone, path, all_address = server.addresses
            chosen = ask_once(alone)[0]
            self.assertEqual(self.told(server) & set(children(server.pid)),
                             {chosen})
            made = connect_to_all(server, 3, all_address)
            for sock, _ in made:
                sock.close()
            for pid in children(server.pid):
                kill(pid, signal.SIGKILL)
            chosen = ask_once(path)[0]
            for sock, _ in connect_to_all(server, 3, all_address):
                sock.close()
            self.assertEqual(self.told(server) & set(children(server.pid)),
                             {chosen})

    def test_no_other_one_holds_its_sockets(self):
        with serve(self.config) as server:
            chosen = ask_once(server.address)[0]
            port = int(server.address.rpartition(":")[2])
            holders = [pid for pid in children(server.pid)
                       if self.listens(pid, port)]
            self.assertEqual(holders, [chosen])

    @staticmethod
    def listens(pid, port):
        with open("/proc/net/tcp") as file:
            inodes = {line.split()[9] for line in file
                      if line.split()[1].endswith(f":{port:04X}") and
                      line.split()[3] == "0A"}
        links = [os.readlink(f"/proc/{pid}/fd/{fd}")
                 for fd in os.listdir(f"/proc/{pid}/fd")]
        return any(link[8:-1] in inodes for link in links
                   if link.startswith("socket:["))

    def test_a_switch_to_it_finds_it_there_alone(self):
        with serve(self.config) as server:
            chosen = ask_once(server.address)[0]
            made = connect_to_all(server, 3, server.addresses[2])
            for sock, pid in made:
                if pid == chosen:
                    self.assertEqual(ask(sock, b"switch alone")[0], pid)
                    self.assertEqual(ask(sock)[0], pid)
                else:
                    sock.sendall(b"switch alone\n")
                    self.assertEqual(recv_all(sock), b"")
                    server.wait_log("entry=all .*why=ENOENT")
                sock.close()
            until(lambda: entry_status(server, "alone")["accepted"] >= 2,
                  "the switch is counted")

    def test_at_the_end_it_answers_who_waits(self):
        with serve(self.config) as server:
            path = f"unix:{server.folder}/alone"
            chosen = ask_once(path)[0]
            os.kill(chosen, signal.SIGSTOP)
            socks = [connect(address) for address in
                     (server.address, path) * 10]
            for sock in socks:
                sock.sendall(b"last\n")
            server.signal(signal.SIGTERM)
            others = [pid for pid in children(server.pid) if pid != chosen]
            for pid in others:
                await_end(pid)
            os.kill(chosen, signal.SIGCONT)
            for sock in socks:
                self.assertEqual(recv_all(sock), b"%d one last\n" % chosen)
                sock.close()
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)


class Drain(unittest.TestCase):
    def test_an_entry(self):
        config = entries_yaml({"name": "old", "settings": "{init: tell}"},
                              {"name": "new"}, workers=2)
        with serve(config) as server:
            old, new = server.addresses
            leaving = connect_to_all(server, 2, old)
            staying = connect_to_all(server, 2, old)
            others = connect_to_all(server, 2, new)
            for sock, pid in staying:
                self.assertEqual(ask(sock, b"stay")[0], pid)
            berthctl(server, "drain", "old")
            self.assertTrue(is_refused(old))
            self.assertEqual(entry_status(server, "old")["state"], "draining")
            for sock, _ in leaving:
                self.assertEqual(recv_all(sock), b"")
                sock.close()
            for sock, pid in staying + others:
                self.assertEqual(ask(sock)[0], pid)
            self.assertEqual(entry_status(server, "old")["open"],
                             len(staying))
            for sock, _ in staying:
                sock.close()
            until(lambda: entry_status(server, "old")["open"] == 0,
                  "they have ended")
            for sock, pid in others:
                self.assertEqual(ask(sock)[0], pid)
            for _ in range(20):
                ask_once(new)
            self.check_successor(server, others[0][1], new)
            for sock, _ in others:
                sock.close()

    def check_successor(self, server, victim, address):
        """A worker that begins later does not begin with that entry."""
        start = len(server.log)
        kill(victim, signal.SIGKILL)
        for sock, _ in connect_to_all(server, 2, address):
            sock.close()
        self.assertEqual([line for line in server.log[start:]
                          if "init in process" in line], [])

    def test_at_a_shared_address(self):
        config = entries_yaml({"plugin": HTTP_LIKE, "name": "web",
                               "listen": "unix:shared"},
                              {"name": "rest", "listen": "unix:shared"},
                              workers=1)
        with serve(config) as server:
            address = f"unix:{server.folder}/shared"
            with connect(address) as sock:
                worker = ask(sock, b"stay")[0]
                berthctl(server, "drain", "rest")
                self.check_shared(address)
                self.assertEqual(ask(sock)[0], worker)
            kill(worker, signal.SIGKILL)
            self.check_shared(address)

    def check_shared(self, address):
        misbehave(address, b"who")
        with connect(address) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            self.assertEqual(recv_exactly(sock, 15), b"HTTP/1.1 200 OK")


if __name__ == "__main__":
    unittest.main()
