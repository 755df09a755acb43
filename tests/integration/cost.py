# SPDX-License-Identifier: MIT
"""What an echoed message of 64 bytes, a line, and a request of http cost: figures
of tools/cost, which do not depend on the machine."""

import json
import os
import shutil
import subprocess
import sys
import unittest

from harness import BERTH, PLUGINS, SOURCE, skip

COST = os.path.join(SOURCE, "tools", "cost")
TIMEOUT_S = 100
# What it may be; core/README.md, "Cost", has what it is.
INSTRUCTIONS = 200
# protocols/http/README.md, "Cost", has what they are.
HTTP_INSTRUCTIONS = 1365
HTTP_INSTRUCTIONS_OF_16 = 20350
IDLE_BYTES = 256


def cost(*args):
    return subprocess.run(
        [sys.executable, COST, "--berth", BERTH, "--timeout", str(TIMEOUT_S),
         *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, check=False)


class Cost(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = cost("--json", "--connections", "64", "--size", "64")
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.figures = json.loads(done.stdout)
        print(done.stdout)

    def test_two_system_calls_on_the_connection(self):
        calls = self.figures["system_calls"]
        self.assertEqual((calls["recvfrom"], calls["sendto"]), (1, 1))
        # One of the others now and then, when memory is unmapped, say.
        self.assertAlmostEqual(self.figures["system_calls_per_message"], 2,
                               delta=0.01)

    def test_a_share_of_one_epoll_wait(self):
        self.assertGreater(self.figures["epoll_waits_per_message"], 0)
        self.assertLessEqual(self.figures["epoll_waits_per_message"], 1)

    def test_no_allocation(self):
        self.assertAlmostEqual(self.figures["allocations_per_message"], 0,
                               delta=0.001)

    def test_few_instructions(self):
        self.assertLessEqual(self.figures["instructions_per_message"],
                             INSTRUCTIONS)
        # Less than an empty loop of recv and send: it was not measured.
        self.assertGreater(self.figures["instructions_per_message"], 20)

    def test_an_idle_connection_costs_little(self):
        self.assertLessEqual(self.figures["bytes_per_idle_connection"],
                             IDLE_BYTES)


class Line(unittest.TestCase):
    def test_16_lines_cost_two_system_calls_and_no_allocation(self):
        done = cost("line", "--json", "--message", "ECHO one\\na line\\n" * 8,
                    "--only", "system-calls", "--only", "allocations")
        self.assertEqual(done.returncode, 0, done.stderr)
        figures = json.loads(done.stdout)
        calls = figures["system_calls"]
        self.assertEqual((calls["recvfrom"], calls["sendto"]), (1, 1))
        self.assertAlmostEqual(figures["system_calls_per_message"], 2,
                               delta=0.01)
        self.assertAlmostEqual(figures["allocations_per_message"], 0,
                               delta=0.001)


@unittest.skipUnless(os.path.exists(os.path.join(PLUGINS, "http.so")),
                     "http is not built")
class Http(unittest.TestCase):
    """A fixed answer of http, to wrk's headers."""

    SETTINGS = json.dumps({"routes": [
        {"path": "/hello", "respond": {"body": "Hello, World!"}}]})
    MESSAGE = r"GET /hello HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"

    def cost(self, *args, requests=1):
        done = cost("http", "--json", "--settings", self.SETTINGS,
                    "--message", self.MESSAGE * requests, *args)
        self.assertEqual(done.returncode, 0, done.stderr)
        print(done.stdout)
        return json.loads(done.stdout)

    def test_a_request(self):
        figures = self.cost()
        self.assertAlmostEqual(figures["system_calls_per_message"], 2,
                               delta=0.01)
        self.assertLessEqual(figures["instructions_per_message"],
                             HTTP_INSTRUCTIONS)
        self.assertAlmostEqual(figures["allocations_per_message"], 0,
                               delta=0.001)
        self.assertLessEqual(figures["bytes_per_idle_connection"],
                             IDLE_BYTES)

    def test_16_requests_leave_in_one_system_call(self):
        figures = self.cost("--only", "system-calls", "--only", "instructions",
                            "--rounds", "20", requests=16)
        self.assertAlmostEqual(figures["system_calls_per_message"], 2,
                               delta=0.01)
        self.assertLessEqual(figures["instructions_per_message"],
                             HTTP_INSTRUCTIONS_OF_16)


class Tool(unittest.TestCase):
    def test_help_explains_every_figure(self):
        done = subprocess.run([COST, "--help"], stdout=subprocess.PIPE,
                              text=True, check=True)
        for word in ("strace", "callgrind", "smaps_rollup", "--berth"):
            self.assertIn(word, done.stdout)

    def test_a_plugin_that_is_not_there_is_told(self):
        done = cost("ehco")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("did you mean 'echo", done.stderr)


if __name__ == "__main__":
    for program in ("strace", "valgrind"):
        if shutil.which(program) is None:
            skip(program + " is not installed")
    unittest.main()
