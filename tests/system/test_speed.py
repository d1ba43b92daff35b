# SPDX-License-Identifier: Apache-2.0
"""What the agent costs an operator: exposure and size, which are bounded; times and wake-ups, which
are printed only, since they are the machine's as well."""
import re
import statistics
import time
import unittest

from bed import RELEASE, SystemTest, main

MAX_EXPOSURE = 2.0
MAX_INSTALLED_BYTES = 2 << 20
IDLE_SECONDS = 20
UNITS = "/usr/lib/systemd/system/eunomia* /lib/systemd/system/eunomia*"


class Speed(SystemTest):
    def setUp(self):
        super().setUp()
        self.now = self.installed()

    def test_units_are_clean(self):
        done = self.now.sh(f"systemd-analyze verify --man=no $(ls {UNITS} 2>/dev/null) 2>&1")
        self.assertEqual([line for line in done.stdout.splitlines() if "eunomia" in line], [])

    def test_exposure(self):
        done = self.now.run("systemd-analyze", "security", "--no-pager", "eunomiad", check=False)
        exposure = float(re.search(r"Overall exposure level for eunomiad.service: ([\d.]+)",
                                   done.stdout)[1])
        print(f"exposure of eunomiad.service on {RELEASE}: {exposure}")
        self.assertLessEqual(exposure, MAX_EXPOSURE, done.stdout)

    def test_installed_size(self):
        """Of agent, client and library."""
        paths = self.now.run("dpkg", "-L", "eunomia", "libeunomia0").stdout.split()
        binaries = [path for path in paths if re.search(r"/s?bin/|\.so\.", path)]
        sizes = self.now.run("stat", "-c", "%F %s", *binaries).stdout
        total = sum(int(size) for size in re.findall(r"^regular file (\d+)$", sizes, re.MULTILINE))
        print(f"agent, client and library on {RELEASE}: {total / 1e6:.2f} MB")
        self.assertLessEqual(total, MAX_INSTALLED_BYTES)

    def test_time_to_ready(self):
        """systemctl start comes back when the agent is ready; of that the agent's own part, which
        systemd measures."""
        took, own = [], []
        for _ in range(10):
            self.now.run("systemctl", "stop", "eunomiad.socket", "eunomiad")
            # So many starts at a time are not what a unit's limit is for.
            self.now.run("systemctl", "reset-failed", "eunomiad.socket", "eunomiad", check=False)
            began = time.monotonic()
            self.now.run("systemctl", "start", "eunomiad")
            took.append(time.monotonic() - began)
            own.append(self.activation_seconds())
        print(f"systemctl start on {RELEASE}: median {1000 * statistics.median(took):.0f} ms, "
              f"of it the service {1000 * statistics.median(own):.0f} ms, "
              f"best {1000 * min(own):.0f} ms")

    def activation_seconds(self):
        """From the unit's "starting" to READY=1."""
        said = self.now.run("systemctl", "show", "eunomiad", "-p", "InactiveExitTimestampMonotonic",
                            "-p", "ActiveEnterTimestampMonotonic").stdout
        times = dict(line.split("=") for line in said.split())
        return (int(times["ActiveEnterTimestampMonotonic"])
                - int(times["InactiveExitTimestampMonotonic"])) / 1e6

    def test_idle(self):
        """How often the agent's threads were woken while nothing was asked of it."""
        before = self.n_switches()
        self.now.run("sleep", str(IDLE_SECONDS))
        woken = self.n_switches() - before
        watchdog = self.now.run("systemctl", "show", "-P", "WatchdogUSec", "eunomiad").stdout
        print(f"wake-ups of the idle agent on {RELEASE} in {IDLE_SECONDS} s: {woken} "
              f"(watchdog: {watchdog.strip()})")

    def n_switches(self):
        pid = self.now.run("systemctl", "show", "-P", "MainPID", "eunomiad").stdout.strip()
        said = self.now.sh(f"cat /proc/{pid}/task/*/status").stdout
        return sum(int(n) for n in re.findall(r"^voluntary_ctxt_switches:\s*(\d+)", said,
                                              re.MULTILINE))


if __name__ == "__main__":
    main()
