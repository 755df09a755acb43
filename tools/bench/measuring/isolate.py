# SPDX-License-Identifier: MIT
"""A network of its own, and which processor is whose."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys

MARK = "BERTH_BENCH_NAMESPACE"  # in the environment: we are inside
# Below the ports that the kernel gives to clients: 32768 to 60999.
FIRST_PORT = 20000
PORTS = 12000
PR_SET_PDEATHSIG = 1  # see prctl(2)

_libc = ctypes.CDLL(None)  # not after a fork


def enter_namespace(arguments):
    """Runs this program once more in a network namespace, where nobody else is
    heard; returns in there, or, telling why, where it was."""
    if MARK in os.environ:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return "a network namespace of its own"
    missing = [name for name in ("unshare", "ip") if shutil.which(name) is None]
    if missing:
        return f"the machine's own network: there is no {missing[0]}"
    way = ["unshare", "--net"] if os.geteuid() == 0 else [
        "unshare", "--map-root-user", "--net"]
    tried = subprocess.run([*way, "ip", "link", "set", "lo", "up"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, check=False)
    if tried.returncode != 0:
        return f"the machine's own network: {tried.stdout.strip()}"
    os.environ[MARK] = "1"
    sys.stdout.flush()
    os.execvp(way[0], [*way, sys.executable, *arguments])


def first_port():
    """Where others are heard, each process begins elsewhere."""
    return FIRST_PORT + (0 if MARK in os.environ
                         else os.getpid() * 16 % PORTS)


def choose_processors():
    """Those of the server, those of the client, and a word on them. The last
    ones are the client's: the first one often has the interrupts."""
    all_of_them = sorted(os.sched_getaffinity(0))
    if len(all_of_them) == 1:
        return all_of_them, all_of_them, (
            "server and client share the only processor: throughput and "
            "latencies are those of both")
    half = len(all_of_them) // 2
    server, client = all_of_them[:half], all_of_them[half:]
    return server, client, (
        f"servers on processor {listed(server[:1])}, the client on "
        f"{listed(client[:1])}")


def listed(processors):
    return ", ".join(map(str, processors))


def pin(processors):
    """For subprocess's preexec_fn: there it runs, and not longer than we do."""
    parent = os.getpid()

    def prepare():
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        os.sched_setaffinity(0, processors)

    return prepare


def end_by_exception():
    """SIGTERM ends us as SIGINT does: after what we started was stopped."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
