# SPDX-License-Identifier: MIT
"""What a small file costs that http has a copy of: figures of tools/cost, which
do not depend on the machine."""

import json
import os
import shutil
import tempfile
import unittest

from cost import cost
from harness import PLUGINS, skip

MESSAGE = r"GET /page.html HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"
INSTRUCTIONS = 1630  # protocols/http/README.md, "Cost", has what it is


class Copies(unittest.TestCase):
    def cost(self, message, size, *only):
        with tempfile.TemporaryDirectory(prefix="berth-files-") as root:
            with open(os.path.join(root, "page.html"), "wb") as file:
                file.write(b"x" * size)
            done = cost("http", "--json", "--message", message,
                        "--settings", json.dumps({"root": root}),
                        *(f"--only={name}" for name in only))
        self.assertEqual(done.returncode, 0, done.stderr)
        print(done.stdout)
        return json.loads(done.stdout)

    def check(self, figures):
        calls = figures["system_calls"]
        self.assertEqual((calls["recvfrom"], calls["sendto"]), (1, 1))
        # The file is looked at once a second.
        self.assertLess(figures["system_calls_per_message"], 2.1)

    def test_a_file_of_1_kib(self):
        figures = self.cost(MESSAGE, 1024, "system-calls", "instructions",
                            "allocations")
        self.check(figures)
        self.assertLessEqual(figures["instructions_per_message"], INSTRUCTIONS)
        self.assertLess(figures["allocations_per_message"], 0.01)

    def test_16_requests_leave_in_one_system_call(self):
        self.check(self.cost(MESSAGE * 16, 512, "system-calls"))


if __name__ == "__main__":
    if not os.path.exists(os.path.join(PLUGINS, "http.so")):
        skip("http was not built: no llhttp")
    if not shutil.which("strace") or not shutil.which("valgrind"):
        skip("no strace or no valgrind")
    unittest.main()
