# SPDX-License-Identifier: Apache-2.0
"""The examples of the manual pages are run as they stand there. Blocks between ``` are transcripts:
"# " begins a command, which must succeed, and what follows must be among the lines that it prints.
Blocks of ```text need a journal, a compiler or an interface; others look at those."""
import glob
import os
import subprocess
import threading

import agent as harness

ENV = {**os.environ,
       "PATH": f"{os.path.dirname(harness.EUNOMIACTL)}:{os.environ['PATH']}",
       "EUNOMIA_TRACKERS_DIR": harness.TRACKERS}


def transcripts(path):
    """(command, lines that it prints) of each command of a page."""
    found, is_inside = [], False
    with open(path, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("```"):
                is_inside = not is_inside and line == "```"
            elif is_inside and line.startswith("# "):
                found.append((line[2:], []))
            elif is_inside and found:
                found[-1][1].append(line)
    return found


class Opener(threading.Thread):
    """Opens files as long as an example waits for such events."""

    def __init__(self):
        super().__init__()
        self.has_ended = threading.Event()

    def run(self):
        while not self.has_ended.wait(0.01):
            with open("/dev/null", "rb"), open("/dev/zero", "rb"):
                pass

    def __enter__(self):
        self.start()

    def __exit__(self, *_):
        self.has_ended.set()
        self.join()


class Manual(harness.AgentTest):
    def run_page(self, page):
        for command, printed in transcripts(page):
            done = subprocess.run(
                ["bash", "-c", command], env={**ENV, "EUNOMIA_HOST": self.agent.host},
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                timeout=harness.PATIENCE)
            self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
            for line in printed:
                self.assertIn(line, done.stdout.splitlines(), command)

    def test_examples_of_the_verbs(self):
        pages = sorted(glob.glob(os.path.join(harness.SOURCE, "docs/man/eunomiactl-*.1.md")))
        self.assertGreater(sum(len(transcripts(page)) for page in pages), 40)
        with Opener():
            for page in pages:
                with self.subTest(page=os.path.basename(page)):
                    self.run_page(page)
                slots = list(self.agent.slots())
                if slots:
                    self.agent.ctl("stop", *slots)


if __name__ == "__main__":
    harness.main()
