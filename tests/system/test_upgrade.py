# SPDX-License-Identifier: Apache-2.0
"""Other versions of the packages, and restarts of the agent, while 20,000 events come a second: the
trackers go on, and no event is lost or comes twice."""
import unittest

import debs
from bed import RELEASE, SystemTest, main, slots
from load import Load

RATE = 20000


class Upgrade(SystemTest):
    def setUp(self):
        super().setUp()
        self.old, self.new = debs.build(RELEASE), debs.build(RELEASE, debs.NEXT_VERSION)
        self.now = self.installed(**debs.shown(RELEASE, now=self.old, next=self.new))

    def install(self, name, folder):
        """As "apt install" of a user; it asks nothing and restarts the agent."""
        before = self.agent_pid()
        self.now.run("apt-get", "-y", "-q", "--allow-downgrades", "install",
                     *debs.paths(folder, name), timeout=300)
        self.assertNotEqual(self.agent_pid(), before, "the agent was restarted")
        return self.now.run("dpkg-query", "-W", "-f", "${Version}", "eunomia").stdout

    def agent_pid(self):
        return self.now.run("systemctl", "show", "-P", "MainPID", "eunomiad").stdout

    def test_upgrade_and_downgrade_under_load(self):
        load = Load(self, self.now, RATE)
        load.wait_for_more()
        self.assertEqual(self.install("next", self.new), debs.NEXT_VERSION)
        load.wait_for_more()
        self.assertNotEqual(self.install("now", self.old), debs.NEXT_VERSION)
        load.wait_for_more()
        load.check()
        self.assertEqual({slot["generation"] for slot in slots(self.now).values()}, {1})

    def test_restarts_under_load(self):
        load = Load(self, self.now, RATE)
        for _ in range(3):  # systemd allows five starts in ten seconds
            load.wait_for_more()
            self.now.run("systemctl", "restart", "eunomiad")
        load.wait_for_more()
        self.now.run("systemctl", "kill", "-s", "KILL", "eunomiad")
        load.wait_for_more()
        load.check()

    def test_settings_stay(self):
        """What the operator wrote is kept without a question, what runs keeps its state."""
        self.now.write("/etc/eunomia/eunomiad.conf", "[Limits]\nMaxSlots=7\n")
        self.now.run("systemctl", "restart", "eunomiad")
        self.now.run("eunomiactl", "start", "opensnoop", "--enable")
        self.now.run("eunomiactl", "start", "sigsnoop")
        self.now.run("eunomiactl", "pause", "sigsnoop")
        before = slots(self.now)
        self.install("next", self.new)
        self.assertIn("MaxSlots=7", self.now.read("/etc/eunomia/eunomiad.conf"))
        after = slots(self.now)
        for name, slot in before.items():
            for member in ("state", "generation", "enabled"):
                self.assertEqual(after[name][member], slot[member], (name, member))


if __name__ == "__main__":
    main()
