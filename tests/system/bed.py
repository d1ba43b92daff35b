# SPDX-License-Identifier: Apache-2.0
"""What the tests in this folder have in common. See README.md for how one is written.

EUNOMIA_RELEASE says for which Debian release they run (ctest sets it); a test that runs on one
release only skips on the other."""
import os
import sys
import unittest

import agent as harness
import namespace
import roots
from container import Container

RELEASE = os.environ.get("EUNOMIA_RELEASE", roots.RELEASES[0])


def mounts_of_ours():
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return [line for line in file if roots.CACHE in line]


class SystemTest(unittest.TestCase):
    """Tests with machines of their own; afterwards the host must be as it was."""

    def setUp(self):
        self.machines = []
        self.cards = sorted(os.listdir("/sys/class/net"))
        self.addCleanup(self.check_host)

    def machine(self, **options):
        """A freshly installed machine that has booted; ends with the test."""
        machine = Container(RELEASE, **options)
        self.machines.append(machine)
        return self.enterContext(machine)

    def check_host(self):
        self.assertEqual(sorted(os.listdir("/sys/class/net")), self.cards, "network cards")
        self.assertEqual(mounts_of_ours(), [], "mounts")
        for machine in self.machines:
            self.assertFalse(machine.is_on(), "a machine still runs")
            self.assertFalse(os.path.exists(machine.layer), "a machine's disk is left")

    def tearDown(self):
        if self._outcome.success:
            return
        for machine in self.machines:
            print(f"-- journal of the machine:\n{machine.journal_tail()}", file=sys.stderr)


def main():
    namespace.end_on_signals()
    harness.main()
