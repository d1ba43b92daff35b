# SPDX-License-Identifier: Apache-2.0
"""Hosts and settings with something wrong: what an operator reads in "systemctl status" and in the
answers of eunomiactl names the cause, and what can work does."""
import unittest

import agent as harness
from bed import SystemTest, main, slots, status, wait_for_events

CONFIG = "/etc/eunomia/eunomiad.conf"
STATE = "/var/lib/eunomia"
ONCE = "/run/systemd/system/eunomiad.service.d/once.conf"


class Settings(SystemTest):
    def setUp(self):
        super().setUp()
        self.now = self.installed()

    def restart(self):
        return self.now.run("systemctl", "restart", "eunomiad", check=False).returncode

    def test_wrong_value(self):
        """The unit fails, its status has file, line and reason; corrected, it starts."""
        self.now.write(CONFIG, "[Limits]\n# how many\nMaxSlots=many\n")
        self.assertNotEqual(self.restart(), 0)
        self.assertRegex(status(self.now), rf"{CONFIG}:3: .*MaxSlots.*'many'")
        self.now.write(CONFIG, "[Agent]\n")
        self.now.run("systemctl", "reset-failed", "eunomiad", "eunomiad.socket")
        self.assertEqual(self.restart(), 0)
        self.assertEqual(slots(self.now), {})

    def test_unknown_key(self):
        """Ignored, so that a file for a newer version works; but said."""
        self.now.write(CONFIG, "[Agent]\nMaxSlotz=5\n")
        self.assertEqual(self.restart(), 0)
        self.assertRegex(status(self.now), rf"{CONFIG}:2: .*MaxSlotz.*ignor")

    def test_wrong_value_at_reload(self):
        """The agent goes on with the settings that it has."""
        self.now.write(CONFIG, "[Agent]\nLogLevel=loud\n")
        self.now.run("systemctl", "reload", "eunomiad", check=False)
        harness.wait_until(lambda: f"{CONFIG}:2: " in status(self.now), "the mistake is told")
        self.assertEqual(slots(self.now), {})

    def test_unknown_tracker(self):
        done = self.now.run("eunomiactl", "start", "nosuchtracker", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"nosuchtracker")
        self.now.write("/etc/eunomia/trackers.d/own.conf", "[Tracker]\nSource=nosuchtracker\n")
        self.now.run("systemctl", "reload", "eunomiad")
        harness.wait_until(lambda: "own.conf" in status(self.now), "the mistake is told")
        self.assertRegex(status(self.now), r"own\.conf.*nosuchtracker")

    def test_socket_of_another_user(self):
        """systemd makes the socket, whatever lies there; nobody else can answer for the agent."""
        self.now.run("systemctl", "stop", "eunomiad.socket", "eunomiad")
        self.now.sh("mkdir -p /run/eunomia; rm -f /run/eunomia/control.sock;"
                    "touch /run/eunomia/control.sock; chown nobody /run/eunomia/control.sock")
        self.now.run("systemctl", "start", "eunomiad", check=False)
        self.assertEqual(slots(self.now), {})
        owner = self.now.run("stat", "-c", "%U", "/run/eunomia/control.sock").stdout
        self.assertNotEqual(owner, "nobody\n")


class Disk(SystemTest):
    def setUp(self):
        super().setUp()
        self.now = self.installed()

    def restart_with(self, script):
        """Starts the agent on a disk that was made bad while it was stopped."""
        self.now.run("systemctl", "stop", "eunomiad.socket", "eunomiad")
        self.now.sh(script)
        self.now.run("systemctl", "start", "eunomiad")

    def test_read_only_var(self):
        """Trackers run, and it is said that they do not outlive the agent."""
        self.restart_with("mount --bind /var /var && mount -o remount,bind,ro /var")
        self.assertRegex(status(self.now), rf"{STATE}.*(?i:read-only)")
        self.now.run("eunomiactl", "start", "opensnoop")
        self.assertEqual(slots(self.now)["opensnoop"]["state"], "running")
        done = self.now.run("eunomiactl", "enable", "opensnoop", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"(?i)state|read-only")
        self.now.sh("umount /var")

    def test_full_disk(self):
        """What cannot be kept is refused with the cause, and works when there is room again."""
        owner = self.now.run("stat", "-c", "uid=%u,gid=%g", STATE).stdout.strip()
        self.restart_with(f"mount -t tmpfs -o size=64k,mode=700,{owner} tmpfs {STATE}")
        self.now.sh(f"cat /dev/zero >{STATE}/zeros", check=False)
        done = self.now.run("eunomiactl", "start", "opensnoop", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"No space left on device")
        self.assertEqual(slots(self.now), {})
        self.now.run("rm", f"{STATE}/zeros")
        self.now.run("eunomiactl", "start", "opensnoop", "--enable")
        self.now.run("systemctl", "stop", "eunomiad.socket", "eunomiad")
        self.now.run("umount", STATE)


class Kernel(SystemTest):
    """Parts of the kernel that are not there."""

    def refused(self, machine, tracker):
        """Why a tracker does not start, for people."""
        done = machine.run("eunomiactl", "start", tracker, check=False)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def test_no_kernel_types(self):
        """Trackers that read the kernel's structures cannot run, others do."""
        machine = self.installed(lacks=("btf",))
        self.assertRegex(self.refused(machine, "tcpstates"),
                         r"'/sys/kernel/btf/vmlinux' cannot be read.*\n.*CONFIG_DEBUG_INFO_BTF")
        machine.run("eunomiactl", "start", "opensnoop")
        wait_for_events(machine, "opensnoop")

    def test_no_bpf_file_system(self):
        """Trackers run, and it is said that they do not outlive the agent."""
        machine = self.installed(lacks=("bpffs",))
        for said in (status(machine), machine.run("eunomiactl", "info").stdout):
            self.assertRegex(said, r"/sys/fs/bpf.*(is no BPF file system|mount -t bpf)")
        machine.run("eunomiactl", "start", "opensnoop")
        wait_for_events(machine, "opensnoop")

    def test_no_tracing_file_system(self):
        machine = self.installed(lacks=("tracefs",))
        self.assertRegex(self.refused(machine, "opensnoop"),
                         r"tracefs is not mounted\n.*mount -t tracefs tracefs")


if __name__ == "__main__":
    main()
