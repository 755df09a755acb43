# SPDX-License-Identifier: MIT
"""Reloads under load: not one connection is refused, reset or given a wrong
answer, what is new serves newcomers, what is old serves on; and reloads that
fail change nothing."""

import json
import os
import shutil
import signal
import unittest

from harness import SOURCE, connect, recv_all, run
from traffic import build_plugin, is_refused, until
from witness import (ENVIRONMENT, WITNESS, Load, ask, ask_once, children,
                     configure, connect_to_all, kill, reload, serve,
                     witness_yaml)

# BERTH_RELOADS=100 in the environment is what issue 5 asks for.
RELOADS = int(os.environ.get("BERTH_RELOADS", "20"))
BATCH = 50  # at most 64 old generations may be there
BOTH = ("127.0.0.1:0", "unix:sock")


def unix_address(server):
    return f"unix:{server.folder}/sock"


class UnderLoad(unittest.TestCase):
    top = {"drain_timeout": "none", "old_generations": 64}

    def add_clients(self, server, load):
        for address in (server.addresses[0], unix_address(server)):
            load.add(address, 10)
            load.add(address, 10, is_short=True)
        load.settle()

    def check_long_ones(self, load, who):
        """They are served by those who served them before."""
        for client, pid in who.items():
            self.assertEqual(client.pid, pid)
        load.run_for(100)

    def long_ones(self, load):
        return {client: client.pid for client in load.clients
                if not client.is_short}

    def test_many_in_a_row(self):
        with serve(witness_yaml(BOTH, workers=2, **self.top)) as server:
            left = RELOADS
            while left > 0:
                with Load() as load:
                    self.add_clients(server, load)
                    who = self.long_ones(load)
                    for _ in range(min(BATCH, left)):
                        load.reload(server)
                        self.check_long_ones(load, who)
                    answers = load.answers
                left -= BATCH
                print(f"{answers} answers, the longest wait for a first one "
                      f"{load.longest_s * 1000:.1f} ms")
            # The old generations leave with their last connection.
            until(lambda: len(children(server.pid)) == 2, "the others left")

    def test_all_signals_at_once_are_one_more(self):
        with serve(witness_yaml(BOTH, workers=2, **self.top)) as server, \
                Load() as load:
            self.add_clients(server, load)
            for _ in range(50):
                server.signal(signal.SIGHUP)
                load.turn()
            before = ask_once(server.address)[0]
            load.reload(server)
            load.run(lambda: ask_once(server.address)[0] != before,
                     "another one serves")

    def test_the_number_of_workers_changes(self):
        with serve(witness_yaml(BOTH, workers=1, **self.top)) as server, \
                Load() as load:
            self.add_clients(server, load)
            who = self.long_ones(load)
            for count in (4, 2, 1, 40, 2):
                configure(server, witness_yaml(BOTH, workers=count,
                                               **self.top))
                load.reload(server)
                self.check_long_ones(load, who)
                new = {pid for pid in children(server.pid)}
                # Where several share a socket, not all of them need to.
                for sock, pid in connect_to_all(server, min(count, 4)):
                    self.assertIn(pid, new)
                    sock.close()

    def test_the_plugin_is_overwritten_in_place(self):
        with serve(witness_yaml(BOTH, workers=2, **self.top)) as server:
            path = os.path.join(server.folder, "mine.so")
            built = {"one": WITNESS}
            for version in ("two", "three"):
                built[version] = os.path.join(server.folder, version + ".so")
                self.build(built[version], version)
            shutil.copy(WITNESS, path)
            configure(server, witness_yaml(BOTH, plugin="./mine.so",
                                           workers=2, **self.top))
            reload(server)
            with Load() as load:
                self.add_clients(server, load)
                held = [("one", connect(server.address))]
                for version in ("two", "three", "one", "two"):
                    self.overwrite(path, built[version])
                    load.run_for(500)  # the old one in all of its memory
                    for sock, pid in connect_to_all(server, 2):
                        self.assertEqual(ask(sock)[1], held[-1][0])
                        sock.close()
                    load.reload(server)
                    self.assertEqual(ask_once(server.address)[1], version)
                    self.assertEqual(ask_once(unix_address(server))[1],
                                     version)
                    held.append((version, connect(server.address)))
                    for theirs, sock in held:
                        self.assertEqual(ask(sock)[1], theirs)
                    victim = ask_once(server.address)[0]
                for client in load.clients:
                    if not client.is_short:
                        self.assertEqual(client.version, "one")
                for _, sock in held:
                    sock.close()
            # A successor runs what its generation was made of.
            self.overwrite(path, built["three"])
            kill(victim, signal.SIGKILL)
            for sock, _ in connect_to_all(server, 2):
                self.assertEqual(ask(sock)[1], "two")
                sock.close()

    @staticmethod
    def build(path, version):
        name = os.path.join(SOURCE, "tests", "plugins", "witness.c")
        with open(name) as file:
            build_plugin(path, file.read(),
                         f'-DWITNESS_VERSION="{version}"')

    @staticmethod
    def overwrite(path, other):
        with open(other, "rb") as file:
            data = file.read()
        fd = os.open(path, os.O_WRONLY | os.O_TRUNC)
        os.write(fd, data)
        os.close(fd)


