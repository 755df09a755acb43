# SPDX-License-Identifier: MIT
"""berthctl and a server of several processes: what is told is true, what is
ordered is done, by all of them; who may not, or is too late, is told why."""

import json
import os
import signal
import unittest

from harness import TIMEOUT_S, connect, recv_exactly, run
from operation import (ACTOR, ACTORS, BERTHCTL, CONTROL, berthctl, command,
                       control_path)
from terminal import Terminal
from traffic import gather, reset, until
from witness import (ENVIRONMENT, ask, ask_once, children, configure,
                     connect_to_all, kill, reload, serve, witness_yaml)

NOBODY = 65534


class Level(unittest.TestCase):
    """Connections that are reset are told at the level debug."""

    WORKERS = 3

    def setUp(self):
        self.server = serve(witness_yaml(workers=self.WORKERS,
                                         control=CONTROL))
        self.addCleanup(self.server.__exit__, None, None, None)

    def reset_one_each(self):
        """A connection of each worker: by then it has heard of the level."""
        made = connect_to_all(self.server, self.WORKERS)
        last = dict((pid, sock) for sock, pid in made)
        for sock, _ in made:
            if sock not in last.values():
                sock.close()
        for sock in last.values():
            ask(sock)
            reset(sock)

    def lines(self):
        return sum("reset by peer" in line for line in self.server.log)

    def set(self, level):
        berthctl(self.server, "log", level)
        status = json.loads(command(self.server, "json status"))["status"]
        self.assertEqual(status["log_level"], level)

    def await_lines(self, count):
        until(lambda: self.lines() == count, f"{count} lines", 10)

    def test_it_takes_effect_in_all_workers(self):
        self.reset_one_each()
        self.set("debug")
        self.reset_one_each()
        self.await_lines(3)
        self.set("info")
        self.reset_one_each()
        self.set("debug")
        self.reset_one_each()
        self.await_lines(6)

    def test_a_successor_has_it_too(self):
        self.set("debug")
        for pid in children(self.server.pid):
            kill(pid, signal.SIGKILL)
        self.reset_one_each()
        self.await_lines(3)

    def test_a_level_that_is_none(self):
        self.assertIn("'loud'", berthctl(self.server, "log", "loud", status=1))


class Reload(unittest.TestCase):
    """It is waited for; one that fails is explained as --check does."""

    top = {"workers": 2, "control": CONTROL}

    def setUp(self):
        self.server = serve(witness_yaml(**self.top))
        self.addCleanup(self.server.__exit__, None, None, None)

    def refused(self, config):
        """What berthctl says; the server goes on as before."""
        who = set(children(self.server.pid))
        configure(self.server, config)
        told = berthctl(self.server, "reload", status=1)
        until(lambda: set(children(self.server.pid)) == who,
              "nothing is left of the new one")
        ask_once(self.server.address)
        return told

    def test_one_that_succeeds(self):
        before = ask_once(self.server.address)[0]
        berthctl(self.server, "reload")
        # No newcomer is served by the old ones any more.
        self.assertNotEqual(ask_once(self.server.address)[0], before)
        status = json.loads(command(self.server, "json status"))["status"]
        self.assertEqual((status["generation"], status["last_reload"]),
                         (2, "ok"))

    def test_warnings_are_told(self):
        configure(self.server, witness_yaml(**self.top) +
                  f"  - {{plugin: {ACTOR}}}\n")
        self.assertIn("server.yaml:", berthctl(self.server, "reload"))

    def test_what_check_says_is_said(self):
        for config in ("protocols: [\n",
                       witness_yaml(**self.top) + "colour: 1\nfoo: 2\n",
                       witness_yaml(plugin="/none.so", **self.top),
                       witness_yaml(settings={"init": "refuse"}, **self.top)):
            with self.subTest(config):
                checked = run("--check", "-c", "server.yaml", config=config,
                              env=ENVIRONMENT)
                self.assertEqual(checked.returncode, 78)
                self.assertRegex(checked.stderr, r"\Aserver\.yaml:\d+:\d+: ")
                self.assertEqual(self.refused(config), checked.stderr)

    def test_a_plugin_that_misbehaves_is_named(self):
        for manner, told in (("hang", "init of 'witness' hangs"),
                             ("crash", "SIGABRT in init of 'witness'"),
                             ("exit", "exit status 3 in init of 'witness'")):
            with self.subTest(manner):
                # The limit is that of the file that is tried.
                limit = "3s" if manner == "hang" else "30s"
                self.assertIn(told, self.refused(witness_yaml(
                    settings={"init": manner}, start_timeout=limit,
                    **self.top)))
        configure(self.server, witness_yaml(**self.top))
        berthctl(self.server, "reload")

    def test_several_who_wait_hear_the_same(self):
        configure(self.server, "colour: 1\n")
        told = gather(*[lambda: berthctl(self.server, "reload", status=1)] * 4)
        for text in told:
            self.assertIn("unknown key 'colour'", text)


