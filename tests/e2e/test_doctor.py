# SPDX-License-Identifier: Apache-2.0
"""eunomiactl doctor and report: with and without an agent, with and without rights, on a host that
lacks things."""
import grp
import io
import json
import os
import signal
import subprocess
import tarfile
import tempfile
import unittest

import agent as harness
from agent import Agent, EUNOMIACTL

NOBODY = 65534
NOWHERE = "unix:///nonexistent/control.sock"


def run(*command, **kwargs):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=harness.PATIENCE, check=False, **kwargs)


def findings(done):
    """The findings of "doctor -o json" by their checks."""
    found = {}
    for finding in json.loads(done.stdout):
        found.setdefault(finding["check"], []).append(finding)
    return found


def as_user(*command, gid=NOBODY):
    return run("setpriv", f"--reuid={NOBODY}", f"--regid={gid}", "--clear-groups", *command)


def on_host_without(*mounts):
    """A command that covers folders of the system for what follows it."""
    covers = "".join(f"mount -t tmpfs none {path} || exit 99\n" for path in mounts)
    return [*harness.unshare_mounts(), "sh", "-c", f'{covers}exec "$0" "$@"']


class WithoutAgent(unittest.TestCase):
    def test_says_so_and_all_else(self):
        done = run(EUNOMIACTL, "doctor", "-H", NOWHERE, "-o", "json")
        self.assertEqual(done.returncode, 1, done.stderr)
        found = findings(done)
        self.assertEqual(found["agent"][0]["level"], "problem")
        self.assertIn("systemctl enable --now eunomiad", found["agent"][0]["remedy"])
        for check in ("kernel", "btf", "jit", "bpffs", "tracefs", "clock", "journal", "clang"):
            self.assertIn(check, found)

    def test_the_table_fits_eighty_columns(self):
        done = run(EUNOMIACTL, "doctor", "-H", NOWHERE, env={**os.environ, "COLUMNS": "80"})
        lines = done.stdout.splitlines()
        self.assertTrue(lines[-1].startswith("problems: "))
        for line in lines:
            if len(line.split()) > 3:  # but for a path, which is not broken
                self.assertLessEqual(len(line), 80, line)

    def test_changes_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            run(EUNOMIACTL, "doctor", "-H", NOWHERE, cwd=folder)
            self.assertEqual(os.listdir(folder), [])

    def test_report_all_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run(EUNOMIACTL, "report", "-H", NOWHERE, "-q", cwd=folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            path = os.path.join(folder, done.stdout.strip())
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            with tarfile.open(path) as archive:
                names = {name.split("/", 1)[1] for name in archive.getnames()}
            self.assertLessEqual({"README", "doctor.txt", "info.json", "kernel.txt"}, names)


class BrokenHost(unittest.TestCase):
    def setUp(self):
        harness.needs_root()

    def test_file_systems_that_are_not_mounted(self):
        done = run(*on_host_without("/sys/fs/bpf", "/sys/kernel/tracing"),
                   EUNOMIACTL, "doctor", "-H", NOWHERE, "-o", "json")
        found = findings(done)
        self.assertEqual(found["bpffs"][0]["level"], "warning")
        self.assertIn("mount -t bpf", found["bpffs"][0]["remedy"])
        self.assertEqual(found["tracefs"][0]["level"], "problem")
        self.assertIn("mount -t tracefs", found["tracefs"][0]["remedy"])

    def test_kernel_without_types(self):
        done = run(*on_host_without("/sys/kernel/btf"), EUNOMIACTL, "doctor", "-H", NOWHERE, "-o",
                   "json")
        self.assertEqual(findings(done)["btf"][0]["level"], "problem")

    def test_no_proc(self):
        # Without /proc the loader does not find what lies beside the program.
        env = {**os.environ, "LD_LIBRARY_PATH": os.path.join(harness.BUILD, "lib")}
        done = run(*on_host_without("/proc"), EUNOMIACTL, "doctor", "-H", NOWHERE, env=env)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("cannot look at /proc/sys/kernel/osrelease", done.stdout)

    def test_agent_that_hangs(self):
        """The doctor does not."""
        with Agent() as agent:
            agent.process.send_signal(signal.SIGSTOP)
            try:
                done = agent.ctl("doctor", "--timeout", "0.2", "-o", "json", check=False)
            finally:
                agent.process.send_signal(signal.SIGCONT)
            self.assertEqual(done.returncode, 1)
            self.assertIn("does not answer", findings(done)["agent"][0]["evidence"])


class Users(unittest.TestCase):
    def setUp(self):
        harness.needs_root()
        self.dir = self.enterContext(tempfile.TemporaryDirectory())
        os.chmod(self.dir, 0o755)
        self.ctl = harness.copy_client(self.dir)

    def test_who_is_not_in_the_group_is_told(self):
        group = grp.getgrgid(1).gr_name
        with Agent(config=f"[Agent]\nSocketGroup={group}\n") as agent:
            done = as_user(self.ctl, "-H", agent.host, "doctor", "-o", "json")
            found = findings(done)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"you are not in group '{group}': usermod -aG {group} nobody",
                          found["agent"][0]["remedy"])
            self.assertEqual(found["own-rights"][0]["level"], "note")
            done = as_user(self.ctl, "-H", agent.host, "doctor", "-o", "json", gid=1)
            self.assertEqual(findings(done)["agent"][0]["level"], "ok")


