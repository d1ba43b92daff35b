# SPDX-License-Identifier: Apache-2.0
"""Kernels that were started, or are limited, in unusual ways: security modules, lockdown, no types,
little memory, a clock that is years behind. What the running kernel is not is skipped;
tests/kernel/matrix.sh starts emulated machines that are."""
import contextlib
import datetime
import os
import time
import unittest

import agent as harness
from agent import Agent
from kept import KeptAgent
from test_attach import find_cgroup2

CORE = os.path.join(harness.BUILD, "tests/e2e/core.bpf.o")
LSM = os.path.join(harness.BUILD, "tests/e2e/hit_lsm.bpf.o")
FENTRY = os.path.join(harness.BUILD, "tests/e2e/hit_fentry.bpf.o")
SECURITYFS = "/sys/kernel/security"
SMALL, LARGE = 32 << 20, 64 << 20  # the cgroup's memory; a ring that has no room in it


def read(path):
    with contextlib.suppress(OSError), open(path, encoding="utf-8") as file:
        return file.read().strip()
    return None


def hidden(folder):
    """A prefix under which the agent sees an empty folder."""
    return [*harness.unshare_mounts(), "sh", "-c",
            f'mount -t tmpfs tmpfs {folder} && exec "$0" "$@"']


def is_confidential():
    return "[confidentiality]" in (read(f"{SECURITYFS}/lockdown") or "")


class Condition(unittest.TestCase):
    def setUp(self):
        harness.needs_root()

    def refused(self, agent, *source, words, hint):
        """start and check both say why, and what to do; the agent lives."""
        for verb in ("start", "check"):
            done = agent.ctl(verb, *source, check=False)
            self.assertNotEqual(done.returncode, 0, f"{verb} {source[0]}")
            self.assertIn(words, done.stderr)
            self.assertIn(hint, done.stderr)
        self.assertTrue(agent.is_alive())
        self.assertEqual(agent.slots(), {})

    def feature(self, agent, name):
        return next(feature for feature in agent.json("info")["features"]
                    if feature["name"] == name)


class SecurityModules(Condition):
    def test_inactive_lsm_is_refused(self):
        active = read(f"{SECURITYFS}/lsm")
        if active is None or "bpf" in active.split(","):
            self.skipTest(f"'bpf' may be among the active security modules: {active}")
        with Agent() as agent:
            self.refused(agent, LSM, words=f"'bpf' is not among the kernel's active security "
                         f"modules ({active})", hint=f"lsm={active},bpf")
            feature = self.feature(agent, "lsm")
            self.assertFalse(feature["available"])
            self.assertIn(active, feature["detail"])
            self.assertRegex(agent.log(), r"not here, with kernel .*\blsm\b.*eunomiactl info")

    def test_active_lsm_is_called(self):
        active = read(f"{SECURITYFS}/lsm")
        if active is None or "bpf" not in active.split(","):
            self.skipTest(f"'bpf' is not among the active security modules: {active}")
        with Agent() as agent:
            done = agent.ctl("start", LSM, "--name", "lsm", "--set", f"only_pid={os.getpid()}",
                             check=False)
            if "not permitted" in done.stderr:
                self.skipTest("this kernel loads no LSM programs")
            self.assertEqual(done.returncode, 0, done.stderr)
            with agent.events("lsm") as events:
                events.watch(lambda: read("/proc/self/stat"), lambda event: "data" in event)

    def test_list_out_of_sight(self):
        with Agent(prefix=hidden(SECURITYFS) if os.path.exists(f"{SECURITYFS}/lsm") else []) as agent:
            feature = self.feature(agent, "lsm")
            self.assertFalse(feature["available"])
            self.assertIn("not known", feature["detail"])
            if agent.ctl("start", LSM, "--name", "lsm", check=False).returncode == 0:
                notes = " ".join(agent.json("show", "lsm")["notes"])
                self.assertIn("mount -t securityfs", notes)


class Lockdown(Condition):
    def test_confidentiality_is_named(self):
        if not is_confidential():
            self.skipTest("the kernel is not locked down that far")
        with Agent() as agent:
            for source in (CORE, FENTRY, harness.NUMBERED):
                done = agent.ctl("start", source, check=False)
                if done.returncode == 0:  # reads nothing of the kernel's
                    agent.ctl("stop", os.path.basename(source).partition(".")[0])
                    continue
                self.assertIn("locked down", done.stderr)
            self.refused(agent, CORE, words="locked down", hint="lockdown=integrity")
            self.assertFalse(self.feature(agent, "tracing")["available"])


class Types(Condition):
    def test_missing_types_are_named(self):
        with Agent(prefix=hidden("/sys/kernel/btf")) as agent:
            done = agent.ctl("start", CORE, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("/sys/kernel/btf/vmlinux", done.stderr)
            self.assertIn("CONFIG_DEBUG_INFO_BTF", done.stderr)
            self.assertIn("CONFIG_DEBUG_INFO_BTF", self.feature(agent, "kernel-btf")["detail"])


class Memory(Condition):
    def setUp(self):
        super().setUp()
        if is_confidential():
            self.skipTest("the kernel is locked down")
        mount = find_cgroup2()
        self.cgroup = os.path.join(mount, f"eunomia-memory-{os.getpid()}")
        os.mkdir(self.cgroup)
        self.addCleanup(os.rmdir, self.cgroup)
        if not os.path.exists(f"{self.cgroup}/memory.max"):
            self.skipTest("cgroup v2 has no memory controller here")
        with open(f"{self.cgroup}/memory.max", "w", encoding="utf-8") as file:
            file.write(str(SMALL))

    def test_ring_larger_than_the_limit(self):
        prefix = ["sh", "-c", f'echo 0 >{self.cgroup}/cgroup.procs && exec "$0" "$@"']
        with Agent(prefix=prefix, config=f"[Limits]\nMaxRingBytes={4 * LARGE}\n") as agent:
            done = agent.ctl("start", harness.NUMBERED, "--name", "large", "--ring-bytes",
                             str(LARGE), check=False)
            charged = self.feature(agent, "memory-limit")["available"]
            self.assertEqual(done.returncode != 0, charged, done.stderr)
            if charged:
                self.assertIn("no memory", done.stderr)
                self.assertIn("MemoryMax=", done.stderr)
            self.assertTrue(agent.is_alive())
            agent.start_numbered("small")
            with agent.events("small") as events:
                events.watch(os.getppid, lambda event: "data" in event)
        harness.wait_until(lambda: not read(f"{self.cgroup}/cgroup.procs"), "nobody is in it")


class Clock(Condition):
    def test_years_behind(self):
        if time.gmtime().tm_year >= 2020:
            self.skipTest("the clock is right")
        self.assertGreater(os.stat(harness.EUNOMIAD).st_mtime, 0)
        with KeptAgent() as agent:
            agent.start_numbered("n")
            agent.ctl("swap", "n")
            with agent.events("n") as events:
                event = events.watch(os.getppid, lambda event: "data" in event)
            year = datetime.datetime.now(datetime.timezone.utc).year
            self.assertEqual(int(event["time"][:4]), year, event)
            slot = agent.json("show", "n")
            self.assertLess(slot["uptime_ns"], 3600 * 10**9)
            self.assertIn(str(year), agent.ctl("history", "n").stdout)
            agent.die()
            agent.start()
            self.assertEqual(agent.slots()["n"]["state"], "running")


if __name__ == "__main__":
    harness.main()
