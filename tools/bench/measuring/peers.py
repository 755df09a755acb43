# SPDX-License-Identifier: MIT
"""The servers that are measured: how each is had, started and stopped."""

import contextlib
import os
import re
import resource
import shutil
import signal
import socket
import string
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Callable, Mapping, Sequence

from . import isolate
from .place import SOURCES, Missing, Place, run_or_miss

START_S = 20  # a server that does not listen by then is missing
STOP_S = 10
SAME_LOOKS = 5  # at its processes, before they are those that it has

# What stands in server.yaml for http: the same answer as that of the others.
BERTH_HTTP = ('settings: {routes: [{path: /fixed, respond: {body: "Hello, '
              'World!"}}], root: "%s"}')


@dataclass(frozen=True)
class Peer:
    """name: on the command line. label: in the report. package: of Debian,
    that it needs. command(place, port, folder) builds what is to be built, and
    returns what is executed, or raises Missing. version: a command that prints it. paths: what
    HTTP asks for."""
    name: str
    label: str
    command: Callable[[Place, int, str], Sequence[str]]
    package: str = ""
    program: str = ""  # that must be there
    version: Sequence[str] = ()
    paths: Mapping[str, str] = field(default_factory=dict)
    environment: Callable[[Place], Mapping[str, str]] = lambda place: {}
    ready: str = ""  # a word in its log, behind which all its processes serve
    spins: bool = False  # it takes a processor even while nothing happens

    def check(self):
        if self.program and shutil.which(self.program) is None:
            raise Missing(f"{self.program} is not installed (Debian: "
                          f"{self.package})")


FIXED = {"fixed": "/fixed", "small": "/small.txt", "large": "/large.bin"}
# They have no fixed answer of their own: a file of the same bytes stands in.
FILES = {**FIXED, "fixed": "/fixed.txt"}


def bare(*arguments):
    def command(place, port, folder):
        mode, *more = arguments
        return [place.compile("bare"), mode, str(port), *map(str, more)]
    return command


def configured(template, program, **more):
    """A server that reads a file of ours."""
    def command(place, port, folder):
        path = os.path.join(folder, template.removesuffix(".in"))
        values = {"port": port, "folder": folder, "root": place.files,
                  "extra": "", **more}
        with open(os.path.join(SOURCES, template)) as file:
            text = string.Template(file.read()).substitute(values)
        with open(path, "w") as file:
            file.write(text)
        return [part.replace("@", path) for part in program]
    return command


def berth(plugin, workers=1, extra=""):
    def command(place, port, folder):
        settings = BERTH_HTTP % place.files if plugin == "http" else ""
        return configured("berth.yaml.in", [place.berth, "-c", "@"],
                          plugin=plugin, workers=workers, extra=extra,
                          settings=settings)(place, port, folder)
    return command


def go_echo(place, port, folder):
    program = place.build_once(
        "go_echo", "go_echo.go",
        lambda source, made: ["go", "build", "-o", made, source],
        env={**os.environ, "GO111MODULE": "off",
             "GOCACHE": os.path.join(place.keep, "go-cache")})
    return [program, str(port)]


