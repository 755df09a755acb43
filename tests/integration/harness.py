# SPDX-License-Identifier: MIT
"""Runs the real berth for a test, over real sockets.

    with Server(ECHO) as server:
        with connect(server.address) as sock:
            sock.sendall(b"hello\n")
            assert recv_exactly(sock, 6) == b"hello\n"

Leaving the block sends SIGTERM and expects exit status 0 and a log without a
sanitizer's report. ctest says by the environment what is under test: BERTH
(the program), BERTH_PLUGINS (the folder of its plugins), BERTH_TEST_PLUGINS
(that of tests/plugins), BERTH_BUILD and BERTH_SOURCE. Nothing here sleeps: all
waiting is for a line, a byte or an end.
"""

import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SKIP = 77  # what ctest takes for "skipped"
TIMEOUT_S = 30  # for anything that is waited for

SOURCE = os.environ.get(
    "BERTH_SOURCE",
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("BERTH_BUILD", os.path.join(SOURCE, "build", "dev"))
BERTH = os.environ.get("BERTH", os.path.join(BUILD, "bin", "berth"))
PLUGINS = os.environ.get("BERTH_PLUGINS", os.path.join(BUILD, "plugins"))
TEST_PLUGINS = os.environ.get("BERTH_TEST_PLUGINS",
                              os.path.join(BUILD, "tests", "plugins"))

ECHO = "protocols:\n  - plugin: echo.so\n    listen: 127.0.0.1:0\n"

_LISTENING = re.compile(r"listening on ([^\s\"\\]+)")
_READY = re.compile(r"\bready\b")
# Of the sanitizers and of valgrind; the build dev traps undefined behaviour.
_REPORT = re.compile(
    r"ERROR: (Address|Leak|Thread)Sanitizer|runtime error:|"
    r"SUMMARY: \w+Sanitizer|ERROR SUMMARY: [1-9]|SIGILL")


def skip(why):
    """Ends the test as skipped."""
    print("skipped: " + why)
    sys.exit(SKIP)


class Server:
    """A running berth. Attributes: addresses (as the log tells them, in the
    order of server.yaml), address (the first of them), pid, log (its lines so
    far), folder (a temporary one: server.yaml is there, and it is berth's
    working directory)."""

    def __init__(self, config=ECHO, args=None, wrapper=(), files=None,
                 open_files=None, env=None, expected_status=0,
                 timeout=TIMEOUT_S, workers=0, sockets=()):
        """config: the text of server.yaml. args: for berth instead of
        `-c server.yaml`. wrapper: a command in front, such as valgrind's.
        files: name to text, written beside server.yaml. open_files: the limit
        on descriptors. env: more environment. workers: 0 is one process, the
        pid's, which most tests look into; None: as server.yaml says. sockets:
        pairs of a name and a socket that listens, handed over as systemd does.
        Returns when berth is ready."""
        self.log = []
        self.expected_status = expected_status
        self.timeout = timeout
        self._scratch = tempfile.TemporaryDirectory(prefix="berth-")
        self.folder = self._scratch.name
        for name, text in {"server.yaml": config, **(files or {})}.items():
            with open(os.path.join(self.folder, name), "w") as file:
                file.write(text)
        if args is None:
            args = ["-c", "server.yaml"]
        self.process = subprocess.Popen(
            [*wrapper, *hand_over(sockets), BERTH,
             *([] if workers is None else [f"--workers={workers}"]), *args],
            cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, env={**os.environ, **(env or {})},
            pass_fds=[sock.fileno() for _, sock in sockets],
            preexec_fn=lambda: _limit_open_files(open_files))
        self.pid = self.process.pid
        self._news = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        try:
            self.wait_log(_READY)
        except BaseException:
            self.kill()
            raise
        with self._news:
            found = [_LISTENING.search(line) for line in self.log]
        self.addresses = [match.group(1) for match in found if match]

    @property
    def address(self):
        return self.addresses[0]

    def _read_log(self):
        for line in self.process.stderr:
            with self._news:
                self.log.append(line.decode(errors="replace").rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait_log(self, pattern, start=0):
        """Waits for a line of the log, from number `start` on, in which the
        pattern is found; returns the match."""
        deadline = time.monotonic() + self.timeout
        with self._news:
            while True:
                for line in self.log[start:]:
                    match = re.search(pattern, line)
                    if match:
                        return match
                start = len(self.log)
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    raise AssertionError(self.story(
                        f"no line matches {pattern!r}"))
                self._news.wait(left)

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """Waits for the end; returns the exit status, negative: a signal."""
        try:
            status = self.process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(self.story("it does not end")) from None
        self._finish()
        return status

    def stop(self):
        """SIGTERM, then all that must be true of a good end."""
        if self._scratch is None:
            return
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        status = self.wait()
        if any(_REPORT.search(line) for line in self.log):
            raise AssertionError(self.story("a sanitizer reports"))
        if status != self.expected_status:
            raise AssertionError(self.story(f"exit status {status}"))

    def kill(self):
        """Ends it at once, whatever it does."""
        if self._scratch is None:
            return
        workers = self._children()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pid in workers:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._finish()

    def _children(self):
        """Workers: a stuck one would outlive its supervisor."""
        try:
            with open(f"/proc/{self.pid}/task/{self.pid}/children") as file:
                return [int(pid) for pid in file.read().split()]
        except FileNotFoundError:
            return []

    def _finish(self):
        if self._scratch is None:
            return
        self._reader.join(self.timeout)
        self.process.stderr.close()
        self._scratch.cleanup()
        self._scratch = None

    def story(self, what):
        """A message for a failure: what happened, and the log."""
        return "\n  ".join([f"berth: {what}; its log:", *self.log[-100:]])

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.stop()
            return
        self.kill()
        print(self.story("when the test failed"), file=sys.stderr)


def _limit_open_files(count):
    if count is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def own_address():
    """A TCP address that is free and stays so: no other process uses this one's
    part of 127.0.0.0/8. For where port 0 will not do, since two entries are to
    have the same."""
    pid = os.getpid()
    host = f"127.{64 + (pid >> 16 & 63)}.{pid >> 8 & 255}.{pid & 255}"
    with socket.socket() as sock:
        sock.bind((host, 0))
        return f"{host}:{sock.getsockname()[1]}"


def hand_over(sockets):
    """A command in front of a program that gives it sockets, as in
    sd_listen_fds(3): pairs of a name and a socket. They must be in pass_fds."""
    if not sockets:
        return []
    names = ":".join(name for name, _ in sockets)
    numbers = [str(sock.fileno()) for _, sock in sockets]
    return [sys.executable, "-c", _HAND_OVER, names, *numbers, "--"]


# First away from the numbers that they get: one may be another's.
_HAND_OVER = """\
import fcntl, os, sys
end = sys.argv.index("--")
fds = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 100) for fd in sys.argv[2:end]]
os.closerange(3, 100)
for number, fd in enumerate(fds, 3):
    os.dup2(fd, number)
    os.close(fd)
os.environ.update(LISTEN_FDS=str(len(fds)), LISTEN_PID=str(os.getpid()),
                  LISTEN_FDNAMES=sys.argv[1])
os.execvp(sys.argv[end + 1], sys.argv[end + 1:])
"""


def run(*args, config=None, files=None, env=None, timeout=TIMEOUT_S,
        wrapper=()):
    """Runs berth, behind a wrapper if there is one, to its end, in a temporary folder where `config` stands as
    server.yaml and `files` beside it. Returns the completed process, with
    stdout and stderr as text."""
    with tempfile.TemporaryDirectory(prefix="berth-") as folder:
        texts = dict(files or {})
        if config is not None:
            texts["server.yaml"] = config
        for name, text in texts.items():
            mode = "wb" if isinstance(text, bytes) else "w"
            with open(os.path.join(folder, name), mode) as file:
                file.write(text)
        done = subprocess.run(
            [*wrapper, BERTH, *args], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})}, timeout=timeout,
            errors="replace", check=False)
    if _REPORT.search(done.stderr):
        raise AssertionError("a sanitizer reports:\n" + done.stderr)
    return done


