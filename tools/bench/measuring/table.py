# SPDX-License-Identifier: MIT
"""A table of the report, and how numbers stand in it."""

from dataclasses import dataclass, field

NAMES = {"cpu": "CPU per message", "rate": "throughput", "p50": "p50",
         "p99": "p99", "p99.9": "p99.9"}


@dataclass
class Table:
    title: str
    head: list
    rows: list
    notes: list = field(default_factory=list)
    commands: list = field(default_factory=list)
    picture: str = ""  # its path, from the report

    def markdown(self):
        lines = [f"### {self.title}", ""]
        if self.picture:
            lines += [f"![{self.title}]({self.picture})", ""]
        if self.rows:
            lines.append("| " + " | ".join(self.head) + " |")
            lines.append("|" + "---|" * len(self.head))
            lines += ["| " + " | ".join(row) + " |" for row in self.rows]
            lines.append("")
        lines += [f"- {note}" for note in self.notes]
        if self.notes:
            lines.append("")
        if self.commands:
            lines += ["```sh", *self.commands, "```", ""]
        return "\n".join(lines)


def show_ratio(ratio):
    """The median, and the interval of 95 %."""
    if ratio is None:
        return "-"
    return f"{ratio.median:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"


def show_ns(ns):
    if ns is None:
        return "-"
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.0f} ns"


def show_count(number):
    return "-" if number is None else f"{number:,.0f}"


def show_bytes(size):
    for unit, step in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= step:
            return f"{size / step:.3g} {unit}"
    return f"{size:.0f} B"


def show_metric(name, number):
    if name == "rate":
        return show_count(number) + "/s" if number is not None else "-"
    return show_ns(number)


def of_comparisons(title, base_label, comparisons, metrics):
    """The base as it is, the others as ratios to it."""
    table = Table(title, ["server", *[NAMES[name] for name in metrics]], [])
    fine = [one for one in comparisons if not one.failure]
    if fine:
        # Every peer has its own measurements of the base beside it.
        table.rows.append([base_label + " (what 1.00 is)", *[
            show_metric(name, _middle_of_base(fine, name))
            for name in metrics]])
    for one in comparisons:
        if one.failure:
            table.notes.append(f"{one.label}: not measured: {one.failure}")
        else:
            table.rows.append([one.label, *[show_ratio(one.ratio(name))
                                            for name in metrics]])
            if one.dropped:
                table.notes.append(f"{one.label}: {one.dropped} pairs were too "
                                   "short to tell anything")
    return table


def _middle_of_base(comparisons, name):
    numbers = sorted(one.middle(name, of_base=True) for one in comparisons)
    return numbers[len(numbers) // 2]
