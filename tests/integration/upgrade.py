# SPDX-License-Identifier: MIT
"""SIGUSR2: the server becomes what its file is now, and loses nobody; what
cannot take its place does not."""

import json
import signal
import unittest

from harness import connect
from operation import CONTROL, Program, berthctl, command
from traffic import until
from witness import (Load, ask, ask_once, await_end, census, children,
                     configure, connect_to_all, kill, serve, witness_yaml)

BOTH = ("127.0.0.1:0", "unix:sock")
TOP = {"workers": 2, "control": CONTROL, "start_timeout": "30s"}
REFUSED = "the upgrade is refused: generation 1 serves on"


class Upgrade(unittest.TestCase):
    def setUp(self):
        self.program = Program(self)

    def serve(self, **top):
        return serve(witness_yaml(BOTH, **{**TOP, **top}))

    def add_clients(self, server, load):
        for address in (server.addresses[0], f"unix:{server.folder}/sock"):
            load.add(address, 10)
            load.add(address, 10, is_short=True)
        load.settle()


class UnderLoad(Upgrade):
    def test_several_in_a_row(self):
        with self.serve(drain_timeout="none",
                        old_generations=64) as server, Load() as load:
            self.add_clients(server, load)
            who = {client: client.pid for client in load.clients
                   if not client.is_short}
            for number in range(2, 7):
                self.program.replace()
                self.program.upgrade(server, load)
                load.run_for(200)
                self.check_status(server, number)
                for client, pid in who.items():
                    self.assertEqual(client.pid, pid)
                # Newcomers are served by the newest ones.
                self.assertNotIn(ask_once(server.address)[0], who.values())
            self.check_connections(server, who)

    def check_status(self, server, generation):
        """It is the process that it was, and can be commanded."""
        self.assertIsNone(server.process.poll())
        status = json.loads(berthctl(server, "--json", "status"))["status"]
        self.assertEqual((status["pid"], status["generation"],
                          status["reloads"], status["failed_reloads"]),
                         (server.pid, generation, generation - 1, 0))

    def check_connections(self, server, who):
        rows = json.loads(command(server, "json connections"))
        for client, pid in who.items():
            if client.sock.family.name == "AF_INET":
                host, port = client.sock.getsockname()
                row, = [row for row in rows
                        if row["peer"] == f"{host}:{port}"]
                self.assertEqual(row["id"].split(".")[0], str(pid))

    def test_what_is_broken_is_refused(self):
        with self.serve() as server, Load() as load:
            self.add_clients(server, load)
            who = set(children(server.pid))
            for script, mode, told in [
                    ("#!/bin/sh\nexit 1\n", 0o755, "exit status 1"),
                    ("#!/bin/sh\nexit 0\n", 0o755, "exit status 0"),
                    ("#!/bin/sh\necho 'not today' >&2; exit 1\n", 0o755,
                     "not today"),
                    ("#!/bin/sh\nkill -SEGV $$\n", 0o755, "SIGSEGV"),
                    ("#!/bin/sh\nexit 0\n", 0o644, "Permission denied"),
                    ("#!/nowhere/sh\n", 0o755, "No such file"),
                    ("\x7fELF, but not much of it", 0o755, "format error")]:
                with self.subTest(script, mode=mode):
                    self.program.write(script, mode)
                    self.check_refused(server, load, told)
                    self.assertEqual(set(children(server.pid)), who)
            self.program.replace()
            self.program.upgrade(server, load)

    def check_refused(self, server, load, told):
        start = len(server.log)
        self.program.upgrade(server, load, REFUSED)
        self.assertIn(told, "\n".join(server.log[start:]))
        load.run_for(50)

    def test_one_that_hangs_is_refused(self):
        with self.serve(start_timeout="2s") as server, Load() as load:
            self.add_clients(server, load)
            self.program.write("#!/bin/sh\nexec sleep 1000\n")
            self.check_refused(server, load, "its --check hangs")
            until(lambda: len(children(server.pid)) == 2, "it is gone")

    def test_it_reads_what_it_is_to_serve_first(self):
        with self.serve() as server, Load() as load:
            self.add_clients(server, load)
            configure(server, witness_yaml(BOTH, **TOP) + "colour: 1\n")
            self.program.replace()
            self.check_refused(server, load, "error: unknown key 'colour'")
            self.assertIn(
                "server.yaml:",
                [line for line in server.log if "'colour'" in line][0])


class Whole(Upgrade):
    def test_nothing_is_left_over(self):
        with self.serve() as server:
            self.program.upgrade(server)
            before = self.settled(server)
            for _ in range(10):
                self.program.replace()
                self.program.upgrade(server)
                ask_once(server.address)
            until(lambda: self.settled(server) == before, "as before")

    @staticmethod
    def settled(server):
        """What each process has open when the earlier ones have left."""
        until(lambda: len(children(server.pid)) == 2, "two are there")
        for sock, _ in connect_to_all(server, 2):
            sock.close()
        until(lambda: command(server, "tsv connections").count("\n") == 1,
              "no connection is left")
        return census(server)

    def test_it_takes_over_whoever_is_there(self):
        """Also one that finishes, and one whose worker dies afterwards."""
        with self.serve() as server, connect(server.address) as old:
            pid = ask(old)[0]
            self.program.upgrade(server)
            self.program.upgrade(server)
            self.assertEqual(ask(old)[0], pid)
            kill(pid, signal.SIGKILL)
            victim = ask_once(server.address)[0]
            kill(victim, signal.SIGKILL)
            self.assertNotEqual(ask_once(server.address)[0], victim)
            until(lambda: len(children(server.pid)) == 2,
                  "the one that finished has no successor")

    def test_a_reload_and_an_upgrade_at_once(self):
        with self.serve() as server:
            start = len(server.log)
            server.signal(signal.SIGUSR2)
            server.signal(signal.SIGHUP)
            server.wait_log("upgraded to berth", start)
            upgraded = next(i for i, line in enumerate(server.log)
                            if i >= start and "upgraded to berth" in line)
            # One before it, or the upgrade's own, which is later than both.
            server.wait_log("reloaded: generation [23] serves", upgraded)
            ask_once(server.address)

    def test_the_end_does_not_wait_for_a_trial(self):
        with self.serve() as server:
            workers = set(children(server.pid))
            self.program.write("#!/bin/sh\nexec sleep 1000\n")
            server.signal(signal.SIGUSR2)
            until(lambda: len(children(server.pid)) == 3, "it is tried")
            trial, = set(children(server.pid)) - workers
            server.stop()
            await_end(trial)


if __name__ == "__main__":
    unittest.main()
