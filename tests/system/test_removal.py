# SPDX-License-Identifier: Apache-2.0
"""What is left when the packages go: after a removal the settings, after a purge nothing, and in the
kernel nothing in both cases. The user and the groups stay, locked: Debian's policy lets them, since
files elsewhere may be theirs, and a number that is given away again would be a hole."""
import re
import unittest

import agent as harness
import debs
from bed import RELEASE, SystemTest, main, slots

PACKAGES = ("eunomia", "eunomia-trackers", "libeunomia0", "libeunomia-dev", "eunomia-doc")
# What dpkg, apt and systemd keep about any package that ever was there.
OF_OTHERS = re.compile(r"^/(var/(lib/(dpkg|apt|systemd/catalog)|cache|log|tmp)|tmp|etc/(passwd|group|"
                       r"shadow|gshadow|subuid|subgid)-?$|etc/\.pwd\.lock|run)\b")


class Removal(SystemTest):
    def setUp(self):
        super().setUp()
        self.now = self.machine(**debs.shown(RELEASE, now=debs.build(RELEASE)))
        self.before = self.files()
        self.now.run("apt-get", "-y", "-q", "--no-install-recommends", "install",
                     *debs.paths(debs.build(RELEASE), "now", PACKAGES), timeout=300)
        self.now.run("eunomiactl", "start", "opensnoop", "--enable")
        self.now.run("eunomiactl", "start", "sigsnoop")
        self.now.write("/etc/eunomia/trackers.d/own.conf", "[Tracker]\nSource=process\n")
        self.now.run("systemctl", "reload", "eunomiad")
        harness.wait_until(lambda: "own" in slots(self.now), "the declared tracker runs")

    def files(self):
        return {path for path in self.now.files() if not OF_OTHERS.match(path)}

    def apt(self, *args):
        """Removes or purges; libraries that nothing else needs go as well, also where another
        package would like to have them."""
        self.assertTrue(self.now.note_bpf())
        self.now.run("apt-get", "-y", "-q", "--auto-remove",
                     "-o", "APT::AutoRemove::RecommendsImportant=false",
                     "-o", "APT::AutoRemove::SuggestsImportant=false",
                     *args, *PACKAGES, timeout=300)

    def check_that_nothing_runs(self):
        self.now.wait_until_bpf_is_gone()
        # The kernel's own two files are in every instance.
        pins = self.now.run("find", "/sys/fs/bpf", "-mindepth", "1", "!", "-name", "*.debug")
        self.assertEqual(pins.stdout, "")
        units = self.now.sh("systemctl list-units --all --state=active --no-legend 'eunomia*'")
        self.assertEqual(units.stdout, "")
        self.assertEqual(self.now.sh("ls -d /run/eunomia*", check=False).stdout, "")
        self.assertEqual(self.now.run("pgrep", "-u", "eunomia", check=False).stdout, "")

    def test_purge(self):
        self.apt("purge")
        self.check_that_nothing_runs()
        self.assertEqual(self.files() - self.before, set(), "what a purge leaves")
        # A library that was upgraded along the way may name its changelog otherwise.
        taken = {path for path in self.before - self.files()
                 if not path.startswith("/usr/share/doc/")}
        self.assertEqual(taken, set(), "what a purge takes that is not ours")
        user = self.now.run("getent", "passwd", "eunomia", check=False).stdout
        if user:
            self.assertIn("nologin", user)
        self.now.reboot()
        self.assertEqual(self.now.run("systemctl", "--failed", "--no-legend").stdout, "")

    def test_remove_and_install_again(self):
        self.apt("remove")
        self.check_that_nothing_runs()
        self.assertIn("own.conf", self.now.run("ls", "/etc/eunomia/trackers.d").stdout)
        self.now.run("apt-get", "-y", "-q", "install",
                     *debs.paths(debs.build(RELEASE), "now"), timeout=300)
        self.assertIn("own", slots(self.now))

    def test_purge_of_an_agent_that_crashed(self):
        """It cannot end its trackers any more, nor does its configuration let another one start."""
        self.now.write("/etc/eunomia/eunomiad.conf", "[Agent]\nLogLevel=loud\n")
        self.now.write("/run/systemd/system/eunomiad.service.d/dead.conf", "[Service]\nRestart=no\n")
        self.now.run("systemctl", "daemon-reload")
        self.now.note_bpf()
        self.now.run("systemctl", "kill", "-s", "KILL", "eunomiad")
        harness.wait_until(lambda: self.now.run("systemctl", "is-failed", "eunomiad",
                                                check=False).returncode == 0, "the agent is dead")
        self.now.run("apt-get", "-y", "-q", "--auto-remove", "purge", *PACKAGES, timeout=300)
        self.now.run("rm", "-r", "/run/systemd/system/eunomiad.service.d")
        self.now.run("systemctl", "daemon-reload")
        self.check_that_nothing_runs()


if __name__ == "__main__":
    main()
