# SPDX-License-Identifier: MIT
"""Faults while blocks and files are lent, connections are handed over, and an
address is shared."""

import signal
import sys

import faults
from clients import SMALL_BUFFER, Client, Serving
from scenario import LENDS

CONFIG = """\
trigger: %(trigger)s
limits: {output: 64KiB}
log: {access: true}
sniff_timeout: 20s
protocols:
  - {plugin: %(lends)s, listen: ["127.0.0.1:0", "unix:shared.sock"]}
  - {plugin: echo, name: next, listen: "unix:shared.sock"}
"""
FILE = "".join(f"line {number}\n" for number in range(4000))
DATA = FILE.encode()
BLOCK = b"b" * 30000


class Loans(Serving):
    def __init__(self, trigger):
        self.name = trigger
        self.files = {"data": FILE, "server.yaml": CONFIG % {
            "trigger": trigger, "lends": LENDS}}
        if trigger == "edge":
            self.skip = faults.NOT_AT_EDGE
            self.skips_start = True  # it is the same

    def talk(self, run, addresses):
        shared = f"unix:{run.folder}/shared.sock"
        self.lend(run, addresses["lends"])
        self.hand_over(run, shared)
        self.end_early(run, addresses["lends"])

    @staticmethod
    def lend(run, address):
        client = Client(run, address, SMALL_BUFFER)
        other = Client(run, address)
        client.exchange(b"lend\n", BLOCK)
        other.exchange(b"file\n", DATA)
        client.exchange(b"both\n", b"head\n" + DATA)
        other.exchange(b"file\nlend\nboth\n",
                       DATA + BLOCK + b"head\n" + DATA)
        client.finish()
        other.finish()

    @staticmethod
    def hand_over(run, shared):
        lender = Client(run, shared)
        echo = Client(run, shared)
        echo.exchange(b"echo\n")
        lender.exchange(b"lend\nswap\nnow an echo\n",
                        BLOCK + b"now an echo\n")
        echo.exchange(b"still an echo\n")
        lender.finish()
        echo.finish()

    @staticmethod
    def end_early(run, address):
        """A file and a block are on their way when the peer resets, and when
        the server is told twice to stop."""
        victim = Client(run, address, SMALL_BUFFER)
        stuck = Client(run, address, SMALL_BUFFER)
        for client in (victim, stuck):
            client.exchange(b"lend\n", BLOCK)
            client.send(b"file\nlend\nfile\n")
            client.due = BLOCK + DATA + BLOCK + DATA
            client.may_end = True
        victim.reset()
        run.signal(signal.SIGTERM)
        run.signal(signal.SIGINT)
        run.wait_log("stopped")
        stuck.expect_end(early=True)


SCENARIOS = {trigger: Loans(trigger) for trigger in ("level", "edge")}

if __name__ == "__main__":
    faults.run_all([SCENARIOS[name]
                    for name in sys.argv[1:] or SCENARIOS])
