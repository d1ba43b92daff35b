# SPDX-License-Identifier: Apache-2.0
"""What an administrator and who helps him see of an installed machine: doctor and report, and the
units of trackers."""
import base64
import io
import json
import tarfile

import agent as harness
from bed import SystemTest, main, slots

USER = "someone"


class Support(SystemTest):
    def findings(self, machine, *prefix):
        done = machine.run(*prefix, "eunomiactl", "doctor", "-o", "json", check=False)
        found = {}
        for finding in json.loads(done.stdout):
            found.setdefault(finding["check"], []).append(finding)
        problems = [f for fs in found.values() for f in fs if f["level"] == "problem"]
        self.assertEqual(done.returncode, 1 if problems else 0, problems)
        return found

    def test_a_fresh_machine_is_well(self):
        machine = self.installed()
        machine.run("systemctl", "start", "eunomiad")
        found = self.findings(machine)
        for check in ("kernel", "btf", "bpffs", "tracefs", "journal", "unit", "agent", "version",
                      "agent-rights", "state-folder", "trackers", "set-aside"):
            self.assertEqual(found[check][0]["level"], "ok", found[check])

    def test_agent_that_is_stopped(self):
        machine = self.installed()
        machine.run("systemctl", "stop", "eunomiad.service")
        machine.run("systemctl", "start", "eunomiad.socket")
        found = self.findings(machine)
        self.assertIn("the next call", found["agent"][0]["evidence"])
        self.assertEqual(machine.run("systemctl", "is-active", "eunomiad", check=False).stdout,
                         "inactive\n")  # it was not started to be asked
        machine.run("systemctl", "stop", "eunomiad.socket")
        found = self.findings(machine)
        self.assertEqual(found["unit"][0]["level"], "problem")
        self.assertEqual(found["agent"][0]["level"], "problem")

    def test_user_outside_the_group(self):
        machine = self.installed()
        machine.run("systemctl", "start", "eunomiad")
        machine.run("useradd", USER)
        remedy = self.findings(machine, "runuser", "-u", USER, "--")["agent"][0]["remedy"]
        self.assertIn(f"usermod -aG eunomia {USER}", remedy)
        machine.run("usermod", "-aG", "eunomia", USER)
        found = self.findings(machine, "runuser", "-u", USER, "--")
        self.assertEqual(found["agent"][0]["level"], "ok")

    def test_report(self):
        machine = self.installed()
        machine.run("systemctl", "start", "eunomiad")
        machine.run("eunomiactl", "start", "opensnoop")
        sent = base64.b64decode(machine.sh("eunomiactl report - 2>/dev/null | base64 -w0").stdout)
        with tarfile.open(fileobj=io.BytesIO(sent)) as archive:
            files = {member.name.split("/", 1)[1]: archive.extractfile(member).read().decode()
                     for member in archive}
        self.assertIn("ExecStart=", files["unit.txt"])
        self.assertIn("slot 'opensnoop'", files["journal.txt"])
        self.assertNotIn("eunomia/opensnoop", files["journal.txt"])  # no events
        self.assertIn("[Agent]", files["etc/eunomiad.conf"])

    def test_tracker_as_a_unit(self):
        machine = self.installed()
        machine.run("systemctl", "start", "eunomia@opensnoop")
        self.assertEqual(slots(machine)["opensnoop"]["state"], "running")

        def status():
            return machine.run("systemctl", "show", "-P", "StatusText",
                               "eunomia@opensnoop").stdout

        self.assertRegex(status(), "^running, generation 1, [0-9,]+ events, 0 lost")
        machine.run("eunomiactl", "pause", "opensnoop")
        harness.wait_until(lambda: status().startswith("paused"), "the unit says so")
        machine.run("eunomiactl", "stop", "opensnoop")
        harness.wait_until(lambda: machine.run("systemctl", "is-active", "eunomia@opensnoop",
                                               check=False).stdout == "failed\n", "it failed")
        self.assertIn("the slot was stopped", machine.journal("-u", "eunomia@opensnoop"))


if __name__ == "__main__":
    main()
