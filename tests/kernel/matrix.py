#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the matrix of kernels into a document: everything below its line MARK is replaced.

    matrix.py FOLDER... DOCUMENT

FOLDER holds results of any number of kernels and machines, *.rows, in the format that
tests/vm/rows.py describes; several files of one kernel add up, and of two that say the same of a
kernel the later one (by name) holds."""
import collections
import glob
import os
import re
import sys

MARK = "<!-- below: tests/kernel/matrix.py -->"
# Heading, prefix of the rows, what the results mean.
SECTIONS = [
    ("Kinds of hooks", "attach/",
     "*gate*: behind a gate, so pause and swap are exact; *direct*: attached by itself; *no*: "
     "refused by `check` and `start`, with the reason."),
    ("Swap", "swap/",
     "*exact*: no event lost or repeated; *overlaps*: both generations run for an instant."),
    ("Survival", "survives/",
     "Whether a tracker goes on in the kernel when the agent is killed, and is taken over by the "
     "next one. Where it does not, it is started afresh."),
    ("Features", "feature/", "As `eunomiactl info` tells them, with Debian's settings."),
    ("Kernel tests", "kernel/", "The programs of `tests/kernel`."),
    ("End-to-end tests", "e2e/", "Real agent and client: the themes of `tests/e2e`."),
    ("Unusual starts", "host/",
     "`tests/e2e/test_conditions.py`: *plain* is the distribution's own command line; *lsm* adds "
     "`bpf` to the security modules; *lockdown* is `lockdown=confidentiality`; *old-clock* "
     "begins in the year 2000."),
]
# What names the test's own tracker, or the kernel of the column, is no part of a reason.
SPECIFIC = [(r"^cannot start '[^']*': ", ""), (r"what hangs at '[^']*'", "it"),
            (r"does not load on \S+:", "does not load:"), (r"; prog 'on_hit'.*", ""),
            (r"; \S+ is not sleepable$", "")]


def read_rows(path):
    with open(path, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t", 2) for line in file if "\t" in line]
    return {row[0]: (row[1], row[2] if len(row) > 2 else "") for row in rows}


def release_key(kernel):
    release, machine = kernel
    return machine != "x86_64", [int(part) for part in re.findall(r"\d+", release)[:3]]


def collect(folders):
    """{(release, machine): {row: (result, reason)}}"""
    kernels = collections.defaultdict(dict)
    for folder in folders:
        for path in sorted(glob.glob(os.path.join(folder, "*.rows"))):
            rows = read_rows(path)
            if "kernel" in rows:
                kernels[rows.pop("kernel")].update(rows)
    return dict(sorted(kernels.items(), key=lambda item: release_key(item[0])))


def escape(text):
    return re.sub(r"([|<>*_`\\])", r"\\\1", text)


class Notes:
    """Reasons, numbered in the order in which they come; the same reason has one number."""

    def __init__(self):
        self.numbers = {}

    def mark(self, reason):
        for pattern, text in SPECIFIC:
            reason = re.sub(pattern, text, reason)
        if not reason:
            return ""
        return f" [{self.numbers.setdefault(reason, len(self.numbers) + 1)}]"

    def lines(self):
        return [f"{number}. {escape(reason)}" for reason, number in self.numbers.items()]


def table(kernels, prefix, notes):
    names = list(dict.fromkeys(
        name for rows in kernels.values() for name in rows if name.startswith(prefix)))
    if not names:
        return []
    lines = ["| | " + " | ".join(f"{release.split('-')[0]} {machine}"
                                 for release, machine in kernels) + " |",
             "|---|" + "---|" * len(kernels)]
    for name in names:
        cells = []
        for rows in kernels.values():
            result, reason = rows.get(name, ("", ""))
            cells.append(result + notes.mark(reason))
        lines.append(f"| {name.removeprefix(prefix)} | " + " | ".join(cells) + " |")
    return lines


def kernel_table(kernels):
    lines = ["| kernel | machine | run on | eunomia |", "|---|---|---|---|"]
    for (release, machine), rows in kernels.items():
        date, version = rows.get("date", ("", ""))
        lines.append(f"| {release} | {machine} | {date} | {version} |")
    return lines


def document(kernels):
    notes = Notes()
    lines = ["", "## Kernels of these results", "", *kernel_table(kernels)]
    for heading, prefix, meaning in SECTIONS:
        rows = table(kernels, prefix, notes)
        if rows:
            lines += ["", f"## {heading}", "", meaning, "", *rows]
    return "\n".join([*lines, "", "## Reasons", "", *notes.lines(), ""])


def main():
    *folders, path = sys.argv[1:]
    kernels = collect(folders)
    if not kernels:
        sys.exit("no results there")
    with open(path, encoding="utf-8") as file:
        head, mark, _ = file.read().partition(MARK)
    if not mark:
        sys.exit(f"{path} has no line '{MARK}'")
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + MARK + "\n" + document(kernels))


if __name__ == "__main__":
    main()
