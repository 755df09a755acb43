# SPDX-License-Identifier: MIT
"""Clients of a server in which something fails. Each knows what is due to it:
what it gets must be the beginning of that, whatever happens."""

import errno
import select
import signal
import socket
import struct

from scenario import DEADLINE_S, Failure, Scenario

GONE = (errno.ECONNRESET, errno.EPIPE, errno.ECONNREFUSED, errno.ENOTCONN,
        errno.ECONNABORTED, errno.ENOENT)
SMALL_BUFFER = 4096  # what the kernel holds for the clients, in bytes


class Client:
    """One connection. Nothing is raised when the server ends it early: then
    every step does nothing, and is_hit() says so at the end."""

    def __init__(self, run, address, buffer=None):
        self.run = run
        self.address = address
        self.due = b""
        self.got = b""
        self.has_ended = False  # the server did, by an end or a reset
        self.may_end = False
        self.sock = None
        run.clients.append(self)
        self._connect(buffer)

    def __repr__(self):
        return (f"<{self.address}: got {len(self.got)} of {len(self.due)} "
                f"bytes>")

    def _connect(self, buffer):
        if self.address.startswith("unix:"):
            self.sock = socket.socket(socket.AF_UNIX)
            target = self.address[len("unix:"):]
        else:
            host, port = self.address.rsplit(":", 1)
            self.sock, target = socket.socket(), (host, int(port))
        if buffer is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.sock.settimeout(DEADLINE_S)
        self._attempt(self.sock.connect, target)
        self.sock.setblocking(False)

    def _attempt(self, step, *args):
        """None: the connection has ended, or the step would wait."""
        try:
            return step(*args)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno not in GONE:
                raise
            self.has_ended = True
            return None

    def _read(self):
        part = self._attempt(self.sock.recv, 65536)
        if part == b"":
            self.has_ended = True
        self.got += part or b""
        if not self.due.startswith(self.got):
            raise Failure(f"wrong bytes: {self.got[-100:]!r} of {self}")

    def _wait(self, events):
        poll = select.poll()
        poll.register(self.sock, events)
        return poll.poll(self.run.left_ms())

    def exchange(self, data, due=None, first=None):
        """Sends, and reads until all that is due has come, or at least that
        many of these bytes."""
        due = data if due is None else due
        size = len(self.due) + (len(due) if first is None else first)
        self.due += due
        while not self.has_ended and (data or len(self.got) < size):
            events = select.POLLIN | (select.POLLOUT if data else 0)
            for _, ready in self._wait(events):
                if ready & select.POLLOUT:
                    data = data[self._attempt(self.sock.send, data) or 0:]
                if ready & ~select.POLLOUT:
                    self._read()

    def send(self, data):
        """Sends what is taken at once; all of that is due."""
        if not self.has_ended:
            count = self._attempt(self.sock.send, data) or 0
            self.due += data[:count]

    def expect_end(self, early=False):
        """Reads until the server ends. early: it may be before all came."""
        self.may_end = early
        while not self.has_ended:
            self._wait(select.POLLIN)
            self._read()
        self.close()

    def expect_reset(self):
        """Reads nothing before the server has ended it."""
        if not self.has_ended:
            self._wait(0)
        self.expect_end(early=True)

    def finish(self, due=b""):
        """Half-closes, and reads to the end."""
        self.due += due
        if not self.has_ended:
            self._attempt(self.sock.shutdown, socket.SHUT_WR)
        self.expect_end()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.sock.close()

    def is_hit(self):
        return not self.may_end and self.got != self.due


class Serving(Scenario):
    """A server, with a log on stderr from which addresses are read."""

    args = ("--workers=0", "-c", "server.yaml")
    environment = {"BERTH_FAULT_BUFFER": str(SMALL_BUFFER)}

    def drive(self, run):
        if not run.wait_log(r"msg=\"ready"):
            return
        run.is_ready = True
        # No line that is waited for may be lost.
        self.first = {"write": run.stderr.count("\n") + 1}
        self.talk(run, run.addresses())
        run.signal(signal.SIGTERM)

    def talk(self, run, addresses):
        """What clients do. addresses: entry to address."""
