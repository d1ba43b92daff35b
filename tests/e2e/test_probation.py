# SPDX-License-Identifier: Apache-2.0
"""A swap with a probation: a generation that does worse goes by itself, a good one stays."""
import os
import subprocess
import time

import agent as harness

SLOW = os.path.join(harness.BUILD, "tests/e2e/slow.bpf.o")
SHORT = os.path.join(harness.BUILD, "tests/e2e/short.bpf.o")
RATE = 1000  # events a second
FIRST_SECONDS = 0.25  # of a generation, in which events are no sign of life


class Probation(harness.AgentTest):
    def setUp(self):
        super().setUp()
        self.source = subprocess.Popen([harness.GENERATOR, "getppid", str(10**9), str(RATE)],
                                       stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(self.end_source)
        self.agent.start_numbered("watched", self.source.pid)
        self.source.stdin.write(b"\n")
        self.source.stdin.flush()
        # The first generation must have something to be compared with.
        harness.wait_until(lambda: self.show()["events"] > RATE // 2, "events flow")

    def end_source(self):
        self.source.terminate()
        self.source.communicate(timeout=harness.PATIENCE)

    def show(self):
        return self.agent.json("show", "watched")

    def history(self):
        return [(generation["generation"], generation["state"], generation["origin"])
                for generation in self.agent.json("history", "watched")]

    def swap(self, *args):
        self.agent.ctl("swap", "watched", *args)

    def swapped_to(self, generation):
        return self.show()["generation"] == generation

    def expect_to_go_back(self, rule):
        slot = harness.wait_until(
            lambda: (slot := self.show())["generation"] == 1 and slot, "it goes back")
        self.assertRegex(slot["probation"], f"^generation 2 to 1: {rule}: ")
        self.assertIn(f"going back: {rule}: ", self.agent.log())
        self.assertEqual(self.history(),
                         [(1, "running", "probation"), (2, "loaded", "swap")])
        # Events flow as before.
        events = slot["events"]
        harness.wait_until(lambda: self.show()["events"] > events + RATE // 10, "events flow")
        self.assertTrue(self.swapped_to(1))

    def test_a_silent_generation_goes(self):
        self.swap("--set", "only_pid=1", "--probation", "1")
        self.expect_to_go_back("silence")

    def test_first_events_are_no_sign_of_life(self):
        """They may be the last ones of the generation before."""
        only_pid = f"only_pid={self.source.pid}"
        begin = time.monotonic()
        self.swap(harness.NUMBERED, "--set", only_pid, "--probation", "1")
        time.sleep(20 / RATE)  # some events come for certain
        self.end_source()
        if time.monotonic() - begin > FIRST_SECONDS:
            self.skipTest("this machine is too slow: the swap took longer than that")
        slot = harness.wait_until(
            lambda: (slot := self.show())["generation"] == 1 and slot, "it goes back")
        self.assertRegex(slot["probation"], ": silence: [1-9][0-9]* events at its beginning")

    def test_short_records_go(self):
        self.swap(SHORT, "--set", f"only_pid={self.source.pid}", "--probation", "60")
        self.expect_to_go_back("decode-errors")

    def test_slow_programs_go(self):
        """How long a run takes is known of a generation that passed a probation itself."""
        only_pid = f"only_pid={self.source.pid}"
        self.swap(harness.NUMBERED, "--set", only_pid, "--probation", "1")
        harness.wait_until(lambda: "generation 2 passed its probation" in self.agent.log(),
                           "the probation ends")
        self.swap(SLOW, "--set", only_pid, "--probation", "60")
        harness.wait_until(lambda: self.swapped_to(2), "it goes back")
        self.assertIn("generation 3 to 2: run-time: a run takes ", self.show()["probation"])

    def test_losses_go(self):
        """The ring of the new generation has one page, and the agent looks too rarely."""
        self.source.terminate()
        self.source.communicate(timeout=harness.PATIENCE)
        with subprocess.Popen([harness.GENERATOR, "getppid", str(10**9), "0"],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as flood:
            try:
                self.swap(harness.NUMBERED, "--set", f"only_pid={flood.pid}",
                          "--ring-bytes", "4096", "--probation", "60")
                flood.stdin.write(b"\n")
                flood.stdin.flush()
                slot = harness.wait_until(
                    lambda: (slot := self.show())["generation"] == 1 and slot, "it goes back")
                self.assertIn("losses: ", slot["probation"])
            finally:
                flood.terminate()

    def test_a_good_generation_stays(self):
        self.swap(harness.NUMBERED, "--set", f"only_pid={self.source.pid}", "--probation", "1")
        harness.wait_until(lambda: "generation 2 passed its probation" in self.agent.log(),
                           "the probation ends")
        self.assertTrue(self.swapped_to(2))
        self.assertEqual(self.show()["probation"], "")

    def test_another_swap_ends_it(self):
        self.swap("--set", "only_pid=1", "--probation", "1")
        self.swap("--set", "only_pid=1")
        self.swap(harness.NUMBERED, "--set", f"only_pid={self.source.pid}", "--probation", "1")
        harness.wait_until(lambda: "generation 4 passed its probation" in self.agent.log(),
                           "the last probation ends")
        self.assertTrue(self.swapped_to(4))

    def test_a_stop_ends_it(self):
        self.swap("--set", "only_pid=1", "--probation", "1")
        self.agent.ctl("stop", "watched")
        self.agent.start_numbered("watched", self.source.pid)
        self.swap(harness.NUMBERED, "--set", f"only_pid={self.source.pid}", "--probation", "1")
        harness.wait_until(lambda: "generation 2 passed its probation" in self.agent.log(),
                           "the probation of the later slot ends")
        self.assertTrue(self.swapped_to(2))


if __name__ == "__main__":
    harness.main()
