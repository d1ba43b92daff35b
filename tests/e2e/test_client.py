# SPDX-License-Identifier: Apache-2.0
"""eunomiactl as people and scripts use it: output forms, exit status, build."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import agent as harness

USAGE = 2
# Where "eunomiactl build" finds the kernel-side headers before they are installed.
BUILD_ENV = {**os.environ,
             "EUNOMIA_INCLUDE_DIR": os.path.join(harness.SOURCE, "bpf/include")}
FORMS = ("table", "json", "jsonl", "yaml", "name")


class Client(harness.AgentTest):
    def test_list_fits_eighty_columns(self):
        for name in ("a", "a-rather-long-name-of-a-slot-that-someone-chose"):
            self.agent.start_numbered(name)
        lines = self.agent.ctl("list", env={**os.environ, "COLUMNS": "80"}).stdout.splitlines()
        self.assertEqual(lines[0].split(),
                         ["NAME", "STATE", "GEN", "EVENTS", "RATE", "LOST", "UPTIME",
                          "ENABLED"])
        self.assertEqual(len(lines), 3)
        self.assertLessEqual(max(len(line) for line in lines), 80)
        self.assertEqual(len(self.agent.ctl("list", "--no-headers").stdout.splitlines()), 2)

    def test_every_form_of_every_record(self):
        self.agent.start_numbered("a")
        for verb in (["list"], ["show", "a"], ["history", "a"], ["swap", "a"], ["rollback", "a"],
                     ["info"], ["version"], ["inspect", harness.NUMBERED]):
            for form in FORMS:
                out = self.agent.ctl(*verb, "-o", form).stdout
                self.assertTrue(out.strip(), (verb, form))
                if form == "json":
                    json.loads(out)
                if form == "jsonl":
                    for line in out.splitlines():
                        json.loads(line)

    def test_list_as_json_has_the_promised_members(self):
        self.agent.start_numbered("a")
        slot = self.agent.json("list")[0]
        wanted = {"name", "state", "generation", "package", "events", "events_per_second", "lost",
                  "since", "enabled", "declared", "survives", "loaded_generations", "budget"}
        self.assertLessEqual(wanted, set(slot))

    def test_an_event_as_jsonl(self):
        self.agent.start_numbered("a")
        with self.agent.events("a") as events:
            event = events.watch(os.getppid, lambda e: "data" in e)
        self.assertEqual(list(event)[:6],
                         ["time", "slot", "generation", "seq", "type", "data"])
        self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")
        self.assertEqual(event["data"]["pid"], os.getpid())

    def test_hostile_bytes_of_an_event(self):
        """A name of bytes that are no UTF-8 and would move a terminal's cursor."""
        self.agent.start_numbered("a")
        with open("/proc/self/comm", "rb") as file:
            old = file.read().strip()
        try:
            with open("/proc/self/comm", "wb") as file:
                file.write(b"\xff\x1b[2J\"\\x")
            with self.agent.events("a") as events:
                event = events.watch(os.getppid, lambda e: "data" in e)
            self.assertIn("\x1b[2J\"\\x", event["data"]["comm"])
            for form in ("text", "jsonl", "raw-json"):
                with subprocess.Popen(self.agent.ctl_command("events", "a", "-o", form, "--count",
                                                             "1"),
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as reader:
                    harness.wait_until(lambda: os.getppid() and reader.poll() is not None,
                                       "one event")
                    out = reader.stdout.read()
                out.decode()  # is UTF-8
                self.assertNotIn(b"\x1b", out)
        finally:
            with open("/proc/self/comm", "wb") as file:
                file.write(old)

    def test_events_timeout_and_count(self):
        self.agent.start_numbered("a")
        done = self.agent.ctl("events", "a", "--timeout", "0.2")
        self.assertEqual(done.returncode, 0)
        with self.agent.events("a", "--count", "3") as events:
            harness.wait_until(lambda: os.getppid() and events.process.poll() is not None, "three")
            self.assertEqual(len(events.finish()), 3)

    def test_events_from(self):
        self.agent.start_numbered("a")
        with self.agent.events("a", "--count", "3") as events:
            harness.wait_until(lambda: os.getppid() and events.process.poll() is not None, "three")
            last = events.finish()[-1]["seq"]
        with self.agent.events("a", "--from", str(last + 1)) as events:
            first = events.watch(os.getppid, lambda e: "data" in e)["seq"]
        self.assertGreater(first, last)
        # Of what lies between, the agent has no more: that is told.
        done = self.agent.ctl("events", "a", "--from", str(last + 1), "-o", "jsonl",
                              "--timeout", "1")
        lost = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(line["from_seq"], line["reason"]) for line in lost],
                         [(last + 1, "client-away")])
        self.assertGreaterEqual(lost[0]["to_seq"], first)
        # And nothing is told before what was asked for.
        with self.agent.events("a", "--from", str(2**40)) as events:
            self.assertIsNone(events.poll(0.5))
            harness.call_getppid(3)
            self.assertIsNone(events.poll(0.5))

    def test_reader_that_goes_away_is_no_error(self):
        self.agent.start_numbered("a")
        reader = subprocess.Popen(self.agent.ctl_command("events", "a"), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        reader.stdout.close()
        harness.wait_until(lambda: os.getppid() and reader.poll() is not None, "it ends")
        self.assertEqual((reader.returncode, reader.stderr.read()), (0, b""))
        reader.stderr.close()

    def test_usage_errors(self):
        for args in ([], ["nonsense"], ["stop"], ["list", "surplus"], ["list", "--no-such-option"],
                     ["events", "--count", "many"], ["list", "-o", "nonsense"],
                     ["start"], ["start", "a", "b"], ["events", "--timeout", "-1"],
                     ["events", "--from", "1"], ["events", "a", "b", "--from", "1"], ["swap"],
                     ["swap", "a", "b", "c"], ["swap", "a", "--maps", "new"],
                     ["rollback", "a", "--to", "0"], ["history"], ["enable"]):
            done = self.agent.ctl(*args, check=False)
            self.assertEqual(done.returncode, USAGE, args)
            self.assertTrue(done.stderr, args)

    def test_environment_chooses_the_agent(self):
        done = subprocess.run([harness.EUNOMIACTL, "list"], stdin=subprocess.DEVNULL,
                              env={**os.environ, "EUNOMIA_HOST": self.agent.host}, check=False)
        self.assertEqual(done.returncode, 0)

    @unittest.skipUnless(shutil.which("clang"), "clang is not installed")
    def test_build_run_and_start(self):
        source = os.path.join(harness.SOURCE, "tests/e2e/numbered.bpf.c")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "numbered.json")
            self.agent.ctl("build", source, "-o", path, env=BUILD_ENV)
            with open(path, encoding="utf-8") as file:
                made = json.load(file)
            self.assertEqual({"bpf_object", "bpf_object_size", "meta"}, set(made))
            self.agent.ctl("check", path)
            self.agent.ctl("start", path, "--name", "built", "--", "--only_pid", str(os.getpid()))
            with self.agent.events("built") as events:
                event = events.watch(os.getppid, lambda e: "data" in e)
            self.assertEqual(event["data"]["pid"], os.getpid())

    @unittest.skipUnless(shutil.which("clang"), "clang is not installed")
    def test_build_of_a_broken_source(self):
        with tempfile.NamedTemporaryFile("w", suffix=".bpf.c") as file:
            file.write("int broken(\n")
            file.flush()
            done = self.agent.ctl("build", file.name, "-o", "/dev/null", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("error:", done.stderr)

    def test_info(self):
        info = self.agent.json("info")
        self.assertEqual(info["pid"], self.agent.pid)
        self.assertTrue(info["features"])
        self.assertTrue(info["limits"])


if __name__ == "__main__":
    harness.main()
