# SPDX-License-Identifier: Apache-2.0
"""An upgrade that a power failure cuts short, at each step that dpkg writes down: after the next boot
the ways that Debian has for it lead to a working agent, and enabled trackers are back."""
import os
import subprocess
import unittest

import agent as harness
import debs
from bed import RELEASE, SystemTest, main, slots, wait_for_events

DPKG_LOG = "/var/log/dpkg.log"
# As dpkg's log names them: before and after files are replaced, and while the scripts run that
# restart the agent.
STEPS = ("status half-configured eunomia:", "status half-installed eunomia:",
         "status half-installed libeunomia0:", "status unpacked eunomia:",
         "configure eunomia:", "status half-configured eunomia-trackers:")


class Interrupted(SystemTest):
    def setUp(self):
        super().setUp()
        self.new = debs.build(RELEASE, debs.NEXT_VERSION)

    def upgrade_until(self, machine, step):
        """Starts the upgrade and takes the power away when the step is in dpkg's log."""
        log = os.path.join(machine.layer, "upper") + DPKG_LOG
        size = os.path.getsize(log) if os.path.exists(log) else 0

        def has_come():
            if upgrade.poll() is not None:
                raise AssertionError(f"the upgrade was over before '{step}'")
            with open(log, encoding="utf-8") as file:
                file.seek(size)
                return step in file.read()

        with machine.popen("apt-get", "-y", "-q", "install", *debs.paths(self.new, "next"),
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL) as upgrade:
            harness.wait_until(has_come, f"dpkg comes to '{step}'")
            machine.kill()

    def check(self, step):
        machine = self.installed(**debs.shown(RELEASE, next=self.new))
        machine.run("eunomiactl", "start", "opensnoop", "--enable")
        machine.run("touch", DPKG_LOG)
        self.upgrade_until(machine, step)
        machine.boot(may_be_degraded=True)
        # What was unpacked is configured; what was not has to be unpacked once more.
        machine.run("dpkg", "--configure", "-a", check=False, timeout=300)
        machine.run("dpkg", "--install", *debs.paths(self.new, "next"), timeout=300)
        self.assertEqual(machine.run("dpkg", "--audit").stdout, "")
        versions = machine.run("dpkg-query", "-W", "-f", "${Version} ", *debs.INSTALLED).stdout
        self.assertEqual(set(versions.split()), {debs.NEXT_VERSION})
        self.assertEqual(machine.run("systemctl", "is-active", "eunomiad").stdout, "active\n")
        self.assertEqual(slots(machine)["opensnoop"]["state"], "running")
        wait_for_events(machine, "opensnoop", "-b")
        machine.stop()

    def test_each_step(self):
        for step in STEPS:
            with self.subTest(step=step):
                self.check(step)


if __name__ == "__main__":
    main()
