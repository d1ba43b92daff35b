# SPDX-License-Identifier: Apache-2.0
"""The first five minutes of an operator: from packages to events by the commands of the README."""
import unittest

import debs
from bed import RELEASE, SystemTest, main, wait_for_events

FIRST_MINUTES = """cd /debs/now && apt install -y ./*.deb && systemctl enable --now eunomiad &&
eunomiactl start opensnoop && journalctl -t eunomia/opensnoop -n 5"""


class Install(SystemTest):
    def test_first_five_minutes(self):
        machine = self.machine(**debs.shown(RELEASE, now=debs.build(RELEASE)))
        print(machine.sh(FIRST_MINUTES, timeout=300).stdout[-600:])
        for line in wait_for_events(machine, "opensnoop"):
            self.assertRegex(line, r"^\d\d:\d\d:\d\d +\d+ +\d+ +-?\d+ +\d+ +\S")
        self.assertEqual(machine.run("systemctl", "is-active", "eunomiad").stdout, "active\n")
        self.assertEqual(machine.run("systemctl", "is-enabled", "eunomiad").stdout, "enabled\n")
        self.assertEqual(machine.run("systemctl", "--failed", "--no-legend").stdout, "")
        machine.run("dpkg", "--audit")
        self.check_that_documents_are_there(machine)

    def check_that_documents_are_there(self, machine):
        for package in debs.INSTALLED:
            files = machine.run("dpkg", "-L", package).stdout
            self.assertIn(f"/usr/share/doc/{package}/copyright", files)

    def test_dependencies_are_complete(self):
        """What is installed without recommended packages starts and runs a tracker."""
        machine = self.installed()
        machine.run("eunomiactl", "start", "opensnoop")
        wait_for_events(machine, "opensnoop")


if __name__ == "__main__":
    main()
