# SPDX-License-Identifier: Apache-2.0
"""The agent's life as systemd sees it, and the life of a slot: readiness, watchdog, reload, socket
activation, orderly end; start, pause, resume, stop."""
import os
import re
import signal
import socket
import subprocess
import tempfile
import unittest

import agent as harness
from agent import Agent


class Systemd(unittest.TestCase):
    """systemd's protocols: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3)."""

    def setUp(self):
        harness.needs_root()

    def test_ready_status_stopping(self):
        with Agent() as agent:
            agent.start_numbered("a")
            line = agent.notify.wait_for("STATUS=", agent.process)
            self.assertTrue(line)
            agent.process.terminate()
            agent.notify.wait_for("STOPPING=1")
            agent.stop(how=0)

    def test_watchdog(self):
        agent = Agent(env={"WATCHDOG_USEC": "200000"})
        with agent:
            for _ in range(3):
                agent.notify.wait_for("WATCHDOG=1", agent.process, seconds=5)

    def test_no_watchdog_meant_for_another_process(self):
        with Agent(env={"WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}) as agent:
            agent.ctl("list")
            self.assertFalse(agent.notify.receive(0.5) and "WATCHDOG=1" in agent.notify.lines)

    def test_reload(self):
        with Agent(config="[Agent]\nLogLevel=info\n") as agent:
            agent.start_numbered("kept")
            with open(agent.config, "w", encoding="utf-8") as file:
                file.write("[Agent]\nLogLevel=debug\n\nNoSuchKey=1\n")
            agent.process.send_signal(signal.SIGHUP)
            agent.notify.wait_for("RELOADING=1", agent.process)
            agent.notify.wait_for("READY=1", agent.process)
            self.assertEqual(agent.slots()["kept"]["state"], "running")
            self.assertRegex(agent.log(), rf"{re.escape(agent.config)}:4: .*NoSuchKey")

    def test_reload_of_a_broken_file_changes_nothing(self):
        with Agent() as agent:
            agent.start_numbered("kept")
            with open(agent.config, "w", encoding="utf-8") as file:
                file.write("[Limits]\nMaxConnections=many\n")
            agent.process.send_signal(signal.SIGHUP)
            agent.notify.wait_for("READY=1", agent.process)
            self.assertRegex(agent.log(), rf"{re.escape(agent.config)}:2: ")
            self.assertEqual(agent.slots()["kept"]["state"], "running")

    def test_socket_activation(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "activated.sock")
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
                listener.bind(path)
                listener.listen()
                # The descriptor must be 3, and $LISTEN_PID the process that takes it.
                prefix = ["sh", "-c", f'exec 3<&{listener.fileno()}; export LISTEN_FDS=1 '
                          'LISTEN_FDNAMES=control LISTEN_PID=$$; exec "$0" "$@"']
                with Agent(prefix=prefix, pass_fds=[listener.fileno()]) as agent:
                    self.assertFalse(os.path.exists(agent.socket), "it binds none of its own")
                    agent.host = f"unix://{path}"
                    self.assertEqual(agent.slots(), {})
                self.assertTrue(os.path.exists(path), "systemd's socket is not removed")

    def test_sigterm_detaches_everything(self):
        with Agent() as agent:
            for name in ("a", "b", "c"):
                agent.start_numbered(name)
            agent.ctl("pause", "b")
            owned = harness.bpf_ids(agent.pid)
            self.assertGreaterEqual(sum(kind == "prog" for kind, _ in owned), 6)
            path = agent.socket
            agent.stop(signal.SIGTERM)  # checks that what it owned is gone
            self.assertFalse(os.path.exists(path), "its socket is removed")

    def test_sigint_ends_it_too(self):
        with Agent() as agent:
            agent.start_numbered("a")
            agent.stop(signal.SIGINT)

    def test_sigterm_while_streams_are_open(self):
        with Agent() as agent:
            agent.start_numbered("a")
            with agent.events("a", "--timeout", "30") as events:
                events.watch(os.getppid, lambda event: "data" in event)
                agent.stop()
                events.end()


class Configuration(unittest.TestCase):
    def refuse(self, text, line):
        agent = Agent(config=text, expect_exit=None)
        done = subprocess.run(agent.command(), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=harness.PATIENCE, check=False)
        self.assertNotEqual(done.returncode, 0, done.stderr)
        self.assertGreater(done.returncode, 0, "it ends by itself")
        self.assertIn(f"{agent.config}:{line}: ", done.stderr)
        agent.notify.close()

    def test_errors_name_file_and_line(self):
        self.refuse("[Agent]\nSocketMode=9\n", 2)
        self.refuse("[Agent]\n\n\nEventDelayUs=-1\n", 4)
        self.refuse("[Limits]\nMaxSlots=1000000000\n", 2)
        self.refuse("[Journal]\nJournalEvents=perhaps\n", 2)
        self.refuse("[Agent]\nSocket=relative\n", 2)
        self.refuse("[Agent\n", 1)

    def test_unknown_keys_are_warned_about_by_line(self):
        harness.needs_root()
        with Agent(config="[Agent]\nColour=blue\n[Kitchen]\nSink=yes\n") as agent:
            self.assertRegex(agent.log(), rf"{re.escape(agent.config)}:2: .*Colour")
            self.assertRegex(agent.log(), rf"{re.escape(agent.config)}:4: .*(Sink|Kitchen)")

    def test_unknown_option(self):
        done = subprocess.run([harness.EUNOMIAD, "--no-such-option"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--no-such-option", done.stderr)


class Slots(harness.AgentTest):
    def numbers(self, events):
        return [line["data"]["number"] for line in events]

    def test_pause_and_resume_are_exact(self):
        self.agent.start_numbered("a")
        with self.agent.events("a") as events:
            first = events.watch(os.getppid, lambda event: "data" in event)
            self.agent.ctl("pause", "a")
            self.assertEqual(self.agent.slots()["a"]["state"], "paused")
            before = self.agent.slots()["a"]["events"]
            harness.call_getppid(1000)
            self.assertEqual(self.agent.slots()["a"]["events"], before)
            self.agent.ctl("resume", "a")
            harness.call_getppid(10)
            # The tracker numbers its own runs: while it is paused it does not run at all.
            numbers = [first["data"]["number"]]
            while numbers[-1] < before + 10:
                numbers += self.numbers(events.read(1))
            self.assertEqual(numbers, list(range(numbers[0], before + 11)))
        shown = self.agent.json("show", "a")
        stats = shown.get("stats", shown)
        # The gate counts everybody's calls, and other processes may call getppid(2) too.
        self.assertGreaterEqual(stats["skipped"], 1000)

    def test_stop_delivers_what_the_ring_holds(self):
        self.agent.start_numbered("a")
        with self.agent.events("a", "--timeout", "10") as events:
            first = events.watch(os.getppid, lambda event: "data" in event)["data"]["number"]
            harness.call_getppid(5000)
            self.agent.ctl("stop", "a")
            numbers = self.numbers(events.finish())
            self.assertEqual(numbers, list(range(first + 1, first + 5001)))

    def test_verbs_on_slots_that_are_not_there(self):
        for verb in ("stop", "pause", "resume", "show"):
            done = self.agent.ctl(verb, "nobody", check=False)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn("nobody", done.stderr)

    def test_pause_twice_is_refused_or_harmless(self):
        self.agent.start_numbered("a")
        self.agent.ctl("pause", "a")
        self.assertIn(self.agent.ctl("pause", "a", check=False).returncode, (0, 1, 3))
        self.assertEqual(self.agent.slots()["a"]["state"], "paused")
        self.agent.ctl("resume", "a")
        self.assertIn(self.agent.ctl("resume", "a", check=False).returncode, (0, 1, 3))
        self.assertEqual(self.agent.slots()["a"]["state"], "running")

    def test_nothing_is_left_of_a_stopped_slot(self):
        self.agent.start_numbered("warm")
        self.agent.ctl("stop", "warm")
        harness.wait_until(lambda: not harness.bpf_ids(self.agent.pid), "its objects are closed")
        before = harness.n_fds(self.agent.pid)
        for i in range(20):
            self.agent.start_numbered(f"slot-{i}")
        for i in range(20):
            self.agent.ctl("stop", f"slot-{i}")
        harness.wait_until(lambda: not harness.bpf_ids(self.agent.pid), "their objects are closed")
        harness.wait_until(lambda: harness.n_fds(self.agent.pid) <= before, "no descriptor is left")

    def test_changing_calls_are_audited(self):
        self.agent.start_numbered("audited")
        self.agent.ctl("pause", "audited")
        self.agent.ctl("resume", "audited")
        self.agent.ctl("stop", "audited")
        self.agent.ctl("stop", "audited", check=False)
        log = self.agent.log().splitlines()
        for method in ("Start", "Pause", "Resume", "Stop"):
            lines = [line for line in log if method in line and "audited" in line]
            self.assertTrue(lines, method)
            self.assertTrue(any("uid" in line and "pid" in line for line in lines), lines)
        refused = [line for line in log if "Stop" in line and "audited" in line]
        self.assertGreaterEqual(len(refused), 2, "a failed call is audited as well")

    def test_twenty_slots_at_once(self):
        starts = [subprocess.Popen(self.agent.ctl_command(
            "start", harness.NUMBERED, "--name", f"slot-{i}", "--set", f"only_pid={os.getpid()}"),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for i in range(20)]
        statuses = [start.wait(harness.PATIENCE) for start in starts]
        slots = self.agent.slots()
        # Beyond MaxPendingStarts a start may be refused, and says so by its status.
        self.assertEqual(len(slots), statuses.count(0))
        self.assertGreaterEqual(len(slots), 16)
        harness.call_getppid(100)
        harness.wait_until(lambda: {s["events"] for s in self.agent.slots().values()} == {100},
                           "each slot has seen each event")


if __name__ == "__main__":
    harness.main()
