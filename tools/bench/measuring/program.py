# SPDX-License-Identifier: MIT
"""The command line, and one row after the other."""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass

from . import isolate, loading, machine, plots, report, special, table
from .peers import PEERS, Running
from .place import HERE, ROOT, Missing, Place
from .rows import ROWS, SPECIAL

PACKAGES = ("nginx-light", "haproxy", "lighttpd", "h2o", "golang-go", "nodejs",
            "libuv1-dev", "libevent-dev", "gnuplot-nox", "valgrind", "strace",
            "iproute2")
# Debian starts a service when it is installed, unless this says no.
POLICY = "/usr/sbin/policy-rc.d"

EPILOG = """\
It writes RESULTS.md and pictures into the folder of --output. What is not
installed is skipped, and said so. Exit status: 0, 1 if nothing could be
measured or a server answered wrongly, 2 for the command line.
"""


@dataclass(frozen=True)
class Plan:
    """How much is measured."""
    pairs: int
    time_ms: int
    repeats: int   # of a point of a picture
    idle: int
    rounds: int    # below valgrind
    million: int
    step: int      # of the points of a picture, every so many
    peers: tuple   # names; empty: all

    def wants(self, name):
        return not self.peers or name in self.peers

    def thin(self, points):
        return points[::self.step]