class Addresses(unittest.TestCase):
    def test_they_come_and_go(self):
        with serve(witness_yaml(["127.0.0.1:0", "unix:kept", "unix:gone"],
                                workers=2)) as server:
            port = server.addresses[0]
            folder = f"unix:{server.folder}/"
            with connect(port) as old, connect(folder + "gone") as left, \
                    Load() as load:
                ask(old)
                ask(left)
                for address in (port, folder + "kept"):
                    load.add(address, 5, is_short=True)
                configure(server, witness_yaml(
                    ["127.0.0.1:0", "unix:kept", "unix:new", "127.0.0.1:0"],
                    workers=2))
                start = len(server.log)
                load.reload(server)
                told = [line.split("listening on ")[1].rstrip('"')
                        for line in server.log[start:]
                        if "listening on " in line]
                self.assertEqual(told[0], port)
                self.assertNotEqual(told[3], port)
                for address in (port, told[3], folder + "new"):
                    ask_once(address)
                # Who is connected stays so where nobody is let in any more.
                ask(left)
                ask(old)
                with self.assertRaises((FileNotFoundError,
                                        ConnectionRefusedError)):
                    connect(folder + "gone")
                self.assertFalse(os.path.exists(server.folder + "/gone"))
                configure(server, witness_yaml(["unix:kept"], workers=2))
                server.signal(signal.SIGHUP)
                load.may_end.add(None)
                for address in (port, told[3]):
                    until(lambda: is_refused(address), "it is refused")
            ask_once(folder + "kept")

    def test_whoever_waits_where_it_is_dropped_is_served(self):
        with serve(witness_yaml(["127.0.0.1:0", "127.0.0.1:0"],
                                workers=1)) as server:
            worker, = children(server.pid)
            os.kill(worker, signal.SIGSTOP)
            waiting = [connect(server.addresses[1]) for _ in range(20)]
            for sock in waiting:
                sock.sendall(b"who\n")
            configure(server, witness_yaml(workers=1))
            start = len(server.log)
            server.signal(signal.SIGHUP)
            server.wait_log("ready: ", start)
            os.kill(worker, signal.SIGCONT)
            server.wait_log("reloaded", start)
            for sock in waiting:
                self.assertRegex(sock.recv(100), rb"^%d one who" % worker)
                sock.close()

    def test_an_address_that_is_taken(self):
        with serve(witness_yaml(workers=2)) as server, \
                serve(witness_yaml(workers=2)) as other:
            configure(server, witness_yaml(
                ["127.0.0.1:0", other.address, "unix:new"], workers=2))
            start = len(server.log)
            reload(server, "the reload has failed")
            self.assertIn(f"cannot bind {other.address}",
                          "\n".join(server.log[start:]))
            ask_once(server.address)
            ask_once(other.address)
            until(lambda: not os.path.exists(server.folder + "/new"),
                  "what was bound is unbound")


