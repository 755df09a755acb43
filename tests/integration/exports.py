# SPDX-License-Identifier: MIT
"""What the dynamic linker sees: a plugin has berth_protocol_1 to give and
wants nothing but libraries' symbols; the server gives nothing."""

import os
import subprocess
import unittest

from harness import BERTH, PLUGINS

# Weak, and put into every shared object by the compiler's start files.
START_FILES = {"_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable",
               "__cxa_finalize", "__gmon_start__"}


def symbols(path, which):
    """Names in the dynamic symbol table, with the version after @."""
    output = subprocess.run(["nm", "-D", which, path], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    return [line.split()[-1] for line in output.splitlines()]


def plugins():
    return [os.path.join(PLUGINS, name)
            for name in sorted(os.listdir(PLUGINS)) if name.endswith(".so")]


class Exports(unittest.TestCase):
    def test_a_plugin_exports_only_its_protocol(self):
        self.assertTrue(plugins())
        for path in plugins():
            with self.subTest(path):
                self.assertEqual(symbols(path, "--defined-only"),
                                 ["berth_protocol_1"])

    def test_a_plugin_wants_nothing_of_the_server(self):
        for path in plugins():
            with self.subTest(path):
                # A symbol of a library has a version: memcpy@GLIBC_2.14.
                wanted = [name for name in symbols(path, "--undefined-only")
                          if "@" not in name]
                self.assertLessEqual(set(wanted), START_FILES)

    def test_the_server_exports_nothing(self):
        # Data of libc that the program uses is copied into it: stderr@GLIBC.
        own = [name for name in symbols(BERTH, "--defined-only")
               if "@" not in name]
        self.assertEqual(own, [])


if __name__ == "__main__":
    unittest.main()
