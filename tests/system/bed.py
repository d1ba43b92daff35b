# SPDX-License-Identifier: Apache-2.0
"""What the tests in this folder have in common. See README.md for how one is written.

EUNOMIA_RELEASE says for which Debian release they run (ctest sets it); a test that runs on one
release only skips on the other."""
import json
import os
import sys
import unittest

import agent as harness
import debs
import namespace
import roots
from container import Container

RELEASE = os.environ.get("EUNOMIA_RELEASE", roots.RELEASES[0])


def slots(machine):
    """The agent's slots, by name."""
    return {slot["name"]: slot
            for slot in json.loads(machine.run("eunomiactl", "list", "-o", "json").stdout)}


def wait_for_events(machine, slot, *journalctl):
    """Opens files until the journal has an event of a slot; returns its lines."""
    def lines():
        machine.run("cat", "/etc/hostname")
        said = machine.journal("-t", f"eunomia/{slot}", "-n", "5", *journalctl)
        return [line for line in said.splitlines() if line and not line.startswith("--")]
    return harness.wait_until(lines, f"the journal has events of {slot}")


def status(machine, unit="eunomiad"):
    """What systemctl shows of a unit, whether it runs or not."""
    return machine.run("systemctl", "status", "-l", "-n", "20", unit, check=False).stdout


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
        self.enterContext(machine)
        self.addCleanup(self.tell_of_failure, machine)
        return machine

    def tell_of_failure(self, machine):
        """The machine's journal, if the test failed; before the machine ends."""
        if harness.has_failed(self):
            print(f"-- journal of the machine:\n{machine.journal_tail()}", file=sys.stderr)

    def installed(self, **options):
        """A machine on which the packages of this tree were installed some time ago."""
        return self.machine(over=debs.installed(RELEASE), **options)

    def check_host(self):
        self.assertEqual(sorted(os.listdir("/sys/class/net")), self.cards, "network cards")
        self.assertEqual(mounts_of_ours(), [], "mounts")
        for machine in self.machines:
            self.assertFalse(machine.is_on(), "a machine still runs")
            self.assertFalse(os.path.exists(machine.layer), "a machine's disk is left")


def main():
    namespace.end_on_signals()
    harness.main()
