# SPDX-License-Identifier: MIT
"""Faults while a configuration and its plugins are read."""

import os

import faults
from scenario import LINES, Scenario

RICH = """\
trigger: edge
drain_timeout: 10s
plugin_path: [more]
limits:
  connections: 100
  connections_per_ip: 10
log: {level: debug, format: logfmt, file: berth.log}
protocols:
  - plugin: echo.so
    listen: ${HOST:-127.0.0.1}:0
  - plugin: echo
    name: second
    listen:
      - "*:8082"
      - address: unix:berth.sock
        mode: "0660"
        backlog: 10
    limits: {idle: none, output: 64KiB}
  - plugin: ./lines.so
    listen: ["[::1]:8083", unix:@berth-faults-check]
    settings:
      amount: 1MiB
      words: [one, "two", "${THREE:-three}"]
"""

LINE = """\
protocols:
  - plugin: line
    listen: 127.0.0.1:0
    settings:
      greeting: hello {peer}
      prompt: "> "
      replies: {ping: pong, "get *": "value of {args}\\n", "g*": g, TIME: noon}
  - plugin: line
    name: broken
    settings:
      greeting: hello
      prompt: "> "
      replies: {ping: pong, "get *": a, "GET *": b}
"""

BROKEN = """\
limits: {idle: 30, conections: 5}
protocols:
  - plugin: ech
    listen: 127.0.0.1:99999
  - plugin: ./lines.so
    listen: "*:8082"
    settings: {amount: lots, words: {a: b}}
  - plugin: ./none.so
    listen: 127.0.0.1:8082
  - plugin: ./empty.so
"""


class Check(Scenario):
    """berth --check"""

    def __init__(self, name, *args, files=None, status=0, listing=False):
        self.name = name
        self.args = args
        self.files = files or {}
        self.status = status
        self.is_listing = listing

    def prepare(self, folder):
        os.symlink(LINES, os.path.join(folder, "lines.so"))


SCENARIOS = [
    Check("rich", "-t", "-c", "server.yaml", files={"server.yaml": RICH}),
    Check("broken", "-t", "-c", "server.yaml", status=78,
          files={"server.yaml": BROKEN, "empty.so": ""}),
    Check("line", "-t", "-c", "server.yaml", status=78,
          files={"server.yaml": LINE}),
    Check("syntax", "-t", "-c", "server.yaml", status=78,
          files={"server.yaml": "protocols: [\n  - {a: &b}\n"}),
    Check("words", "-t", "echo=127.0.0.1:0", "./lines.so=unix:sock", "echo"),
    Check("refused", "-t", "./script.so", status=78,
          files={"script.so": "#!/bin/sh\n"}),
    Check("default", "-t"),
    Check("list", "--list", listing=True),
]

if __name__ == "__main__":
    faults.run_all(SCENARIOS)
