# SPDX-License-Identifier: Apache-2.0
"""What comes back after a reboot, and after a power failure: enabled and declared trackers, and no
others (docs/survival.md)."""
import unittest

import agent as harness
from bed import SystemTest, main, slots, wait_for_events

DECLARATION = "[Tracker]\nSource=process\n"


class Reboot(SystemTest):
    def setUp(self):
        super().setUp()
        self.now = self.installed()
        self.now.write("/etc/eunomia/trackers.d/declared.conf", DECLARATION)
        self.now.run("systemctl", "reload", "eunomiad")
        self.now.run("eunomiactl", "start", "opensnoop")
        self.now.run("eunomiactl", "enable", "opensnoop")
        self.now.run("eunomiactl", "start", "sigsnoop", "--name", "transient")
        harness.wait_until(lambda: "declared" in slots(self.now), "the declared tracker runs")
        self.assertEqual(set(slots(self.now)), {"declared", "opensnoop", "transient"})

    def check(self):
        found = slots(self.now)
        self.assertEqual(set(found), {"declared", "opensnoop"})
        self.assertEqual({slot["state"] for slot in found.values()}, {"running"})
        wait_for_events(self.now, "opensnoop", "-b")
        wait_for_events(self.now, "declared", "-b")

    def test_reboot(self):
        for _ in range(2):
            self.now.reboot()
            self.check()

    def test_power_failure(self):
        for _ in range(2):
            self.now.kill()
            self.now.boot()
            self.check()

    def test_not_enabled_any_more(self):
        self.now.run("eunomiactl", "disable", "opensnoop")
        self.now.run("rm", "/etc/eunomia/trackers.d/declared.conf")
        self.now.reboot()
        self.assertEqual(slots(self.now), {})


if __name__ == "__main__":
    main()
