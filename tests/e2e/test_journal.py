# SPDX-License-Identifier: Apache-2.0
"""Events in a real journal: typed fields, and what becomes of a burst that is too much for it."""
import os
import signal
import subprocess
import time
import unittest

import agent as harness
from agent import Agent
from journald import Journald

BURST = 100000
OPENSNOOP = os.path.join(harness.TRACKERS, "opensnoop.json")
JOURNAL_LEFT_OUT = "257790c1c96941349b1c3621006d3875"  # agent/log_ids.h


class Journal(unittest.TestCase):
    def setUp(self):
        harness.needs_root()
        self.journald = self.enterContext(Journald())

    def start(self, config=""):
        return Agent(config=config, prefix=self.journald.prefix)

    def test_opensnoop_has_typed_fields(self):
        path = "/nonexistent/seen in the journal"
        with self.start() as agent:
            agent.ctl("start", OPENSNOOP, "--name", "opensnoop", "--set", f"targ_pid={os.getpid()}")

            def find():
                self.assertRaises(FileNotFoundError, os.open, path, os.O_RDONLY)
                return self.journald.entries("-t", "eunomia/opensnoop",
                                             f"EUNOMIA_EV_FNAME={path}")
            entry = harness.wait_until(find, "the event is in the journal")[0]
        self.assertEqual(entry["EUNOMIA_EV_PID"], str(os.getpid()))
        self.assertEqual(entry["EUNOMIA_EV_RET"], "-2")
        self.assertEqual(entry["EUNOMIA_SLOT"], "opensnoop")
        self.assertEqual(entry["EUNOMIA_GENERATION"], "1")
        self.assertIn("EUNOMIA_TRACKER", entry)
        self.assertIn("PRIORITY", entry)
        self.assertIn(path, entry["MESSAGE"])

    def test_logs_verb_shows_the_slot(self):
        with self.start() as agent:
            agent.start_numbered("numbers")
            harness.call_getppid(20)
            harness.wait_until(lambda: len(self.journald.entries("-t", "eunomia/numbers")) >= 20,
                               "the events are in the journal")
            done = subprocess.run([*self.journald.prefix, *agent.ctl_command("logs", "numbers")],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertGreaterEqual(len(done.stdout.splitlines()), 20)

    def burst(self, config):
        """A burst of BURST events; returns how many are in the journal, and how many it says it
        left out, after the agent has ended."""
        with self.start(config) as agent:
            with subprocess.Popen([harness.GENERATOR, "getppid", str(BURST), "0"],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as source:
                agent.start_numbered("burst", source.pid)
                source.stdin.write(b"\n")
                source.stdin.flush()
                worst = 0.0
                while True:
                    begin = time.monotonic()
                    slot = agent.slots()["burst"]
                    worst = max(worst, time.monotonic() - begin)
                    if source.poll() is not None and slot["events"] + slot["lost"] >= BURST:
                        break
            self.assertEqual(slot["events"] + slot["lost"], BURST)
            self.assertLess(worst, 5, "a call is answered while the burst goes on")
            agent.ctl("stop", "burst")
        entries = self.journald.entries("-t", "eunomia/burst", "EUNOMIA_SLOT=burst")
        said = sum(int(entry["EUNOMIA_DROPPED"]) for entry in entries if
                   entry.get("MESSAGE_ID") == JOURNAL_LEFT_OUT)
        kept = [entry for entry in entries if "EUNOMIA_EV_NUMBER" in entry]
        self.assertEqual(len({entry["EUNOMIA_EV_NUMBER"] for entry in kept}), len(kept))
        self.assertEqual(len(kept) + said + slot["lost"], BURST)
        return len(kept), said

    def test_burst_over_the_rate_limit(self):
        kept, said = self.burst("")
        self.assertGreater(kept, 0)
        self.assertGreater(said, 0)

    def test_burst_without_a_rate_limit(self):
        kept, _ = self.burst("[Journal]\nJournalRateLimit=1000000\n")
        self.assertGreater(kept, 1000)

    def test_journal_that_stalls(self):
        """Sending waits then, without a bound; calls and the agent's end do not."""
        with self.start("[Journal]\nJournalRateLimit=1000000\n") as agent:
            agent.start_numbered("stalled")
            self.journald.process.send_signal(signal.SIGSTOP)
            try:
                harness.call_getppid(10000)
                harness.wait_until(lambda: agent.slots()["stalled"]["events"] == 10000,
                                   "the loop goes on")
                begin = time.monotonic()
                agent.stop()
                self.assertLess(time.monotonic() - begin, 10)
            finally:
                self.journald.process.send_signal(signal.SIGCONT)

    def test_journal_that_is_not_there(self):
        with self.start() as agent:
            agent.start_numbered("numbers")
            self.journald.process.terminate()
            self.journald.process.wait(harness.PATIENCE)
            with agent.events("numbers", "--count", "10") as events:
                harness.wait_until(lambda: os.getppid() and events.process.poll() is not None,
                                   "ten events reach the client")
                self.assertEqual(len(events.finish()), 10)


if __name__ == "__main__":
    harness.main()
