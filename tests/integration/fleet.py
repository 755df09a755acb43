# SPDX-License-Identifier: MIT
"""A server of several processes as it is operated: how it ends, how its
connections spread, what it does without what it stands on."""

import collections
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

from harness import BERTH, TIMEOUT_S, connect, recv_all, run
from traffic import MIB, raise_descriptors, send_until_stuck, until
from witness import (ENVIRONMENT, Load, ask, ask_once, await_end, children, configure,
                     connect_to_all, reload, serve, witness_yaml)

WORKERS = 3


class End(unittest.TestCase):
    def check_answers(self, number):
        """All that arrived before the signal is answered, then comes FIN."""
        with serve(witness_yaml(["127.0.0.1:0", "unix:sock"],
                                workers=WORKERS)) as server:
            path = f"unix:{server.folder}/sock"
            workers = children(server.pid)
            socks = [connect(address)
                     for address in (server.address, path) * 30]
            for sock in socks:
                ask(sock)
            for pid in workers:
                os.kill(pid, signal.SIGSTOP)
            # These are connected, though nobody has accepted them yet.
            socks += [connect(address)
                      for address in (server.address, path) * 10]
            for sock in socks:
                sock.sendall(b"last\n" * 100)
            server.signal(number)
            server.wait_log('"stopping"')
            for pid in workers:
                os.kill(pid, signal.SIGCONT)
            for sock in socks:
                self.assertEqual(recv_all(sock).count(b" one last\n"), 100)
                sock.close()
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)

    def test_sigterm_answers_what_has_arrived(self):
        self.check_answers(signal.SIGTERM)

    def test_sigint_answers_what_has_arrived(self):
        self.check_answers(signal.SIGINT)

    def test_sigterm_under_load(self):
        with serve(witness_yaml(workers=WORKERS)) as server, Load() as load:
            load.add(server.address, 50)
            load.settle()
            load.run_for(500)
            load.may_end.update(children(server.pid))
            server.signal(signal.SIGTERM)
            load.run(lambda: len(load.ended) == 50, "all have ended")
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)

    def test_a_second_signal_ends_at_once(self):
        config = witness_yaml(workers=2, drain_timeout="none")
        with serve(config) as server, \
                connect(server.address, receive_buffer=4096) as stuck:
            send_until_stuck(stuck, (b"x" * 1000 + b"\n") * (16 * MIB // 1001))
            server.signal(signal.SIGTERM)
            server.wait_log("stopping: ")
            self.assertIsNone(server.process.poll())
            server.signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)

    def test_a_worker_that_does_not_end_is_killed(self):
        config = witness_yaml(workers=2, drain_timeout="1ms")
        with serve(config) as server, connect(server.address) as sock:
            sock.sendall(b"hang\n")
            server.signal(signal.SIGTERM)
            server.wait_log("workers that do not end are killed")
            self.assertEqual(server.process.wait(TIMEOUT_S), 0)

    def test_without_its_supervisor_a_worker_leaves(self):
        server = serve(witness_yaml(["127.0.0.1:0", "unix:sock"], workers=2))
        workers = children(server.pid)
        with connect(server.address) as sock:
            ask(sock)
            server.process.kill()
            self.assertEqual(recv_all(sock), b"")
        for pid in workers:
            await_end(pid)
        config = witness_yaml([server.address], workers=2)
        server.kill()
        with serve(config) as other:  # the address is free again
            ask_once(other.address)


class Spread(unittest.TestCase):
    def test_two_workers_share_evenly(self):
        count = min(2000, (raise_descriptors(2200) - 200) & ~1)
        with serve(witness_yaml(workers=2)) as server:
            socks = [connect(server.address) for _ in range(count)]
            counts = collections.Counter(ask(sock)[0] for sock in socks)
            for sock in socks:
                sock.close()
        print(f"{count} connections: {sorted(counts.values())}")
        self.assertEqual(len(counts), 2)
        self.assertGreaterEqual(min(counts.values()), count * 40 // 100)

    def test_an_entry_of_one_worker(self):
        config = witness_yaml(workers=4, entry={"workers": 1})
        with serve(config) as server:
            pids = {ask_once(server.address)[0] for _ in range(100)}
            self.assertEqual(len(pids), 1)
            victim, = pids
            os.kill(victim, signal.SIGKILL)
            await_end(victim)
            pids = {ask_once(server.address)[0] for _ in range(100)}
            self.assertEqual(len(pids), 1)
            self.assertNotIn(victim, pids)

    def test_more_workers_than_shards(self):
        with serve(witness_yaml(workers=1)) as server:
            configure(server, witness_yaml(workers=40))
            reload(server)
            for pid in children(server.pid)[::2]:
                os.kill(pid, signal.SIGKILL)
            for _ in range(100):
                ask_once(server.address)
            until(lambda: len(children(server.pid)) == 40, "all are there")


class Log(unittest.TestCase):
    def test_all_processes_open_it_anew(self):
        config = witness_yaml(workers=2, log="{file: ./berth.log}")
        with tempfile.TemporaryDirectory(prefix="berth-") as folder:
            name = os.path.join(folder, "berth.log")
            with open(os.path.join(folder, "server.yaml"), "w") as file:
                file.write(config)
            process = subprocess.Popen([BERTH, "-c", "server.yaml"],
                                       cwd=folder, env={**os.environ,
                                                        **ENVIRONMENT})
            try:
                until(lambda: "ready: " in read(name), "it is ready")
                until(lambda: len(children(process.pid)) == 2,
                      "the checker has ended")
                self.rotate(process.pid, name)
            finally:
                process.terminate()
                self.assertEqual(process.wait(TIMEOUT_S), 0)
            self.assertIn('"stopped"', read(name))

    def rotate(self, supervisor, name):
        workers = children(supervisor)
        os.rename(name, name + ".1")
        os.kill(supervisor, signal.SIGUSR1)
        until(lambda: all(has_open(pid, name) for pid in
                          (supervisor, *workers)), "all write to the new one")
        os.kill(workers[0], signal.SIGTERM)
        until(lambda: '"stopped"' in read(name), "a worker writes there")
        os.kill(workers[1], signal.SIGKILL)
        until(lambda: "has died: SIGKILL" in read(name),
              "the supervisor, too")
        self.assertNotIn("has died", read(name + ".1"))


def read(name):
    """What is in the file so far."""
    try:
        with open(name) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def has_open(pid, name):
    """Does the process hold that file open, and no older one of the name?"""
    folder = f"/proc/{pid}/fd"
    links = []
    for fd in os.listdir(folder):
        try:
            links.append(os.readlink(f"{folder}/{fd}"))
        except FileNotFoundError:  # it was closed meanwhile
            pass
    name = os.path.realpath(name)
    return name in links and name + ".1" not in links


class Surroundings(unittest.TestCase):
    def test_the_file_is_gone_at_a_reload(self):
        with serve(witness_yaml(workers=2)) as server:
            os.unlink(os.path.join(server.folder, "server.yaml"))
            start = len(server.log)
            reload(server, "the reload has failed: generation 1 serves on")
            self.assertIn("server.yaml: error: cannot be read",
                          "\n".join(server.log[start:]))
            ask_once(server.address)
            configure(server, witness_yaml(workers=2))
            reload(server)

    def test_the_working_directory_is_gone(self):
        with serve(witness_yaml(workers=2)) as server:
            victim = ask_once(server.address)[0]
            shutil.rmtree(server.folder)
            reload(server, "the reload has failed")
            os.kill(victim, signal.SIGKILL)
            await_end(victim)
            for sock, _ in connect_to_all(server, 2):
                sock.close()

    def test_a_thousand_addresses(self):
        if raise_descriptors(20000) < 10000:
            self.skipTest("too few descriptors")
        # One shard each: port 0 would be eight.
        listen = [f"unix:sock{number}" for number in range(1000)]
        with serve(witness_yaml(listen, workers=2)) as server:
            ask_once(f"unix:{server.folder}/sock999")
            reload(server)
            ask_once(f"unix:{server.folder}/sock0")

    def test_too_few_descriptors(self):
        for limit in (5, 6, 7, 10, 16):
            done = run("-c", "server.yaml", config=witness_yaml(workers=2),
                       wrapper=("prlimit", f"--nofile={limit}:{limit}"))
            self.assertEqual(done.returncode, 71, done.stderr)
            self.assertIn("Too many open files", done.stderr)


if __name__ == "__main__":
    unittest.main()
