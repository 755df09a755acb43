# SPDX-License-Identifier: MIT
"""The protocol line over real sockets, level- and edge-triggered, and what it
says of settings that are wrong."""

import datetime
import os
import random
import re
import shutil
import socket
import subprocess
import unittest

from harness import (SOURCE, Server, connect, recv_all, recv_exactly,
                     rss_private, run)
from traffic import gather

NETCAT = shutil.which("nc")
CONFIG = 78


def line_yaml(settings=None, trigger="level", limits=None):
    """settings: key to value, as it is written in YAML."""
    text = (f"trigger: {trigger}\nprotocols:\n  - plugin: line.so\n"
            "    listen: 127.0.0.1:0\n")
    for key, values in (("limits", limits), ("settings", settings)):
        if values:
            text += f"    {key}:\n" + "".join(
                f"      {name}: {value}\n" for name, value in values.items())
    return text


def ask(address, data):
    """Sends all of it and the end; returns what comes until the end."""
    with connect(address) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return recv_all(sock)


def trickle(address, data):
    """The same, a byte at a time."""
    with connect(address) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in data:
            sock.sendall(bytes([byte]))
        sock.shutdown(socket.SHUT_WR)
        return recv_all(sock)


def is_text(data):
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class Line:
    trigger = None

    def serve(self, limits=None, **settings):
        return Server(line_yaml(settings, self.trigger, limits))

    @unittest.skipUnless(NETCAT, "needs nc")
    def test_netcat_gets_its_answers_after_its_half_close(self):
        with self.serve(greeting="hello", prompt='"> "') as server:
            done = subprocess.run(
                [NETCAT, "-N", *server.address.split(":")],
                input=b"echo one\r\ntwo", stdout=subprocess.PIPE, timeout=30,
                check=True)
            self.assertEqual(done.stdout, b"hello\n> one\r\n> two\r\n")

    def test_lines_are_bytes(self):
        dice = random.Random(4)
        data = b"".join(
            dice.randbytes(dice.randint(0, 300)).replace(b"\n", b"")
            + dice.choice((b"\n", b"\r\n")) for _ in range(300))
        with self.serve() as server:
            self.assertEqual(ask(server.address, data), data)
            self.assertEqual(trickle(server.address, data[:5000] + b"\n"),
                             data[:5000] + b"\n")

    def test_pipelined_lines_have_their_answers_in_order(self):
        count = 20000
        data = b"".join(b"get %d\r\n" % number for number in range(count))
        expected = b"".join(b"value of %d\r\n" % number
                            for number in range(count))
        with self.serve(replies='{"get *": "value of {args}"}') as server:
            for answer in gather(*[lambda: ask(server.address, data)] * 4):
                self.assertEqual(answer, expected)

    def test_a_peer_that_reads_late_misses_nothing(self):
        # 1 MiB of answers: well above the high mark.
        reply = "x" * 1000
        with self.serve(replies=f"{{a: {reply}}}") as server, \
                connect(server.address, receive_buffer=4096) as sock:
            sock.sendall(b"a\n" * 1000)
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(recv_all(sock), (reply.encode() + b"\n") * 1000)

    def test_bytes_one_by_one_mean_the_same(self):
        data = (b"one\r\ntoo long a line\r\nabcdefgh\r\nabcdefgh\r\r\n"
                b"PING\nlast")
        expected = (b"one\r\nerror: line too long\r\nabcdefgh\r\n"
                    b"error: line too long\r\npong\nlast\n")
        with self.serve(max_line=8, too_long="skip",
                        replies="{ping: pong}") as server:
            self.assertEqual(ask(server.address, data), expected)
            self.assertEqual(trickle(server.address, data), expected)

    def test_peer_and_time_are_true(self):
        with self.serve() as server, connect(server.address) as sock:
            before = datetime.datetime.now(datetime.timezone.utc)
            sock.sendall(b"peer\ntime\n")
            own = "%s:%d\n" % sock.getsockname()
            self.assertEqual(recv_exactly(sock, len(own)), own.encode())
            told = recv_exactly(sock, 21).decode()
            after = datetime.datetime.now(datetime.timezone.utc)
            moment = datetime.datetime.strptime(
                told, "%Y-%m-%dT%H:%M:%SZ\n").replace(
                    tzinfo=datetime.timezone.utc)
            # The clock of a turn has milliseconds, the answer whole seconds.
            self.assertLessEqual(before.replace(microsecond=0), moment)
            self.assertLessEqual(moment, after)

    def test_quit_is_answered_and_then_the_end_comes(self):
        # No reset, though much is unread.
        with self.serve() as server, connect(server.address) as sock:
            sock.sendall(b"quit\n" + b"x\n" * 100000)
            self.assertEqual(recv_all(sock), b"bye\n")

    def test_too_many_errors_end_it(self):
        with self.serve(max_errors=2, fallback="error", text="true") as server:
            for data in (b"\xff\nwhat\ntime\n", b"a\nb\n" + b"c\n" * 50000):
                with connect(server.address) as sock:
                    sock.sendall(data)
                    lines = recv_all(sock).splitlines()
                    self.assertEqual(len(lines), 2)
                    for line in lines:
                        self.assertRegex(line, b"^error: ")

    def test_who_sends_no_line_is_closed(self):
        with self.serve(idle="50ms", greeting="hello") as server, \
                connect(server.address) as sock:
            sock.sendall(b"begun")
            self.assertEqual(recv_all(sock), b"hello\n")

    def test_what_is_no_text_is_what_python_takes_for_none(self):
        dice = random.Random(6)
        edges = (0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1,
                 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1,
                 0xf3, 0xf4, 0xf5, 0xff)
        texts = [bytes(dice.choice(edges) for _ in range(dice.randint(1, 5)))
                 for _ in range(5000)]
        texts += [bytes([first, second]) for first in range(256)
                  for second in range(256)]
        texts = [b"<" + text.replace(b"\n", b"") + b">" for text in texts]
        with self.serve(text="true") as server:
            answers = ask(server.address, b"\n".join(texts)).split(b"\n")
        self.assertEqual(len(answers), len(texts) + 1)
        for text, answer in zip(texts, answers):
            self.assertEqual(
                answer, text if is_text(text) else b"error: not UTF-8")

    def test_an_endless_line_takes_no_memory(self):
        with self.serve(too_long="skip") as server, \
                connect(server.address) as sock:
            sock.sendall(b"echo here\n")
            self.assertEqual(recv_exactly(sock, 5), b"here\n")
            before = rss_private(server.pid)
            for _ in range(256):
                sock.sendall(b"x" * 65536)
            sock.sendall(b"\nstill here\n")
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(recv_all(sock),
                             b"error: line too long\nstill here\n")
            self.assertLess(rss_private(server.pid) - before, 4 << 20)

    def test_a_limit_of_the_server_below_that_of_lines_is_told(self):
        with self.serve({"input": 1024}, max_line=2000) as server, \
                connect(server.address) as sock:
            sock.sendall(b"x" * 1500)
            self.assertEqual(recv_all(sock), b"")
            server.wait_log(r"limits\.input")


