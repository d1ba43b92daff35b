# SPDX-License-Identifier: Apache-2.0
"""Trackers of an interface and a cgroup, by the real client. The tests have a network and a cgroup
of their own, so that every datagram is known; each passes the three places once."""
import collections
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import unittest

import agent as harness

TARGETS = os.path.join(harness.BUILD, "tests/kernel/targets.bpf.o")
CLONE_NEWNET = 0x40000000
FRAME_TYPE = 0x88B5  # for experiments (IEEE 802)
N_DATAGRAMS = 100
EXIT_FAILED, EXIT_USAGE, EXIT_STATE = 1, 2, 3


def find_cgroup2():
    with open("/proc/self/mounts", encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words[2] == "cgroup2":
                return words[1]
    raise unittest.SkipTest("no cgroup v2 is mounted")


def join(cgroup):
    with open(os.path.join(cgroup, "cgroup.procs"), "w", encoding="utf-8") as file:
        file.write("0")


class Bed:
    """The network and the cgroup of this process, and of the agents that it starts."""
    home = cgroup = None

    @classmethod
    def enter(cls):
        harness.needs_root()
        if not shutil.which("ip"):
            raise unittest.SkipTest("ip (iproute2) is not installed")
        mount = find_cgroup2()
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            path = next(line[3:].strip() for line in file if line.startswith("0::"))
        if harness.libc.unshare(CLONE_NEWNET) < 0:
            raise unittest.SkipTest(
                f"no network of our own: {os.strerror(ctypes.get_errno())}")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        cls.home = mount + path
        cls.cgroup = os.path.join(mount, f"eunomia-test-{os.getpid()}")
        os.mkdir(cls.cgroup)
        join(cls.cgroup)

    @classmethod
    def leave(cls):
        join(cls.home)
        os.rmdir(cls.cgroup)


def setUpModule():
    Bed.enter()
    unittest.addModuleCleanup(Bed.leave)


class AttachTest(harness.AgentTest):
    def setUp(self):
        super().setUp()
        self.socket = self.enterContext(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.socket.bind(("127.0.0.1", 0))
        self.socket.connect(self.socket.getsockname())
        self.socket.settimeout(harness.PATIENCE)

    def send(self, n=N_DATAGRAMS):
        """Each has gone around before the next is sent: no queue drops any."""
        for _ in range(n):
            self.socket.send(b"x")
            self.socket.recv(1)

    def start(self, *args):
        return self.agent.ctl("start", TARGETS, "--attach", "iface=lo", "--attach",
                              f"cgroup={Bed.cgroup}", *args)

    def expect_events(self, n):
        harness.wait_until(lambda: self.agent.slots()["targets"]["events"] >= n, "all events came")
        self.assertEqual(self.agent.slots()["targets"]["events"], n)

    def test_every_place_once(self):
        self.start()
        with self.agent.events("targets", "--count", str(3 * N_DATAGRAMS)) as events:
            harness.wait_until(lambda: self.agent.n_connected() >= 2, "the client is there")
            events.watch(lambda: self.send(1), lambda event: "data" in event)
        # Nothing came that was not sent.
        sent = self.agent.slots()["targets"]["events"]
        self.assertEqual(sent % 3, 0)
        self.send()
        self.expect_events(sent + 3 * N_DATAGRAMS)
        hooks = self.agent.json("show", "targets")["hooks"]
        self.assertEqual(collections.Counter(hook["mode"] for hook in hooks), {"gate": 3})

    def test_pause_lets_everything_pass(self):
        self.start()
        self.send()
        self.agent.ctl("pause", "targets")
        self.send()
        self.agent.ctl("resume", "targets")
        self.send()
        self.expect_events(6 * N_DATAGRAMS)
        self.agent.ctl("stop", "targets")
        self.send()

    def test_swap_to_the_other_direction(self):
        self.start()
        self.send()
        self.agent.ctl("swap", "targets", TARGETS, "--attach", "iface=lo,dir=egress", "--attach",
                       f"cgroup={Bed.cgroup}")
        self.send()
        self.expect_events(6 * N_DATAGRAMS)

    def test_an_agent_is_killed(self):
        self.start()
        self.send()
        self.expect_events(3 * N_DATAGRAMS)
        self.agent.kill()
        self.send()
        self.agent.start()
        self.send()
        self.expect_events(9 * N_DATAGRAMS)
        self.agent.ctl("stop", "targets")

    def test_refusals(self):
        for targets, status, cause, hint in (
                ([], EXIT_FAILED, "--attach at_", ""),
                (["iface=lo2"], EXIT_FAILED, "no network interface 'lo2'", "did you mean 'lo'?"),
                (["at_xpd:iface=lo"], EXIT_FAILED, "no program 'at_xpd'", "mean 'at_xdp'"),
                (["ifac=lo"], EXIT_USAGE, "no 'ifac'", "did you mean 'iface'?"),
                (["cgroup=/proc"], EXIT_USAGE, "'/proc' is not a cgroup", "findmnt"),
                (["cgroup=here"], EXIT_USAGE, "does not begin with '/'", "cgroup=PATH"),
                (["iface=lo", "iface=lo"], EXIT_USAGE, "is for the same", "")):
            with self.subTest(targets=targets):
                options = [word for target in targets for word in ("--attach", target)]
                for verb in ("start", "check", "run"):
                    done = self.agent.ctl(verb, TARGETS, *options, check=False)
                    self.assertEqual(done.returncode, status, done.stderr)
                    self.assertIn(cause, done.stderr)
                    self.assertIn(hint, done.stderr)
        self.assertEqual(self.agent.slots(), {})

    def test_xdp_in_the_driver(self):
        # veth has XDP of its own; a swap changes nothing of how the gate hangs there.
        done = subprocess.run(["ip", "link", "add", "xdp0", "type", "veth", "peer", "xdp1"],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest(f"no veth here: {done.stderr}")
        self.addCleanup(subprocess.run, ["ip", "link", "delete", "xdp0"], check=True)
        # No neighbour discovery: there are no frames but ours.
        for name in ("xdp0", "xdp1"):
            with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w",
                      encoding="utf-8") as file:
                file.write("1")
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        ends = {name: self.enterContext(socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                                      socket.htons(FRAME_TYPE)))
                for name in ("xdp0", "xdp1")}
        for name, end in ends.items():
            end.bind((name, FRAME_TYPE))
            end.settimeout(harness.PATIENCE)
        frame = b"\xff" * 6 + b"\x02" * 6 + FRAME_TYPE.to_bytes(2, "big") + b"x" * 50
        self.agent.ctl("start", TARGETS, "--attach", "at_xdp:iface=xdp0")
        for generation in range(1, 4):
            details = subprocess.run(["ip", "-d", "link", "show", "xdp0"], capture_output=True,
                                     text=True, check=True).stdout
            self.assertIn("prog/xdp", details)
            self.assertNotIn("xdpgeneric", details)
            for _ in range(N_DATAGRAMS):
                ends["xdp1"].send(frame)
                self.assertEqual(ends["xdp0"].recv(1500), frame)
            self.expect_events(generation * N_DATAGRAMS)
            self.agent.ctl("swap", "targets", TARGETS, "--attach", "at_xdp:iface=xdp0")

    def test_what_has_no_target_is_remarked(self):
        self.agent.ctl("start", TARGETS, "--attach", "at_xdp:iface=lo")
        slot = self.agent.json("show", "targets")
        modes = {hook["program"]: hook["mode"] for hook in slot["hooks"]}
        self.assertEqual(modes, {"at_xdp": "gate", "at_tc": "none", "at_cgroup": "none"})
        self.assertTrue(any("--attach at_tc:iface=NAME" in note for note in slot["notes"]),
                        slot["notes"])
        self.send()
        self.expect_events(N_DATAGRAMS)


class Late(harness.AgentTest):
    """An enabled or declared slot whose cgroup comes after the agent, as at a boot."""

    def setUp(self):
        super().setUp()
        self.cgroup = os.path.join(Bed.cgroup, "late")

    def cgroup_comes(self):
        os.mkdir(self.cgroup)
        self.addCleanup(os.rmdir, self.cgroup)

    def restart(self):
        self.agent.stop()
        self.agent.notify.lines.clear()
        self.agent.start()

    def enable_then_restart_without_cgroup(self):
        os.mkdir(self.cgroup)
        self.agent.ctl("start", TARGETS, "--attach", f"cgroup={self.cgroup}", "--enable")
        self.agent.stop()
        os.rmdir(self.cgroup)
        self.agent.notify.lines.clear()
        self.agent.start()

    def state(self):
        slot = self.agent.slots().get("targets")
        return slot and slot["state"]

    def runs(self):
        harness.wait_until(lambda: self.state() == "running", "it runs")

    def test_it_starts_when_the_cgroup_comes(self):
        self.enable_then_restart_without_cgroup()
        slot = self.agent.json("show", "targets")
        self.assertEqual((slot["state"], slot["generation"], slot["enabled"]), ("waiting", 1, True))
        self.assertIn(f"the cgroup '{self.cgroup}' cannot be found", slot["waits_for"])
        self.assertIn(self.cgroup, self.agent.ctl("show", "targets").stdout)
        self.assertEqual(self.agent.log().count("'targets' waits for what it attaches to"), 1)
        self.cgroup_comes()
        self.runs()
        self.assertEqual(self.agent.slots()["targets"]["generation"], 2)
        self.assertEqual(self.agent.json("show", "targets")["waits_for"], "")
        self.assertEqual(self.agent.log().count("'targets' waits for what it attaches to"), 1)
        self.agent.ctl("stop", "targets")

    def test_verbs_while_it_waits(self):
        self.enable_then_restart_without_cgroup()
        for verb in (["pause", "targets"], ["swap", "targets", TARGETS], ["history", "targets"]):
            done = self.agent.ctl(*verb, check=False)
            self.assertEqual(done.returncode, EXIT_STATE, done.stdout)
            self.assertIn("waits: the cgroup", done.stderr)
        done = self.agent.ctl("start", TARGETS, "--attach", f"cgroup={Bed.cgroup}", check=False)
        self.assertIn("exists already", done.stderr)
        self.restart()
        self.assertEqual(self.state(), "waiting")
        self.agent.ctl("disable", "targets")
        self.agent.ctl("enable", "targets")
        self.assertEqual(self.state(), "waiting")
        self.agent.ctl("stop", "targets")
        self.assertIsNone(self.state())
        self.restart()
        self.assertIsNone(self.state())

    def test_a_reload_tries_at_once(self):
        self.enable_then_restart_without_cgroup()
        self.cgroup_comes()
        self.agent.process.send_signal(signal.SIGHUP)
        self.agent.notify.wait_for("RELOADING=1", self.agent.process)
        self.agent.notify.wait_for("READY=1", self.agent.process)
        self.assertEqual(self.state(), "running")
        self.agent.ctl("stop", "targets")

    def unmet(self):
        return self.agent.json("info")["unmet_declarations"]

    def test_a_declared_one_starts_when_the_cgroup_comes(self):
        os.makedirs(self.agent.declared_dir, exist_ok=True)
        path = os.path.join(self.agent.declared_dir, "targets.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"[Tracker]\nSource={TARGETS}\nAttach=cgroup={self.cgroup}\n")
        bad = os.path.join(self.agent.declared_dir, "bad.conf")
        with open(bad, "w", encoding="utf-8") as file:
            file.write("[Tracker]\nColour=red\n")
        self.restart()
        self.assertIsNone(self.state())
        self.assertEqual({one["slot"]: one["waits"] for one in self.unmet()},
                         {"targets": True, "bad": False})
        self.cgroup_comes()
        self.runs()
        harness.wait_until(lambda: [one["slot"] for one in self.unmet()] == ["bad"],
                           "only the bad file is left")
        for words in ("cannot be found", "key Colour="):
            self.assertEqual(self.agent.log().count(words), 1, words)
        os.unlink(path)
        os.unlink(bad)
        self.agent.process.send_signal(signal.SIGHUP)
        harness.wait_until(lambda: self.state() is None, "it is declared no more")


if __name__ == "__main__":
    harness.main()
