# SPDX-License-Identifier: Apache-2.0
"""A load of numbered calls that a tracker in a machine reports, and a client in the machine that
takes the events: every number must come once, whatever happens to the agent meanwhile. Calls are
made on the host, whose kernel the machine shares."""
import os

import agent as harness
from kept import CALLED, RING_BYTES, Caller, NumberReader

TRACKER = "/opt/called.bpf.o"


class Load:
    """Use as a context manager in a test case, after the agent is ready."""

    def __init__(self, test, machine, rate):
        self.test, self.machine = test, machine
        self.caller = test.enterContext(Caller(rate))
        machine.copy_in(CALLED, TRACKER)
        self.start_slot("numbers", self.caller.pid)
        self.start_slot("probe", os.getpid())
        self.reader = test.enterContext(NumberReader(
            machine.command("eunomiactl", "events", "numbers", "probe", "-o", "jsonl")))
        # nsenter hands no signal on: the client itself is ended, before its reader is.
        test.addCleanup(machine.run, "pkill", "-x", "eunomiactl", check=False)
        self.reader.begin()
        self.caller.go()

    def start_slot(self, name, pid):
        self.machine.run("eunomiactl", "start", TRACKER, "--name", name, "--set",
                         f"only_pid={pid}", "--ring-bytes", str(RING_BYTES))

    def wait_for_more(self, n_events=2000):
        """Until that many events have come from now on."""
        n_seen = self.reader.n_events
        harness.wait_until(lambda: self.reader.n_events > n_seen + n_events, "events come")

    def check(self):
        """Ends the calls; each of them was reported once."""
        n_calls = self.caller.stop()
        self.reader.wait_for(n_calls)
        summary = self.reader.summary(n_calls)
        self.test.assertEqual((self.reader.missing(n_calls), self.reader.repeated(),
                               self.reader.others), ([], [], []), summary)
        print(summary)
