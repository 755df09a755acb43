# SPDX-License-Identifier: MIT
"""What the tests of a server in operation have in common: berthctl, and a
program that can be replaced while it runs."""

import os
import shutil
import signal
import subprocess
import tempfile
from unittest import mock

import harness
from harness import BUILD, TEST_PLUGINS, TIMEOUT_S, connect, recv_all

BERTHCTL = os.path.join(BUILD, "bin", "berthctl")
CONTROL = "unix:./control.sock"  # in the server's folder
ACTOR = os.path.join(TEST_PLUGINS, "actor.so")
ACTORS = f"""\
workers: 2
control: {CONTROL}
drain_timeout: 1s
protocols:
  - {{plugin: {ACTOR}, name: one, listen: "127.0.0.1:0"}}
  - {{plugin: {ACTOR}, name: other, listen: ["127.0.0.1:0", "unix:sock"]}}
"""


def control_path(server):
    return os.path.join(server.folder, "control.sock")


def berthctl(server, *args, status=0, **options):
    """Runs it to its end; returns what it prints: to stdout, or where another
    status is expected to stderr."""
    done = subprocess.run(
        [BERTHCTL, "-s", control_path(server), *args],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, errors="surrogateescape",
        timeout=TIMEOUT_S, check=False, **options)
    if done.returncode != status:
        raise AssertionError(f"berthctl {args}: status {done.returncode}: "
                             f"{done.stdout}{done.stderr}")
    return done.stdout if status == 0 else done.stderr


def command(server, line):
    """The same without a program, for who asks again and again."""
    with connect("unix:" + control_path(server)) as sock:
        sock.sendall(line.encode() + b"\n")
        first, _, rest = recv_all(sock).decode().partition("\n")
    if first == "":
        raise ConnectionResetError("no answer")
    if first != "ok":
        raise AssertionError(f"{line}: {first}\n{rest}")
    return rest


class Program:
    """A copy of berth, which the servers of a test run from now on."""

    def __init__(self, case):
        scratch = tempfile.TemporaryDirectory(prefix="berth-")
        case.addCleanup(scratch.cleanup)
        os.mkdir(os.path.join(scratch.name, "bin"))
        self.path = os.path.join(scratch.name, "bin", "berth")
        self.original = harness.BERTH
        shutil.copy(self.original, self.path)
        patch = mock.patch.object(harness, "BERTH", self.path)
        patch.start()
        case.addCleanup(patch.stop)

    def replace(self, source=None, mode=0o755):
        """As a package manager does: the old file stays for who runs it."""
        shutil.copy(source or self.original, self.path + ".new")
        os.chmod(self.path + ".new", mode)
        os.rename(self.path + ".new", self.path)

    def write(self, text, mode=0o755):
        """A script takes its place."""
        with open(self.path + ".new", "w") as file:
            file.write(text)
        os.chmod(self.path + ".new", mode)
        os.rename(self.path + ".new", self.path)

    @staticmethod
    def upgrade(server, load=None, pattern="reloaded: "):
        """SIGUSR2, and waits for what comes of it; a load goes on."""
        start = len(server.log)
        server.signal(signal.SIGUSR2)
        if load is not None:
            load.run(lambda: any(pattern in line
                                 for line in server.log[start:]), pattern)
        return server.wait_log(pattern, start)
