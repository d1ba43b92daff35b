# SPDX-License-Identifier: Apache-2.0
"""The machines that the other tests rely on: what they keep, what they lose, what they leave."""
import os
import unittest

from bed import RELEASE, SystemTest, main

PIN = "/sys/fs/bpf/left"


class Machine(SystemTest):
    def test_what_survives(self):
        """Files survive a reboot and a power failure; what is in the BPF file system does not."""
        machine = self.machine()
        self.assertIn(f"VERSION_CODENAME={RELEASE}", machine.read("/etc/os-release"))
        boots = {machine.read("/proc/sys/kernel/random/boot_id")}
        for end in (machine.stop, machine.kill):
            machine.sh(f"echo kept >/var/tmp/kept; mkdir -p {PIN}; sync")
            end()
            machine.boot()
            self.assertEqual(machine.read("/var/tmp/kept"), "kept\n")
            self.assertNotEqual(machine.run("ls", PIN, check=False).returncode, 0)
            boots.add(machine.read("/proc/sys/kernel/random/boot_id"))
        self.assertEqual(len(boots), 3)

    def test_is_alone(self):
        """No network but loopback; pins are not the host's; exit statuses and input come through."""
        machine = self.machine()
        self.assertEqual(machine.run("ls", "/sys/class/net").stdout.split(), ["lo"])
        machine.run("mkdir", PIN)
        self.assertFalse(os.path.exists(PIN))
        self.assertEqual(machine.sh("exit 3", check=False).returncode, 3)
        self.assertEqual(machine.run("cat", text_input="x y\n").stdout, "x y\n")
        machine.write("/var/lib/new/file", "text\n")
        self.assertEqual(machine.read("/var/lib/new/file"), "text\n")

    def test_two_at_once(self):
        first, second = self.machine(), self.machine()
        first.write("/etc/only-here", "")
        self.assertIn("/etc/only-here", first.files())
        self.assertNotIn("/etc/only-here", second.files())

    def test_lacks_what_it_shall_lack(self):
        machine = self.machine(lacks=("bpffs", "tracefs", "btf"))
        self.assertNotIn("bpf", machine.run("stat", "-f", "-c", "%T", "/sys/fs/bpf").stdout)
        self.assertEqual(machine.run("ls", "/sys/kernel/tracing", "/sys/kernel/btf").stdout.split(),
                         ["/sys/kernel/btf:", "/sys/kernel/tracing:"])
        whole = self.machine()
        self.assertIn("events", whole.run("ls", "/sys/kernel/tracing").stdout)
        self.assertIn("vmlinux", whole.run("ls", "/sys/kernel/btf").stdout)


if __name__ == "__main__":
    main()
