# SPDX-License-Identifier: Apache-2.0
"""Packages published by others, unmodified, and an object of an unrelated libbpf project."""
import glob
import json
import os
import re
import signal
import subprocess
import unittest

import agent as harness
from agent import Agent, EUNOMIACTL, package


OPENED = "/nonexistent/opened-by-the-old-call"


def run_true():
    subprocess.run(["/bin/true"], check=True)


def call_getpgid():
    os.getpgid(0)


class Run(unittest.TestCase):
    """eunomiactl run: the engine without an agent."""

    def setUp(self):
        harness.needs_root()

    def run_and_open(self, wanted, *args, parse=json.loads):
        """Runs the package of 2022, given literally, and calls open(2) until an event is wanted:
        other processes may call it too."""
        with open(package("hotupdate-2022.json"), encoding="utf-8") as file:
            command = [EUNOMIACTL, "run", file.read(), *args]
        with harness.EventReader(command, parse) as events:
            event = events.watch(lambda: harness.open_by_old_call(OPENED), wanted)
            events.process.send_signal(signal.SIGINT)
            events.finish()
        return event

    def test_hotupdate_given_literally(self):
        event = self.run_and_open(lambda e: e["data"]["pid"] == os.getpid(), "-o", "jsonl")
        self.assertIn(OPENED, json.dumps(event["data"]))

    def test_hotupdate_as_text(self):
        line = self.run_and_open(lambda line: OPENED in line, parse=str)
        self.assertRegex(line, rf"\b{os.getpid()}\b.*{re.escape(OPENED)}")

    def test_interrupt_detaches(self):
        command = [EUNOMIACTL, "run", harness.NUMBERED, "-o", "jsonl", "--set",
                   f"only_pid={os.getpid()}"]
        with harness.EventReader(command) as run:
            run.watch(os.getppid, lambda event: "data" in event)
            owned = harness.bpf_ids(run.process.pid)
            self.assertTrue(owned)
            run.process.send_signal(signal.SIGINT)
            run.finish()
        harness.wait_until(lambda: not owned & harness.loaded_ids(), "nothing is left")


class Start(unittest.TestCase):
    """eunomiactl start: in an agent."""

    def setUp(self):
        harness.needs_root()

    def start_and_watch(self, source, act, wanted, *args):
        """Starts a package and returns the first event for which wanted() holds."""
        with Agent() as agent:
            name = agent.ctl("start", source, *args).stdout.strip()
            self.assertIn(name, agent.slots())
            with agent.events(name) as events:
                found = events.watch(act, wanted)
            self.assertEqual(agent.slots()[name]["state"], "running")
            self.assertGreater(agent.slots()[name]["events"], 0)
            agent.ctl("stop", name)
            self.assertEqual(agent.slots(), {})
            return found

    def test_hotupdate(self):
        event = self.start_and_watch(
            package("hotupdate-2022.json"), lambda: harness.open_by_old_call(OPENED),
            lambda e: OPENED in json.dumps(e.get("data", "")))
        self.assertEqual(event["data"]["pid"], os.getpid())

    def test_execsnoop(self):
        # Generation 1 of 2022 holds no event type: hexadecimal, with the bytes that matter in it.
        event = self.start_and_watch(package("execsnoop-gen1.json"), run_true,
                                     lambda e: "data" in e)
        self.assertTrue(event["data"])

    def test_template(self):
        event = self.start_and_watch(
            package("template-gen2.json"), lambda: harness.open_by_old_call(OPENED),
            lambda e: OPENED in json.dumps(e.get("data", "")))
        self.assertEqual(event["data"]["pid"], os.getpid())

    def test_bootstrap(self):
        for name in ("bootstrap-gen3.json", "bootstrap-gen3-early.json"):
            with self.subTest(name):
                event = self.start_and_watch(
                    package(name), run_true,
                    lambda e: e.get("data", {}).get("comm") == "true")
                self.assertGreater(event["data"]["pid"], 0)

    def test_foreign_objects(self):
        objects = sorted(glob.glob(os.path.join(harness.BUILD, "tests/data/foreign_*.bpf.o")))
        if not objects:
            self.skipTest("no foreign objects were built")
        for path in objects:
            with self.subTest(os.path.basename(path)):
                event = self.start_and_watch(path, call_getpgid, lambda e: "data" in e)
                if "untyped" not in path:
                    self.assertTrue(event["type"], "its event type was found")

    def test_standard_input(self):
        with Agent() as agent, open(harness.NUMBERED, "rb") as file:
            agent.ctl("start", "-", "--name", "piped", stdin=file)
            self.assertEqual(agent.slots()["piped"]["state"], "running")

    def test_type_by_option(self):
        with Agent() as agent:
            agent.ctl("start", harness.NUMBERED, "--name", "typed", "--type", "events=numbered",
                      "--set", f"only_pid={os.getpid()}")
            with agent.events("typed", "--count", "5") as events:
                harness.wait_until(lambda: os.getppid() and events.process.poll() is not None,
                                   "five events")
                lines = events.finish()
            self.assertEqual({line["type"] for line in lines}, {"numbered"})
            self.assertEqual(list(lines[0]["data"]), ["number", "pid", "comm"])


if __name__ == "__main__":
    harness.main()
