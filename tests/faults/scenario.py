# SPDX-License-Identifier: MIT
"""One run of a program in which a call may fail, under the shim.

A scenario says what is run: a program's arguments and files, and for a server
what clients do with it.
"""

import os
import re
import select
import subprocess
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.join(SOURCE, "build", "release")
BERTH = os.environ.get("BERTH", os.path.join(BUILD, "bin", "berth"))
FAULTS = os.environ.get("BERTH_FAULTS", os.path.join(BUILD, "tests", "faults"))
SHIM = os.environ.get("BERTH_SHIM", os.path.join(FAULTS, "libfaults.so"))
HTTP = os.path.join(os.environ.get("BERTH_PLUGINS",
                                   os.path.join(BUILD, "plugins")), "http.so")
# The plugins of lends.c, lines.c and posts.c.
LENDS, LINES, POSTS = (os.path.join(FAULTS, name)
                       for name in ("lends.so", "lines.so", "posts.so"))

DEADLINE_S = 60  # for one run; what takes longer hangs


class Failure(Exception):
    """Something that must not be."""


class Report:
    """What the shim wrote."""

    def __init__(self, path):
        self.calls, self.started, self.injected = {}, {}, {}
        self.left = []
        try:
            with open(path) as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            raise Failure("main did not return") from None
        for line in lines:
            kind, *rest = line.split()
            if kind in ("calls", "started", "injected"):
                getattr(self, kind)[rest[0]] = int(rest[1])
            else:
                self.left.append(line)


class Run:
    """A program that runs in a folder of its own, with a fault or none."""

    def __init__(self, scenario, folder, fault):
        self.scenario = scenario
        self.folder = folder
        self.clients = []
        self.is_ready = False  # a server, that says so
        self.deadline = time.monotonic() + DEADLINE_S
        self._report = os.path.join(folder, "report")
        self._stderr = b""
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "LD_PRELOAD": SHIM,
            "BERTH_FAULT_COUNT": self._report,
            "UNIQUE": os.path.basename(folder),
            # Freed memory is overwritten, new memory is not zero.
            "MALLOC_PERTURB_": "165",
            **scenario.environment,
        }
        if fault is not None:
            environment["BERTH_FAULT"] = str(fault)
        with open(os.path.join(folder, "stdout"), "wb") as stdout:
            self.process = subprocess.Popen(
                [scenario.program, *scenario.args], cwd=folder,
                stdin=subprocess.DEVNULL, stdout=stdout,
                stderr=subprocess.PIPE, env=environment)

    def left_ms(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Failure("it hangs")
        return int(left * 1000) + 1

    def _read_stderr(self):
        """False: it was closed, which happens when the program ends."""
        poll = select.poll()
        poll.register(self.process.stderr, select.POLLIN)
        if not poll.poll(self.left_ms()):
            raise Failure("it hangs")
        part = os.read(self.process.stderr.fileno(), 65536)
        self._stderr += part
        return bool(part)

    @property
    def stderr(self):
        return self._stderr.decode(errors="replace")

    def wait_log(self, pattern):
        """False: the program ended before it wrote that."""
        while not re.search(pattern, self.stderr):
            if not self._read_stderr():
                return False
        return True

    def addresses(self):
        """Entry to address, of the log so far; the last one if there are
        several."""
        found = re.findall(r"entry=(\S+) msg=\"listening on ([^\"]+)\"",
                           self.stderr)
        return dict(found)

    def signal(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)

    def finish(self):
        """Waits for the end."""
        while self._read_stderr():
            pass
        self.status = self.process.wait(DEADLINE_S)
        self.process.stderr.close()
        with open(os.path.join(self.folder, "stdout"), "rb") as file:
            self.stdout = file.read()
        self.report = None
        if self.status >= 0:
            self.report = Report(self._report)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        for client in self.clients:
            client.close()

    def hits(self):
        """Clients that did not get all that was due to them."""
        return [client for client in self.clients if client.is_hit()]


class Scenario:
    """What is run. A subclass says with what, and how it is driven."""

    name = ""
    program = BERTH
    args = ()
    files = {}
    environment = {}
    first = {}  # call to the number before which none is injected
    skip = {}  # call to errors that are not injected
    loud = {}  # call to errors that are not quiet here
    skips_start = False  # are faults injected only once it is ready?
    status = 0  # without a fault
    stdout = None  # without a fault; known when that has run
    is_listing = False  # does it print failures, and succeed?

    def prepare(self, folder):
        """Makes more than `files`. What it returns is closed at the end."""

    def drive(self, run):
        """What is done with the program until it ends by itself."""

    def run(self, folder, fault=None):
        for name, text in self.files.items():
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        more = self.prepare(folder)
        run = Run(self, folder, fault)
        try:
            self.drive(run)
            run.finish()
            return run
        except Failure as failure:
            raise Failure(f"{failure}\n{run.stderr}") from None
        finally:
            run.kill()
            if more is not None:
                more.close()