class Level(Line, unittest.TestCase):
    trigger = "level"


class Edge(Line, unittest.TestCase):
    trigger = "edge"


# What is wrong: the setting, the column of the value, words of the message.
BAD_SETTINGS = {
    "a name in a greeting": ("greeting: hello {line}", 17,
                             r"'\{line\}' is not known: there are \{peer\}"),
    "a name in a prompt": ("prompt: '{name}> '", 15, "'{name}' is not"),
    "a name in a reply": ("replies: {a.b: x, 'c[0]*': '{arg}'}", 34,
                          r"'\{arg\}' is not known: there are \{line\}"),
    "an open brace": ("replies: {a: 'x{'}", 20, "write {{ for a brace"),
    "two replies to one line": ("replies: {ping: a, b: c, PING: d}", 38,
                                "has an answer already"),
    "a line of no length": ("max_line: 0", 17, "1"),
    "a delimiter": ("delimiter: cr", 18, "auto"),
    "a command": ("commands: {halp: false}", 18, "mean 'help'"),
}


class Settings(unittest.TestCase):
    def test_what_is_wrong_is_told_with_its_place(self):
        for name, (text, column, words) in BAD_SETTINGS.items():
            with self.subTest(name):
                key, _, value = text.partition(": ")
                done = run("-t", config=line_yaml({key: value}))
                self.assertEqual(done.returncode, CONFIG)
                self.assertTrue(done.stderr.startswith(
                    f"./server.yaml:6:{column}: error: "), done.stderr)
                self.assertRegex(done.stderr, words)


def uncomment(text, plugin):
    """server.yaml with the block of a plugin taken in."""
    found = re.search(rf"^  # - plugin: {plugin}\.so.*\n(?:  #   .*\n)*", text,
                      re.MULTILINE)
    block = found.group(0)
    return text.replace(block, block.replace("  # ", "  "))


class Shipped(unittest.TestCase):
    def read(self, *path):
        with open(os.path.join(SOURCE, "config", *path)) as file:
            return re.sub(r"(127\.0\.0\.1):\d+", r"\1:0", file.read())

    def test_the_block_of_the_shipped_configuration_is_served(self):
        text = self.read("server.yaml")
        self.assertNotEqual(uncomment(text, "line"), text)
        with Server(uncomment(text, "line")) as server:
            echo, line = server.addresses
            self.assertEqual(ask(echo, b"help"), b"help")
            self.assertIn(b"HELP: ", ask(line, b"help"))

    def test_the_stub_of_a_mail_server_takes_a_letter(self):
        letter = [b"EHLO me", b"MAIL FROM:<a@example>", b"RCPT TO:<b@example>",
                  b"DATA", b"Subject: none", b"", b"a\nb", b".", b"quit"]
        with Server(self.read("examples", "line.yaml")) as server:
            answers = ask(server.address, b"\r\n".join(letter) + b"\r\n")
        self.assertEqual(
            re.sub(rb"at \S+", b"at noon", answers).split(b"\r\n"),
            [b"220 stub.example ESMTP", b"250-stub.example greets me",
             b"250 HELP", b"250 sender <a@example> is fine",
             b"250 recipient <b@example> is fine",
             b"354 end with a line of a dot", b"250 thrown away at noon",
             b"221 bye", b""])


if __name__ == "__main__":
    unittest.main()
