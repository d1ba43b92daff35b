# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the agent, again and again, at random instants: while events come, within start, swap,
stop and pause, and during the start of its successor.

The judge is a process that numbers its own calls; a client that runs all the while must print each
number exactly once, and the journal must have each at least once. How often: EUNOMIA_KILLS (200; the
other tests take a part of it), which instants: EUNOMIA_SEED."""
import os
import random
import subprocess
import threading
import time
import unittest

import agent as harness
from journald import Journald
from kept import Caller, KeptAgent, NumberReader, start_called
from model import Model

N_KILLS = int(os.environ.get("EUNOMIA_KILLS", "200"))
SEED = int(os.environ.get("EUNOMIA_SEED", str(time.time_ns() % 10**6)))
RATE = int(20000 * harness.LOAD)
JOURNAL_RATE = 1000  # journald itself takes no more than some ten thousands
NO_JOURNAL = "[Journal]\nJournalEvents=no\n"


class Operator(threading.Thread):
    """Somebody who goes on starting, swapping and stopping, whether the agent answers or not."""

    def __init__(self, agent, pid, seed):
        super().__init__(daemon=True)
        self.agent, self.pid = agent, pid
        self.random = random.Random(seed)
        self.is_over = threading.Event()
        self.n_done = {}
        self.error = None

    def swap(self, name):
        pid = self.pid if name == "numbers" else 1
        return self.agent.call("swap", name, "--set", f"marker={self.random.randrange(10**6)}",
                               "--set", f"only_pid={pid}",
                               "--maps", self.random.choice(["reuse", "fresh"]))

    def step(self):
        """Of what counts only swaps and ways back happen; the slot beside it gets everything."""
        agent = self.agent
        verb, act = self.random.choice([
            ("swap", lambda: self.swap("numbers")),
            ("rollback", lambda: agent.call("rollback", "numbers")),
            ("start", lambda: start_called(agent, "beside", 1)),
            ("swap", lambda: self.swap("beside")),
            ("pause", lambda: agent.call("pause", "beside")),
            ("resume", lambda: agent.call("resume", "beside")),
            ("stop", lambda: agent.call("stop", "beside")),
        ])
        if act() == 0:
            self.n_done[verb] = self.n_done.get(verb, 0) + 1

    def run(self):
        try:
            while not self.is_over.is_set():
                self.step()
        except Exception as error:  # shown by the test, which waits for this thread
            self.error = error

    def end(self):
        self.is_over.set()
        self.join(harness.PATIENCE)
        if self.error:
            raise self.error


class KillLoop(unittest.TestCase):
    def setUp(self):
        harness.needs_root()
        self.random = random.Random(SEED)

    def kill_and_restart(self, agent):
        """Most successors live until they are ready and for a while longer, so that events do not
        pile up beyond the ring; every third dies during its start."""
        time.sleep(self.random.uniform(0, 0.2))
        agent.die()
        if self.random.randrange(3) == 0:
            agent.launch()
            time.sleep(self.random.uniform(0, 0.05))
            agent.die()
        agent.start()

    def loop(self, agent, rate, n_kills, with_operator):
        """Returns the reader of the client that ran all the while, and the number of calls made."""
        with Caller(rate) as caller:
            self.assertEqual(start_called(agent, "numbers", caller.pid), 0)
            self.assertEqual(start_called(agent, "probe", os.getpid()), 0)
            # Of all slots: one that is named must be there whenever the client comes back.
            reader = self.enterContext(NumberReader(agent.ctl_command("events", "-o", "jsonl")))
            reader.begin()
            agent.ctl("stop", "probe")
            operator = Operator(agent, caller.pid, SEED)
            caller.go()
            if with_operator:
                operator.start()
            begin = time.monotonic()
            for _ in range(n_kills):
                self.kill_and_restart(agent)
            if with_operator:
                operator.end()
            n_calls = caller.stop()
        reader.wait_for(n_calls)
        print(f"kill_loop: seed {SEED}, {n_kills} kills in {time.monotonic() - begin:.0f} s, "
              f"{operator.n_done} meanwhile: {reader.summary(n_calls)}", flush=True)
        return reader, n_calls

    def check(self, reader, n_calls):
        if reader.missing(n_calls) or reader.repeated():
            self.fail(reader.summary(n_calls))

    def test_each_event_is_printed_once(self):
        with KeptAgent(config=NO_JOURNAL) as agent:
            reader, n_calls = self.loop(agent, RATE, N_KILLS, with_operator=True)
            self.check(reader, n_calls)
            self.assertEqual(reader.others, [])

    def test_each_event_is_in_the_journal(self):
        journald = self.enterContext(Journald())
        config = "[Journal]\nJournalRateLimit=1000000\n"
        with KeptAgent(config=config, prefix=journald.prefix) as agent:
            reader, n_calls = self.loop(agent, JOURNAL_RATE, max(N_KILLS // 10, 1),
                                        with_operator=False)
            self.check(reader, n_calls)
        entries = journald.entries("-t", "eunomia/numbers")
        found = {int(entry["EUNOMIA_EV_NUMBER"]): entry for entry in entries
                 if "EUNOMIA_EV_NUMBER" in entry}
        missing = sorted(set(range(1, n_calls + 1)) - set(found))
        print(f"kill_loop: journal: {len(entries)} entries of {n_calls} calls", flush=True)
        self.assertEqual(missing, [])
        self.assertTrue(all("EUNOMIA_SEQ" in entry for entry in found.values()))


class Reconciliation(unittest.TestCase):
    """One slot, one call at a time, cut off at a random instant. Afterwards the slot is as before
    the call or as after it; and as after it, if the client was told so."""

    def test_old_or_new_never_none_never_both(self):
        harness.needs_root()
        chance = random.Random(SEED)
        outcomes = {}
        begin = time.monotonic()
        with KeptAgent(config=NO_JOURNAL) as agent:
            model = Model(agent, chance)
            for i in range(N_KILLS // 2):
                arguments, after = model.choose()
                with subprocess.Popen(agent.ctl_command("--timeout", "1", *arguments),
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as call:
                    time.sleep(chance.uniform(0, 0.1))
                    agent.die()
                    is_acknowledged = call.wait(harness.PATIENCE) == 0
                agent.start()
                try:
                    has_happened = model.settle(after, is_acknowledged)
                except AssertionError as error:
                    self.fail(f"seed {SEED}, kill {i} in {arguments}: {error}")
                key = (arguments[0], "after" if has_happened else "before")
                outcomes[key] = outcomes.get(key, 0) + 1
        print(f"kill_loop: seed {SEED}, {N_KILLS // 2} kills in {time.monotonic() - begin:.0f} s: "
              + ", ".join(f"{verb} {which} {n}" for (verb, which), n in sorted(outcomes.items())),
              flush=True)


if __name__ == "__main__":
    harness.main()
