#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns ctest's JUnit file into rows "passed|failed|skipped TAB name TAB reason" for run.sh.

A test that ctest passed may have left out parts of itself: lines "SKIP: reason" of our own tests,
and cmocka's "[  SKIPPED ] name" with the line before it, which says why, count as skipped parts, so
that nothing is left out unsaid. Usage: report.py STAGE FILE"""
import re
import sys
import xml.etree.ElementTree as ET

SAID_SKIP = re.compile(r"^SKIP:\s*(.*)$", re.MULTILINE)
CMOCKA_SKIP = re.compile(r"^(.*)\n\[  SKIPPED \] (\w+)$", re.MULTILINE)


def reasons(said):
    """Why a test, or parts of it, were skipped, each once."""
    parts = [f"{name}: {why.removeprefix('skipped: ')}" for why, name in CMOCKA_SKIP.findall(said)
             if not why.startswith("[")]
    return list(dict.fromkeys(SAID_SKIP.findall(said) + parts))


def rows(stage, path):
    for case in ET.parse(path).getroot().iter("testcase"):
        name = f"{stage} {case.get('name')}"
        said = reasons(case.findtext("system-out") or "")
        status = case.get("status")
        if status == "run":
            yield "passed", name, ""
            for reason in said:
                yield "skipped", name, reason
        elif status in ("notrun", "disabled"):
            yield "skipped", name, "; ".join(said) or "no reason was given"
        else:
            yield "failed", name, ""


def main():
    lines = ["\t".join(row) for row in rows(*sys.argv[1:3])]
    print("\n".join(lines))
    return 0 if lines else 1


if __name__ == "__main__":
    sys.exit(main())
