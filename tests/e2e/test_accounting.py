# SPDX-License-Identifier: Apache-2.0
"""Every event is accounted for, to the last one: the generator counts its own calls, and what the
slot handed on, what its sinks delivered and what was lost must add up to them."""
import contextlib
import json
import os
import signal
import subprocess
import threading
import time
import unittest

import agent as harness
from kept import KeptAgent

DATA = os.path.join(harness.BUILD, "tests/data")
NOBODY = 0x3ffffff0  # above the largest process id
N_EVENTS = 200000
BUDGET = 500  # events a second


class Flood:
    """A process that makes getppid(2) calls when it is told to, and says how many it made."""

    def __init__(self, count, rate=0):
        self.process = subprocess.Popen([harness.GENERATOR, "getppid", str(count), str(rate)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self.process.pid

    def go(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def finish(self):
        """Number of calls made."""
        out, _ = self.process.communicate(timeout=harness.PATIENCE)
        return json.loads(out)["events"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


class Collector:
    """Reads a stream in a thread of its own: numbers of a slot's events, and its losses by
    reason."""

    def __init__(self, events, slot):
        self.events = events
        self.slot = slot
        self.numbers = []
        self.lost = {}
        self.gaps = []
        self.is_over = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.is_over:
            item = self.events.poll(0.1)
            if item is None or item["slot"] != self.slot:
                continue
            if "data" in item:
                self.numbers.append(item["data"]["number"])
            elif "lost" in item:
                self.lost[item["reason"]] = self.lost.get(item["reason"], 0) + item["lost"]
                self.gaps.append(item)

    def n_known(self):
        return len(self.numbers) + sum(self.lost.values())

    def end(self):
        self.is_over = True
        self.thread.join(harness.PATIENCE)


def sinks_of(slot):
    return {sink["sink"]: sink for sink in slot["stats"]["sinks"]}


def reasons_of(sink):
    return {reason["reason"]: reason["lost"] for reason in sink["reasons"]}


class Accounting(harness.AgentTest):
    agent_options = {"config": "[Journal]\nJournalRateLimit=100\n"
                               "[Limits]\nStreamBacklogBytes=65536\n"}

    def setUp(self):
        super().setUp()
        self.agent.start_numbered("witness")

    def open_stream(self):
        """A stream of all slots, also of those that start later; it is open for certain."""
        events = self.enterContext(self.agent.events())
        events.watch(os.getppid, lambda item: item["slot"] == "witness")
        return events

    def show(self, name):
        return self.agent.json("show", name)

    def start(self, name, pid, *args):
        self.agent.ctl("start", harness.NUMBERED, "--name", name, "--set", f"only_pid={pid}", *args)

    def collect(self, name):
        return self.collect_from(self.open_stream(), name)

    def collect_from(self, events, name):
        collector = Collector(events, name)
        self.addCleanup(collector.end)
        return collector

    def wait_for(self, name, n_produced):
        """Waits until a slot has told of all that was produced; returns it."""
        def is_told():
            slot = self.show(name)
            self.assertTrue(slot["stats"]["lost_is_exact"])
            self.assertLessEqual(slot["events"] + slot["lost"], n_produced)
            return slot if slot["events"] + slot["lost"] == n_produced else None
        return harness.wait_until(is_told, f"{n_produced} events of '{name}' are accounted for")

    def wait_for_sinks(self, name, offered):
        """Waits until each sink has brought its last event home; returns their accounts."""
        def are_settled():
            sinks = sinks_of(self.show(name))
            for sink, n in offered.items():
                self.assertLessEqual(sinks[sink]["produced"], n)
            is_settled = all(sinks[sink]["produced"] == n for sink, n in offered.items())
            return sinks if is_settled else None
        return harness.wait_until(are_settled, "the sinks have settled")

    def test_small_ring_slow_client_and_rate_limit(self):
        with Flood(N_EVENTS) as flood:
            fast, slow = self.collect("flood"), self.open_stream()
            self.start("flood", flood.pid, "--ring-bytes", "16384")
            slow.process.send_signal(signal.SIGSTOP)
            flood.go()
            self.assertEqual(flood.finish(), N_EVENTS)
            slot = self.wait_for("flood", N_EVENTS)
            self.assertGreater(slot["lost"], 0, "the ring was small")
            self.assertGreaterEqual(slot["stats"]["ring_high_water_bytes"], 16384 // 2)
            self.assertGreaterEqual(slot["stats"]["memory_bytes"], 16384)
            slow.process.send_signal(signal.SIGCONT)
            late = self.collect_from(slow, "flood")
            for stream in (fast, late):
                harness.wait_until(lambda stream=stream: stream.n_known() >= N_EVENTS,
                                   "a stream knows of every event")
            for stream in (fast, late):
                self.assertEqual(stream.n_known(), N_EVENTS, stream.lost)
                self.assertEqual(stream.lost.get("ring-full", 0), slot["lost"])
                self.assertEqual(len(set(stream.numbers)), len(stream.numbers))
            self.assertGreater(late.lost.get("slow-client", 0), 0)
            sinks = self.wait_for_sinks("flood", {"journal": slot["events"],
                                                  "stream": 2 * slot["events"]})
            self.assertGreater(reasons_of(sinks["journal"])["rate-limit"], 0)
            self.assertEqual(reasons_of(sinks["stream"])["slow-client"],
                             fast.lost.get("slow-client", 0) + late.lost["slow-client"])
            self.assertEqual(sinks["stream"]["delivered"], len(fast.numbers) + len(late.numbers))

    def test_budget_cuts_a_flood_and_spares_its_neighbour(self):
        neighbour_events = 300
        with Flood(10**9) as flood, Flood(neighbour_events, 100) as neighbour:
            quiet, cut = self.collect("quiet"), self.collect("flood")
            self.start("quiet", neighbour.pid)
            self.start("flood", flood.pid, "--budget-events", str(BUDGET))
            begin = time.monotonic()
            flood.go()
            neighbour.go()
            self.assertEqual(neighbour.finish(), neighbour_events)
            flood.process.terminate()
            n_made = flood.finish()
            seconds = time.monotonic() - begin
            slot = self.wait_for("flood", n_made)
            harness.wait_until(lambda: cut.n_known() >= n_made, "the flood is accounted for")
            harness.wait_until(lambda: quiet.n_known() >= neighbour_events,
                               "the neighbour is accounted for")
        self.assertEqual(quiet.lost, {})
        self.assertEqual(quiet.numbers, list(range(1, neighbour_events + 1)))
        self.assertEqual(cut.n_known(), n_made)
        self.assertEqual(set(cut.lost) - {"budget", "ring-full"}, set())
        self.assertGreater(cut.lost["budget"], n_made // 100)
        # A second's worth at once, and then as much in each.
        self.assertLessEqual(len(cut.numbers), (seconds + 2) * BUDGET)
        self.assertGreaterEqual(len(cut.numbers), BUDGET)
        sinks = self.wait_for_sinks("flood", {"journal": slot["events"],
                                              "stream": 2 * slot["events"]})
        self.assertEqual(reasons_of(sinks["journal"])["budget"], cut.lost["budget"])
        self.assertEqual(reasons_of(sinks["stream"])["budget"], 2 * cut.lost["budget"])
        for gap in cut.gaps:
            if gap["reason"] == "budget":
                self.assertLessEqual(gap["from_seq"], gap["to_seq"])

    def test_budget_in_bytes_from_the_configuration(self):
        with open(self.agent.config, "a", encoding="utf-8") as file:
            file.write("SlotBytesPerSecond=3200\n")
        os.kill(self.agent.pid, signal.SIGHUP)
        harness.wait_until(lambda: "configuration reloaded" in self.agent.log(), "it is reloaded")
        with Flood(5000) as flood:
            self.start("flood", flood.pid)
            self.assertEqual(self.show("flood")["budget"]["bytes_per_second"], 3200)
            flood.go()
            self.assertEqual(flood.finish(), 5000)
            slot = self.wait_for("flood", 5000)
        sinks = self.wait_for_sinks("flood", {"journal": slot["events"]})
        # An event has 32 bytes.
        self.assertGreaterEqual(reasons_of(sinks["journal"])["budget"], 5000 - 100 * 30)

    def test_a_swap_changes_the_budget(self):
        self.start("numbers", os.getpid(), "--budget-events", "7")
        self.agent.ctl("swap", "numbers", "--dry-run", "--budget-events", "8")
        self.assertEqual(self.show("numbers")["budget"]["events_per_second"], 7)
        self.agent.ctl("swap", "numbers", "--set", "only_pid=1")
        self.assertEqual(self.show("numbers")["budget"]["events_per_second"], 7)
        self.agent.ctl("swap", "numbers", "--budget-events", "9")
        self.assertEqual(self.show("numbers")["budget"]["events_per_second"], 9)

    def test_budgets_and_rings_that_are_too_large(self):
        done = self.agent.ctl("start", harness.NUMBERED, "--budget-events", "1000000001",
                              check=False)
        self.assertNotEqual(done.returncode, 0)
        done = self.agent.ctl("start", harness.NUMBERED, "--ring-bytes", str(1 << 29), check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("the limit is", done.stderr)
        self.assertEqual(list(self.agent.slots()), ["witness"])


class Away(unittest.TestCase):
    """Foreign trackers go on while the agent is away, in rings that are too small for that."""

    def setUp(self):
        harness.needs_root()
        self.agent = self.enterContext(KeptAgent())

    def call_getpgid(self, times):
        for _ in range(times):
            with contextlib.suppress(ProcessLookupError):
                os.getpgid(NOBODY)

    def n_accounted(self, name):
        slot = self.agent.json("show", name)
        self.assertTrue(slot["stats"]["lost_is_exact"], name)
        return slot["events"] + slot["lost"]

    def test_what_a_killed_agent_missed(self):
        n_calls = 50000
        self.agent.ctl("start", os.path.join(DATA, "foreign_bootstrap.bpf.o"), "--name", "ring",
                       "--ring-bytes", "4096", "--set", f"filter_pid={os.getpid()}")
        self.agent.ctl("start", os.path.join(DATA, "foreign_perf.bpf.o"), "--name", "perf")
        self.call_getpgid(10)
        harness.wait_until(lambda: self.n_accounted("ring") == 10, "the first events are read")
        self.agent.process.kill()
        self.agent.process.wait()
        self.agent.notify.lines.clear()
        self.call_getpgid(n_calls)
        self.agent.start()
        harness.wait_until(lambda: self.n_accounted("ring") == n_calls + 10,
                           "every call is an event or lost")
        # That tracker sees the calls of other processes, too.
        harness.wait_until(lambda: self.n_accounted("perf") >= n_calls + 10,
                           "what the perf buffer had no reader for is counted")
        self.call_getpgid(10)
        harness.wait_until(lambda: self.n_accounted("ring") == n_calls + 20, "it goes on")
        self.agent.ctl("stop", "ring")
        self.agent.ctl("stop", "perf")


if __name__ == "__main__":
    harness.main()