class Top(unittest.TestCase):
    def setUp(self):
        self.server = serve(ACTORS)
        self.addCleanup(self.server.__exit__, None, None, None)

    def start(self):
        terminal = Terminal([BERTHCTL, "-s", control_path(self.server),
                             "--interval", "100ms", "top"])
        self.addCleanup(terminal.__exit__)
        terminal.wait(r"^berth \S+ .*serving", r"^ENTRY +OPEN", r"^one +\d",
                      r"^ +0 +1 +\d+ ", r"^ +1 +1 +\d+ ", "^q: quit$")
        return terminal

    def check_end(self, terminal, status):
        self.assertEqual(terminal.wait_for_end(), status)
        self.assertTrue(terminal.is_restored())

    def test_it_follows_the_server_and_the_terminal(self):
        terminal = self.start()
        with connect(self.server.address) as sock:
            sock.sendall(b"hello\n")
            recv_exactly(sock, 6)
            terminal.wait("^one +1 ")
            terminal.resize(60, 12)
            terminal.wait("^one +1 ", "^WORKER")
            terminal.resize(20, 4)
            terminal.wait("^20x4 is too small")
            terminal.resize(80, 24)
            terminal.wait("^one +1 ", "^q: quit$")
        terminal.wait("^one +0 ")
        reload(self.server)
        terminal.wait("^ +0 +2 +", "^q: quit$")
        terminal.type("q")
        self.check_end(terminal, 0)

    def test_an_interrupt_ends_it(self):
        terminal = self.start()
        terminal.process.send_signal(signal.SIGINT)
        self.check_end(terminal, 0)

    def test_it_outlives_the_server(self):
        terminal = self.start()
        self.server.stop()
        terminal.wait("^no server: there is no ")
        terminal.type("q")
        self.check_end(terminal, 0)


class Refused(unittest.TestCase):
    def test_the_server_has_ended(self):
        with serve(ACTORS) as server:
            path = control_path(server)
            os.chmod(server.folder, 0o755)
            self.assertIn("version", berthctl(server, "status"))
            server.signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)
            self.assertIn(f"there is no {path}",
                          berthctl(server, "status", status=69))

    def test_the_server_was_killed(self):
        with serve(ACTORS) as server:
            workers = children(server.pid)
            server.process.kill()
            server.process.wait()
            server.expected_status = -signal.SIGKILL
            told = berthctl(server, "status", status=69)
            self.assertIn("is there, but nobody listens", told)
            self.assertIn(control_path(server), told)
            for pid in workers:  # they leave without being told
                until(lambda: not os.path.exists(f"/proc/{pid}"), "it leaves")

    @unittest.skipIf(os.geteuid() != 0, "only root can be another user")
    def test_another_user(self):
        with serve(ACTORS) as server:
            os.chmod(server.folder, 0o755)
            path = control_path(server)
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            try:
                told = berthctl(server, "status", status=69, user=NOBODY)
            except PermissionError:
                self.skipTest("another user cannot run berthctl from here")
            self.assertIn(f"{path} is there, but only root and its owner, "
                          "user 0", told)
            # Whoever let others connect still does not let them command.
            os.chmod(path, 0o666)
            self.assertIn("user 65534",
                          berthctl(server, "status", status=1, user=NOBODY))


if __name__ == "__main__":
    unittest.main()
