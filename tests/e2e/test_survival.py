# SPDX-License-Identifier: Apache-2.0
"""What of slots is there after the agent was not: killed, stopped, booted anew, damaged, without the
folders that it needs, with declared trackers."""
import contextlib
import errno
import glob
import os
import shutil
import signal
import subprocess
import unittest

import agent as harness
from agent import Agent, NUMBERED, call_getppid
from kept import CALLED, call_with
from test_half_done import faults_are_built_in

BOOT_ID = "/proc/sys/kernel/random/boot_id"
NO_NAME = os.fsdecode(b"no\xffname")  # of a slot, nor UTF-8


def in_mounts_of_its_own(script, *arguments):
    """A prefix that runs a shell script, then the agent. $1, $2, ... are the arguments."""
    shift = "".join(f"{name}=$1; shift; " for name in ("a", "b")[:len(arguments)])
    return [*harness.unshare_mounts(), "sh", "-ec", f'{shift}{script}\nexec "$@"', "sh", *arguments]


def programs(pid):
    return {identity for kind, identity in harness.bpf_ids(pid) if kind == "prog"}


class Survival(unittest.TestCase):
    def setUp(self):
        if harness.kernel_release() < (5, 15):
            self.skipTest("a tracepoint's link cannot be pinned before Linux 5.15; what can, "
                          "test_kinds.py tells")
        harness.needs_root()

    def agent(self, **options):
        return self.enterContext(Agent(**options))

    def die(self, agent):
        """As kill -9 from outside. What the process told its successor's READY=1 must not be taken
        for."""
        agent.kill()
        while agent.notify.receive(0):
            pass
        agent.notify.lines.clear()

    def restart(self, agent):
        self.die(agent)
        agent.start()

    def stop_and_start(self, agent):
        agent.stop()
        agent.notify.lines.clear()
        agent.start()

    def state_of(self, agent, name):
        slot = agent.slots()[name]
        return slot["state"], slot["generation"]

    def origins(self, agent, name):
        return [row["origin"] for row in agent.json("history", name)]

    def assert_refused(self, agent, *words):
        """The agent must end by itself, with status 1, and say why."""
        agent.launch()
        self.assertEqual(agent.process.wait(harness.PATIENCE), 1)
        for word in words:
            self.assertIn(str(word), agent.log())

    def declare(self, agent, name, text):
        os.makedirs(agent.declared_dir, exist_ok=True)
        with open(os.path.join(agent.declared_dir, f"{name}.conf"), "w", encoding="utf-8") as file:
            file.write("[Tracker]\n" + text)

    def reload(self, agent):
        agent.process.send_signal(signal.SIGHUP)
        agent.notify.wait_for("RELOADING=1", agent.process)
        agent.notify.wait_for("READY=1", agent.process)

    def assert_counts(self, agent, name):
        """The slot hands on what happens from now."""
        with agent.events(name) as events:
            events.watch(lambda: call_getppid(1), lambda event: "data" in event)


