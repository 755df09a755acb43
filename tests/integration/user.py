# SPDX-License-Identifier: MIT
"""As whom the server runs: workers as `user` and `group` say, if root starts
it; the supervisor as who starts it; and what is said if it is not root."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import unittest

from harness import BERTH, BUILD, TIMEOUT_S, Server, run
from traffic import until
from witness import (ENVIRONMENT, ask_once, await_end, children, configure,
                     connect_to_all, reload, serve, witness_yaml)

BERTHCTL = os.path.join(BUILD, "bin", "berthctl")
IS_ROOT = os.geteuid() == 0
NOBODY = 65534  # may have no name here
GROUP = 12345

# In front of a program: it becomes nobody, who may look into the folder.
BECOME_NOBODY = [] if not IS_ROOT else [
    sys.executable, "-c",
    "import os, sys\n"
    "os.chmod('.', 0o755)\n"
    "os.setgroups([])\n"
    f"os.setgid({NOBODY})\n"
    f"os.setuid({NOBODY})\n"
    "os.execvp(sys.argv[1], sys.argv[1:])\n"]


def ids(pid):
    """Real, effective, saved and file system ids of user and group, and the
    further groups."""
    found = {}
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            name, _, values = line.partition(":")
            if name in ("Uid", "Gid", "Groups"):
                found[name] = [int(value) for value in values.split()]
    return found["Uid"], found["Gid"], found["Groups"]


@unittest.skipUnless(IS_ROOT, "needs root")
class Root(unittest.TestCase):
    top = {"workers": 2, "user": NOBODY, "group": GROUP,
           "control": "unix:control.sock", "log": "{file: ./berth.log}"}

    def check_workers(self, pid, count=2):
        # Whoever tried the configuration may be about to end.
        until(lambda: len(children(pid)) == count, f"{count} are there")
        workers = children(pid)
        for worker in workers:
            self.assertEqual(ids(worker),
                             ([NOBODY] * 4, [GROUP] * 4, [GROUP]))
        self.assertEqual(ids(pid)[:2], ([0] * 4, [0] * 4))
        return workers

    def test_workers_are_somebody_else(self):
        with tempfile.TemporaryDirectory(prefix="berth-") as folder:
            self.write(folder, ["127.0.0.1:0"])
            process = subprocess.Popen(
                [BERTH, "-c", "server.yaml"], cwd=folder,
                env={**os.environ, **ENVIRONMENT})
            try:
                until(lambda: "ready: " in self.log(folder), "it is ready")
                self.operate(folder, process)
            finally:
                process.terminate()
                self.assertEqual(process.wait(TIMEOUT_S), 0)
            self.assertIn('"stopped"', self.log(folder))

    def write(self, folder, addresses):
        with open(os.path.join(folder, "server.yaml"), "w") as file:
            file.write(witness_yaml(addresses, **self.top))

    @staticmethod
    def log(folder):
        try:
            with open(os.path.join(folder, "berth.log")) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def operate(self, folder, process):
        self.check_workers(process.pid)
        # A port that root alone may bind, at an address that is nobody's.
        address = "127.{}.{}.{}:999".format(
            *(random.randint(2, 250) for _ in range(3)))
        self.write(folder, ["127.0.0.1:0", address])
        process.send_signal(signal.SIGHUP)
        until(lambda: "reloaded: " in self.log(folder), "it is reloaded")
        until(lambda: len(children(process.pid)) == 2, "the old ones are gone")
        self.assertIn(f'"listening on {address}"', self.log(folder))
        workers = self.check_workers(process.pid)
        self.assertIn(ask_once(address)[0], workers)
        self.check_control(folder)
        self.rotate(folder, process)
        self.check_successor(folder, process, address)

    @staticmethod
    def command(folder, word):
        path = os.path.join(folder, "control.sock")
        return subprocess.run([BERTHCTL, "-s", path, word],
                              stdout=subprocess.PIPE, timeout=TIMEOUT_S,
                              check=True).stdout

    def check_control(self, folder):
        path = os.path.join(folder, "control.sock")
        self.assertEqual(os.stat(path).st_uid, 0)
        self.assertIn(b"serving", self.command(folder, "status"))

    def rotate(self, folder, process):
        """It is the supervisor who opens it anew, and hands it on."""
        name = os.path.join(folder, "berth.log")
        os.rename(name, name + ".1")
        process.send_signal(signal.SIGUSR1)
        until(lambda: os.path.exists(name), "it is there again")
        # Workers answer when they have done what they were told before.
        self.command(folder, "connections")

    def check_successor(self, folder, process, address):
        victim = ask_once(address)[0]
        os.kill(victim, signal.SIGTERM)
        await_end(victim)
        for sock, _ in connect_to_all(None, 2, address):
            sock.close()
        self.check_workers(process.pid)
        # What a worker writes is in the new file.
        until(lambda: "stopping: " in self.log(folder), "it has told")

    def test_a_group_alone(self):
        with serve(witness_yaml(workers=1, group=GROUP)) as server:
            worker, = children(server.pid)
            self.assertEqual(ids(worker), ([0] * 4, [GROUP] * 4, [GROUP]))


class Other(unittest.TestCase):
    def check_refused(self, message, **top):
        done = run("-c", "server.yaml", config=witness_yaml(**top),
                   wrapper=BECOME_NOBODY)
        self.assertEqual(done.returncode, 71, done.stderr)
        self.assertTrue(done.stderr.startswith(message), done.stderr)
        self.assertIn("hint: start the server as root, or remove",
                      done.stderr)
        self.assertNotIn("plugin", done.stderr)

    def test_a_user_is_refused(self):
        self.check_refused("server.yaml:2:7: error: 'user': only root may run "
                           "workers as somebody else\n",
                           workers=2, user="root")

    def test_a_group_is_refused(self):
        self.check_refused("server.yaml:2:8: error: 'group': only root may "
                           "run workers as somebody else\n",
                           workers=2, group=GROUP)

    @unittest.skipUnless(IS_ROOT, "needs root")
    def test_who_it_is_already_is_fine(self):
        with serve(witness_yaml(workers=1, user=NOBODY, group=NOBODY),
                   wrapper=BECOME_NOBODY) as server:
            for pid in (server.pid, ask_once(server.address)[0]):
                self.assertEqual(ids(pid)[0], [NOBODY] * 4)

    def test_a_reload_is_refused(self):
        config = witness_yaml(workers=1)
        with serve(config, wrapper=BECOME_NOBODY) as server:
            pid = ask_once(server.address)[0]
            configure(server, "user: root\n" + config)
            start = len(server.log)
            reload(server, "the reload has failed: generation 1 serves on")
            self.assertIn("server.yaml:1:7: error: 'user': only root may run "
                          "workers as somebody else", server.log[start:])
            self.assertEqual(ask_once(server.address)[0], pid)
            configure(server, config)
            reload(server)


class Alone(unittest.TestCase):
    """Without workers the one process is who started it."""

    top = {"workers": 0, "user": "root", "group": "root",
           "control": "unix:control.sock"}

    def told(self, **more):
        with Server(witness_yaml(**self.top), **more) as server:
            ask_once(server.address)
            self.assertEqual(ids(server.pid), ids(os.getpid()))
            return [line for line in server.log if "warning: " in line]

    def check_warned(self, lines):
        self.assertEqual(lines, [
            f"server.yaml:{place}: warning: '{key}' does nothing where there "
            "are no workers (workers: 0)" for place, key in
            (("2:7", "user"), ("3:8", "group"), ("4:10", "control"))])

    def test_the_file_says_so(self):
        self.check_warned(self.told(workers=None))

    def test_the_command_line_says_so(self):
        self.check_warned(self.told(workers=0))

    def test_a_check_does_not_warn(self):
        done = run("--check", "-c", "server.yaml",
                   config=witness_yaml(**self.top))
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
