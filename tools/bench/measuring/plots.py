# SPDX-License-Identifier: MIT
"""Pictures: what is drawn is measured here, and gnuplot makes SVG of it."""

import math
import os
import shutil
import subprocess

from . import loading, special, sums, table
from .peers import PEERS, Running
from .place import Missing

SIZES = (16, 64, 256, 1024, 4096, 16384, 65536, 262144)
CONNECTIONS = (1, 8, 64, 512, 4096, 16384)
IDLE = (100, 1000, 4000, 10000, 16000)
QUANTILES = (("p50", 50), ("p75", 75), ("p90", 90), ("p95", 95), ("p99", 99),
             ("p99.9", 99.9), ("p99.99", 99.99))
SERVERS = ("bare-64k", "libuv", "libevent", "berth")

HEAD = """\
set terminal svg size 720,420 font "sans-serif,12" background "white"
set output "{output}"
set title "{title}"
set xlabel "{x}"
set ylabel "{y}"
set grid
set key below
{more}
"""


class Picture:
    """lines: label to a list of (x, y)."""

    def __init__(self, name, title, x, y, more=""):
        self.name, self.title, self.x, self.y = name, title, x, y
        self.more = more
        self.names = {}  # of values of x that do not speak for themselves
        self.lines = {}

    def name_of(self, x):
        return self.names.get(x, f"{x:,}")

    def script(self, folder):
        text = HEAD.format(output=os.path.join(folder, self.name + ".svg"),
                           title=self.title, x=self.x, y=self.y,
                           more=self.more)
        plots = []
        for number, (label, points) in enumerate(self.lines.items()):
            rows = "\n".join(f"{x} {y}" for x, y in points)
            text += f"$line{number} << EOD\n{rows}\nEOD\n"
            plots.append(f'$line{number} using 1:2 with linespoints '
                         f'linewidth 2 title "{label}"')
        return text + "plot " + ", ".join(plots) + "\n"

    def draw(self, folder):
        subprocess.run(["gnuplot"], input=self.script(folder), text=True,
                       check=True)


def draw_all(place, plan, folder):
    """Returns tables with what was drawn."""
    if shutil.which("gnuplot") is None:
        return [table.Table("Pictures", [], [], [
            "none: gnuplot is not installed (Debian: gnuplot-nox)"])]
    os.makedirs(folder, exist_ok=True)
    made = []
    for measure in (by_size, by_connections, distribution, memory):
        picture, notes = measure(place, plan)
        picture.lines = {label: points for label, points
                         in picture.lines.items() if points}
        if not picture.lines:
            notes.append("nothing to draw")
        else:
            picture.draw(folder)
        made.append(_show(picture, notes, os.path.basename(folder)))
    return made


def _show(picture, notes, folder):
    """A table of what is drawn, for those who see no pictures."""
    shown = table.Table(picture.title, ["server"], [], notes)
    if picture.lines:
        shown.picture = f"{folder}/{picture.name}.svg"
        points = sorted({x for line in picture.lines.values() for x, _ in line})
        shown.head += [picture.name_of(x) for x in points]
        for label, line in picture.lines.items():
            at = dict(line)
            shown.rows.append([label, *[
                f"{at[x]:,.4g}" if x in at else "-" for x in points]])
        shown.notes.append(f"{picture.y}, by {picture.x}")
    return shown


def _sweep(place, plan, picture, points, options_of):
    """The median rate of each server at each point, one server after the other
    at each, so that all have the same moments."""
    running, notes = special.each(
        [name for name in SERVERS if plan.wants(name)],
        lambda peer: Running(peer, place))
    try:
        for point in points:
            told = {name: [] for name in running}
            for _ in range(plan.repeats):
                for name, server in running.items():
                    _add(told[name], place, plan, server, options_of(point))
            for name, rates in told.items():
                if rates:
                    picture.lines.setdefault(PEERS[name].label, []).append(
                        (point, sums.median(rates)))
    finally:
        for server in running.values():
            server.stop()
    return picture, notes


def _add(rates, place, plan, server, options):
    try:
        rates.append(loading.measure(place, server, options, plan.time_ms)
                     ["messages_per_second"])
    except (loading.Wrong, loading.Nothing, Missing,
            subprocess.SubprocessError):
        pass  # a gap in the line


def by_size(place, plan):
    picture = Picture("size", "Echo: throughput against message size, 64 "
                      "connections", "bytes of a message", "messages/s",
                      "set logscale xy\nset format y '%.0s%c'")
    return _sweep(place, plan, picture, plan.thin(SIZES),
                  lambda size: ["--connections=64", f"--size={size}"])


def by_connections(place, plan):
    picture = Picture("connections", "Echo, 64 bytes: throughput against "
                      "connections", "connections", "messages/s",
                      "set logscale x\nset yrange [0:*]\n"
                      "set format y '%.0s%c'")
    most = place.open_files - 200
    return _sweep(place, plan, picture,
                  [count for count in plan.thin(CONNECTIONS) if count < most],
                  lambda count: [f"--connections={count}", "--size=64"])


def distribution(place, plan):
    """At half of what the bare loop can."""
    picture = Picture("latency", "Echo, 64 bytes, 64 connections, half of the "
                      "bare loop's rate", "per cent of messages", "us",
                      "set logscale y\n"
                      "set xtics ('50' 0.301, '90' 1, '99' 2, '99.9' 3, "
                      "'99.99' 4)")
    picture.names = {_nines(part): name for name, part in QUANTILES}
    running, notes = special.each(
        [name for name in SERVERS if plan.wants(name)],
        lambda peer: Running(peer, place))
    try:
        _draw_distribution(place, plan, picture, running)
    finally:
        for server in running.values():
            server.stop()
    return picture, notes


def _draw_distribution(place, plan, picture, running):
    options = ["--connections=64", "--size=64"]
    first = next(iter(running.values()), None)
    if first is None:
        return
    rate = loading.measure(place, first, options,
                           plan.time_ms)["messages_per_second"] / 2
    options.append(f"--rate={max(int(rate), 1)}")
    for name, server in running.items():
        try:
            told = loading.measure(place, server, options, 5 * plan.time_ms)
        except (loading.Wrong, loading.Nothing, Missing):
            continue
        picture.lines[PEERS[name].label] = [
            (_nines(part), told["latency_ns"][quantile] / 1000)
            for quantile, part in QUANTILES]


def _nines(part):
    """90 is 1, 99 is 2, 99.9 is 3: what is rare gets its room."""
    return round(-math.log10(1 - part / 100), 3)


def memory(place, plan):
    picture = Picture("memory", "Memory of idle connections", "connections",
                      "MiB of user space", "set yrange [0:*]")
    most = place.open_files - 200

    def measure(peer):
        points = []
        with Running(peer, place) as running:
            before = loading.private_bytes(running.pids())
            for count in [n for n in plan.thin(IDLE) if n < most]:
                with special.held(place, running, count, None):
                    grown = loading.private_bytes(running.pids()) - before
                points.append((count, grown / (1 << 20)))
        picture.lines[peer.label] = points

    _, notes = special.each(
        [name for name in ("bare", "libuv", "libevent", "berth")
         if plan.wants(name)], measure)
    return picture, notes
