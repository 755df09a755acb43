# SPDX-License-Identifier: MIT
"""The example kv over real sockets: several clients, a client that leaves while
its file is written, what a reload and a damaged file do."""

import os
import random
import signal
import socket
import struct
import unittest

from harness import (TEST_PLUGINS, Server, connect, own_address, recv_all,
                     recv_exactly, run)
from resp import play
from traffic import gather, until

KV = os.path.join(TEST_PLUGINS, "kv.so")
DOOR = os.path.join(TEST_PLUGINS, "door.so")
CLIENTS = 4
REQUESTS = 200
OK, NONE, BUSY = b"+", b"-", b"!Device or resource busy"


def frame(*parts):
    data = b"".join(parts)
    return struct.pack(">I", len(data)) + data


def request(kind, key=b"", value=b""):
    return frame(kind, bytes([len(key)]), key, value)


def receive(sock):
    """One answer."""
    size = struct.unpack(">I", recv_exactly(sock, 4))[0]
    return recv_exactly(sock, size)


def ask(sock, *args):
    sock.sendall(request(*args))
    return receive(sock)


def make_script(seed):
    """Random requests for keys of one client alone, and their answers."""
    dice = random.Random(seed)
    values = {}
    requests, answers = [], []
    for _ in range(REQUESTS):
        key = bytes([seed]) * dice.choice((1, 2, 255))
        kind = dice.choice((b"S", b"G", b"G", b"D"))
        value = dice.randbytes(dice.choice((0, 1, 1000, 4096)))
        requests.append(request(kind, key, value if kind == b"S" else b""))
        if kind == b"S":
            values[key] = value
            answers.append(frame(OK))
        elif kind == b"G":
            answers.append(frame(OK, values[key]) if key in values
                           else frame(NONE))
        else:
            answers.append(frame(OK if values.pop(key, None) is not None
                                 else NONE))
    return requests, answers


def configure(*settings, listen="127.0.0.1:0", more=""):
    lines = ["protocols:", f"  - plugin: {KV}", f"    listen: {listen}",
             "    workers: 1"]
    if settings:
        lines += ["    settings:", *("      " + line for line in settings)]
    return "\n".join(lines) + "\n" + more


class Kv(unittest.TestCase):
    def client(self, server):
        sock = connect(server.address)
        self.addCleanup(sock.close)
        return sock


class Requests(Kv):
    def test_each_client_gets_its_own_answers(self):
        with Server(configure()) as server:
            gather(*(lambda seed=seed: play(
                self.client(server), *make_script(seed), seed)
                for seed in range(CLIENTS)))

    def test_keys_are_shared(self):
        with Server(configure()) as server:
            one, other = self.client(server), self.client(server)
            self.assertEqual(ask(one, b"S", b"key", b"a\0b"), OK)
            self.assertEqual(ask(other, b"G", b"key"), OK + b"a\0b")
            self.assertEqual(ask(other, b"D", b"key"), OK)
            self.assertEqual(ask(one, b"G", b"key"), NONE)

    def test_the_largest_request_fits(self):
        with Server(configure("max_value: 60000")) as server:
            sock, value = self.client(server), b"v" * 60000
            self.assertEqual(ask(sock, b"S", b"k" * 255, value), OK)
            self.assertEqual(ask(sock, b"G", b"k" * 255), OK + value)
            self.assertEqual(ask(sock, b"S", b"k" * 255, value + b"v"),
                             b"!Message too long")
            self.assertEqual(recv_all(sock), b"")

    def test_a_door_hands_its_clients_on(self):
        address = own_address()
        door = f"  - plugin: {DOOR}\n    listen: {address}\n    workers: 1\n"
        with Server(configure(listen=address, more=door)) as server:
            sock = self.client(server)
            sock.sendall(b"UPGRADE kv\r\n" + request(b"S", b"a", b"one"))
            self.assertEqual(recv_exactly(sock, 3), b"OK\n")
            self.assertEqual(receive(sock), OK)
            self.assertEqual(ask(self.client(server), b"G", b"a"), OK + b"one")


