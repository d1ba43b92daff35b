# SPDX-License-Identifier: Apache-2.0
"""What the machine may lack or refuse: rights, the agent, its socket, room on disk, kernel
types."""
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

import agent as harness
from agent import Agent, EUNOMIACTL

NOBODY = 65534
FAILED, UNREACHABLE, PERMISSION = 1, 4, 5
# Puts a full file system over the folder $0 and runs the rest; in a mount namespace of its own.
ON_FULL_DISK = ["sh", "-c",
                'mount -t tmpfs -o size=4k tmpfs "$0" || exit 99\n'
                'cat /dev/zero >"$0/zeros" 2>&-\nexec "$@"']
CORE = os.path.join(harness.BUILD, "tests/e2e/core.bpf.o")


def as_nobody(*command):
    return subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                           *command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=harness.PATIENCE, check=False)


class Rights(unittest.TestCase):
    def setUp(self):
        harness.needs_root()
        # The build tree may lie where nobody may look.
        self.dir = self.enterContext(tempfile.TemporaryDirectory())
        os.chmod(self.dir, 0o755)
        self.ctl = harness.copy_client(self.dir)

    def test_socket_that_nobody_may_open(self):
        with Agent() as agent:
            mode = os.stat(agent.socket).st_mode & 0o777
            self.assertEqual(mode, 0o660)
            done = as_nobody(self.ctl, "-H", agent.host, "list")
            self.assertEqual(done.returncode, PERMISSION, done.stderr)
            self.assertRegex(done.stderr, "(?i)permission|denied|may not")

    def test_peer_without_a_role(self):
        with Agent(config="[Agent]\nSocketMode=0666\n") as agent:
            agent.start_numbered("kept")
            for verb in (["list"], ["stop", "kept"], ["pause", "kept"],
                         ["events", "kept", "--count", "1"]):
                done = as_nobody(self.ctl, "-H", agent.host, *verb)
                self.assertEqual(done.returncode, PERMISSION, done.stderr)
                self.assertRegex(done.stderr, "eunomia")  # the group that would help
            self.assertEqual(agent.slots()["kept"]["state"], "running")

    def test_view_group_may_look_and_no_more(self):
        group = "nogroup"
        with Agent(config=f"[Agent]\nSocketMode=0666\nViewGroup={group}\n") as agent:
            agent.start_numbered("kept")
            self.assertEqual(as_nobody(self.ctl, "-H", agent.host, "list").returncode, 0)
            done = as_nobody(self.ctl, "-H", agent.host, "stop", "kept")
            self.assertEqual(done.returncode, PERMISSION, done.stderr)
            self.assertEqual(agent.slots()["kept"]["state"], "running")
            audit = [line for line in agent.log().splitlines() if "Stop" in line]
            self.assertTrue(any(str(NOBODY) in line for line in audit), "a refused call is audited")

    def test_run_without_rights(self):
        numbered = shutil.copy(harness.NUMBERED, self.dir)
        done = as_nobody(self.ctl, "run", numbered, "--count", "1", "--timeout", "5")
        self.assertIn(done.returncode, (FAILED, PERMISSION), done.stderr)
        self.assertRegex(done.stderr, "(?i)CAP_BPF|permission|root")


