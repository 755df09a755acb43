# SPDX-License-Identifier: MIT
"""Sockets that were handed over (`listen: fd:NAME`): they are served, and left
as they were to whoever handed them over."""

import os
import signal
import socket
import subprocess
import tempfile
import unittest

from harness import (BERTH, TIMEOUT_S, Server, connect, hand_over, recv_all,
                     recv_exactly)
from operation import Program
from traffic import COMPILER, build_plugin
from witness import Load, ask_once, serve, witness_yaml


# Tells what its process knows of sockets that were handed over.
PLUGIN = r"""
#include <stdlib.h>
#include <string.h>

#include <berth/protocol.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const char *count = getenv("LISTEN_FDS");

    (void)data;
    if (count == NULL) {
        count = "none";
    }
    (void)berth_write(c, count, strlen(count));
    return (ssize_t)size;
}

BERTH_PROTOCOL(.name = "curious", .on_data = on_data);
"""


def yaml(*listen):
    return "".join(
        ["protocols:\n", *(f"  - plugin: echo.so\n    name: echo-{number}\n"
                           f"    listen: {text}\n"
                           for number, text in enumerate(listen))])


def listener(family=socket.AF_INET, address=("127.0.0.1", 0)):
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.bind(address)
    sock.listen(16)
    return sock


def name_of(sock):
    """As the log tells it."""
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Inherited(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="berth-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def listener(self, *args):
        sock = listener(*args)
        self.addCleanup(sock.close)
        return sock

    def check_echo(self, address):
        with connect(address) as sock:
            sock.sendall(b"hello\n")
            self.assertEqual(recv_exactly(sock, 6), b"hello\n")

    def refused(self, sockets, *listen):
        """Starts what must not start; returns what it says."""
        path = os.path.join(self.folder, "server.yaml")
        with open(path, "w") as file:
            file.write(yaml(*listen))
        story = []
        for workers in (0, 2):
            done = subprocess.run(
                [*hand_over(sockets), BERTH, f"--workers={workers}", "-c",
                 path], pass_fds=[sock.fileno() for _, sock in sockets],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S,
                check=False)
            self.assertEqual(done.returncode, 71, done.stdout)
            story.append(done.stdout)
        return story

    @unittest.skipUnless(COMPILER, "needs a C compiler")
    def test_plugins_are_handed_nothing(self):
        plugin = os.path.join(self.folder, "curious.so")
        build_plugin(plugin, PLUGIN)
        with Server(f"protocols: [{{plugin: {plugin}, listen: 'fd:web'}}]\n",
                    workers=2, sockets=[("web", self.listener())]) as server, \
                connect(server.address) as sock:
            sock.sendall(b"?")
            self.assertEqual(sock.recv(16), b"none")

    def test_it_is_served_and_outlives_the_server(self):
        web = self.listener()
        for workers in (0, 2):
            with self.subTest(workers=workers):
                with Server(yaml("fd:web"), workers=workers,
                            sockets=[("web", web)]) as server:
                    self.assertEqual(server.addresses, [name_of(web)])
                    self.check_echo(server.address)
                # Nobody serves now, and yet one may wait for the next server.
                with connect(name_of(web)) as sock:
                    sock.sendall(b"early\n")
                    with Server(yaml("fd:web"), workers=workers,
                                sockets=[("web", web)]):
                        self.assertEqual(recv_exactly(sock, 6), b"early\n")

    def test_a_path_is_not_removed(self):
        path = os.path.join(self.folder, "sock")
        local = self.listener(socket.AF_UNIX, path)
        for workers in (0, 2):
            with self.subTest(workers=workers):
                with Server(yaml("fd:local"), workers=workers,
                            sockets=[("local", local)]) as server:
                    self.assertEqual(server.addresses, ["unix:" + path])
                    self.check_echo(server.address)
                self.assertTrue(os.path.exists(path))

    def test_all_of_one_name_are_served(self):
        one, two, other = self.listener(), self.listener(), self.listener()
        for workers in (0, 2):
            with self.subTest(workers=workers):
                with Server(yaml("fd:web", "fd:other"), workers=workers,
                            sockets=[("web", one), ("other", other),
                                     ("web", two)]):
                    for sock in (one, two, other):
                        self.check_echo(name_of(sock))

    def test_both_families_are_told_as_such(self):
        try:
            both = self.listener(socket.AF_INET6, ("::", 0))
        except OSError as error:
            self.skipTest(f"no IPv6: {error}")
        port = both.getsockname()[1]
        with Server(yaml("fd:web"), sockets=[("web", both)]) as server:
            self.assertEqual(server.addresses, [f"*:{port}"])
            self.check_echo(f"127.0.0.1:{port}")

    def test_it_stays_through_a_reload(self):
        web = self.listener()
        with Server(yaml("fd:web"), workers=2,
                    sockets=[("web", web)]) as server:
            self.check_echo(server.address)
            self.reload(server, yaml("127.0.0.1:0"))
            # Who handed it over still listens: one waits, and is served later.
            with connect(name_of(web)) as sock:
                sock.sendall(b"hello\n")
                sock.shutdown(socket.SHUT_WR)
                self.reload(server, yaml("127.0.0.1:0", "fd:web"))
                self.assertEqual(recv_all(sock), b"hello\n")

    def test_it_stays_through_upgrades(self):
        web = self.listener()
        program = Program(self)
        with serve(witness_yaml(["fd:web"], workers=2),
                   sockets=[("web", web)]) as server, Load() as load:
            load.add(server.address, 10, is_short=True)
            load.settle()
            for _ in range(3):
                program.replace()
                program.upgrade(server, load)
                load.reload(server)
            load.run_for(100)
        with connect(name_of(web)):  # nobody serves, but it listens
            pass

    def test_one_that_is_not_served_now_stays_through_an_upgrade(self):
        web, mail = self.listener(), self.listener()
        program = Program(self)
        with serve(witness_yaml(["fd:web"], workers=2),
                   sockets=[("web", web), ("mail", mail)]) as server:
            program.upgrade(server)
            self.reload(server, witness_yaml(["fd:mail"], workers=2))
            ask_once(name_of(mail))
            program.upgrade(server)
            self.reload(server, witness_yaml(["fd:mail", "fd:web"], workers=2))
            ask_once(name_of(mail))
            ask_once(name_of(web))

    def reload(self, server, config):
        lines = len(server.log)
        with open(os.path.join(server.folder, "server.yaml"), "w") as file:
            file.write(config)
        server.signal(signal.SIGHUP)
        server.wait_log("reloaded", lines)

    def test_what_was_not_handed_over_is_told(self):
        web = self.listener()
        for sockets in ([], [("web", web)]):
            for story in self.refused(sockets, "fd:mail"):
                self.assertRegex(story, r"cannot take over fd:mail: no socket "
                                        r"of this name was handed over")

    def test_what_does_not_listen_is_told(self):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as idle, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            for story in self.refused(
                    [("idle", idle), ("datagrams", datagrams)],
                    "fd:idle", "fd:datagrams"):
                self.assertRegex(story, "take over fd:idle: .*does not listen")
                self.assertRegex(story,
                                 "take over fd:datagrams: .*not a stream")


if __name__ == "__main__":
    unittest.main()
