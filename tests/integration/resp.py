# SPDX-License-Identifier: MIT
"""The example resp over real sockets: values of 1 MiB, pipelined, checked byte
by byte; values that change while they are sent; mistakes; redis-cli."""

import os
import random
import shutil
import socket
import subprocess
import unittest

from harness import TEST_PLUGINS, Server, connect, recv_all, recv_exactly
from traffic import MIB, echo_yaml, gather

RESP = os.path.join(TEST_PLUGINS, "resp.so")
VALUES = 32
CLIENTS = 10
COMMANDS = 300
GETS = 30  # of 1 MiB: more than the kernel holds for a connection


def command(*words):
    """Words are bytes."""
    return b"*%d\r\n" % len(words) + b"".join(
        b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def bulk(value):
    return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value),
                                                               value)


def make_script(seed, keys, sizes, count):
    """Random commands and what is answered: two lists of bytes. Nobody else
    may use the keys."""
    dice = random.Random(seed)
    values = {}
    commands, answers = [], []
    for _ in range(count):
        key = dice.choice(keys)
        what = dice.choice((b"SET", b"SET", b"GET", b"GET", b"GET", b"DEL"))
        if what == b"SET":
            values[key] = dice.randbytes(dice.choice(sizes))
            commands.append(command(what, key, values[key]))
            answers.append(b"+OK\r\n")
        elif what == b"GET":
            commands.append(command(what, key))
            answers.append(bulk(values.get(key)))
        else:
            commands.append(command(what, key))
            answers.append(b":%d\r\n" % (values.pop(key, None) is not None))
    return commands, answers


def play(sock, commands, answers, seed=0):
    """Sends all of them in pieces of any length, while it reads."""
    dice = random.Random(seed)
    data = memoryview(b"".join(commands))

    def send():
        at = 0
        while at < len(data):
            size = dice.choice((1, 30, 5000, 100_000, 3 * MIB))
            sock.sendall(data[at:at + size])
            at += size

    def receive():
        for number, answer in enumerate(answers):
            if recv_exactly(sock, len(answer)) != answer:
                raise AssertionError(f"answer {number} is another")

    gather(send, receive)


class Resp:
    trigger = None

    def serve(self, **options):
        return Server(echo_yaml(trigger=self.trigger, plugin=RESP, **options))

    def test_values_of_1_mib_are_pipelined(self):
        values = [random.Random(seed).randbytes(MIB) for seed in range(VALUES)]
        commands, answers = [], []
        for value in values:
            commands += [command(b"SET", b"key", value),
                         command(b"GET", b"key"), command(b"GET", b"key")]
            answers += [b"+OK\r\n", bulk(value), bulk(value)]
        with self.serve() as server, connect(server.address) as sock:
            play(sock, commands, answers)
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(recv_all(sock), b"")

    def test_many_clients(self):
        def serve_one(seed):
            keys = [b"%d:%d" % (seed, number) for number in range(10)]
            with connect(server.address) as sock:
                play(sock, *make_script(seed, keys, (0, 5, 4095, 4096, 70_000),
                                        COMMANDS), seed)

        with self.serve() as server:
            gather(*(lambda seed=seed: serve_one(seed)
                     for seed in range(CLIENTS)))

    def test_a_value_changes_while_it_is_sent(self):
        old, new = (random.Random(seed).randbytes(MIB) for seed in (1, 2))
        with self.serve() as server, connect(server.address) as writer, \
                connect(server.address, receive_buffer=4096) as reader:
            play(writer, [command(b"SET", b"key", old)], [b"+OK\r\n"])
            reader.sendall(GETS * command(b"GET", b"key"))
            begin = recv_exactly(reader, 100)
            play(writer, [command(b"SET", b"key", new),
                          command(b"DEL", b"key"),
                          command(b"SET", b"key", new)],
                 [b"+OK\r\n", b":1\r\n", b"+OK\r\n"])
            # Those that the kernel had room for are old. None is both.
            size = len(bulk(old))
            answers = [begin + recv_exactly(reader, size - len(begin))]
            answers += [recv_exactly(reader, size) for _ in range(GETS - 1)]
        olds = answers.count(bulk(old))
        self.assertTrue(0 < olds < GETS)
        self.assertEqual([answer == bulk(new) for answer in answers],
                         olds * [False] + (GETS - olds) * [True])

    def test_mistakes_are_answered_before_the_end(self):
        for mistake, answer in ((b"GET / HTTP/1.1\r\n\r\n", b"malformed"),
                                (b"*1\r\n$x\r\n", b"malformed"),
                                (b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$%d\r\n"
                                 % (MIB + 1), b"too large")):
            with self.serve() as server, connect(server.address) as sock:
                # It goes on sending, and reads the answer all the same.
                sock.sendall(command(b"PING") + mistake + bytes(100_000))
                self.assertEqual(recv_all(sock),
                                 b"+PONG\r\n-ERR " + answer + b"\r\n")

    @unittest.skipUnless(shutil.which("redis-cli"), "there is no redis-cli")
    def test_redis_cli(self):
        value = random.Random(1).randbytes(MIB - 1).replace(b"\n", b" ")
        with self.serve() as server:
            port = server.address.rpartition(":")[2]

            def ask(*words, given=b""):
                return subprocess.run(
                    ["redis-cli", "-p", port, *words], input=given, timeout=30,
                    stdout=subprocess.PIPE, check=True).stdout

            self.assertEqual(ask("ping"), b"PONG\n")
            self.assertEqual(ask("-x", "set", "key", given=value), b"OK\n")
            self.assertEqual(ask("get", "key"), value + b"\n")
            self.assertEqual(ask("del", "key"), b"1\n")
            self.assertEqual(ask("get", "key"), b"\n")
            self.assertIn(b"ERR unknown command", ask("incr", "key"))


class Level(Resp, unittest.TestCase):
    trigger = "level"


class Edge(Resp, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    unittest.main()