class Socket(unittest.TestCase):
    def setUp(self):
        self.dir = self.enterContext(tempfile.TemporaryDirectory())
        self.path = os.path.join(self.dir, "control.sock")

    def list(self, host=None):
        return subprocess.run([EUNOMIACTL, "-H", host or f"unix://{self.path}", "list"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=harness.PATIENCE, check=False)

    def make_stale(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as old:
            old.bind(self.path)
            old.listen()

    def test_agent_that_is_not_running(self):
        done = self.list()
        self.assertEqual(done.returncode, UNREACHABLE)
        self.assertIn(self.path, done.stderr)

    def test_stale_socket(self):
        self.make_stale()
        done = self.list()
        self.assertEqual(done.returncode, UNREACHABLE)
        self.assertIn(self.path, done.stderr)

    def test_something_else_at_the_socket(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            other.bind(self.path)
            other.listen()
            with subprocess.Popen([EUNOMIACTL, "-H", f"unix://{self.path}", "list"],
                                  stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as ctl:
                peer, _ = other.accept()
                peer.sendall(b"220 mail.example ESMTP\r\n")
                peer.shutdown(socket.SHUT_WR)
                self.assertTrue(ctl.communicate(timeout=harness.PATIENCE)[1])
                peer.close()
            self.assertIn(ctl.returncode, (FAILED, UNREACHABLE))

    def test_agent_takes_a_stale_socket_over(self):
        agent = Agent()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as old:
            old.bind(agent.socket)
            old.listen()
        with agent:
            self.assertEqual(agent.slots(), {})

    def test_second_agent_leaves_the_first_alone(self):
        with Agent() as first:
            for extra, clash in (([], "state folder"),
                                 (["--state-dir", first.state_dir + "-2"], first.bpffs_dir),
                                 (["--state-dir", first.state_dir + "-2",
                                   "--bpffs-dir", first.bpffs_dir + "-2"], first.socket)):
                done = subprocess.run(
                    [*first.command(), *extra], stdin=subprocess.DEVNULL, capture_output=True,
                    text=True, timeout=harness.PATIENCE, check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(clash, done.stderr)
            self.assertEqual(first.slots(), {})

    def test_bad_addresses(self):
        for host in ("unix://" + "/x" * 200, "nonsense", "unix://", "https://localhost:1"):
            done = self.list(host)
            self.assertIn(done.returncode, (FAILED, 2, UNREACHABLE), host)
            self.assertTrue(done.stderr.startswith("eunomiactl: "), done.stderr)


class DiskFull(unittest.TestCase):
    def setUp(self):
        harness.needs_root()

    def test_events_to_a_full_disk(self):
        with Agent() as agent, open("/dev/full", "wb", buffering=0) as full:
            agent.start_numbered("kept")
            with subprocess.Popen(agent.ctl_command("events", "kept", "-o", "jsonl"),
                                  stdin=subprocess.DEVNULL, stdout=full,
                                  stderr=subprocess.PIPE, text=True) as events:
                harness.wait_until(lambda: os.getppid() and events.poll() is not None,
                                   "the client ends")
                said = events.communicate()[1]
            self.assertEqual(events.returncode, FAILED)
            self.assertIn("No space left", said)
            self.assertEqual(agent.slots()["kept"]["state"], "running")

    def test_run_and_list_to_a_full_disk(self):
        with Agent() as agent, open("/dev/full", "wb", buffering=0) as full:
            for command in (agent.ctl_command("list"), agent.ctl_command("info"),
                            [EUNOMIACTL, "completion", "bash"], [EUNOMIACTL, "--help"],
                            [EUNOMIACTL, "inspect", harness.NUMBERED]):
                done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=full,
                                      stderr=subprocess.PIPE, text=True, check=False,
                                      timeout=harness.PATIENCE)
                self.assertEqual(done.returncode, FAILED, command)
                self.assertIn("No space left", done.stderr)

    def test_agent_on_a_full_disk(self):
        # The agent sees a full file system where its log and state go; the rest of us do not.
        with tempfile.TemporaryDirectory() as full:
            with Agent(prefix=[*harness.unshare_mounts(), *ON_FULL_DISK, full],
                       args=["--state-dir", os.path.join(full, "state")]) as agent:
                agent.start_numbered("kept")
                with agent.events("kept") as events:
                    events.watch(os.getppid, lambda event: "data" in event)
                agent.ctl("stop", "kept")

    def test_build_onto_a_full_disk(self):
        source = os.path.join(harness.SOURCE, "tests/e2e/numbered.bpf.c")
        with tempfile.TemporaryDirectory() as full:
            done = subprocess.run(
                [*harness.unshare_mounts(), *ON_FULL_DISK, full, EUNOMIACTL, "build", source,
                 "-o", os.path.join(full, "numbered.json")],
                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=harness.PATIENCE, check=False,
                env={**os.environ,
                     "EUNOMIA_INCLUDE_DIR": os.path.join(harness.SOURCE, "bpf/include")})
        self.assertEqual(done.returncode, FAILED, done.stderr)
        self.assertIn("No space left", done.stderr)


class NoKernelTypes(unittest.TestCase):
    """As on a kernel built without BTF: the file is hidden in a mount namespace of the agent's."""

    def setUp(self):
        harness.needs_root()
        self.prefix = [*harness.unshare_mounts(), "sh", "-c",
                       'mount -t tmpfs tmpfs /sys/kernel/btf && exec "$0" "$@"']

    def test_tracker_that_needs_them_is_refused_others_run(self):
        with Agent(prefix=self.prefix) as agent:
            agent.start_numbered("kept")
            done = agent.ctl("start", CORE, "--name", "core", check=False)
            self.assertEqual(done.returncode, FAILED, done.stderr)
            self.assertRegex(done.stderr, "(?i)btf|types")
            with agent.events("kept") as events:
                events.watch(os.getppid, lambda event: "data" in event)
            self.assertEqual(set(agent.slots()), {"kept"})

    def test_with_them_the_same_tracker_runs(self):
        with Agent() as agent:
            agent.ctl("start", CORE, "--name", "core", "--set", f"only_pid={os.getpid()}")
            with agent.events("core") as events:
                event = events.watch(os.getppid, lambda event: "data" in event)
            self.assertEqual(event["data"], {"pid": os.getpid(), "parent_pid": os.getppid()})


if __name__ == "__main__":
    harness.main()
