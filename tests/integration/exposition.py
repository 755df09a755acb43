# SPDX-License-Identifier: MIT
"""The text that Prometheus reads (exposition format 0.0.4), taken strictly:
what another reader might forgive is an error here, and so is what the format
allows and the server has no use for: a time behind a value, a blank line."""

import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_HELP = re.compile(rf"# HELP ({NAME}) (\S.*)")
_TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge|histogram)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"')
_SAMPLE = re.compile(rf"({NAME})(?:\{{(.+)\}})? (\S+)")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_SUFFIXES = ("_bucket", "_sum", "_count")
_ESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class Malformed(Exception):
    """With the number of the line, and what is wrong with it."""


class Family:
    """type and help are texts; samples is a dict: name and labels (sorted
    pairs) to value, in the order of the text."""

    def __init__(self, name, text):
        self.name = name
        self.help = text
        self.type = None
        self.samples = {}


class Metrics(dict):
    """Name to Family."""

    def series(self, name, **labels):
        """The samples of that name that have at least these labels: their
        labels (a dict) and values."""
        family = self.get(name) or self[re.sub("_(bucket|sum|count)$", "",
                                               name)]
        found = [(dict(pairs), value)
                 for (other, pairs), value in family.samples.items()
                 if other == name]
        return [(have, value) for have, value in found
                if labels.items() <= have.items()]

    def sum(self, name, **labels):
        """Their sum; 0 if there are none."""
        return sum(value for _, value in self.series(name, **labels))

    def growing(self):
        """All that must never go down: series to value."""
        return {series: value for family in self.values()
                if family.type != "gauge"
                for series, value in family.samples.items()}


def parse(text):
    """Returns Metrics; raises Malformed."""
    metrics = Metrics()
    if not text.endswith("\n"):
        raise Malformed("the last line has no end")
    family = None
    for number, line in enumerate(text[:-1].split("\n"), 1):
        try:
            family = _take_line(metrics, family, line)
        except Malformed as error:
            raise Malformed(f"line {number}: {error}: {line!r}") from None
    for family in metrics.values():
        try:
            _check_family(family)
        except Malformed as error:
            raise Malformed(f"{family.name}: {error}") from None
    return metrics


def _take_line(metrics, family, line):
    """Returns the family that the next line may belong to."""
    if line.startswith("# HELP "):
        return _begin_family(metrics, line)
    if line.startswith("# TYPE "):
        found = _TYPE.fullmatch(line)
        if found is None:
            raise Malformed("no type")
        if family is None or found[1] != family.name:
            raise Malformed("the help of another one is before it")
        if family.type is not None:
            raise Malformed("a second type")
        family.type = found[2]
        return family
    _take_sample(family, line)
    return family


def _begin_family(metrics, line):
    found = _HELP.fullmatch(line)
    if found is None:
        raise Malformed("no help")
    if found[1] in metrics:
        raise Malformed("it was there before")
    if re.search(r"\\(?![\\n])", found[2].replace("\\\\", "")):
        raise Malformed("a backslash that escapes nothing")
    metrics[found[1]] = Family(found[1], found[2])
    return metrics[found[1]]


def _take_sample(family, line):
    found = _SAMPLE.fullmatch(line)
    if found is None:
        raise Malformed("no sample")
    if family is None or family.type is None:
        raise Malformed("its type is not known")
    name, labels, value = found[1], _read_labels(found[2]), found[3]
    if name != family.name and (family.type != "histogram" or name not in
                                [family.name + end for end in _SUFFIXES]):
        raise Malformed(f"it does not belong to {family.name}")
    if not _NUMBER.fullmatch(value):
        raise Malformed("no number, or below zero")
    series = (name, tuple(sorted(labels.items())))
    if series in family.samples:
        raise Malformed("it was there before")
    family.samples[series] = float(value) if "." in value else int(value)


def _read_labels(text):
    labels = {}
    while text:
        found = _LABEL.match(text)
        if found is None:
            raise Malformed("no label")
        if found[1] in labels:
            raise Malformed("a label that is there twice")
        labels[found[1]] = re.sub(r'\\[\\"n]', lambda at: _ESCAPED[at[0]],
                                  found[2])
        text = text[found.end():]
        if text and not re.match(",.", text):
            raise Malformed("something between labels")
        text = text[1:]
    return labels


def _check_family(family):
    is_total = family.name.endswith("_total")
    if family.type is None:
        raise Malformed("no type")
    if is_total != (family.type == "counter"):
        raise Malformed("counters, and only they, end in _total")
    if family.name.endswith(_SUFFIXES):
        raise Malformed("a name that a histogram's sample may have")
    if family.type == "histogram":
        _check_histogram(family)


def _check_histogram(family):
    groups = {}
    for (name, labels), value in family.samples.items():
        rest = tuple(pair for pair in labels if pair[0] != "le")
        group = groups.setdefault(rest, {"_bucket": []})
        end = name[len(family.name):]
        if end == "_bucket":
            group[end].append((dict(labels).get("le"), value))
        elif rest == labels and end:
            group[end] = value
        else:
            raise Malformed("neither a bucket nor a sum nor a count")
    for labels, group in groups.items():
        _check_buckets(group, labels)


def _check_buckets(group, labels):
    bounds = [bound for bound, _ in group["_bucket"]]
    counts = [count for _, count in group["_bucket"]]
    if not bounds or bounds[-1] != "+Inf" or None in bounds:
        raise Malformed(f"{labels}: no bucket +Inf at the end")
    numbers = [math.inf if bound == "+Inf" else float(bound)
               for bound in bounds]
    if numbers != sorted(set(numbers)):
        raise Malformed(f"{labels}: bounds that do not rise")
    if counts != sorted(counts):
        raise Malformed(f"{labels}: buckets that are not cumulative")
    if "_sum" not in group or "_count" not in group:
        raise Malformed(f"{labels}: no sum, or no count")
    if group["_count"] != counts[-1]:
        raise Malformed(f"{labels}: the count is not that of +Inf")
