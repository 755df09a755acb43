# SPDX-License-Identifier: MIT
"""Faults in the supervisor while a server of several processes starts, is
reloaded and stops: it serves, or says why not, and whoever is served hears of
nothing."""

import os
import signal
import sys

import faults
from clients import Client, Serving

CONFIG = """\
workers: 2
control: unix:control.sock
drain_timeout: 10s
start_timeout: 20s
protocols:
  - {plugin: echo, listen: "127.0.0.1:0"}
  - {plugin: echo, name: path, listen: "unix:echo.sock"}
"""


class Supervised(Serving):
    args = ("-c", "server.yaml")
    files = {"server.yaml": CONFIG}
    environment = {}
    # Messages between processes are whole, or not sent.
    skip = {"sendmsg": "short:1 short:half"}
    # The one for what all processes share: it cannot serve without.
    loud = {"ftruncate": "EFBIG EIO"}


class Start(Supervised):
    """All that was sent before the end is answered."""

    name = "start"

    def talk(self, run, addresses):
        # One is the snapshot's.
        self.first = {"write": self.first["write"] + 1}
        clients = [Client(run, addresses[entry])
                   for entry in ("echo", "path") * 2]
        for client in clients:
            client.exchange(b"hello\n")
            client.send(b"last words\n")
        run.signal(signal.SIGTERM)
        for client in clients:
            client.expect_end()


class Reload(Supervised):
    """Another file: an address comes. What served serves on, if not more."""

    name = "reload"
    # About as many come before it is ready, which the other scenario is about.
    starting = {"memory": 200, "bind": 10, "close": 20, "getsockname": 10,
                "listen": 10, "open": 12, "read": 14, "setsockopt": 32,
                "socket": 10}

    def talk(self, run, addresses):
        # Each line may be waited for.
        self.first = {**self.starting, "write": 1 << 30}
        old = Client(run, addresses["path"])
        old.exchange(b"hello\n")
        with open(os.path.join(run.folder, "server.yaml"), "a") as file:
            file.write('  - {plugin: echo, name: more, listen: "unix:more"}\n')
        run.signal(signal.SIGHUP)
        run.wait_log("reloaded: |the reload has failed")
        old.exchange(b"still here\n")
        for entry in ("echo", "path"):
            new = Client(run, addresses[entry])
            new.exchange(b"hello\n")
            new.finish()
        old.finish()


SCENARIOS = {scenario.name: scenario
             for scenario in (Start(), Reload())}

if __name__ == "__main__":
    faults.run_all([SCENARIOS[name] for name in sys.argv[1:] or SCENARIOS])
