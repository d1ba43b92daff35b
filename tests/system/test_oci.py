# SPDX-License-Identifier: Apache-2.0
"""The container image, run by crun with what the documents name and nothing else: four
capabilities, a read-only root, the mounts of the Kubernetes manifest, its seccomp profile. No
cluster and no docker can be had here; crun is what podman and CRI-O call in the end."""
import json
import os
import re
import tempfile

import agent as harness
import foreign
import kubernetes
import namespace
from bed import SystemTest, main

UID = 65532
CAPABILITIES = ["CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN", "CAP_DAC_READ_SEARCH"]
# The file systems of a container's own that every runtime mounts.
USUAL = ("/proc", "/dev", "/dev/shm", "/sys")
PINS = "/sys/fs/bpf/eunomia"
# Without the first crun changes the user under the seccomp profile, which does not allow that.
EXEC = ("crun", "exec", "--no-new-privs", "--user")


def bind(source, target, *options):
    return {"type": "bind", "source": source, "destination": target,
            "options": ["bind", "nosuid", "nodev", "noexec", *options]}


def tmpfs(target, uid):
    return {"type": "tmpfs", "source": "tmpfs", "destination": target,
            "options": ["nosuid", "nodev", "noexec", "mode=755", f"uid={uid}", f"gid={UID}"]}


def seccomp():
    """The profile that comes with the image."""
    with open(os.path.join(harness.SOURCE, "packaging/oci/seccomp.json"), encoding="utf-8") as file:
        return {key: value for key, value in json.load(file).items() if key != "comment"}


def narrow(config, uid, capabilities, mounts):
    """Takes from a runtime's default configuration all that the agent does not need. Only root has
    capabilities without ambient ones."""
    sets = ("bounding", "permitted", "effective") + (("inheritable", "ambient") if uid else ())
    config["process"].update(
        terminal=False, user={"uid": uid, "gid": UID}, noNewPrivileges=True,
        capabilities={name: capabilities if name in sets else []
                      for name in ("bounding", "permitted", "effective", "inheritable", "ambient")})
    config["root"]["readonly"] = True
    config["linux"]["seccomp"] = seccomp()
    config["mounts"] = [one for one in config["mounts"] if one["destination"] in USUAL] + mounts
    return config