class Log(unittest.TestCase):
    """Whatever stands in `log:` serves from the take-over on."""

    @staticmethod
    def configure(server, log):
        configure(server, witness_yaml(workers=1, log=log))

    @staticmethod
    def read(path):
        try:
            with open(path) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    @staticmethod
    def has_open(pid, path):
        folder = f"/proc/{pid}/fd/"
        return path in [os.readlink(folder + fd) for fd in os.listdir(folder)]

    def await_line(self, path, text):
        until(lambda: text in self.read(path), f"'{text}' in {path}")

    def test_it_moves_and_everybody_with_it(self):
        with serve(witness_yaml(workers=1, log="{access: true}")) as server:
            path = os.path.join(server.folder, "log")
            socks = [connect(server.address) for _ in range(3)]
            old = [ask(sock)[0] for sock in socks][0]
            start = len(server.log)
            self.configure(server, "{file: log, format: json}")
            server.signal(signal.SIGHUP)
            self.await_line(path, "reloaded: generation 2")
            server.wait_log("reloading", start)
            # The worker of the first generation has moved, too; and it follows
            # when the file is rotated.
            socks[0].close()
            self.await_line(path, '"msg":"access"')
            os.rename(path, path + ".1")
            server.signal(signal.SIGUSR1)
            until(lambda: self.has_open(old, path), "it is made anew")
            socks[1].close()
            self.await_line(path, '"msg":"access"')
            for name in path, path + ".1":
                for line in self.read(name).splitlines():
                    json.loads(line)
            # And back.
            start = len(server.log)
            self.configure(server, "{format: logfmt}")
            server.signal(signal.SIGHUP)
            server.wait_log('level=info msg="reloaded: generation 3', start)
            until(lambda: not self.has_open(old, path), "it goes back")
            socks[2].close()
            server.wait_log("level=info .*access", start)

    def test_a_file_that_cannot_be_opened(self):
        with serve(witness_yaml(workers=1)) as server:
            self.configure(server, "{file: none/log, level: error}")
            start = len(server.log)
            reload(server, "the reload has failed: generation 1 serves on")
            self.assertIn("server.yaml:2:13: error: the log "
                          f"'{server.folder}/none/log' cannot be opened: "
                          "No such file or directory", server.log[start:])
            ask_once(server.address)
            self.configure(server, "{level: info}")
            reload(server)

    def test_nothing_that_was_ordered_is_held_back(self):
        """However many lines that are: a place in the code is held to 20 a
        second otherwise."""
        wrong = "\n".join(f"colour{number}: 1" for number in range(30))
        with serve(witness_yaml(workers=1)) as server:
            path = os.path.join(server.folder, "log")
            self.configure(server, "{file: log}")
            server.signal(signal.SIGHUP)
            self.await_line(path, "reloaded: generation 2")
            configure(server, witness_yaml(workers=1) + wrong)
            server.signal(signal.SIGHUP)
            self.await_line(path, "the reload has failed")
            for number in range(30):
                self.assertIn(f"unknown key 'colour{number}'", self.read(path))
            for number in range(2, 30):
                server.signal(signal.SIGHUP)
                until(lambda: self.read(path).count("the reload has failed") ==
                      number, "it is told")

    def test_a_level_that_was_ordered_goes(self):
        with serve(witness_yaml(workers=1, control="unix:control")) as server:
            for log, order in (("{level: error}", "info"), ("{level: error}",
                                                            "warning")):
                configure(server, witness_yaml(workers=1, log=log,
                                               control="unix:control"))
                self.order(server, "reload")
                self.order(server, f"log {order}")
            self.order(server, "reload")
        lines = [line for line in server.log if "reload" in line]
        self.assertEqual(len(lines), 2, lines)
        for line in lines:
            self.assertIn("reloading", line)

    def order(self, server, words):
        with connect(f"unix:{server.folder}/control") as sock:
            sock.sendall(words.encode() + b"\n")
            self.assertTrue(recv_all(sock).startswith(b"ok\n"))


class Unloaded(unittest.TestCase):
    """What plugins do when the checker ends, which has reported by then, keeps
    nobody waiting and refuses nothing."""

    def serve(self, unload):
        return serve(witness_yaml(workers=1, settings={"unload": unload}))

    def test_a_plugin_that_hangs(self):
        with self.serve("hang") as server:
            ask_once(server.address)
            start = len(server.log)
            reload(server)
            ask_once(server.address)
            server.wait_log("generation 2: .* does not end: it is killed",
                            start)
            log = "\n".join(server.log[start:])
            self.assertLess(log.index("reloaded: generation 2"),
                            log.index("generation 2: "), log)

    def test_a_plugin_that_crashes(self):
        with self.serve("crash") as server:
            ask_once(server.address)
            server.wait_log("level=warn .*generation 1: the process that tried "
                            "the configuration .* ended with SIGABRT")
            start = len(server.log)
            reload(server)
            ask_once(server.address)
            server.wait_log("generation 2: .* ended with SIGABRT", start)


