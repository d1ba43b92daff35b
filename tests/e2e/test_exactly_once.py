# SPDX-License-Identifier: Apache-2.0
"""Exactly once over a restart (docs/events.md), case by case: what a client that stands still costs,
who waits for whom, what is told where events are gone. At random instants: test_kill_loop.py."""
import json
import os
import signal
import time
import unittest

import agent as harness
from kept import Caller, KeptAgent, NumberReader, start_called

NO_JOURNAL = "[Journal]\nJournalEvents=no\n"
RATE = int(20000 * harness.LOAD)


def losses(reader):
    return [json.loads(line) for line in reader.others]


class ExactlyOnce(unittest.TestCase):
    def setUp(self):
        harness.needs_root()
        self.agent = self.enterContext(KeptAgent(config=NO_JOURNAL))

    def caller(self, rate=RATE):
        caller = self.enterContext(Caller(rate))
        self.assertEqual(start_called(self.agent, "numbers", caller.pid), 0)
        return caller

    def reader(self):
        """A client that has begun: a probe has come to it, of a slot that looks at this process."""
        if "probe" not in self.agent.slots():
            self.assertEqual(start_called(self.agent, "probe", os.getpid()), 0)
        reader = self.enterContext(NumberReader(
            self.agent.ctl_command("events", "numbers", "probe", "-o", "jsonl")))
        reader.begin()
        return reader

    def n_events(self):
        return self.agent.slots()["numbers"]["events"]

    def check(self, reader, n_calls):
        reader.wait_for(n_calls)
        self.assertEqual((reader.missing(n_calls), reader.repeated(), reader.others),
                         ([], [], []), reader.summary(n_calls))

    def test_killed_while_events_come(self):
        caller = self.caller()
        readers = [self.reader(), self.reader()]
        caller.go()
        for _ in range(5):
            harness.wait_until(lambda n=readers[0].n_events: readers[0].n_events > n + 500,
                               "events come")
            self.agent.die()
            self.agent.start()
        n_calls = caller.stop()
        for reader in readers:
            self.check(reader, n_calls)
        self.assertEqual(self.n_events(), n_calls)

    def test_counts_go_on_without_a_client(self):
        caller = self.caller()
        caller.go()
        for _ in range(5):
            harness.wait_until(lambda n=self.n_events(): self.n_events() > n + 500, "events come")
            self.agent.die()
            self.agent.start()
        n_calls = caller.stop()
        harness.wait_until(lambda: self.n_events() >= n_calls, f"{n_calls} events")
        self.assertEqual(self.n_events(), n_calls)

    def test_orderly_restart(self):
        with open(self.agent.config, "a", encoding="utf-8") as file:
            file.write("[Agent]\nKeepOnStop=yes\n")
        self.agent.die()
        self.agent.start()
        caller = self.caller()
        reader = self.reader()
        caller.go()
        for _ in range(3):
            harness.wait_until(lambda n=reader.n_events: reader.n_events > n + 500, "events come")
            self.agent.process.terminate()
            self.assertEqual(self.agent.process.wait(harness.PATIENCE), 0)
            self.agent.die()
            self.agent.start()
        self.check(reader, caller.stop())

    def test_events_wait_for_a_client_that_is_late(self):
        """It stands still while the agent is restarted, and comes back a second after that."""
        caller = self.caller(rate=1000)
        reader = self.reader()
        caller.go()
        reader.wait_for(100)
        reader.process.send_signal(signal.SIGSTOP)
        self.agent.die()
        self.agent.start()
        time.sleep(1)
        reader.process.send_signal(signal.SIGCONT)
        self.check(reader, caller.stop())

    def test_a_client_that_stands_still(self):
        """Its socket is full, its second of patience is over: it holds up nobody, and is told what
        it cannot have any more."""
        caller = self.caller()
        slow, fast = self.reader(), self.reader()
        caller.go()
        slow.wait_for(100)
        slow.process.send_signal(signal.SIGSTOP)
        fast.wait_for(3 * RATE)
        self.agent.die()
        slow.process.send_signal(signal.SIGCONT)
        self.agent.start()
        n_calls = caller.stop()
        self.check(fast, n_calls)
        slow.wait_for(n_calls)
        self.assertEqual(slow.repeated(), [])
        self.assertGreater(len(slow.missing(n_calls)), 0)
        self.assertIn("client-away", [loss["reason"] for loss in losses(slow)],
                      slow.summary(n_calls))
        for loss in losses(slow):
            self.assertGreaterEqual(loss["to_seq"], loss["from_seq"])

    def test_a_client_that_does_not_come_back(self):
        """The others get their events after the agent has waited for it."""
        caller = self.caller(rate=1000)
        gone, reader = self.reader(), self.reader()
        caller.go()
        reader.wait_for(100)
        self.agent.die()
        gone.process.kill()
        self.agent.start()
        began = time.monotonic()
        n_seen = reader.n_events
        harness.wait_until(lambda: reader.n_events > n_seen + 10, "events come again")
        self.assertGreater(time.monotonic() - began, 1)
        # It is forgotten: the next restart does not wait for it.
        self.agent.die()
        self.agent.start()
        began = time.monotonic()
        n_seen = reader.n_events
        harness.wait_until(lambda: reader.n_events > n_seen + 10, "events come again")
        self.assertLess(time.monotonic() - began, 1.5)
        self.check(reader, caller.stop())

    def test_a_client_that_continues_an_earlier_run(self):
        caller = self.caller(rate=1000)
        first = self.enterContext(NumberReader(self.agent.ctl_command(
            "events", "numbers", "-o", "jsonl", "--count", "50")))
        caller.go()
        first.thread.join(harness.PATIENCE)
        self.assertEqual(first.n_events, 50)
        harness.wait_until(lambda: self.n_events() > 500, "events pass by")
        second = self.enterContext(NumberReader(self.agent.ctl_command(
            "events", "numbers", "-o", "jsonl", "--from", "1")))
        harness.wait_until(lambda: second.n_events > 0, "the second has begun")
        n_calls = caller.stop()
        second.wait_for(n_calls)
        self.assertEqual([loss["reason"] for loss in losses(second)], ["client-away"])
        self.assertEqual(losses(second)[0]["from_seq"], 1)
        missing = second.missing(n_calls)
        self.assertEqual(missing, list(range(1, len(missing) + 1)))


if __name__ == "__main__":
    harness.main()