class Restart(Survival):
    def test_a_kill_changes_nothing(self):
        agent = self.agent()
        agent.start_numbered("a.b")
        agent.start_numbered("swapped")
        agent.start_numbered("paused")
        agent.ctl("swap", "swapped", NUMBERED, "--set", f"only_pid={os.getpid()}")
        agent.ctl("pause", "paused")
        loaded = programs(agent.pid)
        histories = {name: agent.json("history", name) for name in agent.slots()}
        before = agent.slots()
        for _ in range(2):
            self.restart(agent)
            self.assertEqual(self.state_of(agent, "a.b"), ("running", 1))
            self.assertEqual(self.state_of(agent, "swapped"), ("running", 2))
            self.assertEqual(self.state_of(agent, "paused"), ("paused", 1))
            self.assertEqual(programs(agent.pid), loaded, "nothing was loaded anew")
            after = agent.slots()
            for name in before:
                self.assertEqual(after[name]["since"], before[name]["since"])
                self.assertGreater(after[name]["uptime_ns"], before[name]["uptime_ns"])
            self.assertEqual({name: agent.json("history", name) for name in agent.slots()},
                             histories)
        self.assertEqual(sorted(os.listdir(agent.bpffs_dir)), ["a:b", "paused", "swapped"])
        agent.ctl("resume", "paused")
        self.assert_counts(agent, "paused")
        agent.ctl("rollback", "swapped")
        self.assertEqual(self.state_of(agent, "swapped"), ("running", 1))

    def test_what_came_between_is_delivered_once(self):
        agent = self.agent()
        agent.start_numbered("n")
        with agent.events("n") as events:
            first = events.watch(lambda: call_getppid(1), lambda event: "data" in event)
            call_getppid(5)
            self.die(agent)
            call_getppid(5)
            agent.start()
            call_getppid(5)
            numbers = [first["data"]["number"]]
            while len(numbers) < 16:
                event = events.read(1)[0]
                self.assertIn("data", event)
                numbers.append(event["data"]["number"])
            # More than one call may have been made until the first event came.
            self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 16)))

    def test_orderly_stop_ends_what_is_not_enabled(self):
        agent = self.agent()
        agent.start_numbered("plain")
        agent.ctl("start", NUMBERED, "--name", "enabled", "--enable", "--set",
                  f"only_pid={os.getpid()}")
        self.assertTrue(agent.slots()["enabled"]["enabled"])
        self.stop_and_start(agent)
        self.assertEqual(self.state_of(agent, "enabled"), ("running", 2))
        self.assertEqual(set(agent.slots()), {"enabled"})
        self.assertEqual(self.origins(agent, "enabled"), ["start", "restored"])
        self.assert_counts(agent, "enabled")
        agent.ctl("disable", "enabled")
        self.stop_and_start(agent)
        self.assertEqual(agent.slots(), {})

    def test_keep_on_stop(self):
        agent = self.agent(config="[Agent]\nKeepOnStop=yes\n")
        agent.start_numbered("n")
        agent.ctl("pause", "n")
        loaded = programs(agent.pid)
        agent.process.send_signal(signal.SIGTERM)
        self.assertEqual(agent.process.wait(harness.PATIENCE), 0)
        self.assertIn("left attached", agent.log())
        self.assertTrue({("prog", i) for i in loaded} <= harness.loaded_ids())
        agent.notify.lines.clear()
        agent.start()
        self.assertEqual(self.state_of(agent, "n"), ("paused", 1))
        self.assertEqual(programs(agent.pid), loaded)
        agent.ctl("stop", "n")
        harness.wait_until(lambda: not {("prog", i) for i in loaded} & harness.loaded_ids(),
                           "it is detached")

    def test_end_trackers(self):
        """What a killed agent left ends without an agent; what runs is left alone."""
        agent = self.agent()
        agent.start_numbered("n")
        agent.start_numbered("a.b")
        end = [harness.EUNOMIAD, "--end-trackers", "--bpffs-dir", agent.bpffs_dir]
        busy = subprocess.run(end, capture_output=True, text=True, check=False)
        self.assertEqual(busy.returncode, 1)
        self.assertIn("in use by another eunomiad", busy.stderr)
        self.assertEqual(self.state_of(agent, "n"), ("running", 1))
        loaded = programs(agent.pid)
        self.die(agent)
        with open(os.path.join(agent.dir, "broken.conf"), "w", encoding="utf-8") as file:
            file.write("[Agent]\nLogLevel=loud\n")
        done = subprocess.run([*end, "--config", file.name], capture_output=True, text=True,
                              check=True)
        self.assertEqual(done.stdout, f"ended {agent.bpffs_dir}/a:b\nended {agent.bpffs_dir}/n\n")
        self.assertRegex(done.stderr, "broken.conf:2: .*LogLevel.*trying without the file")
        self.assertFalse(os.path.exists(agent.bpffs_dir))
        harness.wait_until(lambda: not {("prog", i) for i in loaded} & harness.loaded_ids(),
                           "they are detached")
        self.assertEqual(subprocess.run(end, capture_output=True, check=True).stdout, b"")
        agent.start()
        self.assertEqual(self.state_of(agent, "n"), ("running", 2))
        self.assert_counts(agent, "n")

    def test_hand_over(self):
        """A restart is a stop that leaves slots to the next start, whatever the configuration."""
        agent = self.agent()
        agent.start_numbered("n")
        agent.ctl("pause", "n")
        loaded = programs(agent.pid)
        agent.process.send_signal(signal.SIGUSR2)
        self.assertEqual(agent.process.wait(harness.PATIENCE), 0)
        self.assertIn("leaving slots to the next start", agent.log())
        self.assertTrue({("prog", i) for i in loaded} <= harness.loaded_ids())
        agent.notify.lines.clear()
        agent.start()
        self.assertEqual(self.state_of(agent, "n"), ("paused", 1))
        self.assertEqual(programs(agent.pid), loaded)
        agent.ctl("resume", "n")
        self.assert_counts(agent, "n")

    def test_hand_over_of_what_cannot_be_left(self):
        """Without pins nothing stays attached; the next start begins it afresh."""
        agent = self.agent(args=["--bpffs-dir", "/tmp/eunomia-no-bpffs"])
        agent.start_numbered("n")
        agent.process.send_signal(signal.SIGUSR2)
        self.assertEqual(agent.process.wait(harness.PATIENCE), 0)
        agent.notify.lines.clear()
        agent.start()
        self.assertEqual(self.state_of(agent, "n"), ("running", 2))
        self.assert_counts(agent, "n")

    def test_stop_is_for_good(self):
        agent = self.agent()
        agent.start_numbered("n")
        agent.ctl("enable", "n")
        agent.ctl("stop", "n")
        self.restart(agent)
        self.assertEqual(agent.slots(), {})
        harness.wait_until(lambda: not os.listdir(agent.bpffs_dir), "the pins are gone")

    def test_stop_and_start_of_one_name_at_once(self):
        """The pins of the first are still being removed when the second is pinned."""
        agent = self.agent()
        for _ in range(5):
            agent.start_numbered("n")
            agent.ctl("stop", "n")
        agent.start_numbered("n")
        self.restart(agent)
        self.assertEqual(self.state_of(agent, "n"), ("running", 1))
        self.assert_counts(agent, "n")

    def test_start_of_the_agent_that_fails(self):
        """It took the slots over already; it must leave them as they were."""
        agent = self.agent()
        agent.start_numbered("n")
        loaded = programs(agent.pid)
        self.die(agent)
        socket = agent.socket
        agent.socket = os.path.join(agent.dir, "no-such", "folder", "socket")
        self.assert_refused(agent, "is taken over")
        agent.socket = socket
        agent.start()
        self.assertEqual(self.state_of(agent, "n"), ("running", 1))
        self.assertEqual(programs(agent.pid), loaded)

    def test_steps_that_fail_while_taking_over(self):
        """Whichever does, the agent comes up, and the slot then or at the next start."""
        if not faults_are_built_in():
            self.skipTest("this build has no faults (EUNOMIA_FAULTS)")
        for error, step in ((e, n) for e in ("EIO", "ENOSPC") for n in range(1, 7)):
            with self.subTest(error=error, step=step), Agent() as agent:
                agent.start_numbered("n")
                agent.ctl("swap", "n", NUMBERED, "--set", f"only_pid={os.getpid()}")
                agent.env["EUNOMIA_FAULT"] = f"*@{step}:error={error}"
                self.die(agent)
                begins = len(agent.log())
                agent.start()
                is_there = "n" in agent.slots()
                if not is_there or self.state_of(agent, "n") != ("running", 2):
                    self.assertIn(os.strerror(getattr(errno, error)), agent.log()[begins:])
                del agent.env["EUNOMIA_FAULT"]
                self.restart(agent)
                # What the first could not read was left to the second as it was.
                self.assertIn(self.state_of(agent, "n"),
                              [("running", 2)] if not is_there else
                              [("running", 2), ("running", 3)])
                self.assert_counts(agent, "n")

    def test_fifty_slots(self):
        agent = self.agent(config="[Journal]\nJournalEvents=no\n")
        for i in range(50):
            agent.start_numbered(f"n{i}")
        self.restart(agent)
        self.assertEqual({slot["state"] for slot in agent.slots().values()}, {"running"})
        self.assertEqual(len(agent.slots()), 50)


