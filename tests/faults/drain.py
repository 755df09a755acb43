# SPDX-License-Identifier: MIT
"""Faults while a server stops with connections open and data in flight."""

import signal

import faults
from clients import SMALL_BUFFER, Client, Serving
from scenario import LINES

CONFIG = """\
drain_timeout: %(timeout)s
limits: {output: 64KiB}
protocols:
  - {plugin: echo, name: echo, listen: "127.0.0.1:0"}
  - {plugin: echo, name: path, listen: "unix:echo.sock"}
  - {plugin: %(lines)s, listen: "127.0.0.1:0"}
"""
DATA = bytes(range(251)) * 120  # fits into what the kernel holds


class Stopping(Serving):
    timeout = "10s"
    skips_start = True  # start.py has it
    # What is read after the start are records: they come whole.
    skip = {"read": "short:1 short:half"}

    def __init__(self):
        self.files = {"server.yaml": CONFIG % {"timeout": self.timeout,
                                               "lines": LINES}}


class Drain(Stopping):
    """All that was sent before SIGTERM is answered, then all ends."""

    name = "drain"
    # An EAGAIN means that the kernel holds no more: here, that is the end.
    skip = {**Stopping.skip, "recv": "EAGAIN"}
    # Those who wait to be accepted have no second chance.
    loud = {"accept4": "EMFILE ENFILE ENOBUFS ENOMEM"}

    def talk(self, run, addresses):
        quiet = Client(run, addresses["echo"])
        waiting = Client(run, addresses["lines"])
        busy = Client(run, addresses["echo"], SMALL_BUFFER)
        other = Client(run, addresses["path"])
        quiet.exchange(b"hello\n")
        waiting.exchange(b"a line\nand a par", b"a line\n")
        busy.exchange(b"hello\n")
        other.exchange(b"hello\n")
        busy.send(DATA)
        other.send(DATA)
        late = Client(run, addresses["echo"])
        late.send(b"not yet accepted, perhaps\n")
        run.signal(signal.SIGTERM)
        for client in (quiet, busy, late, other, waiting):
            client.expect_end()


class Hurry(Stopping):
    """One does not read: a second signal ends it. It is another one: two of
    the same may become one."""

    name = "hurry"

    def talk(self, run, addresses):
        quiet = Client(run, addresses["echo"])
        stuck = Client(run, addresses["echo"], SMALL_BUFFER)
        quiet.exchange(b"hello\n")
        stuck.exchange(b"hello\n")
        stuck.send(DATA * 8)
        run.signal(signal.SIGTERM)
        quiet.expect_end()
        self.hurry(run)
        stuck.expect_reset()

    def hurry(self, run):
        run.signal(signal.SIGINT)


class Late(Hurry):
    """The same, but time ends it."""

    name = "late"
    timeout = "30ms"

    def hurry(self, run):
        pass


if __name__ == "__main__":
    faults.run_all([Drain(), Hurry(), Late()])
