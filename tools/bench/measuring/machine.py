# SPDX-License-Identifier: MIT
"""Where and with what it was measured."""

import os
import platform
import re
import subprocess
from typing import NamedTuple

from .peers import PEERS, version_of
from .place import ROOT, Missing


def _read(path, pattern):
    try:
        with open(path) as file:
            found = re.search(pattern, file.read(), re.MULTILINE)
    except OSError:
        return None
    return found.group(1) if found else None


def _commit():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always",
                           "--dirty"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip() or "not known"


class Before(NamedTuple):
    """What is so before anything is measured; the report changes the tree."""
    load: float
    commit: str


def before():
    return Before(os.getloadavg()[0], _commit())


def facts(place, network, earlier):
    """Pairs of a name and a text."""
    memory = int(_read("/proc/meminfo", r"^MemTotal: +(\d+)") or 0)
    return [
        ("processor", f"{_read('/proc/cpuinfo', r'^model name.*: (.*)')}, "
         f"{os.cpu_count()} of them"),
        ("memory", f"{memory / (1 << 20):.1f} GiB"),
        ("kernel", platform.release()),
        ("system", _read("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)')
         or "not known"),
        ("processors", place.processors),
        ("network", network),
        ("load of the machine before and after",
         f"{earlier.load:.2f}, {os.getloadavg()[0]:.2f}"),
        ("Berth", f"{version_of(PEERS['berth'], place)}, "
         f"commit {earlier.commit}, build {os.path.basename(place.build)}"),
    ]


def versions(place):
    """Of the peers, as far as they are there."""
    found = []
    for peer in PEERS.values():
        if peer.version:
            try:
                found.append((peer.label, version_of(peer, place)))
            except Missing as error:
                found.append((peer.label, f"not there: {error}"))
    return found
