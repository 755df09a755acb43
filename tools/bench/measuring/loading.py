# SPDX-License-Identifier: MIT
"""berth-load at work: one measurement, and pairs of them."""

import json
import os
import re
import subprocess
from dataclasses import dataclass, field

from . import isolate, sums
from .place import Missing

START_S = 60  # for connections to be opened, and last answers


class Nothing(Exception):
    """It was too short: there is nothing to tell."""


class Wrong(Exception):
    """The answers were not what they should be: nothing is measured."""


def arguments_of(running, options, path=None):
    """What berth-load is called with."""
    more = []
    if path is not None:
        more = ["--profile=http", "--path=" + running.peer.paths[path]]
    return [*options, *more, running.address]


def warmup_of(time_ms):
    """A quarter, so that caches and windows of TCP have grown."""
    return max(time_ms // 4, 20)


def measure(place, running, options, time_ms, path=None):
    """What berth-load tells, as output.schema.json has it."""
    pids = ",".join(map(str, running.pids()))
    command = [place.load, "--json", "--quiet", f"--time={time_ms}ms",
               f"--warmup={warmup_of(time_ms)}ms", f"--cpu-of={pids}",
               *arguments_of(running, options, path)]
    with running.awake():
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False,
                              timeout=START_S + time_ms / 1000,
                              preexec_fn=isolate.pin(place.client[:1]))
    if done.returncode not in (0, 1):
        raise Missing(done.stderr.strip() or f"status {done.returncode}")
    told = json.loads(done.stdout)
    if done.returncode == 1:
        place.wrong.append(told["first_fault"])
        raise Wrong(told["first_fault"])
    if told["messages"] == 0:
        raise Nothing("no message was answered in the time")
    if told["cpu_ns_per_message"] is None:
        raise Nothing("its processor time is not known")
    return told


# What a measurement comes to: name to what is read of it.
METRICS = {
    "cpu": lambda told: told["cpu_ns_per_message"],
    "rate": lambda told: told["messages_per_second"],
    "p50": lambda told: told["latency_ns"]["p50"],
    "p99": lambda told: told["latency_ns"]["p99"],
    "p99.9": lambda told: told["latency_ns"]["p99.9"],
}


@dataclass
class Comparison:
    """A peer against the base. pairs: for each metric. failure: why there are
    none. dropped: pairs in which there was nothing to tell."""
    label: str
    pairs: dict = field(default_factory=dict)
    failure: str = ""
    dropped: int = 0

    def add(self, base, peer):
        for name, read in METRICS.items():
            self.pairs.setdefault(name, []).append((read(base), read(peer)))

    def ratio(self, metric):
        return sums.ratio(self.pairs.get(metric, []))

    def middle(self, metric, of_base=False):
        numbers = [pair[0 if of_base else 1]
                   for pair in self.pairs.get(metric, [])]
        return sums.median(numbers) if numbers else None


def compare(place, base, others, count, time_ms, settings):
    """count pairs of each of others (label to Running) with base, one peer
    after the other in each round. settings: (options, path) of a Running.
    Returns Comparisons in that order."""
    comparisons = {label: Comparison(label) for label in others}
    for pair in range(count):
        for label, running in others.items():
            comparison = comparisons[label]
            if comparison.failure:
                continue
            order = [base, running]
            if not sums.is_base_first(pair):
                order.reverse()
            try:
                told = [measure(place, one, settings(one)[0], time_ms,
                                settings(one)[1]) for one in order]
            except Nothing as error:
                comparison.dropped += 1
                if comparison.dropped == count:
                    comparison.failure = str(error)
                continue
            except (Wrong, Missing, subprocess.TimeoutExpired) as error:
                comparison.failure = str(error)
                continue
            if not sums.is_base_first(pair):
                told.reverse()
            comparison.add(*told)
    return list(comparisons.values())


class Held:
    """Idle connections that are there until it ends, in a process of their
    own. count: how many there are."""

    def __init__(self, place, running, count, workers, sources, more=()):
        """more: options of berth-load."""
        self.process = subprocess.Popen(
            [place.load, "--quiet", "--connections=0", f"--idle={count}",
             f"--workers={workers}", f"--sources={sources}", "--time=1h",
             "--warmup=0", "--announce", *more, running.address],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
            preexec_fn=isolate.pin(place.client[:1]))
        line = self.process.stderr.readline()
        if "are open" not in line:
            self.stop()
            raise Missing(line.strip() or "the connections were not opened")

    def stop(self):
        """Returns what was told in the end."""
        if self.process.poll() is None:
            self.process.terminate()
        out, _ = self.process.communicate()
        return out

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def private_bytes(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            total += sum(int(number) * 1024 for number in re.findall(
                r"^Private_(?:Clean|Dirty): +(\d+)", file.read(), re.MULTILINE))
    return total


def cpu_ns(pids):
    total = 0
    for pid in pids:
        folder = f"/proc/{pid}/task"
        for task in os.listdir(folder):
            with open(f"{folder}/{task}/schedstat") as file:
                total += int(file.read().split()[0])
    return total