class WithAgent(harness.AgentTest):
    def test_agent_and_slots(self):
        self.agent.start_numbered("a")
        done = self.agent.ctl("doctor", "-o", "json", check=False)
        found = findings(done)
        self.assertIn(f"process {self.agent.pid}", found["agent"][0]["evidence"])
        self.assertEqual(found["agent-rights"][0]["level"], "ok")
        self.assertEqual(found["version"][0]["level"], "ok")
        self.assertEqual(found["slots"][0]["evidence"], "slots: 1, running: 1")
        self.assertIn(self.agent.state_dir, found["state-folder"][0]["evidence"])
        problems = [f for fs in found.values() for f in fs if f["level"] == "problem"]
        self.assertEqual(done.returncode, 1 if problems else 0, problems)

    def test_slot_that_was_set_aside(self):
        self.agent.start_numbered("a")
        self.agent.kill()
        with open(os.path.join(self.agent.state_dir, "slots/a/slot"), "wb") as file:
            file.write(b"nonsense")
        self.agent.start()
        done = self.agent.ctl("doctor", "-o", "json", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(findings(done)["set-aside"][0]["evidence"], "^slot 'a' was set aside at ")
        aside = self.agent.json("info")["set_aside"]
        self.assertEqual(aside[0]["slot"], "a")
        self.assertTrue(os.path.isdir(aside[0]["folder"]))

    def test_declared_tracker_that_is_refused(self):
        os.mkdir(self.agent.declared_dir)
        path = os.path.join(self.agent.declared_dir, "x.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("[Tracker]\nSource=/no/such\n")
        self.agent.stop()
        self.agent.start()
        done = self.agent.ctl("doctor", "-o", "json", check=False)
        self.assertEqual(done.returncode, 1)
        found = findings(done)["declared"]
        self.assertEqual([one["level"] for one in found], ["problem"])
        self.assertIn(f"slot 'x' is not as declared: {path}: ", found[0]["evidence"])
        self.assertIn("reload", found[0]["remedy"])

    def test_report(self):
        self.agent.start_numbered("a")
        os.mkdir(self.agent.declared_dir)
        with open(os.path.join(self.agent.declared_dir, "x.conf"), "w", encoding="utf-8") as file:
            file.write("[Tracker]\nSource=/no/such\nSet=password=swordfish\n")
        done = subprocess.run(self.agent.ctl_command("report", "-"), capture_output=True,
                              timeout=harness.PATIENCE, check=True)
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            files = {member.name.split("/", 1)[1]: archive.extractfile(member).read().decode()
                     for member in archive}
            self.assertEqual({member.mode for member in archive}, {0o600})
        self.assertIn("a 1 ", files["programs.txt"])
        self.assertEqual(json.loads(files["slots/a/show.json"])["name"], "a")
        settings = json.loads(files["slots/a/history.json"])[0]["settings"]
        self.assertEqual(settings, [{"key": "only_pid", "value": str(os.getpid())}])
        self.assertIn("Set=password=[redacted, 9 bytes]", files["etc/trackers.d/x.conf"])
        self.assertNotIn("swordfish", "".join(files.values()))
        self.assertIn("contains:", done.stderr.decode())
        for name in files:
            if name != "README":
                self.assertIn(name, files["README"])


if __name__ == "__main__":
    harness.main()
