# SPDX-License-Identifier: MIT
"""Every byte comes back, in order, then the end of the stream and never a
reset: over TCP of both families and unix sockets, with both triggers."""

import os
import shutil
import socket
import subprocess
import unittest

from harness import Server, connect, recv_all
from traffic import (MIB, echo_yaml, exchange, gather, random_chunks,
                     round_trip, send_until_stuck)

NETCAT = shutil.which("nc")
CLIENTS = 50
TOTAL_BYTES = int(os.environ.get("BERTH_BYTES", 64 * MIB))


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def netcat(*args, text="hello\n"):
    return subprocess.run([NETCAT, "-N", *args], input=text, timeout=30,
                          stdout=subprocess.PIPE, text=True, check=True).stdout


class Echo:
    trigger = None

    def serve(self, listen=("127.0.0.1:0",)):
        return Server(echo_yaml(listen, self.trigger))

    def check_whole(self, sock, chunks):
        sent, sent_size, received, received_size = exchange(sock, chunks)
        self.assertEqual((received_size, received), (sent_size, sent))

    @unittest.skipUnless(NETCAT, "needs nc")
    def test_netcat_gets_its_echo_after_its_half_close(self):
        with self.serve(["127.0.0.1:0", "unix:echo.sock"]) as server:
            tcp, path = server.addresses
            self.assertEqual(netcat(*tcp.split(":")), "hello\n")
            self.assertEqual(netcat("-U", path[len("unix:"):]), "hello\n")

    def test_nothing_sent_before_the_end_gives_nothing_but_the_end(self):
        with self.serve() as server, connect(server.address) as sock:
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(recv_all(sock), b"")

    def test_8_mib_before_the_half_close_come_back_whole(self):
        with self.serve() as server, connect(server.address) as sock:
            data = os.urandom(8 * MIB)
            self.check_whole(sock, [data])

    def test_an_end_that_arrives_while_output_is_queued_waits_for_it(self):
        # Between unix sockets it arrives at once: behind what the server has
        # read (up to its high mark) and what it has not.
        sizes = [count * 64 << 10 for count in range(1, 17)]
        with self.serve(["unix:echo.sock"]) as server:
            for size in sizes:
                with self.subTest(size), connect(server.address) as sock:
                    self.check_late_reader(sock, size)

    def test_a_peer_that_reads_only_after_its_half_close_gets_all(self):
        with self.serve() as server:
            for size in (MIB, 2 * MIB, 3 * MIB, 7 * MIB // 2, 16 * MIB):
                with self.subTest(size), connect(
                        server.address, receive_buffer=4096) as sock:
                    self.check_late_reader(sock, size)

    def check_late_reader(self, sock, size):
        data = os.urandom(size)
        sent = send_until_stuck(sock, data)
        sock.shutdown(socket.SHUT_WR)
        self.assertTrue(recv_all(sock) == data[:sent])

    def test_50_clients_with_random_chunks_at_once(self):
        with self.serve() as server:
            size = TOTAL_BYTES // CLIENTS

            def transfer(seed):
                with connect(server.address) as sock:
                    self.check_whole(sock, random_chunks(seed, size))

            gather(*(lambda seed=seed: transfer(seed)
                     for seed in range(CLIENTS)))

    def test_one_connection_is_served_message_after_message(self):
        with self.serve() as server, connect(server.address) as sock:
            for size in [1, 2, 64, 4096, 65535, 65536, 65537, 200_000]:
                round_trip(sock, os.urandom(size))

    def test_unix_sockets(self):
        name = f"unix:@berth-test-{os.getpid()}-{self.trigger}"
        with self.serve(["unix:echo.sock", name]) as server:
            path, abstract = server.addresses
            self.assertEqual(abstract, name)
            self.assertEqual(path, f"unix:{server.folder}/echo.sock")
            for address in server.addresses:
                with self.subTest(address), connect(address) as sock:
                    self.check_whole(sock, random_chunks(1, 4 * MIB))

    def test_a_unix_socket_is_gone_after_a_good_end(self):
        with self.serve(["unix:echo.sock"]) as server:
            path = os.path.join(server.folder, "echo.sock")
            self.assertTrue(os.path.exists(path))
            server.process.terminate()
            server.process.wait(server.timeout)
            self.assertFalse(os.path.exists(path))

    @unittest.skipUnless(has_ipv6(), "needs IPv6")
    def test_ipv6(self):
        with self.serve(["[::1]:0"]) as server:
            self.assertRegex(server.address, r"\A\[::1\]:[1-9]\d*\Z")
            with connect(server.address) as sock:
                self.check_whole(sock, random_chunks(1, 4 * MIB))

    @unittest.skipUnless(has_ipv6(), "needs IPv6")
    def test_a_star_takes_both_families(self):
        with self.serve(["*:0"]) as server:
            self.assertRegex(server.address, r"\A\*:[1-9]\d*\Z")
            port = server.address[2:]
            for host in ("127.0.0.1", "[::1]"):
                with self.subTest(host), connect(f"{host}:{port}") as sock:
                    self.check_whole(sock, random_chunks(1, MIB))

    @unittest.skipUnless(has_ipv6(), "needs IPv6")
    def test_ipv6_any_leaves_ipv4_to_others(self):
        with self.serve(["[::]:0"]) as server:
            port = server.address.rpartition(":")[2]
            with self.assertRaises(ConnectionRefusedError):
                connect(f"127.0.0.1:{port}")
            with connect(f"[::1]:{port}") as sock:
                round_trip(sock)


class Level(Echo, unittest.TestCase):
    trigger = "level"


class Edge(Echo, unittest.TestCase):
    trigger = "edge"


if __name__ == "__main__":
    unittest.main()
