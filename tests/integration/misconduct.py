# SPDX-License-Identifier: MIT
"""berth-conform finds what is wrong with a server: each of these here does one
thing badly, and the check that is there for it says so. The good ones that they
are made of pass."""

import json
import os
import select
import socket
import struct
import subprocess
import threading
import unittest

from harness import BUILD, TIMEOUT_S

CONFORM = os.path.join(BUILD, "bin", "berth-conform")


class Bad:
    """A server with a thread for each connection, which calls
    serve(sock, server). dies: the first exception in one of them ends it."""

    def __init__(self, serve, dies=False):
        self.serve = serve
        self.dies = dies
        self.socks = []
        self.threads = []
        self.lock = threading.Lock()
        self.one = threading.Lock()
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.start(self.accept)

    def start(self, function, *args):
        thread = threading.Thread(target=function, args=args, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.socks.append(sock)
            self.start(self.run, sock)

    def run(self, sock):
        try:
            with sock:
                self.serve(sock, self)
        except OSError:
            if self.dies:
                self.stop()

    def stop(self):
        self.over.set()
        with self.lock:
            socks = [self.listener, *self.socks]
        for sock in socks:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        for thread in self.threads:
            thread.join(TIMEOUT_S)


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))


def has_ended(sock, wait_s=1):
    """Does the peer finish soon?"""
    poll = select.poll()
    poll.register(sock, select.POLLRDHUP)
    return bool(poll.poll(wait_s * 1000))


# ----------------------------------------------------------------------- echo

def echo(sock, _):
    while data := sock.recv(65536):
        sock.sendall(data)


def echo_dropping_at_the_end(sock, _):
    while data := sock.recv(65536):
        if has_ended(sock):
            return
        sock.sendall(data)


def echo_resetting_at_the_end(sock, server):
    echo(sock, server)
    reset(sock)


def echo_keeping_the_end_open(sock, server):
    echo(sock, server)
    server.over.wait(TIMEOUT_S)


def echo_losing_short_pieces(sock, _):
    """Not only single bytes: where much else runs, a piece may be read together
    with the next one, but not each of them."""
    while data := sock.recv(65536):
        if len(data) > 8:
            sock.sendall(data)


def echo_forgetting_after_64k(sock, _):
    left = 65536
    while data := sock.recv(65536):
        sock.sendall(data[:left])
        left -= len(data[:left])


def echo_of_text(sock, _):
    while data := sock.recv(65536):
        sock.sendall(data.partition(b"\0")[0])


def echo_stopped_by_urgent_data(sock, _):
    poll = select.poll()
    poll.register(sock, select.POLLIN | select.POLLPRI)
    while True:
        for _, events in poll.poll():
            if events & select.POLLPRI:
                return
            data = sock.recv(65536)
            if not data:
                return
            sock.sendall(data)


def echo_with_endless_memory(sock, _):
    """Reads on whatever the peer does."""
    queue = b""
    sock.setblocking(False)
    while True:
        readable, writable, _ = select.select([sock], [sock] if queue else [],
                                              [])
        if readable:
            data = sock.recv(1 << 20)
            if not data:
                return
            queue = queue + data if len(queue) < 1 << 20 else queue
        if writable:
            queue = queue[sock.send(queue):]


def echo_giving_up_when_full(sock, _):
    """What the kernel does not take at once is gone."""
    while data := sock.recv(65536):
        sock.setblocking(False)
        try:
            sock.send(data)
        except BlockingIOError:
            pass
        sock.setblocking(True)


def echo_one_at_a_time(sock, server):
    with server.one:
        echo(sock, server)


def echo_to_the_last(sock, server):
    """Whoever connected last, before this one spoke, gets the answer."""
    while data := sock.recv(65536):
        with server.lock:
            other = server.socks[-1]
        other.sendall(data)


# ----------------------------------------------------------------------- http

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"


def read_heads(sock):
    """The heads that are there, in lists: one for each piece that comes."""
    data = b""
    while more := sock.recv(65536):
        *heads, data = (data + more).split(b"\r\n\r\n")
        yield heads


def respond(head):
    return HELLO if head.startswith(b"HEAD") else HELLO + b"hello"


def http(sock, _):
    """Right, but for a POST: it is answered when its head is there, and the
    rest of it, unread, makes a reset of the end."""
    for heads in read_heads(sock):
        for head in heads:
            if not head.startswith((b"GET /", b"HEAD /")):
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\n"
                             b"Content-Length: 0\r\n\r\n")
                return
            sock.sendall(respond(head))
            if b"Connection: close" in head:
                return


def http_in_reverse(sock, _):
    for heads in read_heads(sock):
        sock.sendall(b"".join(map(respond, reversed(heads))))


def http_of_the_first(sock, _):
    for heads in read_heads(sock):
        sock.sendall(b"".join(map(respond, heads[:1])))


def http_staying(sock, _):
    for heads in read_heads(sock):
        sock.sendall(b"".join(map(respond, heads)))


def http_leaving(sock, _):
    for heads in read_heads(sock):
        if heads:
            sock.sendall(respond(heads[0]))
            return


def http_with_a_body_for_head(sock, _):
    for heads in read_heads(sock):
        sock.sendall((HELLO + b"hello") * len(heads))


