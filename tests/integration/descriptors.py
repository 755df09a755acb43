# SPDX-License-Identifier: MIT
"""More clients than fit: those connected go on undisturbed, those who wait get
their turn when others leave, and waiting costs no processor time. And what the
limits on connections and on silence do."""

import os
import socket
import time
import unittest

from harness import Server, connect, cpu_ticks, fds, recv_all
from traffic import (count_connections, echo_yaml, gather, is_silent,
                     round_trip, until)

DESCRIPTORS = 64
CLIENTS = 100
IDLE_S = 1
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# Of what a server that spins would take: it is woken every 500 ms.
SHARE = 0.1


def close_all(socks):
    for sock in socks:
        sock.close()


def measure_share(pid):
    """The share of a processor that it takes while nobody asks for anything:
    here time itself is what is waited for."""
    before = cpu_ticks(pid)
    time.sleep(IDLE_S)
    return (cpu_ticks(pid) - before) / TICKS_PER_S / IDLE_S


class Descriptors:
    trigger = None

    def serve(self, limits=None, open_files=None):
        return Server(echo_yaml(trigger=self.trigger, limits=limits),
                      open_files=open_files)

    def test_more_clients_than_descriptors(self):
        with self.serve(open_files=DESCRIPTORS) as server:
            socks = [connect(server.address) for _ in range(CLIENTS)]
            for sock in socks:
                sock.sendall(b"one")
            server.wait_log("no connections are accepted")
            self.assertEqual(fds(server.pid), DESCRIPTORS)
            # They waited in a queue: the first ones are in.
            served = socks[:count_connections(server)]
            self.assertGreater(len(served), DESCRIPTORS // 2)
            for sock in served:
                self.assertEqual(sock.recv(3), b"one")
            share = measure_share(server.pid)
            print(f"{self.trigger}: {len(served)} of {CLIENTS} served, "
                  f"{share:.1%} of a processor while the others wait")
            self.assertLess(share, SHARE)
            self.check_undisturbed(served)
            self.check_turns(server, socks, served)

    def check_undisturbed(self, served):
        for sock in served:
            round_trip(sock, os.urandom(1000))

    def check_turns(self, server, socks, served):
        """As many leave as wait: all who waited are served."""
        waiting = socks[len(served):]
        self.assertTrue(all(is_silent(sock) for sock in waiting))
        close_all(served[:len(waiting)])
        for sock in waiting:
            self.assertEqual(sock.recv(3), b"one")
        self.check_undisturbed(served[len(waiting):] + waiting)
        close_all(served[len(waiting):] + waiting)
        # A newcomer is served at once again.
        until(lambda: fds(server.pid) < DESCRIPTORS // 2, "they are gone")
        with connect(server.address) as sock:
            round_trip(sock)

    def test_those_who_wait_may_leave(self):
        with self.serve(open_files=DESCRIPTORS) as server:
            socks = [connect(server.address) for _ in range(CLIENTS)]
            server.wait_log("no connections are accepted")
            close_all(reversed(socks))
            with connect(server.address) as sock:
                round_trip(sock)

    def test_it_ends_well_while_others_wait(self):
        with self.serve(open_files=DESCRIPTORS) as server:
            socks = [connect(server.address) for _ in range(CLIENTS)]
            server.wait_log("no connections are accepted")
            server.process.terminate()
            gather(*(lambda sock=sock: self.await_end(sock)
                     for sock in socks))

    def await_end(self, sock):
        """The end, or a reset for those who never got in."""
        with sock:
            try:
                self.assertEqual(recv_all(sock), b"")
            except ConnectionResetError:
                pass


class Limits(Descriptors):
    def test_connections(self):
        with self.serve({"connections": 3}) as server:
            socks = [connect(server.address) for _ in range(5)]
            for sock in socks:
                sock.sendall(b"one")
            for sock in socks[:3]:
                self.assertEqual(sock.recv(3), b"one")
            server.wait_log(r"limits\.connections\b")
            self.check_undisturbed(socks[:3])
            self.assertTrue(is_silent(socks[3]) and is_silent(socks[4]))
            socks[0].close()
            self.assertEqual(socks[3].recv(3), b"one")
            self.check_undisturbed(socks[1:4])
            self.assertTrue(is_silent(socks[4]))
            socks[3].close()
            self.assertEqual(socks[4].recv(3), b"one")
            close_all(socks)

    def test_waiting_at_the_limit_costs_no_processor_time(self):
        with self.serve({"connections": 1}) as server:
            socks = [connect(server.address) for _ in range(3)]
            round_trip(socks[0])
            server.wait_log(r"limits\.connections\b")
            share = measure_share(server.pid)
            print(f"{self.trigger}: {share:.1%} of a processor at "
                  "limits.connections")
            self.assertLess(share, SHARE)
            close_all(socks)

    def test_connections_per_ip(self):
        with self.serve({"connections_per_ip": 2}) as server:
            socks = [connect(server.address) for _ in range(2)]
            self.check_undisturbed(socks)
            with connect(server.address) as third:
                try:
                    self.assertEqual(third.recv(1), b"")
                except ConnectionResetError:
                    pass
            server.wait_log(r"peer=127\.0\.0\.1.*limits\.connections_per_ip")
            host, port = server.address.split(":")
            with socket.create_connection(
                    (host, int(port)),
                    source_address=("127.0.0.2", 0)) as other:
                round_trip(other)
            self.check_undisturbed(socks)
            socks[0].close()
            until(lambda: is_served(server.address), "a place is free again")
            close_all(socks)

    def test_idle(self):
        with self.serve({"idle": "500ms"}) as server:
            idle, busy = connect(server.address), connect(server.address)
            round_trip(idle)
            while is_silent(idle):
                round_trip(busy)
            self.assertEqual(idle.recv(1), b"")
            line = server.wait_log(r".*limits\.idle.*").group()
            self.assertIn("peer=%s:%d" % idle.getsockname(), line)
            round_trip(busy)
            close_all([idle, busy])

    def test_first_byte(self):
        with self.serve({"first_byte": "300ms"}) as server:
            silent, speaking = connect(server.address), connect(server.address)
            round_trip(speaking)
            self.assertEqual(silent.recv(1), b"")
            line = server.wait_log(r".*limits\.first_byte.*").group()
            self.assertIn("peer=%s:%d" % silent.getsockname(), line)
            round_trip(speaking)
            close_all([silent, speaking])


def is_served(address):
    with connect(address) as sock:
        try:
            round_trip(sock)
        except (AssertionError, ConnectionError):
            return False
    return True


class Level(Limits, unittest.TestCase):
    trigger = "level"


class Edge(Limits, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    unittest.main()