class Files(Kv):
    def path(self, server):
        return os.path.join(server.folder, "kv.data")

    def test_what_was_written_is_read(self):
        with Server(configure("file: kv.data")) as server:
            sock = self.client(server)
            self.assertEqual(ask(sock, b"W"), OK)
            ask(sock, b"S", b"a", b"one")
            ask(sock, b"S", b"b", b"")
            self.assertEqual(ask(sock, b"W"), OK)
            with open(self.path(server)) as file:
                saved = file.read()
            self.assertEqual(os.listdir(server.folder).count("kv.data.new"), 0)
        with Server(configure("file: kv.data"),
                    files={"kv.data": saved}) as server:
            sock = self.client(server)
            self.assertEqual(ask(sock, b"G", b"a"), OK + b"one")
            self.assertEqual(ask(sock, b"G", b"b"), OK)

    def test_a_client_may_leave_while_its_file_is_written(self):
        """A FIFO: the job waits until somebody reads."""
        with Server(configure("file: kv.data", "idle: none")) as server:
            fifo = self.path(server) + ".new"
            os.mkfifo(fifo)
            first, other = self.client(server), self.client(server)
            # What one read brings is answered at once: W was seen by then.
            first.sendall(request(b"S", b"a", b"one") + request(b"W") +
                          request(b"G", b"a"))
            self.assertEqual(receive(first), OK)
            self.assertEqual(ask(other, b"W"), BUSY)
            first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
            first.close()
            # Nobody waits for the job, and it does not see what changes.
            self.assertEqual(ask(other, b"S", b"a", b"two"), OK)
            self.assertEqual(ask(other, b"D", b"a"), OK)
            with open(fifo, "rb") as file:
                self.assertEqual(file.read(), request(b"S", b"a", b"one"))
            os.unlink(fifo)
            until(lambda: ask(other, b"W") != BUSY, "the job has ended")
            self.assertEqual(ask(other, b"W"), OK)

    def test_the_answer_precedes_what_was_asked_later_and_the_end(self):
        with Server(configure("file: kv.data")) as server:
            sock = self.client(server)
            sock.sendall(request(b"S", b"a", b"one") + request(b"W") +
                         request(b"G", b"a") + request(b"W"))
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(recv_all(sock), frame(OK) + frame(OK) +
                             frame(OK, b"one") + frame(OK))

    def test_no_file(self):
        with Server(configure()) as server:
            self.assertEqual(ask(self.client(server), b"W"),
                             b"!Operation not supported")

    def test_a_damaged_file_is_refused(self):
        whole = request(b"S", b"a", b"one")
        for data in (whole[:-1], whole + b"\0", b"\xff" * 4, request(b"G"),
                     request(b"S", b"a", b"v" * 5000),
                     whole + request(b"S", b"b")):
            with self.subTest(data[:16]):
                done = run("-t", "-c", "server.yaml", files={"kv.data": data},
                           config=configure("capacity: 1", "file: kv.data"))
                self.assertEqual(done.returncode, 78)
                self.assertRegex(done.stderr, r"server\.yaml:7:\d+: error: "
                                 r"'file': [A-Z].*\n.*\n +\| +\^")

    def test_a_reload_lets_clients_go(self):
        with Server(configure("file: kv.data"), workers=None) as server:
            sock = self.client(server)
            self.assertEqual(ask(sock, b"S", b"a", b"one"), OK)
            self.assertEqual(ask(sock, b"W"), OK)
            start = len(server.log)
            server.signal(signal.SIGHUP)
            server.wait_log("reloaded: ", start)
            self.assertEqual(recv_all(sock), b"")
            self.assertEqual(ask(self.client(server), b"G", b"a"), OK + b"one")

    def test_a_reload_waits_for_the_file(self):
        """A FIFO again; its answer comes, and then the end."""
        with Server(configure("file: kv.data"), workers=None) as server:
            fifo = self.path(server) + ".new"
            os.mkfifo(fifo)
            sock = self.client(server)
            sock.sendall(request(b"S", b"a", b"one") + request(b"W"))
            self.assertEqual(receive(sock), OK)
            start = len(server.log)
            server.signal(signal.SIGHUP)
            server.wait_log("reloaded: ", start)
            self.assertEqual(ask(self.client(server), b"G", b"a"), NONE)
            with open(fifo, "rb") as file:
                self.assertEqual(file.read(), request(b"S", b"a", b"one"))
            # A FIFO cannot be synchronised.
            self.assertEqual(recv_all(sock), frame(b"!Invalid argument"))


if __name__ == "__main__":
    unittest.main()
