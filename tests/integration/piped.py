# SPDX-License-Identifier: MIT
"""A configuration that can be read only once: from a pipe."""

import os
import shutil
import signal
import unittest

from harness import ECHO, Server, connect, run, skip
from traffic import round_trip
from witness import (ENVIRONMENT, ask_once, kill, reload, serve, witness_yaml)

BASH = shutil.which("bash")

# In front of berth: its configuration comes through a pipe.
SUBSTITUTED = [BASH, "-c", 'exec "$@" -c <(cat server.yaml)', "bash"]
STDIN = [BASH, "-c", 'exec "$@" -c /dev/stdin < <(cat server.yaml)', "bash"]


class Piped(unittest.TestCase):
    def test_one_process(self):
        for wrapper in (SUBSTITUTED, STDIN):
            with Server(args=[], wrapper=wrapper) as server, \
                    connect(server.address) as sock:
                round_trip(sock)

    def test_several_processes(self):
        for wrapper in (SUBSTITUTED, STDIN):
            with serve(witness_yaml(workers=2), args=[],
                       wrapper=wrapper) as server:
                server.wait_log(r"configuration: /dev/(fd/\d+|stdin)\"")
                victim = ask_once(server.address)[0]
                kill(victim, signal.SIGKILL)
                server.wait_log("has died")
                self.assertNotEqual(ask_once(server.address)[0], victim)

    def test_paths_are_relative_to_the_working_directory(self):
        with serve(witness_yaml(["unix:sock"], workers=1), args=[],
                   wrapper=SUBSTITUTED) as server:
            self.assertEqual(server.address,
                             "unix:" + os.path.join(server.folder, "sock"))
            ask_once(server.address)

    def test_a_reload_says_that_it_cannot_be_read_again(self):
        for wrapper in (SUBSTITUTED, STDIN):
            with serve(witness_yaml(workers=1), args=[],
                       wrapper=wrapper) as server:
                worker = ask_once(server.address)[0]
                start = len(server.log)
                reload(server, "the reload has failed: generation 1 serves on")
                server.wait_log(r"^/dev/(fd/\d+|stdin): error: cannot be read "
                                "again: it is a pipe or a device", start)
                self.assertEqual(ask_once(server.address)[0], worker)

    def test_an_upgrade_is_refused(self):
        with serve(witness_yaml(workers=1), args=[], wrapper=STDIN) as server:
            worker = ask_once(server.address)[0]
            server.signal(signal.SIGUSR2)
            server.wait_log("cannot upgrade: the configuration came through")
            self.assertEqual(ask_once(server.address)[0], worker)

    def test_what_only_looks_at_it(self):
        for args in (["--check"], ["--print-config"]):
            done = run(*args, config=ECHO, wrapper=SUBSTITUTED)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("/dev/fd/", done.stdout)
            self.assertEqual(done.stderr, "")

    def test_errors_have_their_place(self):
        for workers in (0, 1):
            done = run(config=f"workers: {workers}\n" + ECHO + "    lisen: 1\n",
                       wrapper=SUBSTITUTED, env=ENVIRONMENT)
            self.assertEqual(done.returncode, 78)
            self.assertRegex(done.stderr, r"^/dev/fd/\d+:5:5: error: ")
            self.assertIn("    5 |     lisen: 1\n", done.stderr)

    def test_nothing_and_too_much(self):
        done = run("-c", "/dev/null")
        self.assertEqual(done.returncode, 78)
        self.assertIn("/dev/null: error: there is nothing in this file",
                      done.stderr)
        done = run("-c", "/dev/zero")
        self.assertEqual(done.returncode, 78)
        self.assertEqual(done.stderr, "/dev/zero: error: cannot be read: "
                         "File too large\n")


if __name__ == "__main__":
    if BASH is None:
        skip("bash is not there")
    unittest.main()
