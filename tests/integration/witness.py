# SPDX-License-Identifier: MIT
"""What the tests of a server of several processes have in common: a server.yaml
for the plugin witness, which says in each answer what process and what version
gave it, the processes there are, and clients that ask all the time."""

import os
import select
import selectors
import signal
import time

from harness import TEST_PLUGINS, TIMEOUT_S, Server, connect, fds
from traffic import until

WITNESS = os.path.join(TEST_PLUGINS, "witness.so")

# A worker that is killed by SIGSEGV dies of it; a sanitizer would report.
ENVIRONMENT = {
    "ASAN_OPTIONS": ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"),
                                           "handle_segv=0",
                                           "handle_abort=0")))}


def witness_yaml(listen=("127.0.0.1:0",), plugin=WITNESS, settings=None,
                 entry=None, **top):
    """settings, entry: key to value, of the plugin and of the entry."""
    lines = [f"{key}: {value}" for key, value in top.items()]
    lines += ["protocols:", f"  - plugin: {plugin}", "    listen:"]
    lines += [f'      - "{address}"' for address in listen]
    lines += [f"    {key}: {value}" for key, value in (entry or {}).items()]
    if settings:
        lines.append("    settings:")
        lines += [f"      {key}: {value}" for key, value in settings.items()]
    return "\n".join(lines) + "\n"


def serve(config=None, **more):
    """A server of several processes: the supervisor and its workers, once the
    checker has ended."""
    server = Server(config or witness_yaml(), **{
        "workers": None, "env": ENVIRONMENT, **more})
    count = int(server.wait_log(r"ready: .*, (\d+) worker").group(1))
    until(lambda: len(children(server.pid)) == count, "the checker has ended")
    return server


def configure(server, config):
    with open(os.path.join(server.folder, "server.yaml"), "w") as file:
        file.write(config)


def reload(server, pattern="reloaded: "):
    """SIGHUP, and waits for what comes of it; returns the match."""
    start = len(server.log)
    server.signal(signal.SIGHUP)
    return server.wait_log(pattern, start)


# ------------------------------------------------------------------ processes

def children(pid):
    """The numbers of its children, also of those that nobody waited for."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(number) for number in file.read().split()]
    except FileNotFoundError:
        return []


def census(server):
    """How many descriptors each process has: the supervisor, its workers."""
    return fds(server.pid), sorted(fds(pid) for pid in children(server.pid))


def await_end(pid, timeout=TIMEOUT_S):
    """Waits until a process that is no child of ours has ended."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if not select.select([fd], [], [], timeout)[0]:
            raise AssertionError(f"process {pid} does not end")
    finally:
        os.close(fd)


def kill(pid, number):
    """Sends the signal and waits until the process has ended by it."""
    fd = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(fd, number)
        if not select.select([fd], [], [], TIMEOUT_S)[0]:
            raise AssertionError(f"process {pid} does not end")
    finally:
        os.close(fd)


# -------------------------------------------------------------------- clients

def ask(sock, word=b"who"):
    """Sends a line; returns the process that answered, and its version."""
    sock.sendall(word + b"\n")
    return read_answer(sock, word)


def read_answer(sock, word=b"who"):
    answer = b""
    while not answer.endswith(b"\n"):
        part = sock.recv(4096)
        if not part:
            raise AssertionError(f"the end after {answer!r}, not an answer")
        answer += part
    pid, version, echo = answer[:-1].split(b" ", 2)
    if echo != word:
        raise AssertionError(f"{word!r} was answered with {echo!r}")
    return int(pid), version.decode()


def ask_once(address, word=b"who"):
    with connect(address) as sock:
        return ask(sock, word)


def connect_to_all(server, count, address=None):
    """Connections, so many that each worker has one; (socket, pid) each."""
    made = []

    def reach():
        sock = connect(address or server.address)
        made.append((sock, ask(sock)[0]))
        return len({pid for _, pid in made}) == count

    until(reach, f"{count} workers have answered")
    return made


class Client:
    """Asks, and asks again as soon as it is answered. A short one does so over
    a connection of its own each time."""

    def __init__(self, load, address, is_short):
        self.load = load
        self.address = address
        self.is_short = is_short
        self.answers = 0
        self.pid = None  # who answered last, over this connection
        self.version = None
        self.sock = None
        self.connect()

    def connect(self):
        self.pid = None
        self.since = time.monotonic()
        self.sock = connect(self.address)
        self.sock.setblocking(False)
        self.load.selector.register(self.sock, selectors.EVENT_READ, self)
        self.ask()

    def ask(self):
        self.asked = b"%d" % self.answers
        self.received = b""
        self.sock.send(self.asked + b"\n")

    def close(self):
        if self.sock is not None:
            self.load.selector.unregister(self.sock)
            self.sock.close()
            self.sock = None

    def handle(self):
        part = self.sock.recv(4096)
        if not part:
            raise ConnectionError("the end of the stream")
        self.received += part
        if not self.received.endswith(b"\n"):
            return
        pid, version, echo = self.received[:-1].split(b" ", 2)
        if echo != self.asked:
            raise AssertionError(f"{self.asked!r} was answered with {echo!r}")
        self.pid, self.version = int(pid), version.decode()
        self.answers += 1
        self.load.note(self)
        if self.is_short:
            self.close()
            self.connect()
        else:
            self.ask()


class Load:
    """Clients in one loop. Their errors are raised, but of those that
    `may_end` (process numbers) have served: they are collected in `ended`."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.clients = []
        self.may_end = set()
        self.ended = []
        self.answers = 0
        self.longest_s = 0.0  # from connecting to the first answer

    def add(self, address, count, is_short=False):
        self.clients += [Client(self, address, is_short) for _ in range(count)]

    def note(self, client):
        self.answers += 1
        if client.since is not None:
            self.longest_s = max(self.longest_s,
                                 time.monotonic() - client.since)
            client.since = None

    def turn(self):
        for key, _ in self.selector.select(0.01):
            client = key.data
            if client.sock is not key.fileobj:
                continue
            try:
                client.handle()
            except OSError as error:
                if client.pid not in self.may_end:
                    raise AssertionError(
                        f"a client of process {client.pid} after "
                        f"{client.answers} answers: {error!r}") from error
                client.close()
                self.ended.append(client)

    def run(self, is_done, what):
        deadline = time.monotonic() + TIMEOUT_S
        while not is_done():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {TIMEOUT_S} s: {what}")
            self.turn()

    def run_for(self, answers):
        """Until there are so many more."""
        goal = self.answers + answers
        self.run(lambda: self.answers >= goal, f"{answers} answers")

    def settle(self):
        """Until each client has been answered: a long one over the connection
        that it has."""
        self.run(lambda: all(client.answers > 0 if client.is_short
                             else client.pid is not None
                             for client in self.clients), "all are answered")

    def reload(self, server, pattern="reloaded: "):
        """SIGHUP, while all go on; waits for what comes of it."""
        start = len(server.log)
        server.signal(signal.SIGHUP)
        self.run(lambda: any(pattern in line for line in server.log[start:]),
                 pattern)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.close()
        self.selector.close()
