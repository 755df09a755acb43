# SPDX-License-Identifier: MIT
"""limits.connections and limits.connections_per_ip count for the whole server,
whichever of its processes has the connections."""

import contextlib
import os
import signal
import socket
import unittest

from harness import recv_all
from traffic import until
from witness import (ask, await_end, children, configure, reload, serve,
                     witness_yaml)

WORKERS = 3
LIMIT = 7


def config(limit, **more):
    return witness_yaml(workers=WORKERS, entry={"limits": limit}, **more)


def call(server, host="127.0.0.1"):
    """A connection from that address, which has asked."""
    sock = socket.socket()
    sock.settimeout(20)
    sock.bind((host, 0))
    sock.connect(("127.0.0.1", int(server.address.rpartition(":")[2])))
    sock.sendall(b"who\n")
    return sock


def is_served(sock):
    """Has it been answered so far?"""
    sock.setblocking(False)
    try:
        return sock.recv(4096).endswith(b" who\n")
    except BlockingIOError:
        return False
    finally:
        sock.settimeout(20)


class Quota(unittest.TestCase):
    def setUp(self):
        self.socks = contextlib.ExitStack()
        self.addCleanup(self.socks.close)

    def call(self, server, host="127.0.0.1"):
        return self.socks.enter_context(call(server, host))


class Connections(Quota):
    """Newcomers beyond limits.connections wait in the kernel's queue."""

    def collect(self, waiting, count):
        """Waits until so many of them are served; moves them out of there."""
        served = []

        def look():
            for sock in list(waiting):
                if is_served(sock):
                    waiting.remove(sock)
                    served.append(sock)
            return len(served) >= count

        until(look, f"{count} are served")
        self.assertEqual(len(served), count)
        return served

    def test_as_many_as_it_says_in_all(self):
        with serve(config(f"{{connections: {LIMIT}}}")) as server:
            waiting = [self.call(server) for _ in range(3 * LIMIT)]
            served = self.collect(waiting, LIMIT)
            server.wait_log("no connections are accepted until some end")
            while waiting:  # each who leaves makes room for one
                served.pop(0).close()
                served += self.collect(waiting, 1)

    def test_what_a_dead_worker_had_is_free(self):
        with serve(config(f"{{connections: {LIMIT}}}")) as server:
            waiting = [self.call(server) for _ in range(LIMIT)]
            until(lambda: all(map(is_peeked, waiting)), "all are answered")
            pids = [int(sock.recv(100).split()[0]) for sock in waiting]
            victim = max(pids, key=pids.count)
            waiting = [self.call(server) for _ in range(LIMIT)]
            os.kill(victim, signal.SIGKILL)
            await_end(victim)
            self.collect(waiting, pids.count(victim))
            self.assertFalse(any(map(is_served, waiting)))

    def test_old_generations_count(self):
        text = config(f"{{connections: {LIMIT}}}")
        with serve(text) as server:
            old = [self.call(server) for _ in range(LIMIT - 1)]
            self.collect(list(old), LIMIT - 1)
            reload(server)
            waiting = [self.call(server) for _ in range(3)]
            self.collect(waiting, 1)
            old.pop().close()
            self.collect(waiting, 1)
            configure(server, config(f"{{connections: {LIMIT + 1}}}"))
            reload(server)
            self.collect(waiting, 1)


def is_peeked(sock):
    """Is there an answer to be read?"""
    sock.setblocking(False)
    try:
        return sock.recv(100, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return False
    finally:
        sock.settimeout(20)


class PerAddress(Quota):
    """Newcomers beyond limits.connections_per_ip are closed."""

    LIMITS = f"{{connections_per_ip: {LIMIT}}}"

    def take(self, server, count, host="127.0.0.1"):
        socks = [self.call(server, host) for _ in range(count)]
        for sock in socks:
            self.assertIn(b" who\n", sock.recv(4096))
        return socks

    def check_full(self, server, host="127.0.0.1"):
        for _ in range(3 * WORKERS):
            with call(server, host) as sock:
                try:
                    self.assertEqual(recv_all(sock), b"")
                except ConnectionResetError:
                    pass  # what it had sent was not read

    def test_as_many_as_it_says_in_all(self):
        with serve(config(self.LIMITS)) as server:
            socks = self.take(server, LIMIT)
            self.check_full(server)
            server.wait_log("too many connections from this address")
            self.take(server, LIMIT, "127.0.0.2")
            self.check_full(server, "127.0.0.2")
            for _ in range(2 * LIMIT):
                socks.pop(0).close()
                socks.append(self.retry(server))
            self.check_full(server)

    def retry(self, server):
        """The server hears of an end a little later."""
        found = []

        def attempt():
            sock = call(server)
            try:
                if sock.recv(4096).endswith(b" who\n"):
                    found.append(self.socks.enter_context(sock))
                    return True
            except ConnectionResetError:
                pass
            sock.close()
            return False

        until(attempt, "there is room")
        return found[0]

    def test_never_more_when_many_come_at_once(self):
        with serve(config(self.LIMITS)) as server:
            pids = children(server.pid)
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            socks = [self.call(server) for _ in range(10 * LIMIT)]
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            served = 0
            for sock in socks:
                try:
                    served += 1 if sock.recv(4096) else 0
                except ConnectionResetError:
                    pass
            self.assertLessEqual(served, LIMIT)
            self.assertGreater(served, 0)

    def test_what_a_dead_worker_had_is_free(self):
        with serve(config(self.LIMITS)) as server:
            socks = [self.call(server) for _ in range(LIMIT)]
            pids = [ask_again(sock) for sock in socks]
            victim = max(pids, key=pids.count)
            os.kill(victim, signal.SIGKILL)
            await_end(victim)
            for _ in range(pids.count(victim)):
                self.retry(server)
            self.check_full(server)


def ask_again(sock):
    """The first answer is on its way already."""
    sock.recv(4096)
    return ask(sock)[0]


if __name__ == "__main__":
    unittest.main()
