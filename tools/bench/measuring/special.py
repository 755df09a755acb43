# SPDX-License-Identifier: MIT
"""What is not a comparison of two servers under the same load."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

from . import loading, table
from .peers import PEERS, Running
from .place import ROOT, Missing

COST = os.path.join(ROOT, "tools", "cost")
BURN_S = 1  # how long an idle server is watched
TAIL_TIMES = 10  # as long as others: half_rate()


def each(names, use):
    """use(peer) for those that are there. Returns what it returned, by name,
    and notes on the others."""
    found, notes = {}, []
    for name in names:
        peer = PEERS[name]
        try:
            found[name] = use(peer)
        except (Missing, loading.Wrong, loading.Nothing, OSError,
                subprocess.SubprocessError) as error:
            notes.append(f"{peer.label}: not measured: {error}")
    return found, notes


# ------------------------------------------------------------ half of the rate

def half_rate(place, plan):
    """An open loop at half of what the bare loop can, so that who is slow shows
    it in the latency, not in the rate. Whatever else the machine does stops a
    server for milliseconds now and then, whichever it is: a short measurement
    tells who was lucky."""
    options = ["--connections=64", "--size=64"]
    with Running(PEERS["bare"], place) as base:
        most = max(loading.measure(place, base, options, plan.time_ms)
                   ["messages_per_second"] for _ in range(3))
        rate = max(int(most / 2), 1)
        options.append(f"--rate={rate}")
        others, notes = start(["libuv", "berth"], place, plan)
        try:
            others = {"the bare loop once more (A/A)": Running(PEERS["bare"],
                                                               place),
                      **others}
            comparisons = loading.compare(
                place, base, others, plan.pairs, TAIL_TIMES * plan.time_ms,
                lambda running: (options, None))
        finally:
            for running in others.values():
                running.stop()
    made = table.of_comparisons(
        "Echo, 64 bytes, 64 connections, half of the bare loop's rate: an open "
        "loop", PEERS["bare"].label, comparisons,
        ("p50", "p99", "p99.9", "cpu"))
    made.notes += [f"{rate:,} messages a second, each due at its time; "
                   "latencies count from then",
                   "to reach: p99.9 at most 1.15", *notes]
    made.commands.append("berth-load " + " ".join(options) + " ADDRESS")
    return [made]


def start(names, place, plan):
    """Those that are there, and notes on the others."""
    names = [name for name in names if plan.wants(name)]
    running, notes = each(names, lambda peer: Running(peer, place))
    return {PEERS[name].label: one for name, one in running.items()}, notes


# --------------------------------------------------------------- idle connections

def _holders(place, count):
    """Processes for so many connections, and addresses to connect from. Of the
    28,232 ports of an address connect(2) takes those first that are even; once
    they are gone each call looks at all of them before the others."""
    return -(-count // (place.open_files - 200)), -(-count // 12000)


def _most_idle(place, peer, wanted):
    workers = {"berth-many": 6}.get(peer.name, 1)
    return min(wanted, workers * (place.open_files - 200) * 9 // 10)


def idle_beside(place, plan):
    """One server with idle connections, one without, under the same load."""
    made = table.Table("Echo, 64 bytes, 64 active connections beside idle ones",
                       ["server", "idle", "CPU per message", "throughput",
                        "p50", "p99"], [])

    def measure(peer):
        count = _most_idle(place, peer, plan.idle)
        with Running(peer, place) as base, Running(peer, place) as crowded:
            with loading.Held(place, crowded, count, *_holders(place, count)):
                same, = loading.compare(
                    place, base, {peer.label: crowded}, plan.pairs,
                    plan.time_ms, lambda running: (["--connections=64"], None))
        if same.failure:
            raise Missing(same.failure)
        made.rows.append([peer.label, f"{count:,}", *[
            table.show_ratio(same.ratio(name))
            for name in ("cpu", "rate", "p50", "p99")]])

    names = [name for name in ("bare", "libuv", "berth-many")
             if plan.wants(name)]
    _, made.notes = each(names, measure)
    made.notes.append("ratios to the same server without idle connections; to "
                      "reach: the interval includes 1.0")
    return [made]


def memory(place, plan):
    made = table.Table("Memory of idle connections",
                       ["server", "connections", "bytes of user space each"],
                       [])

    def measure(peer):
        count = _most_idle(place, peer, plan.idle)
        grown = grown_by(place, peer, count)
        made.rows.append([peer.label, f"{count:,}", f"{grown:,.0f}"])

    names = [name for name in ("bare", "libuv", "libevent", "go", "asyncio",
                               "node", "nginx", "berth-many", "berth-http")
             if plan.wants(name)]
    _, made.notes = each(names, measure)
    made.notes += ["growth of the private resident set (Private_* in "
                   "smaps_rollup of all processes), divided by the "
                   "connections; each has been served one message, and what "
                   "the kernel keeps for a socket is not in it",
                   "to reach: at most 160 bytes"]
    return [made]


def grown_by(place, peer, count):
    """Bytes of user space for each of so many connections."""
    few = min(100, count // 2)
    path = "fixed" if peer.paths else None
    with Running(peer, place) as running:
        with held(place, running, few, path):
            before = loading.private_bytes(running.pids())
        with held(place, running, count, path):
            after = loading.private_bytes(running.pids())
    return (after - before) / (count - few)


def held(place, running, count, path):
    more = [] if path is None else [
        "--profile=http", "--path=" + running.peer.paths[path]]
    return loading.Held(place, running, count, *_holders(place, count),
                        more=more)


# ------------------------------------------------------------------ instructions

def instructions(place, plan):
    """Of user space, below callgrind: they do not depend on the machine."""
    made = table.Table("Instructions in user space for a message",
                       ["server", "work", "instructions"], [])
    echo = b"x" * 63 + b"\n"

    def measure(peer):
        path = peer.paths.get("fixed")
        message = echo if path is None else (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n".encode())
        count = _count_instructions(place, peer, message, plan.rounds)
        made.rows.append([peer.label, "echo, 64 bytes" if path is None
                          else "fixed answer", f"{count:,.0f}"])

    names = [name for name in ("bare", "libuv", "libevent", "berth-one-process",
                               "bare-http", "nginx") if plan.wants(name)]
    _, made.notes = each(names, measure)
    made.notes += ["difference of two runs below callgrind, one with twice as "
                   "many messages; the server is stopped while 64 messages "
                   "are sent, so that they always arrive together",
                   "to reach: echo at most 200, a fixed answer at most 1,700 "
                   "(berth's is told by tools/cost below)"]
    return [made]


def _count_instructions(place, peer, message, rounds):
    few, many = (_run_below_callgrind(place, peer, message, count)
                 for count in (rounds, 2 * rounds))
    return (many - few) / (rounds * 64)


def _run_below_callgrind(place, peer, message, rounds):
    wrapper = ["valgrind", "--tool=callgrind",
               "--callgrind-out-file=/dev/null"]
    with Running(peer, place, wrapper) as running:
        socks = [socket.create_connection(("127.0.0.1", running.port), 30)
                 for _ in range(64)]
        size = 0
        for index in range(rounds + 1):
            _hold(running.process)
            for sock in socks:
                sock.sendall(message)
            running.process.send_signal(signal.SIGCONT)
            for sock in socks:
                if index == 0 and size == 0:
                    size = len(sock.recv(65536))
                else:
                    _receive(sock, size)
        for sock in socks:
            sock.close()
    with open(running.log, errors="replace") as file:
        found = re.search(r"Collected : (\d+)", file.read())
    if found is None:
        raise Missing("callgrind told no figure")
    return int(found.group(1))


def _hold(process):
    process.send_signal(signal.SIGSTOP)
    while True:
        with open(f"/proc/{process.pid}/stat") as file:
            if file.read().rpartition(")")[2].split()[0] in "Tt":
                return
        if process.poll() is not None:
            raise Missing("it ended below callgrind")
        time.sleep(0.001)


def _receive(sock, size):
    while size > 0:
        part = sock.recv(size)
        if not part:
            raise Missing("it closed a connection below callgrind")
        size -= len(part)


def cost(place, plan):
    """What tools/cost tells of Berth."""
    made = table.Table("What a message costs Berth",
                       ["work", "system calls", "instructions", "allocations",
                        "bytes of an idle connection"], [])
    request = r"GET /fixed HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"
    settings = json.dumps({"routes": [{"path": "/fixed", "respond": {
        "body": "Hello, World!"}}]})
    for label, arguments in (
            ("echo, 64 bytes", ["echo", "--size=64"]),
            ("http, a fixed answer", ["http", "--message", request,
                                      "--settings", settings])):
        command = [sys.executable, COST, "--berth", place.berth, "--json",
                   f"--rounds={plan.rounds}", *arguments]
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)
        if done.returncode != 0:
            made.notes.append(f"{label}: not measured: {done.stderr.strip()}")
            continue
        told = json.loads(done.stdout)
        made.rows.append([label, *[_figure(told, name) for name in (
            "system_calls_per_message", "instructions_per_message",
            "allocations_per_message", "bytes_per_idle_connection")]])
        made.notes += [f"{label}: {name}: {why}"
                       for name, why in told["missing"].items()]
    made.commands.append("tools/cost")
    return [made]


def _figure(told, name):
    return f"{told[name]:,.3f}".rstrip("0").rstrip(".") if name in told else "-"


# --------------------------------------------------------------------- a million

def million(place, plan):
    """As many connections as can be held at once, echoing on each in turn."""
    count = plan.million
    workers, sources = _holders(place, count)
    made = table.Table(f"{count:,} connections at once", ["what", "figure"], [])
    with Running(PEERS["berth-crowd"], place,
                 processors=place.server) as running:
        command = [place.load, "--json", "--quiet", f"--connections={count}",
                   "--active=64", f"--workers={workers}",
                   f"--sources={sources}", "--time=60s", "--timeout=180s",
                   running.address]
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)
        memory_used = loading.private_bytes(running.pids())
        if done.returncode not in (0, 1):
            made.notes.append("not measured: " + done.stderr.strip())
            return [made]
        told = json.loads(done.stdout)
        made.rows += [
            ["connections that were open", f"{told['open']:,}"],
            ["messages echoed on them, 64 at a time", f"{told['messages']:,}"],
            ["failed", f"{sum(told['faults'].values()):,}"],
            ["what stopped it", told["first_fault"] or "nothing"],
            ["private memory of the server's processes after it",
             table.show_bytes(memory_used)]]
        made.commands.append("berth-load " + " ".join(command[3:-1])
                             + " ADDRESS")
    return [made]


def burnt(running):
    """What it takes of a processor while nothing happens, in words."""
    with running.awake():
        before = loading.cpu_ns(running.pids())
        time.sleep(BURN_S)
        share = (loading.cpu_ns(running.pids()) - before) / (BURN_S * 1e9)
    return f"{share:.1%} of a processor while nobody says anything"