def http_of_anything(sock, _):
    for heads in read_heads(sock):
        for head in heads:
            sock.sendall(respond(head))
            if not head.startswith((b"GET", b"HEAD")):
                return


def http_waiting_for_bodies(sock, _):
    for heads in read_heads(sock):
        for head in heads:
            if b"100-continue" in head:
                sock.recv(5)
            sock.sendall(respond(head))


class Misconduct(unittest.TestCase):
    def check_found(self, serve, check, profile="echo", dies=False,
                    timeout="3s"):
        with Bad(serve, dies) as server:
            done = subprocess.run(
                [CONFORM, "--json", f"--timeout={timeout}",
                 f"--profile={profile}", f"--only={check}", server.address],
                stdout=subprocess.PIPE, text=True, timeout=100, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        told = {row["name"]: row for row in json.loads(done.stdout)["checks"]}
        self.assertEqual(told["answer"]["verdict"], "pass", done.stdout)
        self.assertEqual(told[check]["verdict"], "fail", done.stdout)
        return told[check]

    def check_good(self, serve, profile, checks):
        with Bad(serve) as server:
            done = subprocess.run(
                [CONFORM, f"--profile={profile}", "--timeout=20s",
                 f"--only={checks}", server.address],
                stdout=subprocess.PIPE, text=True, timeout=100, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_the_good_ones_pass(self):
        self.check_good(echo, "echo",
                        "byte-by-byte,split,pipelining,binary,large-message,"
                        "half-close,half-open,urgent,reset,silent-client,"
                        "many-connections,connect-reset,close-early")
        self.check_good(http, "http",
                        "split,pipelining,half-close,keep-alive,reset,"
                        "connection-close,head")

    def test_what_is_queued_is_dropped_at_the_end(self):
        told = self.check_found(echo_dropping_at_the_end, "half-close",
                                timeout="5s")
        self.assertEqual(told["got"], "0, then the end")

    def test_a_reset_at_the_end(self):
        told = self.check_found(echo_resetting_at_the_end, "half-close")
        self.assertIn("a reset", told["got"])
        told = self.check_found(echo_resetting_at_the_end, "half-open")
        self.assertEqual(told["got"], "a reset")

    def test_no_end(self):
        told = self.check_found(echo_keeping_the_end_open, "half-open")
        self.assertEqual(told["got"], "nothing for 3000 ms")

    def test_short_pieces_are_lost(self):
        self.check_found(echo_losing_short_pieces, "byte-by-byte")
        self.check_found(echo_losing_short_pieces, "split")

    def test_the_rest_of_much_is_lost(self):
        told = self.check_found(echo_forgetting_after_64k, "large-message")
        self.assertIn("65536, then nothing", told["got"])

    def test_bytes_are_taken_for_text(self):
        self.check_found(echo_of_text, "binary")

    def test_urgent_data_ends_it(self):
        self.check_found(echo_stopped_by_urgent_data, "urgent")

    def test_what_cannot_be_sent_is_lost(self):
        self.check_found(echo_giving_up_when_full, "slow-reader")

    def test_memory_without_a_bound(self):
        told = self.check_found(echo_with_endless_memory, "back-pressure",
                                timeout="20s")
        self.assertIn("64 MiB taken, none read", told["got"])

    def test_a_reset_ends_the_server(self):
        self.check_found(echo, "reset", dies=True)
        self.check_found(echo, "connect-reset", dies=True)

    def test_one_at_a_time(self):
        told = self.check_found(echo_one_at_a_time, "silent-client")
        self.assertIn("while 3 others are silent", told["got"])

    def test_connections_are_mixed_up(self):
        told = self.check_found(echo_to_the_last, "many-connections")
        self.assertRegex(told["got"], r", on connection \d+ of 200$")

    def test_answers_in_another_order(self):
        self.check_found(http_in_reverse, "pipelining", "http")

    def test_only_the_first_is_answered(self):
        told = self.check_found(http_of_the_first, "pipelining", "http")
        self.assertIn("1 whole, then nothing", told["got"])

    def test_connection_close_is_passed_over(self):
        told = self.check_found(http_staying, "connection-close", "http")
        self.assertEqual((told["expected"], told["got"]),
                         ("the end of the connection", "nothing for 3000 ms"))

    def test_the_connection_does_not_last(self):
        told = self.check_found(http_leaving, "keep-alive", "http")
        self.assertIn("for request 2", told["got"])

    def test_head_has_a_body(self):
        self.check_found(http_with_a_body_for_head, "head", "http")

    def test_an_answer_that_a_reset_destroys(self):
        told = self.check_found(http, "unread-body", "http")
        self.assertIn("a reset", told["got"])

    def test_nonsense_is_answered(self):
        told = self.check_found(http_of_anything, "bad-request", "http")
        self.assertEqual(told["expected"], "400")
        self.assertIn("200, for a line that is no request", told["got"])

    def test_who_expects_100_waits(self):
        told = self.check_found(http_waiting_for_bodies, "continue", "http")
        self.assertIn("nothing for 3000 ms, without the body", told["got"])


if __name__ == "__main__":
    unittest.main()
