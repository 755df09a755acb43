# SPDX-License-Identifier: MIT
"""Faults while functions are posted and jobs run, for clients that stay and for
some that leave."""

import signal
import sys

import faults
from clients import Client, Serving
from scenario import POSTS

CONFIG = """\
trigger: %(trigger)s
pool: {threads: 3, queue: 100}
protocols:
  - {plugin: %(posts)s, listen: "127.0.0.1:0"}
  - {plugin: %(posts)s, name: path, listen: "unix:posts.sock"}
"""
COMMANDS = b"post\nwork\ncall\nnote\ntask\n"


class Jobs(Serving):
    def __init__(self, trigger):
        self.name = trigger
        self.files = {"server.yaml": CONFIG % {"trigger": trigger,
                                               "posts": POSTS}}
        if trigger == "edge":
            self.skip = faults.NOT_AT_EDGE
            self.skips_start = True  # it is the same

    def talk(self, run, addresses):
        self.take_turns(run, addresses)
        self.leave(run, addresses["posts"])
        self.stop(run, addresses)

    @staticmethod
    def take_turns(run, addresses):
        client = Client(run, addresses["posts"])
        other = Client(run, addresses["path"])
        for command in COMMANDS.splitlines(keepends=True):
            client.exchange(command)
            other.exchange(command)
        client.exchange(COMMANDS * 3)
        other.send(COMMANDS)
        other.finish()
        client.finish()

    @staticmethod
    def leave(run, address):
        """Two while their jobs run, and one before it is known."""
        witness = Client(run, address)
        for _ in range(2):
            victim = Client(run, address)
            victim.may_end = True
            victim.exchange(b"slow\n", b"begun\nslow\n", len(b"begun\n"))
            victim.reset()
        early = Client(run, address)
        early.send(COMMANDS)
        early.may_end = True
        early.reset()
        witness.exchange(COMMANDS)
        witness.finish()

    @staticmethod
    def stop(run, addresses):
        """Their jobs run when the server is told to stop: they are answered,
        and so is what they sent behind it."""
        clients = [Client(run, addresses[entry]) for entry in ("posts", "path")]
        for client in clients:
            client.exchange(b"slow\nwork\n", b"begun\nslow\nwork\n",
                            len(b"begun\n"))
        run.signal(signal.SIGTERM)
        for client in clients:
            client.expect_end()
        # Told twice, it would leave the jobs of those who left behind.
        run.wait_log("stopped")


SCENARIOS = {trigger: Jobs(trigger) for trigger in ("level", "edge")}

if __name__ == "__main__":
    faults.run_all([SCENARIOS[name]
                    for name in sys.argv[1:] or SCENARIOS])
