# SPDX-License-Identifier: Apache-2.0
"""The units: who the agent is and what it may, what restarts and stops do, who may call it, and
trackers as units. Times, sizes and exposure are in test_speed.py."""
import os
import re
import subprocess

import agent as harness
from bed import SystemTest, main, slots, status

TARGETS = os.path.join(harness.BUILD, "tests/kernel/targets.bpf.o")
EXAMPLES = os.path.join(harness.SOURCE, "systemd/examples")
DROPINS = "/run/systemd/system/eunomiad.service.d"
PINS = "/sys/fs/bpf/eunomia"
# Numbers of linux/capability.h.
CAPABILITIES = {"CAP_DAC_READ_SEARCH": 2, "CAP_NET_ADMIN": 12, "CAP_PERFMON": 38, "CAP_BPF": 39}
NETWORK = ["start", "/var/tmp/targets.bpf.o", "--name", "network", "--attach", "at_xdp:iface=lo",
           "--attach", "at_tc:iface=lo,dir=egress", "--attach", "at_cgroup:cgroup=/sys/fs/cgroup"]
# A tracker of a function of the C library; what the kernel wants for it depends on its version.
UPROBE = """#include "eunomia.bpf.h"
struct seen { __u32 pid; };
EUNOMIA_EVENTS(struct seen, 65536);
SEC("uprobe/%s:getppid") int on_call(void *ctx)
{
	struct seen *event = eunomia_reserve();
	if (!event)
		return 0;
	event->pid = eunomia_current_pid();
	eunomia_submit(event);
	return 0;
}
char LICENSE[] SEC("license") = "Dual BSD/GPL";
"""


class UnitsTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.now = self.installed()

    def ctl(self, *args, **options):
        return self.now.run("eunomiactl", *args, **options)

    def systemctl(self, *args, **options):
        return self.now.run("systemctl", *args, **options)

    def show(self, name, unit="eunomiad"):
        return self.systemctl("show", "-P", name, unit).stdout.strip()

    def is_active(self, unit):
        return self.systemctl("is-active", unit, check=False).stdout.strip() == "active"

    def use(self, text):
        """Changes the unit and starts it so."""
        self.now.write(f"{DROPINS}/50-test.conf", f"[Service]\n{text}")
        self.systemctl("daemon-reload")
        self.systemctl("stop", "eunomiad")
        self.systemctl("start", "eunomiad")

    def use_example(self, name):
        with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
            self.now.write(f"{DROPINS}/{name}", file.read())
        self.systemctl("daemon-reload")
        self.systemctl("restart", "eunomiad")

    def bring_targets(self):
        self.now.copy_in(TARGETS, "/var/tmp/targets.bpf.o")

    def lives(self):
        """What changes of a slot when it is not the same any more."""
        return {name: (slot["state"], slot["generation"], slot["since"])
                for name, slot in slots(self.now).items()}


