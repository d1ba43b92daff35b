# SPDX-License-Identifier: Apache-2.0
"""Calls that end in the middle, at each of their steps in turn: the agent is killed there, or the
step fails. What is found afterwards must be the state before the call or the one after it.

The steps are those of agent/fault.h, counted, not named, so that a new step is tested from the day
that it exists."""
import collections
import contextlib
import errno
import os
import random
import unittest

import agent as harness
from kept import KeptAgent
from model import Model

STEPS_MAX = 200  # more than there are; the tests say how many they met
CONFIG = "[Journal]\nJournalEvents=no\n"
# Every verb, and a way back from a swap that kept its maps and one that did not.
SCRIPT = ("start", "enable", "swap", "pause", "swap", "resume", "rollback", "disable", "stop")


def faults_are_built_in():
    """A rule that cannot be read ends such a build at its first step."""
    agent = KeptAgent(env={"EUNOMIA_FAULT": "unreadable"})
    try:
        agent.launch()
        agent.notify.wait_for("READY=1", agent.process)
        return False
    except AssertionError:
        return True
    finally:
        agent.die()
        agent.notify.close()


def run_script(agent, model):
    """Until a call fails: its arguments, what it would have led to, the client's answer. None if
    all succeed."""
    for verb in SCRIPT:
        arguments, after = getattr(model, verb)()
        done = agent.ctl("--timeout", "20", *arguments, check=False)
        if done.returncode != 0:
            return arguments, after, done
        model.state = after
        if after and agent.is_alive():
            with contextlib.suppress(AssertionError):  # it is being killed: the next call shows it
                model.markers[agent.slots()["model"]["generation"]] = after.marker
    return None


class HalfDone(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        harness.needs_root()
        if not faults_are_built_in():
            raise unittest.SkipTest("this build has no faults (EUNOMIA_FAULTS)")

    def start(self, agent, fault):
        """Whether it gets as far as READY=1 with that fault."""
        agent.env["EUNOMIA_FAULT"] = fault
        try:
            agent.start()
        except AssertionError:
            return False
        finally:
            del agent.env["EUNOMIA_FAULT"]
        return True

    def kill_at(self, step):
        """Whether there is such a step in the script."""
        with contextlib.ExitStack() as stack:
            agent = KeptAgent(config=CONFIG)
            stack.push(agent)
            model = Model(agent, random.Random(step))
            failed = None
            if self.start(agent, f"*@{step}:kill"):
                failed = run_script(agent, model)
                if failed is None:  # what is left to do goes on behind the last answer
                    harness.wait_until(lambda: not agent.is_alive() or
                                       not harness.bpf_ids(agent.pid), "the slot has ended")
                    if agent.is_alive():
                        return False
            agent.die()
            agent.start()
            after = failed[1] if failed else model.state
            model.settle(after, is_acknowledged=failed is None)
            self.met.append(failed[0][0] if failed else "behind an answer")
            return True

    def fail_at(self, step, error, text):
        """A call that fails leaves the slot as it was and says why; one that can do without the
        step succeeds."""
        with contextlib.ExitStack() as stack:
            agent = KeptAgent(config=CONFIG)
            stack.push(agent)
            model = Model(agent, random.Random(step))
            if not self.start(agent, f"*@{step}:error={error}"):
                self.assertIn(text, agent.log())
                agent.start()
                return
            failed = run_script(agent, model)
            self.assertTrue(agent.is_alive())
            if failed:
                self.assertIn(text, failed[2].stderr, failed[0])
                if model.state is None:  # what had been made is unmade behind the answer
                    harness.wait_until(lambda: not agent.slots(), "the slot is gone")
                model.settle(model.state, is_acknowledged=True)
                self.failed.append(failed[0][0])

    def test_each_step_of_each_call(self):
        self.met, self.failed = [], []
        for step in range(1, STEPS_MAX):
            with self.subTest(kill=step):
                if not self.kill_at(step):
                    break
            error = ("ENOSPC", "EIO")[step % 2]
            with self.subTest(error=error, step=step):
                self.fail_at(step, error, os.strerror(getattr(errno, error)))
        self.assertLess(step, STEPS_MAX - 1)
        print(f"half_done: killed at {step - 1} steps: {dict(collections.Counter(self.met))}; "
              f"calls that failed: {dict(collections.Counter(self.failed))}", flush=True)
        self.assertLessEqual({"start", "swap", "stop", "enable"}, set(self.met))

    def restore_killed_at(self, step):
        """Whether there is such a step when an agent takes over two generations, enabled."""
        with contextlib.ExitStack() as stack:
            agent = stack.enter_context(KeptAgent(config=CONFIG))
            model = Model(agent, random.Random(step))
            for verb in ("start", "enable", "swap"):
                arguments, model.state = getattr(model, verb)()
                agent.ctl(*arguments)
            agent.die()
            is_ready = self.start(agent, f"*@{step}:kill")
            if is_ready:
                agent.ctl("list", check=False)
            was_met = not (is_ready and agent.is_alive())
            agent.die()
            agent.start()
            model.settle(model.state, is_acknowledged=True)
            return was_met

    def test_each_step_of_taking_over(self):
        for step in range(1, STEPS_MAX):
            with self.subTest(kill=step):
                if not self.restore_killed_at(step):
                    break
        self.assertLess(step, STEPS_MAX - 1)
        print(f"half_done: killed at {step - 1} steps of taking over", flush=True)


if __name__ == "__main__":
    harness.main()
