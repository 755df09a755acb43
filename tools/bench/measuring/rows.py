# SPDX-License-Identifier: MIT
"""What is measured: a kind of work, who does it, and what Berth is to reach."""

from dataclasses import dataclass
from typing import Sequence


@dataclass(frozen=True)
class Row:
    """base: what the others are compared with. options: of berth-load. path:
    what HTTP asks for. metrics: what is shown, see loading.METRICS. goal: in
    words, of berth's ratio. burns: it is also told what the servers take of a
    processor while nothing happens."""
    name: str
    title: str
    base: str
    peers: Sequence[str]
    options: Sequence[str]
    goal: str
    metrics: Sequence[str] = ("cpu", "rate", "p50", "p99")
    path: str = None
    burns: bool = False


ROWS = (
    Row("echo-64", "Echo, 64 bytes, 64 connections, depth 1", "bare",
        ("bare-edge", "libuv", "libevent", "go", "asyncio", "node", "berth",
         "berth-edge"),
        ("--connections=64", "--size=64"),
        "CPU time per message at most 1.03"),
    Row("echo-64-deep", "Echo, 64 bytes, 64 connections, depth 16", "bare",
        ("bare-edge", "libuv", "libevent", "go", "asyncio", "node", "berth"),
        ("--connections=64", "--size=64", "--depth=16"),
        "CPU time per message at most 1.05"),
    Row("echo-1k", "Echo, 1 KiB, 1,000 connections", "bare",
        ("bare-edge", "libuv", "libevent", "go", "berth"),
        ("--connections=1000", "--size=1KiB"),
        "CPU time per message at most 1.03"),
    Row("echo-64k", "Echo, 64 KiB, 64 connections", "bare-64k",
        ("bare", "libuv", "libevent", "go", "berth"),
        ("--connections=64", "--size=64KiB"),
        "CPU time per message at most 1.03"),
    Row("bulk", "Echo, 64 KiB, 8 connections, depth 16", "bare",
        ("bare-64k", "bare-512k", "bare-edge-64k", "libuv", "berth"),
        ("--connections=8", "--size=64KiB", "--depth=16"),
        "throughput not below that of the 512 KiB buffer, p99 not above that "
        "of the level-triggered loops"),
    Row("http-fixed", "HTTP, a fixed answer, 64 connections, depth 1",
        "bare-http", ("nginx", "haproxy", "lighttpd", "h2o", "berth-http"),
        ("--connections=64",), "CPU time per message at most 1.06",
        path="fixed"),
    Row("http-fixed-deep", "HTTP, a fixed answer, 64 connections, depth 16",
        "bare-http", ("nginx", "haproxy", "lighttpd", "h2o", "berth-http"),
        ("--connections=64", "--depth=16"),
        "CPU time per message at most 1.5", path="fixed"),
    Row("http-small", "HTTP, a file of 1 KiB, 64 connections, depth 1",
        "bare-file",
        ("bare-http", "nginx", "nginx-cache", "lighttpd", "h2o", "berth-http"),
        ("--connections=64",),
        "CPU time per message at most 1.12 (1.00 answers the file's bytes "
        "from memory, blindly)", path="small"),
    Row("http-large", "HTTP, a file of 1 MiB, 16 connections", "nginx",
        ("bare-sendfile", "lighttpd", "h2o", "berth-http"),
        ("--connections=16",),
        "CPU time per GiB at most 1.00 of nginx with sendfile", path="large"),
    Row("http-connect", "HTTP, connect, request and close, 64 at a time",
        "nginx", ("bare-close", "haproxy", "lighttpd", "h2o", "berth-http"),
        ("--connections=64", "--reconnect=1", "--sources=50"),
        "CPU time per request at most 0.96 of nginx", path="fixed"),
    Row("ping-pong", "Echo, 64 bytes, one connection", "bare-spin",
        ("bare", "libuv", "berth", "berth-busy"),
        ("--connections=1", "--size=64"),
        "p50 of berth-busy at most 1.1 (busy polling is an option)",
        metrics=("p50", "p99", "rate", "cpu"), burns=True),
    Row("two-workers", "Echo, 64 bytes, two workers against one", "berth",
        ("berth-two",), ("--connections=64", "--size=64"),
        "CPU time per message at most 1.05"),
    Row("two-loops", "Echo, 64 bytes, two bare loops against one", "bare",
        ("bare-two",), ("--connections=64", "--size=64"),
        "nothing: it tells what two processes on one processor cost whoever "
        "they are"),
)

# Measured in ways of their own: see special.py.
SPECIAL = {
    "half-rate": "Echo at half of what the bare loop can: latencies of an open "
                 "loop",
    "idle-beside": "Echo, 64 active connections beside idle ones",
    "memory": "Memory of idle connections",
    "instructions": "Instructions in user space for a message",
    "cost": "System calls, allocations and memory: tools/cost",
    "million": "A million connections (only with --million)",
    "plots": "Throughput, latency and memory as pictures",
}
