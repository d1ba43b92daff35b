# SPDX-License-Identifier: Apache-2.0
"""The tarball for systems without a package, on a machine where nothing is installed that it could
need: Debian's minimum with systemd, of a release that is no older than where it was built."""
import tarfile

import expected_files as expected
import foreign
from bed import SystemTest, main, slots, wait_for_events

UNPACK = "mkdir -p /opt/x && tar -xzf /tarball/*.tar.gz -C /opt/x --strip-components=1"
CRASH = "systemctl kill -s KILL eunomiad"


class Tarball(SystemTest):
    @classmethod
    def setUpClass(cls):
        foreign.need_archives()
        cls.folder = foreign.built("tarball", "tarball.sh")

    def new_machine(self):
        machine = self.machine(binds=[(self.folder, "/tarball")])
        machine.sh(UNPACK)
        return machine

    def test_contents(self):
        path, = foreign.files_in(self.folder, ".tar.gz")
        with tarfile.open(path) as tar:
            members = tar.getmembers()
        self.assertEqual({(member.uid, member.gid, member.mode & 0o6022) for member in members},
                         {(0, 0, 0)})
        self.assertEqual(len({member.mtime for member in members}), 1)
        names = [member.name for member in members]
        self.assertEqual(names, sorted(names, key=lambda name: name.split("/")))
        notices = {name.rpartition("/")[2] for name in names if "/notices/" in name}
        self.assertLessEqual({"libbpf-dev", "libelf-dev", "libuv1-dev"}, notices)

    def test_runs_without_being_installed(self):
        machine = self.new_machine()
        done = machine.sh("(while :; do cat /etc/hostname >/dev/null; done) & "
                          "timeout 30 /opt/x/bin/eunomiactl run --count 3 "
                          "/opt/x/lib/eunomia/trackers/opensnoop.json; kill $!")
        self.assertEqual(len(done.stdout.splitlines()), 4, done.stdout)

    def test_install_replace_remove(self):
        machine = self.new_machine()
        before = machine.files()
        machine.run("/opt/x/install.sh")
        files = {path for path in machine.files() - before
                 if machine.run("test", "-f", path, check=False).returncode == 0}
        ours = {path for path in files if "eunomia" in path}
        ours = expected.without_texts(ours) - {"/usr/local/lib/eunomia/install.sh",
                                              "/usr/local/lib/eunomia/manifest"}
        self.assertEqual(ours, expected.paths(expected.LOCAL, expected.AGENT, expected.PACKAGES,
                                              expected.BPF_HEADERS))
        machine.run("systemctl", "enable", "--now", "eunomiad")
        machine.run("eunomiactl", "start", "opensnoop")
        wait_for_events(machine, "opensnoop")
        machine.note_bpf()

        machine.sh("echo '# mine' >>/etc/eunomia/eunomiad.conf")
        self.assertIn("kept", machine.run("/opt/x/install.sh").stdout)
        self.assertIn("# mine", machine.read("/etc/eunomia/eunomiad.conf"))
        self.assertEqual(slots(machine)["opensnoop"]["generation"], 1)
        wait_for_events(machine, "opensnoop")
        machine.note_bpf()

        machine.sh(f"{CRASH}; /usr/local/lib/eunomia/install.sh --uninstall")
        machine.wait_until_bpf_is_gone()
        left = {path for path in machine.files() - before if "eunomia" in path}
        stays = ("/etc/eunomia", "/var/lib/eunomia", "/run/eunomia", "/var/log", "/sys", "/proc")
        self.assertEqual(sorted(path for path in left if not path.startswith(stays)), [])

    def test_other_prefix(self):
        machine = self.new_machine()
        machine.run("/opt/x/install.sh", "--prefix", "/opt/eunomia")
        machine.run("systemctl", "enable", "--now", "eunomiad")
        machine.run("/opt/eunomia/bin/eunomiactl", "start", "opensnoop")
        wait_for_events(machine, "opensnoop")
        machine.note_bpf()
        machine.run("/opt/eunomia/lib/eunomia/install.sh", "--prefix", "/opt/eunomia",
                    "--uninstall")
        self.assertEqual(machine.run("test", "-e", "/opt/eunomia", check=False).returncode, 1)

    def test_refuses(self):
        """Wrong usage changes nothing."""
        machine = self.new_machine()
        before = machine.files()
        for args in (["--prefix"], ["--prefix", "relative"], ["--prefix", "/a|b"], ["--what"],
                     ["--uninstall"]):
            done = machine.run("/opt/x/install.sh", *args, check=False)
            self.assertIn(done.returncode, (1, 2), args)
        self.assertEqual({path for path in machine.files() - before if "eunomia" in path}, set())

    def test_needs_little(self):
        """Of the libraries of the machine that it was built on, it needs two."""
        machine = self.new_machine()
        for program in ("sbin/eunomiad", "bin/eunomiactl"):
            machine.run(f"/opt/x/{program}", "--version")
        known = machine.run("ldconfig", "-p").stdout
        for library in ("libuv", "libnghttp2", "libprotobuf-c", "libjansson", "libcurl"):
            self.assertNotIn(library, known)


if __name__ == "__main__":
    main()