def parse_arguments(words):
    names = [row.name for row in ROWS] + list(SPECIAL)
    parser = argparse.ArgumentParser(
        prog="tools/bench/run", epilog=EPILOG, description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.description = ("Measures Berth and other servers side by side, and "
                          "writes the report.")
    parser.add_argument("--quick", action="store_true",
                        help="about 3 minutes instead of about 20")
    parser.add_argument("--only", metavar="NAME", action="append",
                        choices=names, help="this row alone; may be repeated")
    parser.add_argument("--peers", metavar="NAME,...", default="",
                        help="these servers alone, besides what they are "
                        "compared with")
    parser.add_argument("--list", action="store_true",
                        help="prints the rows and the servers")
    parser.add_argument("--output", metavar="FOLDER", default=HERE,
                        help="where RESULTS.md goes (default: tools/bench)")
    parser.add_argument("--build", metavar="FOLDER",
                        help="with bin/berth and bin/berth-load (default: "
                        "build/release, which is built)")
    parser.add_argument("--install", action="store_true",
                        help="installs the Debian packages of the servers "
                        "before, without starting any of them")
    parser.add_argument("--pairs", type=int, metavar="N",
                        help="of measurements (default: 20, --quick 4)")
    parser.add_argument("--time", type=int, metavar="MS",
                        help="of a measurement (default: 200, --quick 100)")
    parser.add_argument("--million", type=int, nargs="?", const=1000000,
                        default=0, metavar="N",
                        help="also that many connections at once (default: "
                        "1000000; about 10 KB of memory each)")
    options = parser.parse_args(words)
    unknown = set(filter(None, options.peers.split(","))) - set(PEERS)
    if unknown:
        parser.error(f"there is no server '{sorted(unknown)[0]}': see --list")
    for name in ("pairs", "time"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser.error(f"--{name} begins at 1")
    return options


def plan_of(options):
    quick = options.quick
    return Plan(
        pairs=options.pairs or (4 if quick else 20),
        time_ms=options.time or (100 if quick else 200),
        repeats=1 if quick else 5,
        idle=10000 if quick else 100000,
        rounds=20 if quick else 100,
        million=options.million,
        step=2 if quick else 1,
        peers=tuple(filter(None, options.peers.split(","))))


def print_list():
    for row in ROWS:
        print(f"{row.name:18}{row.title}")
    for name, title in SPECIAL.items():
        print(f"{name:18}{title}")
    print()
    for peer in PEERS.values():
        print(f"{peer.name:18}{peer.label}")


# ---------------------------------------------------------------- preparations

def install():
    """As root or by sudo, with no service being started."""
    root = [] if os.geteuid() == 0 else ["sudo"]
    has_policy = os.path.exists(POLICY)
    if not has_policy:
        subprocess.run([*root, "sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' "
                        f"> {POLICY} && chmod 755 {POLICY}"], check=True)
    try:
        subprocess.run([*root, "env", "DEBIAN_FRONTEND=noninteractive",
                        "apt-get", "-q", "-y", "install",
                        "--no-install-recommends", *PACKAGES], check=True)
    finally:
        if not has_policy:
            subprocess.run([*root, "rm", "-f", POLICY], check=True)


def build_release():
    """tools/run builds what is missing or stale."""
    done = subprocess.run([os.path.join(ROOT, "tools", "run"), "--version"],
                          stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise Missing("the release build failed")
    return os.path.join(ROOT, "build", "release")


# ----------------------------------------------------------------------- rows

def measure_row(place, plan, row):
    """Returns a table."""
    again = f"{PEERS[row.base].label} once more (A/A)"
    others, notes = {}, []
    try:
        base = Running(PEERS[row.base], place)
    except (Missing, OSError) as error:
        return table.Table(row.title, [], [], [
            f"not measured: {PEERS[row.base].label}: {error}"])
    with base:
        try:
            others[again] = Running(PEERS[row.base], place)
            found, notes = special.start(row.peers, place, plan)
            others.update(found)
            made = table.of_comparisons(
                row.title, PEERS[row.base].label,
                loading.compare(place, base, others, plan.pairs, plan.time_ms,
                                lambda _: (list(row.options), row.path)),
                row.metrics)
            if row.burns:
                notes += [f"{label}: {special.burnt(running)}"
                          for label, running in others.items()]
        finally:
            for running in others.values():
                running.stop()
    made.notes += [f"to reach: {row.goal}", *notes]
    path = [] if row.path is None else ["--profile=http", "--path=PATH"]
    made.commands.append(" ".join(["berth-load", *row.options, *path,
                                   "ADDRESS"]))
    return made


def measure_special(place, plan, name, folder):
    """Returns tables."""
    if name == "plots":
        return plots.draw_all(place, plan, os.path.join(folder, "plots"))
    if name == "million" and plan.million == 0:
        return []
    return {"half-rate": special.half_rate, "idle-beside": special.idle_beside,
            "memory": special.memory, "instructions": special.instructions,
            "cost": special.cost, "million": special.million}[name](place, plan)


def measure_all(place, plan, options):
    tables = []
    chosen = options.only or [row.name for row in ROWS] + list(SPECIAL)
    rows = {row.name: row for row in ROWS}
    for number, name in enumerate(chosen, 1):
        print(f"{number} of {len(chosen)}: {name}", flush=True)
        try:
            if name in rows:
                tables.append(measure_row(place, plan, rows[name]))
            else:
                tables += measure_special(place, plan, name, options.output)
        except (Missing, loading.Wrong, loading.Nothing, OSError,
                subprocess.SubprocessError) as error:
            title = rows[name].title if name in rows else SPECIAL[name]
            tables.append(table.Table(title, [], [],
                                      [f"not measured: {error}"]))
    return tables


def warn_of(load, place):
    """What makes the figures doubtful, told above them."""
    doubts = []
    if load > 0.5:
        doubts.append(f"The load of the machine was {load:.2f} before it began: "
                      "others were at work, and figures in time are doubtful.")
    if set(place.server) & set(place.client):
        doubts.append("Server and client shared a processor.")
    if os.path.basename(place.build) != "release":
        doubts.append("Berth was not a release build: its figures say nothing.")
    return "".join(f"\n**{doubt}**\n" for doubt in doubts)


def run(options, words, network):
    isolate.end_by_exception()
    before = machine.before()
    begun = time.monotonic()
    place = Place(options.build, os.path.join(ROOT, "build", "bench"))
    try:
        tables = measure_all(place, plan_of(options), options)
        seconds = time.monotonic() - begun
        path = report.write(options.output, {
            "command": " ".join(["tools/bench/run", *words]),
            "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "minutes": f"{seconds / 60:.1f} minutes",
            "warning": warn_of(before.load, place),
            "facts": machine.facts(place, network, before),
            "versions": machine.versions(place)}, tables)
    finally:
        place.close()
    print(path)
    is_fine = any(table.rows for table in tables) and not place.wrong
    return 0 if is_fine else 1


def main(words):
    options = parse_arguments(words)
    if options.list:
        print_list()
        return 0
    try:
        if isolate.MARK not in os.environ:
            if options.install:
                install()
            if options.build is None:
                options.build = build_release()
        options.build = os.path.abspath(
            options.build or os.path.join(ROOT, "build", "release"))
        options.output = os.path.abspath(options.output)
        os.makedirs(options.output, exist_ok=True)
        network = isolate.enter_namespace(
            [os.path.join(HERE, "run"), *words])
        return run(options, words, network)
    except (Missing, subprocess.CalledProcessError) as error:
        print(f"tools/bench/run: {error}", file=sys.stderr)
        return 1
