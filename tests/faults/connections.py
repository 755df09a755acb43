# SPDX-License-Identifier: MIT
"""Faults while connections live: all that clients do, one after the other."""

import sys

import faults
from clients import SMALL_BUFFER, Client, Serving
from scenario import LINES

CONFIG = """\
trigger: %(trigger)s
limits: {output: 64KiB}
protocols:
  - {plugin: echo, name: echo, listen: "127.0.0.1:0"}
  - {plugin: echo, name: path, listen: "unix:echo.sock"}
  - plugin: %(lines)s
    listen: 127.0.0.1:0
    limits: {input: 8KiB}
  - {plugin: echo, name: few, listen: "127.0.0.1:0", limits: {connections: 1}}
  - plugin: echo
    name: lone
    listen: 127.0.0.1:0
    limits: {connections_per_ip: 1}
  - {plugin: echo, name: brief, listen: "127.0.0.1:0", limits: {idle: 40ms}}
  - {plugin: echo, name: stall, listen: "127.0.0.1:0", limits: {stall: 40ms}}
"""
LARGE = bytes(range(251)) * 522  # 128 KiB, of a length that divides nothing


class Connections(Serving):
    skips_start = True  # start.py has it

    def __init__(self, trigger):
        self.name = trigger
        self.files = {"server.yaml": CONFIG % {"trigger": trigger,
                                               "lines": LINES}}
        if trigger == "edge":
            self.skip = faults.NOT_AT_EDGE

    def talk(self, run, addresses):
        brief = Client(run, addresses["brief"])
        stalled = Client(run, addresses["stall"], SMALL_BUFFER)
        for _ in range(8):
            stalled.send(LARGE)
        self.echo(run, addresses)
        self.lines(run, addresses["lines"])
        self.refuse(run, addresses)
        brief.expect_end()
        stalled.expect_reset()

    @staticmethod
    def echo(run, addresses):
        first = Client(run, addresses["echo"])
        second = Client(run, addresses["path"])
        third = Client(run, addresses["echo"], SMALL_BUFFER)
        first.exchange(b"hello\n")
        second.exchange(b"x" * 1000)
        third.exchange(LARGE)
        first.exchange(b"still here\n")
        second.exchange(LARGE[:20000])
        victim = Client(run, addresses["echo"])
        victim.exchange(b"before the reset\n")
        victim.reset()
        first.exchange(b"and here\n")
        for client in (first, second, third):
            client.finish()

    @staticmethod
    def lines(run, address):
        client = Client(run, address)
        other = Client(run, address)
        client.exchange(b"one\ntwo\nthr", b"one\ntwo\n")
        other.exchange(b"a\n")
        client.exchange(b"ee\n", b"three\n")
        for part in (b"y" * 1000, b"z" * 6000):
            client.exchange(part, b"")
            other.exchange(b"b\n")
        client.exchange(b"\n", b"y" * 1000 + b"z" * 6000 + b"\n")
        client.exchange(b"wait\nafter\n")
        client.exchange(b"pour\n", b"pour\n" + b"p" * 40000)
        client.exchange(b"rest", b"")
        client.finish(b"rest")
        other.finish()

    @staticmethod
    def refuse(run, addresses):
        """Those who wait for a place, and those who are turned away."""
        served = Client(run, addresses["few"])
        served.exchange(b"served\n")
        waiting = Client(run, addresses["few"])
        waiting.send(b"waiting\n")
        served.finish()
        waiting.exchange(b"served\n")
        waiting.finish()
        lone = Client(run, addresses["lone"])
        lone.exchange(b"alone\n")
        if not lone.has_ended:
            Client(run, addresses["lone"]).expect_end(early=True)
        lone.finish()


SCENARIOS = {trigger: Connections(trigger) for trigger in ("level", "edge")}

if __name__ == "__main__":
    faults.run_all([SCENARIOS[name]
                    for name in sys.argv[1:] or SCENARIOS])