def _all():
    yield Peer("bare", "bare epoll loop, level-triggered", bare("level"))
    yield Peer("bare-edge", "bare epoll loop, edge-triggered", bare("edge"))
    yield Peer("bare-64k", "bare loop, 64 KiB buffer", bare("level", 65536))
    yield Peer("bare-edge-64k", "bare loop, edge to EAGAIN, 64 KiB buffer",
               bare("edge", 65536))
    yield Peer("bare-512k", "bare loop, 512 KiB buffer", bare("level", 524288))
    yield Peer("bare-two", "two bare loops, level-triggered",
               bare("level", 16384, 2))
    yield Peer("bare-spin", "bare loop that never sleeps", bare("spin"),
               spins=True)
    yield Peer("bare-http", "bare loop that answers blindly", bare("http"),
               paths=FIXED)
    yield Peer("bare-close", "bare loop that answers and closes",
               bare("http-close"), paths=FIXED)
    yield Peer("bare-file", "bare loop that answers a file from memory",
               bare("http-file"), paths=FIXED,
               environment=lambda place: {"BARE_FILE": place.file("small.txt")})
    yield Peer("bare-sendfile", "bare loop with sendfile", bare("sendfile"),
               paths=FIXED,
               environment=lambda place: {"BARE_FILE": place.file("large.bin")})
    yield Peer("libuv", "libuv",
               lambda place, port, folder: [
                   place.compile("uv_echo", ["-luv"]), str(port)],
               package="libuv1-dev",
               version=["pkg-config", "--modversion", "libuv"])
    yield Peer("libevent", "libevent, bufferevents",
               lambda place, port, folder: [
                   place.compile("event_echo", ["-levent_core"]), str(port)],
               package="libevent-dev",
               version=["pkg-config", "--modversion", "libevent"])
    yield Peer("asyncio", "asyncio, protocols",
               lambda place, port, folder: [
                   sys.executable, os.path.join(SOURCES, "asyncio_echo.py"),
                   str(port)],
               package="python3", version=[sys.executable, "--version"])
    yield Peer("node", "Node.js",
               lambda place, port, folder: [
                   "node", os.path.join(SOURCES, "node_echo.js"), str(port)],
               package="nodejs", program="node", version=["node", "--version"])
    yield Peer("go", "Go, a goroutine each", go_echo, package="golang-go",
               program="go", version=["go", "version"],
               environment=lambda place: {"GOMAXPROCS": "1"})
    nginx = {"package": "nginx", "program": "nginx", "version": ["nginx", "-v"],
             "paths": FIXED}
    yield Peer("nginx", "nginx", configured(
        "nginx.conf.in", ["nginx", "-c", "@", "-e", "stderr"]), **nginx)
    yield Peer("nginx-cache", "nginx, open_file_cache", configured(
        "nginx.conf.in", ["nginx", "-c", "@", "-e", "stderr"],
        extra="open_file_cache max=1000;"), **nginx)
    yield Peer("haproxy", "haproxy", configured(
        "haproxy.cfg.in", ["haproxy", "-db", "-f", "@"]), package="haproxy",
        program="haproxy", version=["haproxy", "-v"], paths=FIXED)
    yield Peer("lighttpd", "lighttpd", configured(
        "lighttpd.conf.in", ["lighttpd", "-D", "-f", "@"]), package="lighttpd",
        program="lighttpd", version=["lighttpd", "-v"], paths=FILES)
    yield Peer("h2o", "h2o", configured("h2o.conf.in", ["h2o", "-c", "@"]),
               package="h2o", program="h2o", version=["h2o", "--version"],
               paths=FILES)
    for name, label, command in (
            ("berth", "Berth, echo", berth("echo")),
            ("berth-edge", "Berth, echo, edge-triggered",
             berth("echo", extra="trigger: edge")),
            ("berth-two", "Berth, echo, two workers", berth("echo", 2)),
            ("berth-one-process", "Berth, echo, workers: 0", berth("echo", 0)),
            ("berth-many", "Berth, echo, six workers", berth("echo", 6)),
            ("berth-crowd", "Berth, echo, 60 workers", berth("echo", 60)),
            ("berth-busy", "Berth, echo, busy_poll: 50us",
             berth("echo", extra="busy_poll: 50us"))):
        yield Peer(name, label, command, ready="ready:")
    yield Peer("berth-http", "Berth, http", berth("http"), paths=FIXED,
               ready="ready:")


PEERS = {peer.name: peer for peer in _all()}


def version_of(peer, place):
    """A short text; empty if it has none."""
    command = peer.version
    if peer.name.startswith("berth"):
        command = [place.berth, "--version"]
    if not command:
        return ""
    first = run_or_miss(command).strip().splitlines()[0]
    found = re.search(r"\d+\.\d+[\w.+-]*", first)
    return found.group(0) if found else first


class Running:
    """A peer that serves. address: where."""

    def __init__(self, peer, place, wrapper=(), processors=None):
        peer.check()
        self.peer = peer
        self.port = place.next_port()
        self.address = f"127.0.0.1:{self.port}"
        folder = place.new_folder()
        self.log = os.path.join(folder, "log")
        command = peer.command(place, self.port, folder)
        where = isolate.pin(processors or place.server[:1])
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*wrapper, *command], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=folder,
                env={**os.environ, **peer.environment(place)},
                preexec_fn=lambda: (_allow_files(), where()))
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        self._halt()

    def _serves(self):
        """It says so, or else takes a connection."""
        if self.peer.ready:
            with open(self.log, errors="replace") as file:
                return self.peer.ready in file.read()
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def _wait(self):
        deadline = time.monotonic() + START_S
        while not self._serves():
            if self.process.poll() is not None:
                raise Missing("it ended at once: " + self.words())
            if time.monotonic() > deadline:
                raise Missing(f"it does not listen after {START_S} s: "
                              + self.words())
            time.sleep(0.02)
        self._wait_for_processes(deadline)

    def _wait_for_processes(self, deadline):
        """Some have helpers that end when it serves."""
        before, same = None, 0
        while same < SAME_LOOKS and time.monotonic() < deadline:
            now = self.pids()
            same = same + 1 if now == before else 0
            before = now
            time.sleep(0.02)

    def _halt(self):
        """One that spins would take time from the others."""
        if self.peer.spins:
            self.process.send_signal(signal.SIGSTOP)

    @contextlib.contextmanager
    def awake(self):
        """Only within may it be used."""
        self.process.send_signal(signal.SIGCONT)
        try:
            yield
        finally:
            self._halt()

    def words(self):
        """What it said of its failure: an error, or else the last line."""
        with open(self.log, errors="replace") as file:
            lines = file.read().strip().splitlines() or ["nothing was said"]
        errors = [line for line in lines if "error" in line.lower()]
        return (errors or lines[-1:])[0]

    def pids(self):
        """Of all its processes."""
        found, left = [], [self.process.pid]
        while left:
            pid = left.pop()
            found.append(pid)
            left += children_of(pid)
        return found

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.send_signal(signal.SIGCONT)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                for pid in reversed(self.pids()):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def _allow_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except FileNotFoundError:
        return []