class Rights(UnitsTest):
    def process(self, key):
        said = self.now.read(f"/proc/{self.show('MainPID')}/status")
        return re.search(rf"^{key}:\s*(.*)$", said, re.MULTILINE)[1]

    def test_who_it_is(self):
        expected = sum(1 << number for number in CAPABILITIES.values())
        for key in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
            self.assertEqual(int(self.process(key), 16), expected, key)
        self.assertEqual((self.process("NoNewPrivs"), self.process("Seccomp")), ("1", "2"))
        user = self.now.run("id", "-u", "eunomia").stdout.strip()
        self.assertEqual(set(self.process("Uid").split()), {user})

    def test_all_kinds(self):
        """Every tracker that comes along, and the network's; through a swap, a crash, a restart."""
        self.bring_targets()
        names = [name.removesuffix(".json")
                 for name in self.now.run("ls", "/usr/lib/eunomia/trackers").stdout.split()]
        self.assertGreaterEqual(len(names), 6)
        for name in names:
            self.ctl("start", name)
        self.ctl(*NETWORK)
        self.ctl("swap", "opensnoop", "opensnoop")
        self.ctl("rollback", "opensnoop")
        before = self.lives()
        self.assertEqual(set(before), {*names, "network"})
        self.systemctl("kill", "-s", "KILL", "eunomiad")
        harness.wait_until(lambda: self.show("NRestarts") == "1" and self.is_active("eunomiad"),
                           "systemd starts the agent again")
        self.assertEqual(self.lives(), before)
        self.systemctl("restart", "eunomiad")
        self.assertEqual(self.lives(), before)
        warnings = self.now.journal("-u", "eunomiad", "-p", "warning", "_COMM=eunomiad")
        self.assertNotRegex(warnings, "(?i)denied|permitted")

    def test_each_capability_is_needed(self):
        """Without one of them something fails, and the message names it and the unit's line."""
        self.bring_targets()
        for name in CAPABILITIES:
            with self.subTest(name):
                self.use(f"AmbientCapabilities=~{name}\nCapabilityBoundingSet=~{name}\n")
                verb = NETWORK if name == "CAP_NET_ADMIN" else ["start", "opensnoop"]
                done = self.ctl(*verb, check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertRegex(done.stderr, rf"lacks {name}\b.*AmbientCapabilities=")

    def test_uprobe(self):
        """It runs, or the error names what newer kernels want; with the example it runs."""
        library = self.now.sh("ls /usr/lib/*/libc.so.6").stdout.strip()
        source = os.path.join(self.now.layer, "probe.bpf.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write(UPROBE % library)
        subprocess.run(
            [harness.EUNOMIACTL, "build", source, "-o", source + ".json"], check=True,
            env={**os.environ, "EUNOMIA_INCLUDE_DIR": os.path.join(harness.SOURCE, "bpf/include")},
            capture_output=True, timeout=harness.PATIENCE)
        self.now.copy_in(source + ".json", "/var/tmp/probe.json")
        done = self.ctl("start", "/var/tmp/probe.json", "--name", "probe", check=False)
        if done.returncode != 0:
            self.assertRegex(done.stderr, r"lacks CAP_SYS_ADMIN\b.*AmbientCapabilities=")
            self.use_example("uprobes.conf")
            self.ctl("start", "/var/tmp/probe.json", "--name", "probe")

    def test_files_of_root(self):
        """What an agent that ran as root left is the agent's after what every upgrade does."""
        self.ctl("start", "opensnoop", "--enable")
        before = self.lives()
        self.systemctl("restart", "eunomiad")
        self.systemctl("kill", "-s", "USR2", "eunomiad")
        harness.wait_until(lambda: not self.is_active("eunomiad"), "the agent has ended")
        self.now.sh(f"chown -R root:root {PINS} /var/lib/eunomia")
        self.now.run("systemd-tmpfiles", "--create", "eunomia.conf")
        self.systemctl("start", "eunomiad")
        self.assertEqual(self.lives(), before)

    def test_programs_that_cannot_be_timed(self):
        self.ctl("start", "opensnoop")
        self.ctl("swap", "opensnoop", "opensnoop", "--probation", "1")
        self.assertRegex(self.now.journal("-u", "eunomiad"), "may not have programs timed")

    def test_groups(self):
        self.ctl("start", "opensnoop")
        for user, group in (("may", "eunomia"), ("sees", "eunomia-view"), ("not", "nogroup")):
            self.now.run("useradd", "-G", group, user)
        can = {(user, verb): self.now.run(
            "setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "eunomiactl", verb,
            "opensnoop", check=False).returncode
               for user in ("may", "sees", "not") for verb in ("show", "pause")}
        self.assertEqual(can, {("may", "show"): 0, ("may", "pause"): 0, ("sees", "show"): 0,
                               ("sees", "pause"): 5, ("not", "show"): 5, ("not", "pause"): 5})


class Ends(UnitsTest):
    def setUp(self):
        super().setUp()
        self.ctl("start", "opensnoop")
        self.ctl("start", "sigsnoop")
        self.ctl("pause", "sigsnoop")
        self.before = self.lives()

    def assert_detached(self):
        self.assertEqual(self.now.run("ls", PINS).stdout, "")
        self.now.wait_until_bpf_is_gone()

    def test_restart_keeps(self):
        for verb in ("restart", "try-restart", "reload-or-restart", "condrestart"):
            self.systemctl(verb, "eunomiad")
            self.assertEqual(self.lives(), self.before, verb)

    def test_restart_keeps_without_bus(self):
        """systemctl talks to systemd by its own socket then."""
        self.systemctl("stop", "dbus.socket", "dbus.service")
        self.systemctl("restart", "eunomiad")
        self.assertEqual(self.lives(), self.before)
        self.now.note_bpf()
        self.systemctl("stop", "eunomiad")
        self.assert_detached()

    def test_restart_under_a_broken_configuration(self):
        """Slots go on while the agent does not come up, and are there when it does."""
        self.now.write("/etc/eunomia/eunomiad.conf", "[Limits]\nMaxSlots=many\n")
        self.assertNotEqual(self.systemctl("restart", "eunomiad", check=False).returncode, 0)
        self.assertEqual(self.show("ExecMainStatus"), "78")
        self.assertEqual(self.show("NRestarts"), "0")
        self.assertRegex(self.show("StatusText"), "eunomiad.conf:2: .*MaxSlots")
        self.assertRegex(self.now.journal("-u", "eunomiad", "_COMM=eunomiad"),
                         "cannot start: .*eunomiad.conf:2: ")
        self.assertNotEqual(self.now.run("ls", PINS).stdout, "")
        self.now.write("/etc/eunomia/eunomiad.conf", "")
        self.systemctl("start", "eunomiad")
        self.assertEqual(self.lives(), self.before)

    def test_stop_detaches(self):
        self.ctl("enable", "opensnoop")
        self.now.note_bpf()
        self.systemctl("stop", "eunomiad")
        self.assert_detached()
        self.systemctl("start", "eunomiad")
        self.assertEqual(set(slots(self.now)), {"opensnoop"})

    def test_stop_keeps_if_told_to(self):
        self.now.write("/etc/eunomia/eunomiad.conf", "[Agent]\nKeepOnStop=yes\n")
        self.systemctl("reload", "eunomiad")
        self.systemctl("stop", "eunomiad")
        self.systemctl("start", "eunomiad")
        self.assertEqual(self.lives(), self.before)

    def test_end_trackers(self):
        """Root ends what the agent left, and leaves it the folder that it could not make."""
        self.now.note_bpf()
        self.now.write("/etc/eunomia/eunomiad.conf", "[Agent]\nKeepOnStop=yes\n")
        self.systemctl("reload", "eunomiad")
        self.systemctl("stop", "eunomiad")
        ended = self.now.run("eunomiad", "--end-trackers").stdout
        self.assertEqual(ended, f"ended {PINS}/opensnoop\nended {PINS}/sigsnoop\n")
        self.assert_detached()
        self.systemctl("start", "eunomiad")
        self.ctl("stop", "opensnoop")
        self.ctl("start", "opensnoop")
        self.assertIn("opensnoop", self.now.run("ls", PINS).stdout)


class Trackers(UnitsTest):
    """eunomia@.service"""
    UNIT = "eunomia@opensnoop"

    def setUp(self):
        super().setUp()
        self.systemctl("start", self.UNIT)

    def wait_for_client(self, old):
        harness.wait_until(lambda: self.show("MainPID", self.UNIT) not in ("0", old)
                           and self.is_active(self.UNIT), "the unit is active with a new client")

    def test_is_its_slot(self):
        self.assertRegex(status(self.now, self.UNIT), "running, generation 1")
        before = self.lives()
        client = self.show("MainPID", self.UNIT)
        self.systemctl("restart", "eunomiad")
        self.wait_for_client(client)
        self.assertEqual(self.lives(), before)
        self.systemctl("kill", "-s", "KILL", self.UNIT)
        self.wait_for_client(self.show("MainPID", self.UNIT))
        self.assertEqual(self.lives(), before)
        self.systemctl("stop", self.UNIT)
        self.assertEqual(slots(self.now), {})

    def test_crash_of_the_agent(self):
        before = self.lives()
        self.systemctl("kill", "-s", "KILL", "eunomiad")
        harness.wait_until(lambda: self.show("NRestarts") == "1" and self.is_active("eunomiad")
                           and self.is_active(self.UNIT), "all is up again")
        self.assertEqual(self.lives(), before)

    def test_stop_of_the_agent(self):
        """Stops the unit too, and nothing starts the agent again."""
        self.systemctl("stop", "eunomiad")
        self.assertEqual((self.show("ActiveState", self.UNIT), self.show("ActiveState")),
                         ("inactive", "inactive"))
        self.systemctl("start", self.UNIT)
        self.assertEqual(set(slots(self.now)), {"opensnoop"})

    def test_waits_for_the_agent(self):
        """One that cannot start for a while does not end the unit for good."""
        self.systemctl("stop", "eunomiad")
        self.now.write("/etc/eunomia/eunomiad.conf", "[Agent]\nLogLevel=loud\n")
        self.systemctl("start", "--no-block", self.UNIT)
        harness.wait_until(lambda: self.show("NRestarts", self.UNIT) not in ("", "0"),
                           "the unit has tried again")
        self.assertFalse(self.is_active(self.UNIT))
        self.now.write("/etc/eunomia/eunomiad.conf", "[Agent]\n")
        harness.wait_until(lambda: self.is_active(self.UNIT), "the agent has come")
        self.assertEqual(set(slots(self.now)), {"opensnoop"})

    def test_end_of_the_slot(self):
        self.ctl("stop", "opensnoop")
        harness.wait_until(lambda: self.show("ActiveState", self.UNIT) == "failed", "it fails")
        self.assertRegex(status(self.now, self.UNIT), "the slot was stopped")
        self.systemctl("reset-failed", self.UNIT)

    def test_no_such_tracker(self):
        done = self.systemctl("start", "eunomia@nosuch", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(status(self.now, "eunomia@nosuch"), "nosuch")

    def test_comes_back_after_a_reboot(self):
        self.systemctl("enable", self.UNIT)
        self.now.reboot()
        self.assertTrue(self.is_active(self.UNIT))
        self.assertEqual(set(slots(self.now)), {"opensnoop"})


class Examples(UnitsTest):
    def test_kernel_before_5_8(self):
        self.use_example("kernel-before-5.8.conf")
        self.assertEqual(set(self.show("CapabilityBoundingSet").split()),
                         {"cap_sys_admin", "cap_net_admin", "cap_dac_read_search"})
        self.ctl("start", "opensnoop")

    def test_no_network(self):
        self.use_example("no-network.conf")
        self.assertEqual(set(self.show("AmbientCapabilities").split()),
                         {"cap_bpf", "cap_perfmon", "cap_dac_read_search"})
        self.ctl("start", "opensnoop")

    def test_journal_of_its_own(self):
        self.use_example("log-namespace.conf")
        self.ctl("start", "opensnoop")
        harness.wait_until(lambda: "opensnoop" in self.now.journal(
            "--namespace=eunomia", "-u", "eunomiad"), "the agent's lines are in its journal")


if __name__ == "__main__":
    main()
