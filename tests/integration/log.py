# SPDX-License-Identifier: MIT
"""The log: whatever a peer sends, a line of JSON is one; and each entry logs at
its own level."""

import json
import os
import random
import re
import socket
import tempfile
import unittest

from harness import ECHO, TIMEOUT_S, Server, connect, run
from traffic import COMPILER, build_plugin, round_trip

# Logs what it receives, and sends it back: after that the line is written.
PLUGIN = r"""
#include <berth/protocol.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    berth_log(c, BERTH_DEBUG, "a detail");
    berth_log(c, BERTH_WARNING, "heard %.*s", (int)size, data);
    berth_entry_log(c->entry, BERTH_DEBUG, "a detail of the entry");
    return berth_write(c, data, size);
}

BERTH_PROTOCOL(.name = "telling", .on_data = on_data);
"""

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def as_told(data):
    """What a reader of JSON finds for bytes of which none begins a character
    of UTF-8 but those of ASCII."""
    return "".join(chr(byte) if byte < 0x80 else rf"\x{byte:02x}"
                   for byte in data)


@unittest.skipUnless(COMPILER, "needs a C compiler")
class Log(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="berth-")
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.plugin = os.path.join(cls.scratch.name, "telling.so")
        build_plugin(cls.plugin, PLUGIN)

    def serve(self, log, *entries):
        """entries: further keys of each, in one line."""
        lines = [f"log: {log}", "protocols:"]
        lines += [f"  - {{plugin: {self.plugin}, {entry}}}"
                  for entry in entries]
        return Server("\n".join(lines) + "\n")

    def serve_json(self, listen='"127.0.0.1:0"'):
        return self.serve("{format: json}", f"listen: {listen}")

    def read(self, server):
        """All lines, as the objects that they are."""
        for line in server.log:
            self.assertNotIn("\ufffd", line, "the line is no UTF-8")
        return [json.loads(line) for line in server.log]

    def tell(self, server, *messages):
        """Sends them, and returns how each stands in the log."""
        with connect(server.address) as sock:
            for message in messages:
                round_trip(sock, message)
        server.stop()
        return [line["msg"].removeprefix("heard ")
                for line in self.read(server)
                if line["msg"].startswith("heard ")]

    def test_every_line_of_json_is_an_object(self):
        with self.serve_json() as server:
            with connect(server.address) as sock:
                host, port = sock.getsockname()
                round_trip(sock, b'say "hi"')
        lines = self.read(server)
        for line in lines:
            self.assertRegex(line["time"], TIME)
            self.assertIn(line["level"], ("info", "warn"))
        ready = next(line for line in lines
                     if line["msg"].startswith("ready"))
        self.assertEqual(set(ready), {"time", "level", "msg"})
        heard = next(line for line in lines if line["level"] == "warn")
        del heard["time"]
        self.assertEqual(heard, {
            "level": "warn", "entry": "telling", "connection": 1,
            "peer": f"{host}:{port}", "msg": 'heard say "hi"'})

    def test_every_byte_makes_valid_json(self):
        every = bytes(range(1, 256))
        with self.serve_json() as server:
            self.assertEqual(self.tell(server, every), [as_told(every)])

    def test_text_stays_text(self):
        text = ('gr\u00fc\u00df \u20ac \U0001f6a2 \u2028 \u202e \x85 '
                '\\n \\u0041 {"a": "b"}')
        with self.serve_json() as server:
            self.assertEqual(self.tell(server, text.encode()), [text])

    def test_what_is_no_character(self):
        broken = [b"\xed\xa0\x80", b"\xc0\x8a", b"\xf4\x90\x80\x80",
                  b"\xe2\x82", b"\xff\xfe"]
        with self.serve_json() as server:
            self.assertEqual(self.tell(server, *broken),
                             [as_told(data) for data in broken])

    def test_noise_and_long_lines(self):
        # Small enough to come in one piece, too few to be held back.
        noise = [bytes(random.choices(range(1, 256), k=3000))
                 for _ in range(8)]
        long = [byte * 5000 for byte in (b"\x01", b'"', b"\\", b"\xff",
                                         "\u20ac".encode())]
        with self.serve_json() as server:
            told = self.tell(server, *noise, *long)
        self.assertEqual(len(told), len(noise) + len(long))
        for text in told[-len(long):]:
            self.assertTrue(text.endswith("... [cut]"), text[-40:])

    def test_a_peer_may_have_any_name(self):
        name = b'\xff"\\\n.sock'
        with tempfile.TemporaryDirectory() as folder:
            with self.serve_json("unix:telling.sock") as server, \
                    socket.socket(socket.AF_UNIX) as sock:
                path = os.path.join(folder.encode(), name)
                sock.bind(path)
                sock.settimeout(TIMEOUT_S)
                sock.connect(os.path.join(server.folder, "telling.sock"))
                round_trip(sock)
        heard = next(line for line in self.read(server) if "peer" in line)
        self.assertEqual(heard["peer"], "unix:" + as_told(path))

    def test_each_entry_has_its_own_level(self):
        with self.serve(
                "{level: info}", 'name: usual, listen: "127.0.0.1:0"',
                'name: loud, listen: "127.0.0.1:0", log: {level: debug}',
                "name: quiet, listen: unix:quiet.sock, log: {level: error}",
        ) as server:
            quiet = "unix:" + os.path.join(server.folder, "quiet.sock")
            for address in (*server.addresses, quiet):
                with connect(address) as sock:
                    round_trip(sock)
        self.assertEqual(self.count(server, "usual"),
                         {"info": 1, "warn": 1})
        self.assertEqual(self.count(server, "loud"),
                         {"info": 1, "warn": 1, "debug": 2})
        self.assertEqual(self.count(server, "quiet"), {})

    def count(self, server, entry):
        """How many lines of each level an entry has."""
        levels = {}
        for line in server.log:
            match = re.search(rf"level=(\w+) entry={entry}\b", line)
            if match:
                levels[match[1]] = levels.get(match[1], 0) + 1
        return levels


class Fifo(unittest.TestCase):
    def test_one_that_nobody_reads_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "fifo")
            os.mkfifo(name)
            for workers in (0, 1):
                done = run("-c", "server.yaml", config=f"workers: {workers}\n"
                           f"log: {{file: {name}}}\n" + ECHO)
                self.assertEqual(done.returncode, 71)
                self.assertEqual(done.stderr, "berth: cannot open the log "
                                 f"{name}: it is a FIFO that nobody reads, or "
                                 "a socket\n")


if __name__ == "__main__":
    unittest.main()