class Reboot(Survival):
    """The BPF file system is empty then, and the kernel has another boot id."""

    def boot(self, agent):
        path = os.path.join(agent.dir, "boot_id")
        with open(path, "w", encoding="utf-8") as file:
            file.write("00000000-1111-2222-3333-444444444444\n")
        agent.prefix = in_mounts_of_its_own(f'mount --bind "$a" {BOOT_ID}', path)
        self.die(agent)
        harness.remove_pins(agent.bpffs_dir)
        agent.start()

    def test_enabled_slots_come_back(self):
        agent = self.agent()
        agent.start_numbered("plain")
        agent.start_numbered("enabled")
        agent.ctl("swap", "enabled", NUMBERED, "--set", f"only_pid={os.getpid()}")
        agent.ctl("enable", "enabled")
        self.boot(agent)
        self.assertEqual(set(agent.slots()), {"enabled"})
        self.assertEqual(self.state_of(agent, "enabled"), ("running", 3))
        self.assertEqual(self.origins(agent, "enabled"), ["start", "swap", "restored"])
        self.assertTrue(agent.slots()["enabled"]["enabled"])
        self.assertIn("the machine was booted anew", agent.log())
        self.assert_counts(agent, "enabled")
        self.assertEqual(os.listdir(os.path.join(agent.state_dir, "slots")), ["enabled"])
        self.restart(agent)
        self.assertEqual(self.state_of(agent, "enabled"), ("running", 3))

    def test_declared_slots_come_back(self):
        agent = self.agent()
        self.declare(agent, "mine", f"Source={NUMBERED}\nSet=only_pid={os.getpid()}\n")
        self.reload(agent)
        self.boot(agent)
        self.assertEqual(self.state_of(agent, "mine"), ("running", 1))
        self.assert_counts(agent, "mine")


