# SPDX-License-Identifier: MIT
"""Faults while a server starts: sockets are made and bound, the log is opened
and opened anew. And addresses that cannot be bound, whatever else fails."""

import os
import signal
import socket

import faults
from clients import Client, Serving
from scenario import Scenario


class Start(Serving):
    """Listens everywhere, over a path that was left behind; opens its log
    twice."""

    name = "start"
    files = {"server.yaml": """\
log: {file: /dev/stderr, format: logfmt}
protocols:
  - plugin: echo
    listen:
      - "*:0"
      - "unix:@${UNIQUE}"
      - address: unix:echo.sock
        mode: "0600"
  - {plugin: echo, name: second, listen: "[::1]:0"}
  - {plugin: echo, name: third, listen: "127.0.0.1:0"}
"""}

    def prepare(self, folder):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(os.path.join(folder, "echo.sock"))

    def talk(self, run, addresses):
        for entry in ("third", "echo"):
            client = Client(run, addresses[entry])
            client.exchange(b"hello\n")
            run.signal(signal.SIGUSR1)
            client.exchange(b"and again\n")
            client.finish()


class Taken(Scenario):
    """Two addresses that others have, and paths that cannot be bound."""

    name = "taken"
    args = ("--workers=0", "-c", "server.yaml")
    status = 71

    def __init__(self):
        self.port = socket.create_server(("127.0.0.1", 0))
        self.files = {"file.sock": "", "server.yaml": f"""\
protocols:
  - plugin: echo
    listen:
      - 127.0.0.1:{self.port.getsockname()[1]}
      - unix:owned.sock
      - unix:file.sock
      - unix:none/echo.sock
      - 127.0.0.1:0
"""}

    def prepare(self, folder):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(os.path.join(folder, "owned.sock"))
        sock.listen()
        return sock


if __name__ == "__main__":
    faults.run_all([Start(), Taken()])
