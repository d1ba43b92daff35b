# SPDX-License-Identifier: Apache-2.0
"""Swaps and rollbacks by the real client, while another process makes calls that it numbers: the
numbers in the events say whether one was lost or came twice, and the marker, which generation saw
it."""
import json
import os
import subprocess

import agent as harness
from kept import CALLED, Caller, KeptAgent

REJECTED = os.path.join(harness.BUILD, "tests/e2e/rejected.bpf.o")
CALLS_PER_S = int(5000 * harness.LOAD)
N_SWAPS = 20
N_CLIENTS = 50
EXIT_FAILED, EXIT_NO_SLOT = 1, 3


class Recorder:
    """A client that writes events to a file, so that nobody has to keep up with it."""

    def __init__(self, command, path):
        self.path = path
        with open(path, "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out)

    def lines(self):
        with open(self.path, "rb") as file:
            whole = file.read().rpartition(b"\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def wait_for(self, wanted, what):
        """Waits until a line is wanted; returns it."""
        return harness.wait_until(
            lambda: next((line for line in self.lines() if wanted(line)), None), what)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class SwapTest(harness.AgentTest):
    """The slot "calls" runs a tracker of the calls of a process; events are recorded."""
    agent_options = {"config": f"[Limits]\nMaxConnectionsPerUser={N_CLIENTS + 10}\n"}

    def setUp(self):
        harness.needs_root()
        self.agent = self.enterContext(KeptAgent(**self.agent_options))
        self.caller = self.enterContext(Caller(CALLS_PER_S))
        self.agent.ctl("start", CALLED, "--name", "calls", "--set", f"only_pid={self.caller.pid}")
        self.record = self.enterContext(
            Recorder(self.agent.ctl_command("events", "-o", "jsonl", "calls"),
                     os.path.join(self.agent.dir, "events")))

    def begin(self):
        """Lets the calls begin; they are recorded when this returns."""
        self.caller.go()
        self.first = self.record.wait_for(lambda line: "data" in line, "an event")
        self.first = self.first["data"]["number"]

    def wait_for_marker(self, marker):
        self.record.wait_for(lambda line: line["data"]["marker"] == marker, f"marker {marker}")

    def swap(self, *args):
        return self.agent.json("swap", "calls", *args)

    def slot(self):
        return self.agent.json("show", "calls")

    def refused(self, status, *args):
        """A command line that must fail with this status; returns its words."""
        done = self.agent.ctl(*args, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def markers(self):
        """Ends the calls; each must have come once, in order. Returns the markers in order of
        their appearance."""
        n_calls = self.caller.stop()
        self.record.wait_for(lambda line: line.get("data", {}).get("number") == n_calls,
                             f"call {n_calls}")
        lines = self.record.lines()
        self.assertEqual([line for line in lines if "data" not in line], [], "losses")
        self.assertEqual([line["data"]["number"] for line in lines],
                         list(range(self.first, n_calls + 1)), "each call once, in order")
        seen = []
        for line in lines:
            if not seen or seen[-1] != line["data"]["marker"]:
                seen.append(line["data"]["marker"])
        return seen

    def test_settings_change_under_load(self):
        self.begin()
        for marker in range(1, N_SWAPS + 1):
            slot = self.swap("--set", f"marker={marker}", "--expect-gen", str(marker))
            self.assertEqual(slot["generation"], marker + 1)
            self.assertEqual(slot["state"], "running")
            swap = slot["swap"]
            self.assertEqual((swap["old_generation"], swap["new_generation"]),
                             (marker, marker + 1))
            self.assertTrue(swap["exact"], swap)
            self.assertEqual([(hook["how"], hook["change"], hook["exact"])
                              for hook in swap["hooks"]], [("gate", "kept", True)])
            self.assertEqual([hook["reason"] for hook in swap["hooks"]], [""])
            self.assertIn({"name": "events", "reused": True, "reason": ""}, swap["maps"])
            self.assertGreater(swap["prepare_ns"], 0)
            self.wait_for_marker(marker)
        self.assertEqual(self.markers(), list(range(N_SWAPS + 1)))
        self.assertLessEqual(len(self.slot()["loaded_generations"]), 3)

    def test_report_for_people(self):
        done = self.agent.ctl("swap", "calls", "--set", "marker=1")
        self.assertEqual(done.stdout, "calls\n")
        self.assertRegex(done.stderr, r"calls: generation 1 -> 2, exact, switched in \d[0-9.]* .?s,"
                                      r" prepared in \d.* .?s; lost 0, repeated 0\n")
        self.assertEqual(self.agent.ctl("swap", "calls", "-q").stderr, "")

    def test_another_package(self):
        self.begin()
        slot = self.swap(harness.NUMBERED, "--set", f"only_pid={os.getpid()}")
        self.assertEqual([hook["section"] for hook in slot["hooks"]],
                         ["tracepoint/syscalls/sys_enter_getppid"])
        changes = {hook["section"].rpartition("_enter_")[2]: hook["change"]
                   for hook in slot["swap"]["hooks"]}
        self.assertEqual(changes, {"getppid": "added", "sched_get_priority_max": "removed"})
        ring = next(one for one in slot["swap"]["maps"] if one["name"] == "events")
        self.assertFalse(ring["reused"])
        self.assertNotEqual(ring["reason"], "")
        harness.call_getppid(3)
        self.record.wait_for(lambda line: line["type"] == "numbered", "an event of the new type")
        types = [line["type"] for line in self.record.lines()]
        self.assertEqual(sorted(types), types, "all of the old type, then all of the new")
        numbers = [line["data"]["number"] for line in self.record.lines()
                   if line["type"] == "called"]
        self.assertEqual(numbers, list(range(self.first, self.first + len(numbers))))

    def test_another_generation_is_running(self):
        self.swap("--set", "marker=1")
        before = self.slot()
        words = self.refused(EXIT_NO_SLOT, "swap", "calls", "--set", "marker=2",
                             "--expect-gen", "1")
        self.assertIn("generation 2", words)
        self.refused(EXIT_NO_SLOT, "rollback", "calls", "--expect-gen", "1")
        after = self.slot()
        self.assertEqual((after["generation"], after["loaded_generations"]),
                         (before["generation"], before["loaded_generations"]))
        self.swap("--set", "marker=2", "--expect-gen", "2")

    def test_dry_run(self):
        self.begin()
        before = self.slot()
        objects = harness.bpf_ids(self.agent.pid)
        slot = self.swap("--set", "marker=1", "--dry-run")
        self.assertTrue(slot["swap"]["dry_run"])
        self.assertEqual(slot["swap"]["new_generation"], 2)
        for member in ("generation", "state", "loaded_generations", "hooks"):
            self.assertEqual(self.slot()[member], before[member], member)
        harness.wait_until(lambda: harness.bpf_ids(self.agent.pid) == objects,
                           "what was loaded for a dry run is gone")
        self.assertEqual(self.markers(), [0])
        self.assertEqual(self.swap("--set", "marker=1")["generation"], 2)

    def test_rejected_by_the_verifier(self):
        self.begin()
        objects = harness.bpf_ids(self.agent.pid)
        words = self.refused(EXIT_FAILED, "swap", "calls", REJECTED)
        self.assertIn("verifier:", words)
        self.refused(EXIT_FAILED, "swap", "calls", "{}")
        words = self.refused(EXIT_FAILED, "swap", "calls", "./nonexistent")
        self.assertIn("there is no such file", words)
        self.assertNotEqual(
            self.agent.ctl("swap", "calls", "--set", "mraker=1", check=False).returncode, 0)
        self.refused(EXIT_NO_SLOT, "swap", "nobody", CALLED)
        slot = self.slot()
        self.assertEqual((slot["generation"], slot["state"]), (1, "running"))
        harness.wait_until(lambda: harness.bpf_ids(self.agent.pid) == objects,
                           "what was loaded for swaps that failed is gone")
        self.assertEqual(self.markers(), [0])

    def test_rollback_and_history(self):
        self.begin()
        for marker in (1, 2):
            self.swap("--set", f"marker={marker}")
            self.wait_for_marker(marker)
        slot = self.agent.json("rollback", "calls", "--expect-gen", "3")
        self.assertEqual((slot["generation"], slot["swap"]["old_generation"],
                          slot["swap"]["new_generation"]), (2, 3, 2))
        self.assertTrue(slot["swap"]["exact"])
        self.assertEqual(slot["loaded_generations"], [1, 2, 3])
        self.agent.ctl("rollback", "calls", "--to", "1")
        words = self.refused(EXIT_NO_SLOT, "rollback", "calls", "--to", "7")
        self.assertIn("7", words)
        history = self.agent.json("history", "calls")
        self.assertEqual([(one["generation"], one["state"]) for one in history],
                         [(1, "running"), (2, "loaded"), (3, "loaded")])
        self.assertEqual([one["origin"] for one in history], ["rollback", "rollback", "swap"])
        self.assertEqual(history[2]["settings"],
                         [{"key": "only_pid", "value": str(self.caller.pid)},
                          {"key": "marker", "value": "2"}])
        # What is swapped in after a way back has a number of its own.
        self.assertEqual(self.swap("--set", "marker=4")["generation"], 4)
        self.wait_for_marker(4)
        self.assertEqual([marker for marker in self.markers() if marker in (1, 2, 4)][-1], 4)
        self.assertEqual(len(self.agent.json("history", "calls")), 4)

    def test_maps(self):
        self.begin()
        fresh = self.swap("--maps", "fresh", "--set", "marker=1")["swap"]
        self.assertEqual([one["reused"] for one in fresh["maps"] if one["name"] == "events"],
                         [False])
        self.assertTrue(fresh["exact"])
        self.wait_for_marker(1)
        other = self.swap("--ring-bytes", "1M", "--set", "marker=2")["swap"]
        ring = next(one for one in other["maps"] if one["name"] == "events")
        self.assertFalse(ring["reused"])
        self.assertNotEqual(ring["reason"], "")
        self.wait_for_marker(2)
        self.swap("--set", "marker=3")
        self.wait_for_marker(3)
        self.assertEqual(self.markers(), [0, 1, 2, 3])

    def test_swap_while_paused(self):
        self.begin()
        self.agent.ctl("pause", "calls")
        slot = self.swap("--set", "marker=1")
        self.assertEqual((slot["state"], slot["generation"]), ("paused", 2))
        self.assertEqual(self.slot()["state"], "paused")
        self.assertEqual({line["data"]["marker"] for line in self.record.lines()}, {0})
        self.agent.ctl("resume", "calls")
        self.wait_for_marker(1)

    def storm(self, *args):
        """Swaps by many clients at once; returns how many succeeded."""
        clients = [subprocess.Popen(
            self.agent.ctl_command("swap", "calls", "-q", "--set", f"marker={i}", *args),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for i in range(1, N_CLIENTS + 1)]
        results = []
        for client in clients:
            out, err = client.communicate(timeout=harness.PATIENCE)
            self.assertIn(client.returncode, (0, EXIT_FAILED, EXIT_NO_SLOT), err)
            self.assertEqual(out, b"calls\n" if client.returncode == 0 else b"", err)
            results.append(client.returncode)
        return results.count(0)

    def test_storm(self):
        self.begin()
        n_succeeded = self.storm()
        self.assertGreater(n_succeeded, 0)
        slot = self.slot()
        self.assertEqual((slot["generation"], slot["state"]), (1 + n_succeeded, "running"))
        self.assertEqual(self.storm("--expect-gen", str(slot["generation"])), 1)
        self.assertEqual(self.agent.json("history", "calls")[-1]["generation"], 2 + n_succeeded)
        self.assertLessEqual(len(self.slot()["loaded_generations"]), 3)
        self.markers()


if __name__ == "__main__":
    harness.main()