class Refused(unittest.TestCase):
    """The generation that serves serves on, and it is told why."""

    top = {"workers": 2}
    hasty = {**top, "start_timeout": "2s"}

    def check(self, config, *patterns):
        done = None if patterns else run("--check", "-c", "server.yaml",
                                         config=config, env=ENVIRONMENT)
        with serve(witness_yaml(**self.top)) as server, Load() as load:
            load.add(server.address, 5)
            load.add(server.address, 5, is_short=True)
            load.settle()
            who = set(children(server.pid))
            start = len(server.log)
            configure(server, config)
            load.reload(server, "the reload has failed: generation 1 serves on")
            load.run_for(100)
            until(lambda: set(children(server.pid)) == who,
                  "nothing is left of the new one")
            log = "\n".join(server.log[start:])
            for pattern in patterns:
                self.assertRegex(log, pattern)
            for line in done.stderr.splitlines() if done else ():
                self.assertIn(line, log)
            # And it can still be reloaded.
            configure(server, witness_yaml(**self.top))
            load.reload(server)
        self.check_first_start(config, *patterns)

    def check_first_start(self, config, *patterns):
        """The same at the start: status 78, and the words of --check where a
        check comes to an end."""
        started = run("-c", "server.yaml", config=config, env=ENVIRONMENT)
        self.assertEqual(started.returncode, 78, started.stderr)
        for pattern in patterns:
            self.assertRegex(started.stderr, pattern)
        if not patterns:
            checked = run("--check", "-c", "server.yaml", config=config,
                          env=ENVIRONMENT)
            self.assertEqual(checked.returncode, 78)
            self.assertEqual(started.stderr, checked.stderr)

    def test_a_file_that_is_no_yaml(self):
        self.check("protocols: [\n")

    def test_a_file_with_several_errors(self):
        self.check(witness_yaml(drain_timeout="30", **self.top) + "colour: 1\n")

    def test_no_such_plugin(self):
        self.check(witness_yaml(plugin="/none.so", **self.top))

    def test_a_plugin_that_refuses(self):
        self.check(witness_yaml(settings={"init": "refuse"}, **self.top))

    def test_a_plugin_that_hangs(self):
        self.check(witness_yaml(settings={"init": "hang"}, **self.hasty),
                   r"server\.yaml: error: init of 'witness' hangs: .*2s")

    def test_a_plugin_that_crashes(self):
        self.check(witness_yaml(settings={"init": "crash"}, **self.top),
                   r"server\.yaml: error: a plugin ended.*SIGABRT")

    def test_a_plugin_that_exits(self):
        self.check(witness_yaml(settings={"init": "exit"}, **self.top),
                   r"server\.yaml: error: a plugin ended.*exit status 3")

    def test_a_plugin_that_lies(self):
        self.check(witness_yaml(settings={"init": "lie"}, **self.top),
                   r"server\.yaml: error: .* the checker's report makes no "
                   "sense")

    def test_another_one_is_asked_for_meanwhile(self):
        with serve(witness_yaml(**self.top)) as server:
            configure(server, witness_yaml(settings={"init": "hang"},
                                           **self.hasty))
            reload(server, "reloading")
            configure(server, witness_yaml(**self.top))
            server.signal(signal.SIGHUP)
            server.wait_log("reloaded: ")

    def test_a_worker_that_does_not_answer_holds_nothing_up(self):
        with serve(witness_yaml(drain_timeout="1s", **self.top)) as server:
            with connect(server.address) as sock:
                sock.sendall(b"hang\n")
                start = len(server.log)
                reload(server)
                reload(server)
                server.wait_log("killed", start)
                self.assertEqual(recv_all(sock), b"")
            ask_once(server.address)


if __name__ == "__main__":
    unittest.main()
