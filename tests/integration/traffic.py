# SPDX-License-Identifier: MIT
"""What the tests over sockets have in common: a server.yaml for echo, clients
that send and receive at once, and waiting for what tells nobody."""

import concurrent.futures
import fcntl
import hashlib
import os
import random
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import time

from harness import SOURCE, TIMEOUT_S, connect

TRIGGERS = ("level", "edge")
MIB = 1 << 20


def echo_yaml(listen=("127.0.0.1:0",), trigger="level", limits=None,
              plugin="echo.so", **top):
    """limits: key to value, of the entry. top: other keys of the top level,
    as they are written behind the colon."""
    lines = [f"trigger: {trigger}"]
    lines += [f"{key}: {value}" for key, value in top.items()]
    lines += ["protocols:", f"  - plugin: {plugin}", "    listen:"]
    lines += [f'      - "{address}"' for address in listen]
    if limits:
        lines.append("    limits:")
        lines += [f"      {key}: {value}" for key, value in limits.items()]
    return "\n".join(lines) + "\n"


def is_refused(address):
    try:
        connect(address).close()
    except ConnectionRefusedError:
        return True
    return False


def until(is_true, what, timeout=TIMEOUT_S):
    """Waits for what no event tells, such as a number of descriptors."""
    deadline = time.monotonic() + timeout
    while not is_true():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.005)


def gather(*calls):
    """Runs them at once, each in a thread; returns what they return, in
    order, or raises what one of them raised."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(call) for call in calls]
        return [future.result() for future in futures]


def raise_descriptors(count):
    """Lets this process have so many, if it may; returns how many it has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        soft = min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft


def count_connections(server):
    """The server's sockets besides its listeners."""
    count = 0
    folder = f"/proc/{server.pid}/fd"
    for name in os.listdir(folder):
        try:
            count += os.readlink(f"{folder}/{name}").startswith("socket:")
        except FileNotFoundError:
            pass
    return count - len(server.addresses)


def process_state(pid):
    """R: it runs, S: it waits, T: it is stopped, t: the same under strace."""
    with open(f"/proc/{pid}/stat") as file:
        # The name, in parentheses, may hold anything: look behind it.
        return file.read().rpartition(")")[2].split()[0]


class Stopped:
    """While in here the server's process does not run: what happens to its
    sockets, and the signals it gets, wait for it together."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        self.server.signal(signal.SIGSTOP)
        until(self.is_stopped, "it is stopped")

    def __exit__(self, *_):
        self.server.signal(signal.SIGCONT)

    def is_stopped(self):
        """Below strace it also rests at each system call: there the signal is
        still to come."""
        with open(f"/proc/{self.server.pid}/status") as file:
            text = file.read()
        state = re.search(r"^State:\s+(\w)", text, re.MULTILINE).group(1)
        pending = re.search(r"^ShdPnd:\s+(\w+)", text, re.MULTILINE).group(1)
        return (state in "Tt" and
                not int(pending, 16) & 1 << (signal.SIGSTOP - 1))


# ------------------------------------------------------------------ transfers

def random_chunks(seed, size, longest=200_000):
    """Random bytes, as many as size says, in pieces of very unequal length."""
    dice = random.Random(seed)
    while size > 0:
        most = dice.choice((1, 10, 1000, 65536, longest))
        length = min(size, dice.randint(1, most))
        yield dice.randbytes(length)
        size -= length


def exchange(sock, chunks):
    """Sends all chunks and the end while receiving up to the end. Returns the
    SHA-256 of what was sent and of what came back, and the sizes: (sent,
    sent size, received, received size)."""
    sent, received = hashlib.sha256(), hashlib.sha256()
    sizes = [0, 0]

    def send():
        for chunk in chunks:
            sock.sendall(chunk)
            sent.update(chunk)
            sizes[0] += len(chunk)
        sock.shutdown(socket.SHUT_WR)

    def receive():
        while True:
            part = sock.recv(MIB)
            if not part:
                return
            received.update(part)
            sizes[1] += len(part)

    gather(send, receive)
    return sent.hexdigest(), sizes[0], received.hexdigest(), sizes[1]


def round_trip(sock, message=b"ping"):
    sock.sendall(message)
    answer = b""
    while len(answer) < len(message):
        part = sock.recv(len(message) - len(answer))
        if not part:
            break
        answer += part
    if answer != message:
        raise AssertionError(f"{message!r} came back as {answer!r}")


def unacknowledged(sock):
    """Bytes that the peer's kernel does not have yet: tcp(7), SIOCOUTQ. The
    end of the stream counts as one."""
    return struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0" * 4))[0]


def send_all(sock, data):
    """Sends, and waits until the server's kernel has it."""
    sock.sendall(data)
    until(lambda: unacknowledged(sock) == 0, "it has arrived")


def send_until_stuck(sock, data, quiet_s=0.3):
    """Sends without reading until all is sent, or the peer has taken nothing
    for so long. Returns how much was sent."""
    view = memoryview(data)
    sent = 0
    timeout = sock.gettimeout()
    sock.setblocking(False)
    while sent < len(view):
        if not select.select([], [sock], [], quiet_s)[1]:
            break
        sent += sock.send(view[sent:sent + MIB])
    sock.settimeout(timeout)
    return sent


def is_silent(sock):
    """Nothing has come, not even the end."""
    return not select.select([sock], [], [], 0)[0]


def reset(sock):
    """Closes with RST: socket(7), SO_LINGER."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


def close_at_once(address, number):
    """Connects and leaves in one of the ways there are."""
    sock = connect(address)
    way = number % 5
    if way == 0:
        sock.close()
    elif way == 1:
        reset(sock)
    elif way == 2:
        sock.sendall(b"unread answers make the kernel reset")
        sock.close()
    elif way == 3:
        sock.sendall(b"x")
        reset(sock)
    else:
        sock.shutdown(socket.SHUT_WR)
        sock.close()


# -------------------------------------------------------------------- plugins

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def build_plugin(path, source, *flags):
    """Compiles C source to a shared object."""
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write(source)
        file.flush()
        subprocess.run(
            [COMPILER, "-std=gnu11", "-shared", "-fPIC", "-fvisibility=hidden",
             "-Wall", "-Wextra", "-Werror",
             "-I" + os.path.join(SOURCE, "core", "include"), *flags,
             "-o", path, file.name], check=True)
