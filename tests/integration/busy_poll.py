# SPDX-License-Identifier: MIT
"""busy_poll: while messages come one after the other the server does not sleep,
when they stop it does, and nothing else is different."""

import signal
import unittest

from harness import ECHO, Server, connect, recv_exactly
from traffic import exchange, process_state, random_chunks, round_trip, until
from witness import children, configure, reload

MESSAGES = 200  # after which one looks


def echo_yaml(busy_poll, trigger="level"):
    """Without limits there are no timers: who sleeps is woken by a client."""
    return (f"busy_poll: {busy_poll}\ntrigger: {trigger}\nworkers: 1\n"
            "limits: {idle: none}\n" + ECHO)


def sleeps(pid):
    """How often the process's first thread went to sleep."""
    with open(f"/proc/{pid}/task/{pid}/status") as file:
        for line in file:
            if line.startswith("voluntary_ctxt_switches:"):
                return int(line.split()[1])
    raise AssertionError("the kernel does not tell how often it slept")


def is_asleep(pid):
    return process_state(pid) == "S"


def sleeps_for_a_message(pid, sock):
    """Its share of messages for which it went to sleep."""
    before = sleeps(pid)
    for _ in range(MESSAGES):
        round_trip(sock)
    return (sleeps(pid) - before) / MESSAGES


def await_spinning(pid, sock):
    until(lambda: sleeps_for_a_message(pid, sock) < 0.5,
          "it does not sleep while messages come")


def await_sleeping(pid, sock):
    """Where others take the processor one that spins sleeps, too, at times."""
    until(lambda: all(sleeps_for_a_message(pid, sock) > 0.5
                      for _ in range(10)),
          "it sleeps while it waits for a message")


class BusyPoll:
    trigger = None

    def serve(self, busy_poll, **more):
        return Server(echo_yaml(busy_poll, self.trigger), **more)

    def test_it_does_not_sleep_while_messages_come(self):
        with self.serve("1ms") as server, connect(server.address) as sock:
            await_spinning(server.pid, sock)

    def test_without_it_the_server_sleeps(self):
        with self.serve("none") as server, connect(server.address) as sock:
            await_sleeping(server.pid, sock)

    def test_every_byte_comes_back(self):
        with self.serve("1ms") as server, connect(server.address) as sock:
            for seed in range(3):
                await_spinning(server.pid, sock)
                with connect(server.address) as other:
                    sent, size, *received = exchange(
                        other, random_chunks(seed, 1_000_000))
                self.assertEqual(received, [sent, size])

    def test_an_idle_server_does_nothing(self):
        """Who is asleep, and has not gone to sleep again, did not run."""
        with self.serve("1ms") as server, connect(server.address) as sock:
            for _ in range(3):
                await_spinning(server.pid, sock)
                until(lambda: is_asleep(server.pid), "it sleeps")
                count = sleeps(server.pid)
                with Server() as other, connect(other.address) as friend:
                    round_trip(friend)
                self.assertEqual(sleeps(server.pid), count)
                self.assertTrue(is_asleep(server.pid))

    def test_it_stops_while_messages_come(self):
        with self.serve("1ms") as server, connect(server.address) as sock:
            await_spinning(server.pid, sock)
            server.signal(signal.SIGTERM)
            try:
                while True:
                    sock.sendall(b"ping")
                    if recv_exactly(sock, 4) != b"ping":
                        break
            except (BrokenPipeError, ConnectionResetError):
                pass  # what was sent after the end
            self.assertEqual(server.wait(), 0)

    def test_a_reload_turns_it_on_and_off(self):
        with self.serve("none", workers=None) as server:
            worker = None
            for value, await_it in (("none", await_sleeping),
                                    ("1ms", await_spinning),
                                    ("none", await_sleeping)):
                if worker is not None:
                    configure(server, echo_yaml(value, self.trigger))
                    reload(server)
                worker = self.await_other_worker(server, worker)
                with connect(server.address) as sock:
                    await_it(worker, sock)

    def await_other_worker(self, server, before):
        """Until it is alone."""
        until(lambda: len(children(server.pid)) == 1
              and children(server.pid) != [before], "another worker serves")
        return children(server.pid)[0]


class Level(BusyPoll, unittest.TestCase):
    trigger = "level"


class Edge(BusyPoll, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    unittest.main()