# ------------------------------------------------------------------- sockets

def connect(address, timeout=TIMEOUT_S, receive_buffer=None):
    """A socket that is connected to an address as berth writes it."""
    if address.startswith("unix:"):
        path = address[len("unix:"):]
        target = "\0" + path[1:] if path.startswith("@") else path
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    else:
        host, port = address.rsplit(":", 1)
        host = "127.0.0.1" if host == "*" else host.strip("[]")
        target = (host, int(port))
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    try:
        if receive_buffer is not None:
            # Before connect: it decides the window that is announced.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                            receive_buffer)
        sock.connect(target)
    except BaseException:
        sock.close()
        raise
    return sock


def recv_exactly(sock, size):
    """That many bytes; fewer only if the peer ends before."""
    parts = []
    while size > 0:
        part = sock.recv(min(size, 1 << 20))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def recv_all(sock):
    """All bytes until the end of the stream; a reset is raised."""
    parts = []
    while True:
        part = sock.recv(1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)


# ------------------------------------------------------------- what it costs

def rss_private(pid):
    """Bytes of memory that this process has for itself: what it has written.
    Clean pages are left out: those of the program's file are private or shared
    as others run it, too, or not."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return sum(int(line.split()[1]) * 1024 for line in file
                   if line.startswith(("Private_Dirty:", "Swap:")))


def cpu_ticks(pid):
    """Processor time used so far, user and system: clock ticks (10 ms)."""
    with open(f"/proc/{pid}/stat") as file:
        # The name, in parentheses, may hold anything: count behind it.
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def fds(pid):
    """The number of open descriptors."""
    return len(os.listdir(f"/proc/{pid}/fd"))
