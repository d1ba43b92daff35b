#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From what an emulated machine said to rows of the kernel matrix.

    rows.py CONSOLE > ROWS

ROWS is the format in which results of kernels are handed on, whoever made them: lines
"NAME<TAB>RESULT<TAB>REASON" in UTF-8, the reason possibly empty, of

    kernel        the release ("uname -r"), with the machine ("uname -m") as reason; first
    date          day of the run, YYYY-MM-DD, with the version of eunomia as reason
    attach/KIND   gate | direct | no       tests/e2e/test_kinds.py prints these four, as "row: "
    swap/KIND     exact | overlaps         and the row
    survives/KIND yes | no
    feature/NAME  yes | no
    kernel/TEST   ok | skipped | failed    a program of tests/kernel, with the parts it skipped
    e2e/THEME     ok | skipped | failed    a theme of tests/e2e, the same
    host/NAME     ok | skipped | failed    tests/e2e/test_conditions.py on a kernel started so


tests/kernel/matrix.py makes docs/kernels.md of such files."""
import datetime
import os
import re
import sys

RESULTS = {0: "ok", 77: "skipped"}
# How a test says that it left something out: ours in C, unittest, ours in Python.
SKIPPED = re.compile(r"^(?:SKIP: \S+: |skipped: |skip(?:ped)?: )(.*)", re.MULTILINE)
REASON_MAX = 400


def version():
    """The project's, from its CMakeLists.txt."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../CMakeLists.txt")
    with open(path, encoding="utf-8") as file:
        return re.search(r"^project\(eunomia VERSION (\S+)", file.read(), re.MULTILINE)[1]


def steps(console):
    """(name, exit status or None, what it said) of each step of tests/vm/init.sh."""
    for found in re.finditer(r"^vm: begin (\S+)\n(.*?)(?:^vm: \1 exit (\d+)$|\Z)", console,
                             re.MULTILINE | re.DOTALL):
        yield found[1], int(found[3]) if found[3] else None, found[2]


def row_of_step(name, status, said):
    if not name.startswith("e2e/"):
        name = "kernel/" + os.path.basename(name).removeprefix("test_")
    reasons = sorted({reason.strip() for reason in SKIPPED.findall(said)})
    failed = set(re.findall(r"^(?:FAIL: |ERROR: |\[  FAILED  \] )([A-Za-z]\S+)", said,
                            re.MULTILINE))
    result = RESULTS.get(status, "failed")
    if result == "failed":
        reasons = sorted(failed) or [f"status {status}"]
    return name, result, "; ".join(reasons)[:REASON_MAX]


def main():
    with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
        console = file.read().replace("\r", "")
    release = re.search(r"^vm: kernel (\S+) (\S+)$", console, re.MULTILINE)
    if not release:
        sys.exit("the machine did not come up")
    rows = [("kernel", release[1], release[2]),
            ("date", datetime.date.today().isoformat(), version())]
    for name, status, said in steps(console):
        rows += [tuple(line.split("\t")) for line in re.findall(r"\brow: (.*\t.*\t.*)$", said,
                                                                re.MULTILINE)]
        rows.append(row_of_step(name, status, said))
    for row in rows:
        print("\t".join(row))


if __name__ == "__main__":
    main()
