# SPDX-License-Identifier: MIT
"""The plugin of tests/plugins/password.c: words are checked on the pool while
clients wait, leave, and are too many."""

import re
import signal
import socket
import unittest
import uuid

from harness import TEST_PLUGINS, Server, connect, recv_all, recv_exactly
from traffic import close_at_once, gather, reset

# Made by crypt(3). To check the slow ones takes as long as 500 and 3,000 of the
# quick one: for the latter half a second, where a turn takes a thousandth.
QUICK = "$5$rounds=1000$berth$F2S8zyAxP4CP42K8tPwKWAPsQcBDCjjRf4AwmEc0WDC"
SLOW = "$5$rounds=500000$berth$NrP9JEnVdAZ..bgbsLMet7IiWfoDSq3L4Re8BeoNfxD"
SLOWEST = "$5$rounds=3000000$berth$fqTbIBweLVuUUJpRCxy9Ae1oGHIGewozlYO7nyY7G.2"

CONFIG = """\
trigger: {trigger}
pool: {{threads: {threads}, queue: {queue}}}
drain_timeout: {drain}
protocols:
  - plugin: {plugins}/password.so
    listen: 127.0.0.1:0
    settings:
      users: {{ann: "{quick}", slow: "{slow}"}}
      max_failures: {failures}
"""
NEXT = """\
      next: inside
  - plugin: {plugins}/line_greeter.so
    name: inside
    limits: {{connections: 1}}
"""

LOGIN = b"USER ann\nPASS sesame\n"
SLOW_LOGIN = b"USER slow\nPASS slow\n"
BIGGEST_MAPPING = 1 << 28


def memory_has(pid, *texts):
    """For each of the texts whether it is anywhere in a process's memory. The
    worker's stack is left out: there the dynamic linker saves registers, which
    hold pieces of what was just copied."""
    found = [False] * len(texts)
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            bounds = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if not bounds or line.endswith("[stack]\n"):
                continue
            start, end = (int(bound, 16) for bound in bounds.groups())
            if end - start > BIGGEST_MAPPING:
                continue  # a sanitizer's
            memory.seek(start)
            part = memory.read(end - start)
            found = [was or text in part for was, text in zip(found, texts)]
    return found


class Password:
    trigger = None

    def serve(self, threads=2, queue=1024, drain="30s", failures=3, slow=SLOW,
              more=""):
        return Server((CONFIG + more).format(
            trigger=self.trigger, threads=threads, queue=queue, drain=drain,
            failures=failures, plugins=TEST_PLUGINS, quick=QUICK, slow=slow))

    def test_answers_come_in_order(self):
        with self.serve() as server, connect(server.address) as sock:
            sock.sendall(b"USER ann\n" + b"PASS sesame\nPASS x\n" * 2
                         + LOGIN)
            answers = b"OK ann\nERR wrong\n" * 2 + b"OK ann\n"
            self.assertEqual(recv_exactly(sock, len(answers)), answers)

    def test_the_end_comes_after_the_answer(self):
        with self.serve() as server, connect(server.address) as sock:
            sock.sendall(SLOW_LOGIN)
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(recv_all(sock), b"OK slow\n")

    def test_wrong_words_are_limited(self):
        with self.serve(failures=2) as server, connect(server.address) as sock:
            sock.sendall(b"USER ann\nPASS x\nPASS y\nPASS sesame\n")
            self.assertEqual(recv_all(sock), b"ERR wrong\nERR wrong\n")

    def test_clients_leave_while_they_are_checked(self):
        with self.serve() as server:
            before = connect(server.address)
            before.sendall(SLOW_LOGIN)
            for number in range(20):
                sock = connect(server.address)
                sock.sendall(SLOW_LOGIN if number == 0 else LOGIN)
                if number % 2 == 0:
                    reset(sock)
                else:
                    sock.close()
                close_at_once(server.address, number)
            self.assertEqual(recv_exactly(before, 8), b"OK slow\n")
            before.close()
            with connect(server.address) as sock:
                sock.sendall(LOGIN)
                self.assertEqual(recv_exactly(sock, 7), b"OK ann\n")

    def test_a_full_pool(self):
        with self.serve(threads=1, queue=0, slow=SLOWEST) as server:
            socks = [connect(server.address) for _ in range(4)]
            server.signal(signal.SIGSTOP)  # so that all come at once
            for sock in socks:
                sock.sendall(SLOW_LOGIN)
            server.signal(signal.SIGCONT)
            answers = gather(*[lambda sock=sock: recv_exactly(sock, 8)
                               for sock in socks])
            self.assertEqual(sorted(answers),
                             [b"ERR busy"] * 3 + [b"OK slow\n"])
            busy = socks[answers.index(b"ERR busy")]
            busy.sendall(LOGIN)
            self.assertEqual(recv_exactly(busy, 8), b"\nOK ann\n")
            for sock in socks:
                sock.close()

    def test_a_server_that_ends_answers_first(self):
        with self.serve() as server:
            socks = [connect(server.address) for _ in range(4)]
            for sock in socks:
                sock.sendall(SLOW_LOGIN)
            server.signal(signal.SIGTERM)
            for sock in socks:
                self.assertEqual(recv_all(sock), b"OK slow\n")
                sock.close()
            self.assertEqual(server.wait(), 0)

    def test_a_server_that_ends_at_once_checks_no_more(self):
        with self.serve(threads=1, drain="1ms", slow=SLOWEST) as server:
            socks = [connect(server.address) for _ in range(3)]
            for sock in socks:
                sock.sendall(SLOW_LOGIN)
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0)
            for sock in socks:
                with self.assertRaises(ConnectionResetError):
                    recv_all(sock)
                sock.close()

    def test_the_next_entry_has_who_is_right(self):
        with self.serve(more=NEXT) as server:
            with connect(server.address) as sock:
                sock.sendall(b"USER ann\nPASS x\nPASS sesame\nPASS on\n")
                expected = b"ERR wrong\nhello ann\nPASS on\n"
                self.assertEqual(recv_exactly(sock, len(expected)), expected)
                with connect(server.address) as late:
                    late.sendall(LOGIN)
                    self.assertEqual(recv_all(late), b"")
                server.wait_log("closed: 'inside' is full")
            self.assertFalse([line for line in server.log
                              if "sesame" in line or QUICK in line])

    def test_no_word_stays_in_memory(self):
        word = uuid.uuid4().hex.encode()
        with self.serve() as server, connect(server.address) as sock:
            sock.sendall(b"USER ann\nPASS " + word + b"\n")
            self.assertEqual(recv_exactly(sock, 10), b"ERR wrong\n")
            # The hash is one of the settings: this way of looking finds it.
            self.assertEqual(memory_has(server.pid, QUICK.encode(), word),
                             [True, False])


class Level(Password, unittest.TestCase):
    trigger = "level"


class Edge(Password, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    unittest.main()