class Folders(Survival):
    def test_second_agent_is_refused(self):
        first = self.agent()
        second = Agent(args=["--state-dir", first.state_dir])
        self.addCleanup(shutil.rmtree, second.dir)
        self.addCleanup(second.notify.close)
        self.assert_refused(second, first.state_dir, f"process {first.pid}")
        third = Agent(args=["--bpffs-dir", first.bpffs_dir])
        self.addCleanup(shutil.rmtree, third.dir)
        self.addCleanup(third.notify.close)
        self.assert_refused(third, first.bpffs_dir, "in use")
        self.assertEqual(first.slots(), {})

    def test_versions(self):
        agent = self.agent()
        agent.start_numbered("n")
        version = os.path.join(agent.state_dir, "version")
        self.die(agent)
        with open(version, "w", encoding="utf-8") as file:
            file.write("2\n")
        self.assert_refused(agent, version, "version 2", "up to 1")
        with open(version, "w", encoding="utf-8") as file:
            file.write("0\n")
        agent.start()
        self.assertEqual(self.state_of(agent, "n"), ("running", 1))
        with open(version, encoding="utf-8") as file:
            self.assertEqual(file.read(), "1\n")

    def damage(self, path):
        with open(path, "r+b") as file:
            file.seek(20)
            byte = file.read(1)
            file.seek(20)
            file.write(bytes([byte[0] ^ 1]))

    def test_damaged_slots_are_set_aside(self):
        agent = self.agent()
        for name in ("good", "record", "package"):
            agent.start_numbered(name)
        self.die(agent)
        slots = os.path.join(agent.state_dir, "slots")
        self.damage(os.path.join(slots, "record", "slot"))
        self.damage(os.path.join(slots, "package", "gen-1"))
        agent.start()
        self.assertEqual(set(agent.slots()), {"good"})
        self.assert_counts(agent, "good")
        for name in ("record", "package"):
            (aside,) = glob.glob(os.path.join(agent.state_dir, "quarantine", name + "-*"))
            with open(os.path.join(aside, "reason"), encoding="utf-8") as file:
                self.assertIn("damaged", file.read())
            lines = [line for line in agent.log().splitlines()
                     if f"slot '{name}' is set aside" in line]
            self.assertEqual(len(lines), 1, agent.log())
            self.assertIn(aside, lines[0])
        harness.wait_until(lambda: os.listdir(agent.bpffs_dir) == ["good"], "their pins are gone")
        agent.start_numbered("record")  # the name is free

    def test_pins_removed_by_hand(self):
        agent = self.agent()
        for name in ("whole", "all", "page", "link"):
            agent.start_numbered(name)
        self.die(agent)
        harness.remove_pins(os.path.join(agent.bpffs_dir, "all"))
        os.unlink(os.path.join(agent.bpffs_dir, "page", "page"))
        for link in glob.glob(os.path.join(agent.bpffs_dir, "link", "gate-*", "link*")):
            os.unlink(link)
        agent.start()
        self.assertEqual(self.state_of(agent, "whole"), ("running", 1))
        for name in ("all", "page", "link"):
            self.assertEqual(self.state_of(agent, name), ("running", 2), name)
            self.assertRegex(agent.log(), f"slot '{name}' is started afresh.*: .*\n")
            self.assert_counts(agent, name)
        self.restart(agent)
        self.assertEqual(self.state_of(agent, "page"), ("running", 2))

    def test_pins_without_a_slot(self):
        agent = self.agent()
        agent.start_numbered("n")
        loaded = programs(agent.pid)
        self.die(agent)
        shutil.rmtree(os.path.join(agent.state_dir, "slots", "n"))
        agent.start()
        self.assertEqual(agent.slots(), {})
        harness.wait_until(lambda: not {("prog", i) for i in loaded} & harness.loaded_ids(),
                           "it is detached")

    def check_without_pins(self, agent, why):
        agent.start_numbered("n")
        slot = agent.json("show", "n")
        self.assertFalse(slot["survives"])
        self.assertRegex(slot["survives_reason"], why)
        feature = {f["name"]: f for f in agent.json("info")["features"]}["keep-pins"]
        self.assertFalse(feature["available"])
        self.assertRegex(feature["detail"], why)
        self.assertEqual(agent.log().count("continuing without pins"), 1)
        self.restart(agent)
        self.assertEqual(self.state_of(agent, "n"), ("running", 2))
        self.assert_counts(agent, "n")

    def test_folder_of_pins_in_no_bpf_file_system(self):
        agent = self.agent()
        agent.stop()
        agent.bpffs_dir = os.path.join(agent.dir, "plain")
        agent.notify.lines.clear()
        agent.start()
        self.check_without_pins(agent, "no BPF file system")
        self.assertFalse(os.path.exists(agent.bpffs_dir))

    def test_bpf_file_system_that_is_read_only(self):
        agent = self.agent(prefix=in_mounts_of_its_own(
            f"mount --bind {harness.BPFFS} {harness.BPFFS}\n"
            f"mount -o remount,bind,ro {harness.BPFFS}"))
        self.check_without_pins(agent, "Read-only")

    def test_state_folder_that_is_read_only(self):
        agent = self.agent()
        agent.stop()
        agent.prefix = in_mounts_of_its_own('mount -t tmpfs -o ro tmpfs "$a"', agent.state_dir)
        agent.notify.lines.clear()
        agent.start()
        self.assertEqual(agent.log().count("continuing without survival"), 1)
        agent.start_numbered("n")
        self.assertFalse(agent.slots()["n"]["survives"])
        done = agent.ctl("enable", "n", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("StateDir=", done.stderr)
        self.assert_counts(agent, "n")
        self.restart(agent)
        self.assertEqual(agent.slots(), {})

    def test_disk_full(self):
        agent = self.agent()
        agent.stop()
        agent.prefix = in_mounts_of_its_own('mount -t tmpfs -o size=64k tmpfs "$a"',
                                            agent.state_dir)
        agent.notify.lines.clear()
        agent.start()
        agent.start_numbered("before")
        inside = f"/proc/{agent.pid}/root{agent.state_dir}"
        with open(f"{inside}/zeros", "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        done = agent.ctl("start", NUMBERED, "--name", "n", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)
        self.assertIn("free space", done.stderr)
        done = agent.ctl("swap", "before", NUMBERED, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)
        self.assertEqual(self.state_of(agent, "before"), ("running", 1))
        self.assertEqual(set(agent.slots()), {"before"})
        self.assertEqual(os.listdir(agent.bpffs_dir), ["before"])
        self.assertEqual(os.listdir(f"{inside}/slots"), ["before"])
        os.unlink(f"{inside}/zeros")
        agent.start_numbered("n")
        agent.ctl("stop", "before", "n")
        self.assertEqual(os.listdir(f"{inside}/slots"), [])


class Declared(Survival):
    def declare_numbered(self, agent, name, more=""):
        self.declare(agent, name, f"Source={NUMBERED}\nSet=only_pid={os.getpid()}\n{more}")

    def test_changes_by_reload(self):
        agent = self.agent()
        agent.start_numbered("by-hand")
        self.declare_numbered(agent, "one")
        self.declare_numbered(agent, "two", "Name=second\n")
        self.reload(agent)
        self.assertEqual(set(agent.slots()), {"by-hand", "one", "second"})
        self.assertTrue(agent.slots()["one"]["declared"])
        self.assertFalse(agent.slots()["by-hand"]["declared"])
        self.reload(agent)
        self.assertEqual(self.state_of(agent, "one"), ("running", 1))
        self.declare_numbered(agent, "one", "EventsPerSecond=1000000\n")
        os.unlink(os.path.join(agent.declared_dir, "two.conf"))
        self.declare_numbered(agent, "by-hand")
        self.reload(agent)
        self.assertEqual(set(agent.slots()), {"by-hand", "one"})
        self.assertEqual(self.state_of(agent, "one"), ("running", 2))
        self.assertEqual(self.state_of(agent, "by-hand"), ("running", 2))
        self.assertEqual(self.origins(agent, "one"), ["declared", "declared"])
        self.assert_counts(agent, "one")
        self.restart(agent)
        self.assertEqual(self.state_of(agent, "one"), ("running", 2))
        self.assertTrue(agent.slots()["by-hand"]["declared"])

    def test_no_event_is_missed_by_a_change(self):
        text = f"Source={CALLED}\nSet=only_pid={os.getpid()}\nRingBytes="
        agent = self.agent()
        self.declare(agent, "n", text + "65536\n")
        self.reload(agent)
        with agent.events("n") as events:
            events.watch(lambda: call_with(0), lambda event: event.get("data"))
            for i in range(100):
                if i % 20 == 10:
                    self.declare(agent, "n", f"{text}65536\nEventsPerSecond={1000000 + i}\n")
                    agent.process.send_signal(signal.SIGHUP)
                if i % 20 == 19:
                    agent.notify.wait_for("READY=1", agent.process)
                call_with(i + 1)
            self.assertEqual(agent.slots()["n"]["generation"], 6)
            numbers = [0]
            while numbers[-1] < 100:
                numbers.append(events.read(1)[0]["data"]["number"])
            self.assertEqual([number for number in numbers if number > 0], list(range(1, 101)))

    def test_mistakes(self):
        agent = self.agent()
        self.declare_numbered(agent, "good")
        self.declare_numbered(agent, "bad")
        self.reload(agent)
        self.declare(agent, "bad", "Source=numbered\nColour=red\n")
        self.declare(agent, "absent", "Source=no-such-tracker\n")
        self.declare_numbered(agent, NO_NAME)
        self.declare(agent, "refused", f"Source={NUMBERED}\nSet=no_such_variable=1\n")
        self.declare_numbered(agent, "good", "EventsPerSecond=1000000\n")
        self.reload(agent)
        log = agent.log()
        self.assertIn(os.path.join(agent.declared_dir, "bad.conf:3: key Colour="), log)
        self.assertIn("no-such-tracker", log)
        self.assertIn("no_such_variable", log)
        self.assertEqual(self.state_of(agent, "good"), ("running", 2))
        self.assertEqual(self.state_of(agent, "bad"), ("running", 1))
        self.assertEqual(set(agent.slots()), {"good", "bad"})
        unmet = {one["slot"]: one for one in agent.json("info")["unmet_declarations"]}
        self.assertEqual(set(unmet), {"bad", "absent", "refused", ""})
        self.assertFalse(any(one["waits"] for one in unmet.values()))
        for name, evidence in (("bad", "bad.conf:3: key Colour="), ("absent", "no-such-tracker"),
                               ("refused", "refused.conf: "), ("", "/no\\xffname.conf: ")):
            self.assertIn(evidence, unmet[name]["reason"])
        for name in ("bad", "absent", "refused", NO_NAME):
            os.unlink(os.path.join(agent.declared_dir, f"{name}.conf"))
        self.reload(agent)
        self.assertEqual(agent.json("info")["unmet_declarations"], [])

    def test_ready_means_that_they_run(self):
        agent = self.agent()
        self.declare_numbered(agent, "n")
        self.stop_and_start(agent)
        self.assertEqual(self.state_of(agent, "n"), ("running", 1))
        # Declared ones end with an orderly stop, and come back by their declaration.
        self.stop_and_start(agent)
        self.assertEqual(self.state_of(agent, "n"), ("running", 1))
        os.unlink(os.path.join(agent.declared_dir, "n.conf"))
        self.restart(agent)
        self.assertEqual(agent.slots(), {})


if __name__ == "__main__":
    harness.main()
