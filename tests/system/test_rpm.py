# SPDX-License-Identifier: Apache-2.0
"""The RPM packages. No root of a Fedora-like system can be had from Debian's archive, so they are
installed by Debian's rpm on a machine of Debian's, with its libraries, and dependencies (names of
Fedora's packages) are not asked for. What runs there are the packages' files and scriptlets."""
import os
import re
import subprocess
import unittest

import agent as harness
import expected_files as expected
import foreign
from bed import SystemTest, main, slots, wait_for_events

PINS = "/sys/fs/bpf/eunomia"
INSTALLED = ("eunomia", "libeunomia", "eunomia-trackers")


def rpm(*args):
    return subprocess.run(["rpm", *args], capture_output=True, text=True, check=True).stdout


class Rpm(SystemTest):
    @classmethod
    def setUpClass(cls):
        foreign.need(rpmbuild="rpm", rpmlint="rpmlint")
        foreign.need_release_of_host()
        cls.first = foreign.built("rpm1", "build-rpm.sh")
        cls.second = foreign.built("rpm2", "build-rpm.sh", "--release", "2")

    def package(self, name, folder=None):
        found = [path for path in foreign.files_in(folder or self.first, ".rpm")
                 if re.fullmatch(rf"{name}-[0-9].*\.(?!src)\w+\.rpm", os.path.basename(path))]
        self.assertEqual(len(found), 1, found)
        return found[0]

    def inside(self, where):
        """Paths in the machine of the packages of a folder that it is shown."""
        folder = {"/rpms/1": self.first, "/rpms/2": self.second}[where]
        return [f"{where}/{os.path.basename(self.package(name, folder))}" for name in INSTALLED]

    def installed_machine(self):
        """With the agent running and a tracker in it."""
        machine = self.machine(kind="rpm",
                               binds=[(self.first, "/rpms/1"), (self.second, "/rpms/2")],
                               # Where the loader of a Fedora looks in any case.
                               files={"/etc/ld.so.conf.d/lib64.conf": "/usr/lib64\n"})
        machine.run("rpm", "-i", "--nodeps", *self.inside("/rpms/1"))
        machine.run("ldconfig")
        machine.run("systemctl", "enable", "--now", "eunomiad")
        machine.run("eunomiactl", "start", "opensnoop")
        return machine

    def test_files(self):
        for package, sets in {"eunomia": (expected.AGENT,), "libeunomia": (expected.LIBRARY,),
                              "libeunomia-devel": (expected.DEVELOPMENT,),
                              "eunomia-trackers": (expected.PACKAGES,), "eunomia-doc": ()}.items():
            with self.subTest(package=package):
                listed = rpm("-qp", "--qf", "[%{FILEMODES:perms} %{FILENAMES}\n]",
                             self.package(package)).splitlines()
                names = {line.split()[1] for line in listed if not line.startswith("d")}
                self.assertEqual(expected.without_texts(names),
                                 expected.paths(expected.FEDORA, *sets))

    def test_rpmlint(self):
        packaging = os.path.join(harness.SOURCE, "packaging/rpm")
        done = subprocess.run(["rpmlint", "--config", f"{packaging}/rpmlint.toml",
                               f"{packaging}/eunomia.spec", *foreign.files_in(self.first, ".rpm")],
                              capture_output=True, text=True, check=False)
        self.assertRegex(done.stdout, r"7 packages|6 packages")
        self.assertRegex(done.stdout, r" 0 errors, 0 warnings", done.stdout)

    def test_install_upgrade_erase(self):
        machine = self.installed_machine()
        self.assertIn("eunomia-view", machine.run("getent", "group").stdout)
        wait_for_events(machine, "opensnoop")
        before = machine.note_bpf().copy()
        agent = machine.run("systemctl", "show", "-P", "MainPID", "eunomiad").stdout

        machine.run("rpm", "-U", "--nodeps", *self.inside("/rpms/2"))
        self.assertIn("0.1.0-2", machine.run("rpm", "-q", "eunomia").stdout)
        self.assertNotEqual(machine.run("systemctl", "show", "-P", "MainPID", "eunomiad").stdout,
                            agent)
        self.assertEqual(slots(machine)["opensnoop"]["generation"], 1)
        links = {entry for entry in before if entry[0] == "link"}
        self.assertTrue(links)
        self.assertLessEqual(links, harness.loaded_ids(), "the tracker's links went on")
        wait_for_events(machine, "opensnoop")
        machine.note_bpf()

        machine.run("rpm", "-e", "--nodeps", *INSTALLED)
        machine.wait_until_bpf_is_gone()
        self.assertEqual(machine.run("systemctl", "is-active", "eunomiad", check=False).stdout,
                         "inactive\n")
        left = {path for path in machine.files() if "eunomia" in path}
        texts = [path for path in left if not path.startswith(("/var/lib/eunomia", "/rpms"))]
        self.assertEqual(sorted(path for path in texts if not path.startswith("/var/log")), [])

    def test_erase_after_a_crash(self):
        """Nothing is left to run that nobody could stop."""
        machine = self.installed_machine()
        machine.note_bpf()
        machine.sh("systemctl kill -s KILL eunomiad; systemctl stop eunomiad.socket")
        machine.run("systemctl", "mask", "--now", "--runtime", "eunomiad")
        machine.sh(f"systemctl stop eunomiad; ls {PINS}/opensnoop")
        machine.run("rpm", "-e", "--nodeps", *INSTALLED)
        machine.wait_until_bpf_is_gone()
        self.assertEqual(machine.sh(f"ls {PINS} 2>/dev/null", check=False).stdout, "")


if __name__ == "__main__":
    main()
