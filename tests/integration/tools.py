# SPDX-License-Identifier: MIT
"""tools/run works from anywhere, and tools/prepare installs what is missing or
says how to."""

import os
import shutil
import subprocess
import tempfile
import unittest

from harness import SOURCE

BASH = shutil.which("bash")


def shell(script, *args, **options):
    return subprocess.run([BASH, "-c", script, "bash", *args],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          **options)


class Run(unittest.TestCase):
    def test_it_works_from_any_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            done = shell('"$1" --version', os.path.join(SOURCE, "tools/run"),
                         cwd=folder)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"\A[^\n]*\d+\.\d+\.\d+[^\n]*\n\Z")

    def test_its_arguments_are_of_the_folder_it_is_called_from(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "mine.yaml"), "w") as file:
                file.write("protocols:\n  - plugin: echo\n"
                           "    listen: 127.0.0.1:0\n")
            done = shell('"$1" -t -c mine.yaml',
                         os.path.join(SOURCE, "tools/run"), cwd=folder)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("mine.yaml: ok", done.stdout)


class Prepare(unittest.TestCase):
    def setUp(self):
        # The only folder of PATH: what stands here is what is installed.
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.record = os.path.join(self.folder, "record")
        self.add("env", f'exec {shutil.which("env")} "$@"')

    def add(self, name, script):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(f"#!{BASH}\n{script}\n")
        os.chmod(path, 0o755)

    def prepare(self, *packages):
        return shell('set -euo pipefail; source "$1"; shift; prepare "$@"',
                     os.path.join(SOURCE, "tools/prepare"), *packages,
                     env={"PATH": self.folder})

    def prepare_llhttp(self):
        return shell('set -euo pipefail; source "$1"; prepare_llhttp "$2"',
                     os.path.join(SOURCE, "tools/prepare"),
                     os.path.join(self.folder, "llhttp"),
                     env={"PATH": self.folder})

    def add_tools(self, *names):
        for name in names:
            os.symlink(shutil.which(name), os.path.join(self.folder, name))

    def read_record(self):
        with open(self.record) as file:
            return file.read()

    def test_it_is_silent_when_nothing_is_missing(self):
        self.add("gcc", "exit 0")
        self.add("ninja", "exit 0")
        done = self.prepare("gcc", "ninja-build")
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_it_prints_the_line_to_type_where_it_cannot_install(self):
        self.add("gcc", "exit 0")
        done = self.prepare("gcc", "ninja-build", "cmake")
        self.assertEqual(done.returncode, 1)
        self.assertIn("    sudo apt-get install ninja-build cmake\n",
                      done.stdout)

    def test_it_installs_what_is_missing_and_only_that(self):
        self.add("gcc", "exit 0")
        self.add("sudo", '[[ $1 == -n ]] && shift; exec "$@"')
        self.add("apt-get", f'echo "$DEBIAN_FRONTEND: $*" >> {self.record}')
        done = self.prepare("gcc", "ninja-build")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(self.read_record(),
                         r"noninteractive: .*install .*\bninja-build\n\Z")
        self.assertNotIn("gcc", self.read_record())

    def test_it_refreshes_the_lists_when_they_are_stale(self):
        self.add("sudo", '[[ $1 == -n ]] && shift; exec "$@"')
        self.add("apt-get", f"""echo "$*" >> {self.record}
            [[ $(< {self.record}) == *update*install* ]] || [[ $* == *update ]]""")
        done = self.prepare("ninja-build")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(self.read_record(),
                         r"update\n[^\n]*install[^\n]*ninja-build\n\Z")

    def test_a_failed_installation_is_told(self):
        self.add("sudo", '[[ $1 == -n ]] && shift; exec "$@"')
        self.add("apt-get", "echo E: no network; exit 100")
        done = self.prepare("ninja-build")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no network", done.stdout)
        self.assertIn("sudo apt-get install ninja-build", done.stdout)

    def test_llhttp_that_is_there_is_not_fetched(self):
        folder = os.path.join(self.folder, "llhttp/usr/share/llhttp")
        os.makedirs(folder)
        with open(os.path.join(folder, "llhttp.c"), "w"):
            pass
        done = self.prepare_llhttp()
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    @unittest.skipIf(os.path.exists("/usr/share/llhttp/llhttp.c"),
                     "llhttp is installed")
    def test_llhttp_is_unpacked_and_not_installed(self):
        self.add_tools("mktemp", "mkdir", "chmod", "rm", "touch")
        self.add("apt-cache", "exit 0")
        self.add("apt-get", f'echo "$*" >> {self.record}; '
                            "touch node-llhttp_8_all.deb")
        self.add("dpkg-deb", f'echo "$*" >> {self.record}')
        done = self.prepare_llhttp()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(self.read_record(),
                         r"\A-q .*download node-llhttp\n"
                         r"-x node-llhttp_8_all.deb \S+/llhttp\n\Z")

    @unittest.skipIf(os.path.exists("/usr/share/llhttp/llhttp.c"),
                     "llhttp is installed")
    def test_without_llhttp_it_says_what_is_missing_and_goes_on(self):
        done = self.prepare_llhttp()
        self.assertEqual(done.returncode, 0)
        self.assertIn("apt-get download node-llhttp", done.stdout)
        self.assertIn("libllhttp-dev", done.stdout)


if __name__ == "__main__":
    unittest.main()