class Oci(SystemTest):
    @classmethod
    def setUpClass(cls):
        foreign.need(umoci="umoci")
        foreign.need_archives()
        cls.folder = foreign.built("oci", "build-oci.sh")

    def prepared_machine(self, uid):
        machine = self.machine(kind="oci", binds=[(self.folder, "/image")])
        machine.sh("umoci unpack --image /image/eunomia.oci:0.1.0 /bundle >/dev/null")
        machine.sh(f"mkdir -p {PINS} /var/lib/eunomia; chown {uid} {PINS} /var/lib/eunomia")
        return machine

    def start(self, machine, uid, capabilities, mounts):
        config = narrow(json.loads(machine.read("/bundle/config.json")), uid, capabilities, mounts)
        machine.write("/bundle/config.json", json.dumps(config))
        machine.run("systemd-run", "--quiet", "--unit=box", "-p", "KillMode=mixed",
                    "crun", "--cgroup-manager=disabled", "run", "--bundle", "/bundle", "eunomia")
        harness.wait_until(
            lambda: self.ctl(machine, uid, "list", "--quiet", check=False).returncode == 0,
            "the agent in the container answers")
        machine.note_bpf()

    def stop(self, machine):
        """As a runtime stops it: SIGTERM to its first process, and the end of that awaited."""
        machine.note_bpf()
        machine.sh("crun kill eunomia TERM")
        harness.wait_until(lambda: "eunomia" not in machine.run("crun", "list").stdout.split(),
                           "the container has ended")
        machine.sh("systemctl stop box; systemctl reset-failed box", check=False)

    def ctl(self, machine, uid, *args, check=True):
        return machine.run(*EXEC, f"{uid}:{UID}", "eunomia", "eunomiactl", *args, check=check)

    def events(self, machine, uid):
        """Three events, while files are opened."""
        done = machine.sh(
            "(while :; do cat /etc/hostname >/dev/null; done) & "
            f"{' '.join(EXEC)} {uid}:{UID} eunomia eunomiactl events opensnoop -o jsonl "
            "--count 3 --timeout 30; kill $!")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def plain_mounts(self, uid):
        return [bind(PINS, "/bpf", "rw"), tmpfs("/run/eunomia", uid),
                bind("/var/lib/eunomia", "/var/lib/eunomia", "rw"),
                bind("/sys/kernel/tracing", "/sys/kernel/tracing", "ro")]

    def test_without_root(self):
        """The image's own user, with ambient capabilities, as podman gives them."""
        machine = self.prepared_machine(UID)
        self.start(machine, UID, CAPABILITIES, self.plain_mounts(UID))
        self.ctl(machine, UID, "start", "opensnoop")
        self.assertEqual(len(self.events(machine, UID)), 3)
        self.assertIn("opensnoop", machine.run("ls", PINS).stdout)
        self.stop(machine)
        machine.wait_until_bpf_is_gone()
        self.assertEqual(machine.run("ls", PINS).stdout, "")

    def test_each_capability_is_needed(self):
        machine = self.prepared_machine(UID)
        for left_out in ("CAP_BPF", "CAP_PERFMON", "CAP_DAC_READ_SEARCH"):
            with self.subTest(left_out=left_out):
                self.start(machine, UID, [name for name in CAPABILITIES if name != left_out],
                           self.plain_mounts(UID))
                done = self.ctl(machine, UID, "start", "opensnoop", check=False)
                self.assertNotEqual(done.returncode, 0)
                self.stop(machine)

    def test_as_in_the_manifest(self):
        """User, capabilities, mounts and configuration of the DaemonSet; and a pod that is replaced
        by another leaves the trackers to it."""
        machine = self.prepared_machine(0)
        pod = kubernetes.pod()
        self.assertEqual(pod["securityContext"]["runAsUser"], 0)
        box = pod["containers"][0]["securityContext"]
        self.assertEqual(box["capabilities"]["drop"], ["ALL"])
        capabilities = [f"CAP_{name}" for name in box["capabilities"]["add"]]
        self.assertEqual(sorted(capabilities), sorted(CAPABILITIES))
        mounts = []
        for mount, volume in kubernetes.mounts(pod):
            how = "ro" if mount.get("readOnly") else "rw"
            if "hostPath" in volume:
                mounts.append(bind(volume["hostPath"]["path"], mount["mountPath"], how))
            elif "emptyDir" in volume:
                mounts.append(tmpfs(mount["mountPath"], 0))
            else:
                for path, text in kubernetes.config_files(volume["configMap"]).items():
                    machine.write(f"/config/{path}", text)
                mounts.append(bind("/config", mount["mountPath"], how))

        self.start(machine, 0, capabilities, mounts)
        self.ctl(machine, 0, "start", "opensnoop")
        self.assertEqual(len(self.events(machine, 0)), 3)
        held = machine.note_bpf().copy()
        self.stop(machine)
        links = {entry for entry in held if entry[0] == "link"}
        self.assertTrue(links)
        self.assertLessEqual(links, harness.loaded_ids(), "the trackers went on")

        self.start(machine, 0, capabilities, mounts)
        listed = json.loads(self.ctl(machine, 0, "list", "-o", "json").stdout)
        self.assertEqual({slot["name"]: slot["generation"] for slot in listed},
                         {"opensnoop": 1, "process": 1})
        self.assertEqual(len(self.events(machine, 0)), 3)
        for slot in ("opensnoop", "process"):
            self.ctl(machine, 0, "stop", slot)
        self.stop(machine)
        machine.wait_until_bpf_is_gone()

    def test_contents(self):
        """No shell, nothing that gives rights, and no file of a user who could change it."""
        machine = self.prepared_machine(UID)
        root = "/bundle/rootfs"
        self.assertEqual(machine.run("find", root, "-perm", "/6000").stdout, "")
        programs = machine.sh(f"find {root} -type f -perm /111 -printf '%f\n'").stdout.split()
        self.assertEqual(sorted(name for name in programs if ".so" not in name),
                         ["eunomiactl", "eunomiad"])
        theirs = machine.sh(f"find {root} ! -user 0 -printf '%P\n'").stdout.split()
        self.assertEqual(sorted(theirs), ["run/eunomia", "var/lib/eunomia"])
        index = json.loads(machine.read("/image/eunomia.oci/index.json"))
        self.assertEqual(len(index["manifests"]), 1)
        size = sum(os.path.getsize(os.path.join(folder, name))
                   for folder, _, names in os.walk(self.folder) for name in names)
        self.assertLess(size, 8 << 20)


    def test_seccomp_profile(self):
        """It allows what the unit allows, whose groups of calls systemd knows."""
        machine = self.machine(kind="oci")
        with open(os.path.join(harness.SOURCE, "systemd/eunomiad.service.in"),
                  encoding="utf-8") as file:
            words = " ".join(re.findall("^SystemCallFilter=(.*)$", file.read(), re.M)).split()
        wanted = set()
        while words:
            word = words.pop()
            if word.startswith("@"):
                said = machine.run("systemd-analyze", "syscall-filter", word).stdout
                words += [line.strip() for line in said.splitlines()[1:]
                          if line.strip() and "#" not in line]
            else:
                wanted.add(word)
        allowed, = seccomp()["syscalls"]
        self.assertEqual(set(allowed["names"]), wanted)

    def test_same_bytes(self):
        """Another build gives the image of the same digest, and the tarball in it."""
        with tempfile.TemporaryDirectory() as again:
            namespace.run(["nice", os.path.join(harness.SOURCE, "packaging/build-oci.sh"), again])
            digests = []
            for folder in (self.folder, again):
                with open(os.path.join(folder, "eunomia.oci/index.json"), encoding="utf-8") as file:
                    digests.append([one["digest"] for one in json.load(file)["manifests"]])
        self.assertEqual(*digests)


if __name__ == "__main__":
    main()
