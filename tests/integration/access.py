# SPDX-License-Identifier: MIT
"""The access line: one for each connection of an entry that asks for it, in
each format, with what it received and sent, and why it ended."""

import json
import re
import socket
import unittest

from harness import TEST_PLUGINS, Server, connect, recv_all, recv_exactly
from traffic import (MIB, TRIGGERS, exchange, random_chunks, reset, round_trip,
                     send_until_stuck)

# The word is "sesame": see password.py.
HASH = "$5$rounds=1000$berth$F2S8zyAxP4CP42K8tPwKWAPsQcBDCjjRf4AwmEc0WDC"

PLAIN = """\
log: {{format: {format}, access: true}}
protocols:
  - {{plugin: echo, listen: "127.0.0.1:0"}}
"""

ENTRIES = """\
trigger: {trigger}
log: {{format: json}}
drain_timeout: 100ms
protocols:
  - {{plugin: echo, name: told, listen: "127.0.0.1:0",
      log: {{access: true}}}}
  - {{plugin: echo, name: brief, listen: "127.0.0.1:0",
      log: {{access: true}}, limits: {{idle: 50ms}}}}
  - {{plugin: echo, name: quiet, listen: "unix:quiet.sock",
      log: {{access: true, level: error}}}}
  - {{plugin: echo, name: untold, listen: "unix:untold.sock"}}
"""

SWITCHED = """\
log: {{format: json, access: true}}
protocols:
  - plugin: {plugins}/password.so
    listen: 127.0.0.1:0
    settings: {{users: {{ann: "{hash}"}}, next: inside}}
  - plugin: {plugins}/line_greeter.so
    name: inside
    log: {{access: {access}}}
"""

SHARED = """\
log: {{format: json}}
protocols:
  - {{plugin: {plugins}/http_like.so, name: web, listen: "unix:shared.sock",
      log: {{access: true}}}}
  - {{plugin: {plugins}/line_greeter.so, name: lines,
      listen: "unix:shared.sock"}}
"""


class Access(unittest.TestCase):
    def lines(self, server):
        """Those of a log of JSON, each without its time and the like."""
        server.stop()
        told = [json.loads(line) for line in server.log
                if line.startswith("{")]
        told = [line for line in told if line["msg"] == "access"]
        for line in told:
            self.assertEqual(line.pop("level"), "info")
            self.assertGreaterEqual(line.pop("seconds"), 0)
            for key in ("msg", "time", "connection", "peer"):
                del line[key]
        return told

    def line(self, entry, received, sent, why="done"):
        return {"entry": entry, "in": received, "out": sent, "why": why}

    def test_each_format(self):
        rest = {
            "text": r"info  echo #1 {peer}: access seconds=\d\.\d{{3}} in=5 "
                    r"out=5 why=done$",
            "logfmt": r'level=info entry=echo connection=1 peer={peer} '
                      r'msg="access" seconds=\d\.\d{{3}} in=5 out=5 why=done$',
            "json": r'"level":"info","entry":"echo","connection":1,'
                    r'"peer":"{peer}","msg":"access","seconds":\d\.\d{{3}},'
                    r'"in":5,"out":5,"why":"done"}}$',
        }
        for name, pattern in rest.items():
            with self.subTest(name), Server(PLAIN.format(format=name)) as server:
                with connect(server.address) as sock:
                    round_trip(sock, b"hello")
                    peer = re.escape("%s:%d" % sock.getsockname())
                server.wait_log(pattern.format(peer=peer))
                server.stop()
                self.assertEqual(
                    sum("access" in line for line in server.log), 1)

    def test_bytes_and_reasons(self):
        for trigger in TRIGGERS:
            with self.subTest(trigger), \
                    Server(ENTRIES.format(trigger=trigger)) as server:
                self.check_reasons(server)

    def check_reasons(self, server):
        told, brief = server.addresses[:2]
        with connect(told) as sock:
            exchange(sock, random_chunks(3, 3 * MIB))
        sock = connect(told)
        round_trip(sock, b"four")
        reset(sock)
        with connect(brief) as sock:
            self.assertEqual(recv_all(sock), b"")
        for name in ("quiet", "untold"):
            with connect(f"unix:{server.folder}/{name}.sock") as sock:
                round_trip(sock)
        connect(told).close()
        with connect(told, receive_buffer=4096) as stuck:
            send_until_stuck(stuck, bytes(16 * MIB))
            lines = self.lines(server)
        last = next(line for line in lines if line["why"] == "stopped")
        lines.remove(last)
        self.assertEqual(last["entry"], "told")
        self.assertGreater(last["in"], last["out"])
        key = lambda line: (line["entry"], line["in"], line["why"])
        self.assertEqual(sorted(lines, key=key), [
            self.line("brief", 0, 0, "ETIMEDOUT"),
            self.line("quiet", 4, 4),
            self.line("told", 0, 0),
            self.line("told", 4, 4, "ECONNRESET"),
            self.line("told", 3 * MIB, 3 * MIB)])

    def log_in(self, access):
        """One that is handed over, and one that is not."""
        with Server(SWITCHED.format(plugins=TEST_PLUGINS, hash=HASH,
                                    access=access)) as server:
            with connect(server.address) as sock:
                sock.sendall(b"USER ann\nPASS sesame\non\n")
                self.assertEqual(recv_exactly(sock, 13), b"hello ann\non\n")
                sock.shutdown(socket.SHUT_WR)
                self.assertEqual(recv_all(sock), b"")
            with connect(server.address) as sock:
                sock.sendall(b"QUIT\n")
                self.assertEqual(recv_all(sock), b"")
            return self.lines(server)

    def test_one_that_is_handed_over_has_one_line(self):
        self.assertEqual(self.log_in("true"), [
            self.line("inside", 24, 13),
            self.line("password", 5, 0, "EBADMSG")])

    def test_one_that_goes_where_none_are_told(self):
        self.assertEqual(self.log_in("false"), [
            self.line("password", 24, 0, "switched"),
            self.line("password", 5, 0, "EBADMSG")])

    def test_a_shared_address(self):
        request = b"GET / HTTP/1.1\r\n\r\n"
        with Server(SHARED.format(plugins=TEST_PLUGINS)) as server:
            address = f"unix:{server.folder}/shared.sock"
            for said, heard in ((request, b"web"), (b"a line\n", b"line\n")):
                with connect(address) as sock:
                    sock.sendall(said)
                    sock.shutdown(socket.SHUT_WR)
                    self.assertTrue(recv_all(sock).endswith(heard))
            self.assertEqual(self.lines(server),
                             [self.line("web", len(request), 41)])


if __name__ == "__main__":
    unittest.main()
