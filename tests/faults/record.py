# SPDX-License-Identifier: MIT
"""Faults while connections are recorded: who is served notices none of those
that only the transcripts meet."""

import os
import signal
import sys

import faults
from clients import SMALL_BUFFER, Client, Serving
from scenario import LINES

CONFIG = """\
trigger: %(trigger)s
limits: {output: 64KiB}
sniff_timeout: 20s
protocols:
  - plugin: echo
    listen: "127.0.0.1:0"
    limits: {input: 2000}
  - {plugin: %(lines)s, name: lines, listen: "unix:shared.sock"}
  - {plugin: echo, name: rest, listen: "unix:shared.sock"}
"""
DATA = bytes(range(251)) * 120  # more than a client reads while it sends


class Record(Serving):
    args = (*Serving.args, "--record", "recorded")

    def __init__(self, trigger):
        self.name = trigger
        self.files = {"server.yaml": CONFIG % {"trigger": trigger,
                                               "lines": LINES}}
        if trigger == "edge":
            self.skip = faults.NOT_AT_EDGE

    def prepare(self, folder):
        os.mkdir(os.path.join(folder, "recorded"))

    def talk(self, run, addresses):
        shared = f"unix:{run.folder}/shared.sock"
        quiet = Client(run, addresses["echo"])
        slow = Client(run, addresses["echo"], SMALL_BUFFER)
        rest = Client(run, shared)
        victim = Client(run, addresses["echo"])
        quiet.exchange(b"hello\n")
        rest.exchange(b"a line\n")
        slow.exchange(b"hello\n")
        slow.send(DATA)
        slow.exchange(b"", first=0)
        slow.finish()
        victim.exchange(b"hello\n")
        victim.reset()
        quiet.exchange(b"you\n")
        rest.finish()
        run.signal(signal.SIGTERM)
        quiet.expect_end()


SCENARIOS = {trigger: Record(trigger) for trigger in ("level", "edge")}

if __name__ == "__main__":
    faults.run_all([SCENARIOS[name]
                    for name in sys.argv[1:] or SCENARIOS])
