# SPDX-License-Identifier: MIT
"""What the other tests of faults look for is found where it is planted."""

import os
import re
import socket
import subprocess
import threading
import unittest

import clients
import faults
import scenario
from scenario import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
CARELESS = os.path.join(scenario.FAULTS, "careless")


class Careless(scenario.Scenario):
    program = CARELESS

    def __init__(self, how):
        self.name = how
        self.args = (how,)


class Planted(unittest.TestCase):
    def find(self, how):
        """What is found, as 'FAULT: FAILURE' lines."""
        outcome = faults.run_scenario(Careless(how))
        self.assertEqual(outcome.missed, 0)
        return "".join(f"{fault}: {failure}"
                       for fault, failure in outcome.failures)

    def test_nothing_is_found_where_nothing_is(self):
        outcome = faults.run_scenario(Careless("careful"))
        self.assertEqual(outcome.failures, [])
        for call in ("malloc", "mmap", "open", "close", "eventfd", "sendfile",
                     "pthread_create"):
            self.assertGreater(outcome.injected[call], 0, call)

    def test_an_allocation_that_is_not_checked(self):
        self.assertRegex(self.find("null"), r"memory:1:ENOMEM: crash: SIGSEGV")

    def test_a_block_that_is_not_freed(self):
        self.assertRegex(
            self.find("block"),
            r"mmap:1:ENOMEM: not given back: block 100 \S+careless")

    def test_a_mapping_that_is_not_removed(self):
        self.assertRegex(self.find("mapping"), r"not given back: mapped 4096")

    def test_a_descriptor_that_is_not_closed(self):
        self.assertRegex(self.find("descriptor"),
                         r"pthread_create:1:EAGAIN: not given back: descriptor")

    def test_an_end_without_a_word(self):
        self.assertIn("exit status 71 without a word", self.find("silent"))

    def test_an_exit_status_that_is_not_documented(self):
        self.assertIn("exit status 3", self.find("status"))

    def test_bytes_that_are_lost(self):
        self.assertRegex(self.find("lost"),
                         r"sendfile:1:short:half: .* b'50 bytes")

    def test_a_program_that_hangs(self):
        before, scenario.DEADLINE_S = scenario.DEADLINE_S, 1
        self.addCleanup(setattr, scenario, "DEADLINE_S", before)
        self.assertIn("sendfile:1:EINTR: it hangs", self.find("hang"))


class Injection(unittest.TestCase):
    def test_faults_that_are_not_reached_fail_the_test(self):
        careless = Careless("careful")
        careless.skip = faults.ERRORS
        self.assertEqual(faults.main([careless]), 1)

    def test_a_run_without_the_shim_fails_the_test(self):
        careless = Careless("careful")
        careless.environment = {"LD_PRELOAD": ""}
        with self.assertRaisesRegex(Failure, "main did not return"):
            faults.run_scenario(careless)

    def test_every_call_of_the_shim_has_errors(self):
        with open(os.path.join(HERE, "shim.h")) as file:
            calls = re.findall(r"^    X\((\w+)\)", file.read(), re.MULTILINE)
        self.assertEqual(
            set(calls), {*faults.ERRORS, *faults.ALLOCATIONS, *faults.NEVER})

    def test_what_is_not_understood_is_refused(self):
        for text in ("malloc", "mallok:1:ENOMEM", "malloc:0:ENOMEM",
                     "malloc:1:ENOMEN", "malloc:x:ENOMEM"):
            with self.subTest(text):
                done = subprocess.run(
                    [CARELESS], env={"LD_PRELOAD": scenario.SHIM,
                                     "BERTH_FAULT": text},
                    stderr=subprocess.PIPE, check=False)
                self.assertLess(done.returncode, 0)
                self.assertIn(b"BERTH_FAULT=" + text.encode(), done.stderr)


class Server:
    """Answers one connection with what it is told, and ends it."""

    def __init__(self, answer):
        self.folder = ""
        self.clients = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(answer,))
        self._thread.start()

    def left_ms(self):
        return 10000

    def _serve(self, answer):
        sock = self._socket.accept()[0]
        sock.recv(100)
        sock.sendall(answer)
        sock.close()

    def close(self):
        self._thread.join()
        self._socket.close()


class Bytes(unittest.TestCase):
    def talk(self, answer):
        """A client that is due b'hello', and is answered that."""
        server = Server(answer)
        self.addCleanup(server.close)
        client = clients.Client(server, server.address)
        self.addCleanup(client.close)
        client.exchange(b"hello")
        client.expect_end()
        return client

    def test_all_of_them(self):
        self.assertFalse(self.talk(b"hello").is_hit())

    def test_too_few(self):
        self.assertTrue(self.talk(b"hell").is_hit())

    def test_others_or_twice_or_too_many(self):
        for answer in (b"hallo", b"hhello", b"hellohello"):
            with self.assertRaisesRegex(Failure, "wrong bytes"):
                self.talk(answer)


if __name__ == "__main__":
    unittest.main()
