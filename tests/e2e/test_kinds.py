# SPDX-License-Identifier: Apache-2.0
"""What this kernel offers, kind of hook by kind of hook, through the real agent: does a tracker of
the kind start, is it heard, is a swap exact, does it outlive the agent. What the kernel lacks must be
refused with a cause and a next step. Prints a line "row: NAME<TAB>RESULT<TAB>REASON" for each answer
(tests/vm/rows.py), of which docs/kernels.md is made."""
import os
import socket
import unittest

import agent as harness
from kept import KeptAgent
from test_attach import Bed

OBJECTS = os.path.join(harness.BUILD, "tests/e2e")
# What names the attach point where a section cannot.
TARGETS = {"xdp": "iface=lo", "tc": "iface=lo", "tcx": "iface=lo", "cgroup": "cgroup=",
           "sockops": "cgroup="}
ANYBODY = {*TARGETS, "perf_event"}
KINDS = ["tracepoint", "raw_tp", "tp_btf", "kprobe", "kretprobe", "kprobe.multi", "fentry", "fexit",
         "fmod_ret", "lsm", "lsm.s", "uprobe", "uretprobe", "uprobe.multi", "perf_event", "xdp",
         "tc", "tcx", "cgroup", "sockops"]
# Features that tell what an operator has set, not what the kernel is.
SWITCHES = ("bpf-", "keep-")


def row(name, result, reason=""):
    print(f"row: {name}\t{result}\t{' '.join(reason.split())}", flush=True)


def setUpModule():
    Bed.enter()
    unittest.addModuleCleanup(Bed.leave)


class Kinds(unittest.TestCase):
    """One agent with a slot for each kind that the kernel has."""

    def setUp(self):
        harness.needs_root()
        self.agent = self.enterContext(KeptAgent())
        self.slots = []

    def act(self):
        """Passes every hook once, or more often."""
        os.getppid()
        with open("/dev/zero", "rb", buffering=0) as file:
            file.read(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.bind(("127.0.0.1", 0))
            end.sendto(b"x", end.getsockname())
            end.recv(1)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            socket.create_connection(listener.getsockname()).close()

    def options(self, kind):
        target = TARGETS.get(kind, "")
        options = ["--attach", target + (Bed.cgroup if target == "cgroup=" else "")] if target else []
        return options if kind in ANYBODY else [*options, "--set", f"only_pid={os.getpid()}"]

    def n_events(self, kind):
        return self.agent.slots()[kind]["events"]

    def expect_events(self, kind):
        n = self.n_events(kind)

        def heard():
            self.act()
            return self.n_events(kind) > n
        harness.wait_until(heard, f"events of {kind}")

    def refused(self, kind, done):
        """A refusal must say why in words, and what can be done."""
        lines = done.stderr.strip().splitlines()
        self.assertIn("hint: ", done.stderr, f"{kind} is refused without a next step")
        self.assertNotEqual(lines[0].rsplit(": ", 1)[-1], "", done.stderr)
        row(f"attach/{kind}", "no", lines[0].partition(": ")[2])

    def start(self, kind):
        path = os.path.join(OBJECTS, f"hit_{kind}.bpf.o")
        checked = self.agent.ctl("check", path, *self.options(kind), check=False)
        done = self.agent.ctl("start", path, "--name", kind, *self.options(kind), check=False)
        if done.returncode != 0:
            self.refused(kind, done)
            self.assertNotEqual(checked.returncode, 0, f"check says that {kind} would run")
            return
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.expect_events(kind)
        self.slots.append(kind)
        hook = self.agent.json("show", kind)["hooks"][0]
        row(f"attach/{kind}", hook["mode"], hook.get("mode_reason", ""))

    def swap(self, kind):
        done = self.agent.json("swap", kind)["swap"]
        row(f"swap/{kind}", "exact" if done["exact"] else "overlaps", done["hooks"][0]["reason"])
        self.expect_events(kind)

    def restart(self):
        """Kills the agent; its successor takes over what could be pinned."""
        before = {kind: self.agent.json("show", kind) for kind in self.slots}
        self.agent.die()
        self.agent.start()
        for kind, slot in before.items():
            after = self.agent.json("show", kind)
            self.assertEqual(after["state"], "running", kind)
            row(f"survives/{kind}", "yes" if slot["survives"] else "no", slot["survives_reason"])
            if slot["survives"]:
                self.assertEqual(after["generation"], slot["generation"], kind)
            else:
                self.assertGreater(after["generation"], slot["generation"], kind)
                self.assertNotEqual(slot["survives_reason"], "", kind)
            self.expect_events(kind)

    def test_kinds(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                self.start(kind)
        for kind in self.slots:
            with self.subTest(kind=kind):
                self.swap(kind)
        self.restart()


class Features(harness.AgentTest):
    def test_features(self):
        """What is not there comes with a reason."""
        for feature in self.agent.json("info")["features"]:
            if feature["name"].startswith(SWITCHES):
                continue
            row(f"feature/{feature['name']}", "yes" if feature["available"] else "no",
                feature["detail"])
            if not feature["available"]:
                self.assertNotEqual(feature["detail"], "", feature)


if __name__ == "__main__":
    harness.main()
