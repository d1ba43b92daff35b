#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns ctest's JUnit file into rows "passed|failed|skipped TAB name TAB reason" for run.sh.

A test that ctest passed may have left out parts of itself: lines "SKIP: reason" of our own tests and
"[  SKIPPED ] name" of cmocka count as skipped parts, so that nothing is left out unsaid.
Usage: report.py STAGE FILE"""
import re
import sys
import xml.etree.ElementTree as ET

SAID_SKIP = re.compile(r"^(?:SKIP:\s*|\[  SKIPPED \] )(.*)$", re.MULTILINE)


def rows(stage, path):
    for case in ET.parse(path).getroot().iter("testcase"):
        name = f"{stage} {case.get('name')}"
        said = [text.strip() for text in SAID_SKIP.findall(case.findtext("system-out") or "")]
        status = case.get("status")
        if status == "run":
            yield "passed", name, ""
            for reason in dict.fromkeys(said):
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
