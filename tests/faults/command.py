# SPDX-License-Identifier: MIT
"""Faults while commands come over the control socket: control_server of
tests/integration takes them."""

import os
import signal
import socket

import faults
from clients import SMALL_BUFFER, Client
from scenario import BUILD, Scenario

CONTROL_SERVER = os.environ.get(
    "BERTH_CONTROL_SERVER",
    os.path.join(BUILD, "tests", "integration", "control_server"))
RELOAD = b"""\
error server.yaml:3:5: error: unknown key 'plugn'
    3 |   - plugn: echo
      |     ^~~~~
  hint: did you mean 'plugin'?
"""
WORKERS = b"""\
ok
worker\tgeneration\tpid\tstate\tuptime_seconds\topen\taccepted\tcpu_ms\tcrashes
0\t4\t4711\tserving\t5\t7\t0\t0\t0
1\t4\t\tdown\t5\t7\t0\t0\t0
"""
LONG = b"ok\n" + b" " * 200000 + b"\n"


class Command(Scenario):
    """The path was left behind. Answers are text and tables, come at once and
    later, and are longer than the kernel holds; clients stay or leave."""

    name = "command"
    program = CONTROL_SERVER
    environment = {"BERTH_FAULT_BUFFER": str(SMALL_BUFFER)}
    path = "unix:control.sock"
    args = (path,)

    def prepare(self, folder):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(os.path.join(folder, "control.sock"))

    def drive(self, run):
        if not run.wait_log(r"ready\n"):
            return
        run.is_ready = True
        self.talk(run)
        run.signal(signal.SIGTERM)

    def ask(self, run, request, due):
        client = Client(run, os.path.join("unix:" + run.folder,
                                          "control.sock"))
        client.send(request)
        client.due = due
        return client

    def leave(self, run, request):
        client = self.ask(run, request, b"")
        client.may_end = True
        client.close()

    def talk(self, run):
        later = self.ask(run, b"reload\n", RELOAD)
        slow = self.ask(run, b"long\n", LONG)
        self.ask(run, b"metrics\n", b"ok\nberth_generation 4\n").expect_end()
        self.ask(run, b"tsv workers\n", WORKERS).expect_end()
        self.ask(run, b"json log debug\n",
                 b'ok\n{\n  "message": "done"\n}\n').expect_end()
        self.leave(run, b"long\n")
        self.leave(run, b"no end of line")
        self.leave(run, b"")
        later.expect_end()
        slow.expect_end()
        # Whoever came before has been served by now.
        self.ask(run, b"close 4711.3\n", b"ok\ndone\n").expect_end()


if __name__ == "__main__":
    faults.run_all([Command()])
