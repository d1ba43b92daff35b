# SPDX-License-Identifier: Apache-2.0
"""eunomiactl follow: a slot as a process, with and without a service manager, over all that may
become of the slot and of its agent."""
import os
import signal
import subprocess
import tempfile
import unittest

import agent as harness
from agent import Agent, NotifySocket

NOBODY = 65534
NO_SLOT, PERMISSION = 3, 5


class Follower:
    """A client that follows, under a service manager of the test's own."""

    def __init__(self, folder, command):
        self.notify = NotifySocket(os.path.join(folder, "follow-notify"))
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={**os.environ, "NOTIFY_SOCKET": self.notify.path})

    def wait_for(self, wanted):
        return self.notify.wait_for(wanted, self.process)

    def finish(self):
        """Lets it come to its own end; its exit status and messages."""
        out, err = self.process.communicate(timeout=harness.PATIENCE)
        assert out == "", out
        return self.process.returncode, err

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.notify.close()
        os.unlink(self.notify.path)


class Follow(harness.AgentTest):
    agent_options = {"config": f"[Agent]\nTrackersDir={harness.TRACKERS}\n"}

    def follow(self, name, *args):
        return Follower(self.agent.dir,
                        self.agent.ctl_command("follow", name, "--interval", "10ms", *args))

    def test_states_until_it_is_stopped(self):
        self.agent.start_numbered("a")
        with self.follow("a") as follower:
            follower.wait_for("READY=1")
            follower.wait_for("STATUS=running, generation 1, ")
            self.agent.ctl("swap", "a")
            follower.wait_for("STATUS=running, generation 2, ")
            self.agent.ctl("pause", "a")
            follower.wait_for("STATUS=paused, ")
            self.agent.ctl("resume", "a")
            follower.wait_for("STATUS=running, ")
            self.agent.ctl("stop", "a")
            status, err = follower.finish()
        self.assertEqual(status, NO_SLOT)
        self.assertEqual(err, "eunomiactl: cannot follow 'a': the slot was stopped\n")

    def test_signal(self):
        self.agent.start_numbered("a")
        with self.follow("a", "--interval", "1h") as follower:
            follower.wait_for("STATUS=running")
            follower.process.send_signal(signal.SIGTERM)
            follower.wait_for("STOPPING=1")
            self.assertEqual(follower.finish(), (0, ""))
        self.assertEqual(self.agent.slots()["a"]["state"], "running")

    def test_agent_that_is_killed(self):
        self.agent.start_numbered("a")
        with self.follow("a") as follower:
            follower.wait_for("READY=1")
            self.agent.kill()
            self.agent.start()
            self.agent.ctl("pause", "a")
            follower.wait_for("STATUS=paused")
            self.agent.ctl("stop", "a")
            status, err = follower.finish()
        # The agent that stopped it is another than the first one, and had it all the same.
        self.assertEqual(status, NO_SLOT)
        self.assertIn("the slot was stopped", err)

    def test_slot_that_does_not_come_back(self):
        self.agent.start_numbered("a")
        with self.follow("a") as follower:
            follower.wait_for("READY=1")
            self.agent.stop()
            self.agent.start()
            status, err = follower.finish()
        self.assertEqual(status, NO_SLOT)
        self.assertIn("the slot did not outlast a restart of the agent", err)

    def test_slot_that_is_set_aside(self):
        self.agent.start_numbered("a")
        with self.follow("a", "--start") as follower:
            follower.wait_for("READY=1")
            self.agent.kill()
            with open(os.path.join(self.agent.state_dir, "slots/a/slot"), "wb") as file:
                file.write(b"nonsense")
            self.agent.start()
            status, err = follower.finish()
        self.assertEqual(status, NO_SLOT)
        self.assertIn("the slot was set aside: ", err)

    def test_start(self):
        with self.follow("oomkill", "--start") as follower:
            follower.wait_for("READY=1")
            self.agent.stop()
            self.agent.start()
            harness.wait_until(lambda: "oomkill" in self.agent.slots(), "it is started again")
            follower.process.send_signal(signal.SIGTERM)
            self.assertEqual(follower.finish()[0], 0)
        # One that is there is followed as it is.
        self.agent.ctl("swap", "oomkill")
        with self.follow("oomkill", "--start") as follower:
            follower.wait_for("STATUS=running, generation 2, ")

    def test_what_is_not_there(self):
        for args in (["follow", "nosuch"], ["follow", "nosuch", "--start"]):
            done = self.agent.ctl(*args, check=False)
            self.assertEqual(done.returncode, NO_SLOT, done.stderr)
            self.assertIn("nosuch", done.stderr)

    def test_for_people(self):
        self.agent.start_numbered("a")
        with harness.EventReader(self.agent.ctl_command("follow", "a"), parse=str) as reader:
            self.assertRegex(reader.read(1)[0], "^a: running, generation 1, [0-9,]+ events, ")

    def test_sleeps_in_between(self):
        """No thread of it runs while nothing changes: its switches do not grow."""
        self.agent.start_numbered("a")
        with self.follow("a", "--interval", "1h") as follower:
            follower.wait_for("READY=1")
            path = f"/proc/{follower.process.pid}/status"

            def switches():
                with open(path, encoding="utf-8") as file:
                    return [line for line in file if "ctxt_switches" in line]

            def is_asleep():
                with open(f"/proc/{follower.process.pid}/wchan", encoding="utf-8") as file:
                    return "poll" in file.read()

            harness.wait_until(is_asleep, "it sleeps")
            before = switches()
            for _ in range(20):
                self.agent.ctl("list")
            self.assertEqual(switches(), before)


class Roles(unittest.TestCase):
    def setUp(self):
        harness.needs_root()
        self.dir = self.enterContext(tempfile.TemporaryDirectory())
        os.chmod(self.dir, 0o755)
        self.ctl = harness.copy_client(self.dir)

    def test_viewers_follow_but_do_not_start(self):
        config = ("[Agent]\nSocketMode=0666\nViewGroup=nogroup\n"
                  f"TrackersDir={harness.TRACKERS}\n")
        prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        with Agent(config=config) as agent:
            agent.start_numbered("a")
            command = [*prefix, self.ctl, "-H", agent.host, "follow"]
            with Follower(agent.dir, [*command, "a"]) as follower:
                follower.wait_for("READY=1")
            done = subprocess.run([*command, "oomkill", "--start"], capture_output=True, text=True,
                                  timeout=harness.PATIENCE, check=False)
            self.assertEqual(done.returncode, PERMISSION, done.stderr)


if __name__ == "__main__":
    harness.main()
