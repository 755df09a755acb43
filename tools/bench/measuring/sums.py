# SPDX-License-Identifier: MIT
"""What is made of the numbers: the order of measurements, ratios of pairs, and
how sure they are."""

import random
from typing import NamedTuple

RESAMPLES = 2000  # of the bootstrap
CONFIDENCE = 0.95


class Ratio(NamedTuple):
    """The median of the ratios of pairs, and the interval in which it is with
    CONFIDENCE."""
    median: float
    low: float
    high: float

    def includes(self, value):
        return self.low <= value <= self.high


def median(numbers):
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    if not ordered:
        raise ValueError("no numbers")
    if len(ordered) % 2 == 1:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def quantile(ordered, part):
    """Of numbers in their order, with the nearest two weighed."""
    place = part * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def interval(numbers, resamples=RESAMPLES, confidence=CONFIDENCE):
    """Of the median, by bootstrap: as many numbers are drawn from these, each
    maybe several times, again and again; in which range are the medians of
    what was drawn? The same numbers always have the same interval."""
    chance = random.Random(1)
    count = len(numbers)
    medians = sorted(median(chance.choices(numbers, k=count))
                     for _ in range(resamples))
    margin = (1 - confidence) / 2
    return quantile(medians, margin), quantile(medians, 1 - margin)


def is_base_first(pair):
    """A B, then B A, then A B: what grows or shrinks with time is the same for
    both. pair: its number, from 0."""
    return pair % 2 == 0


def ratio(pairs):
    """pairs: of a number of the base, and the peer's that was measured beside
    it. None if there is none that can be divided."""
    ratios = [peer / base for base, peer in pairs if base > 0]
    if not ratios:
        return None
    return Ratio(median(ratios), *interval(ratios))
