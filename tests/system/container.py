# SPDX-License-Identifier: Apache-2.0
"""A machine with real systemd, as near to one as a container gets: booted by systemd-nspawn from a
Debian root under an overlay, so that nothing that a test does stays.

It has no network but loopback, no udev, and shares only the kernel with the host: its BPF file
system is an instance of its own, which ends with the machine as it would at a reboot. What is in its
page cache survives kill(), so that stands for a lost processor, not for a lost disk.

All of it hangs on namespaces that end with this program; the host has nothing to clean up but the
folder of the overlay."""
import contextlib
import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

import agent as harness
import namespace
import roots

BPFFS = "/sys/fs/bpf"
CGROUPS = "/sys/fs/cgroup"
# Whatever this host has there, in a mount namespace of our own.
CGROUP2 = [["umount", "-R", CGROUPS], ["mount", "-t", "cgroup2", "cgroup2", CGROUPS]]
# What hides a part of the kernel from the machine: a file of its own, or None for a masked unit.
HIDING = {
    "bpffs": {},
    "tracefs": {"/etc/systemd/system/sys-kernel-tracing.mount": None,
                # would bring it along, at its older place
                "/etc/systemd/system/sys-kernel-debug.mount": None},
    "btf": {"/etc/systemd/system/sys-kernel-btf.mount":
            "[Mount]\nWhat=tmpfs\nWhere=/sys/kernel/btf\nType=tmpfs\nOptions=ro\n",
            "/etc/systemd/system/sysinit.target.d/no-btf.conf":
            "[Unit]\nRequires=sys-kernel-btf.mount\nAfter=sys-kernel-btf.mount\n"},
}
LAYERS = os.path.join(roots.CACHE, "layers")
ENVIRONMENT = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "HOME=/root", "LC_ALL=C.UTF-8", "TERM=dumb", "SYSTEMD_PAGER=cat",
               "DEBIAN_FRONTEND=noninteractive"]
BOOT_SECONDS = 60


def remove_stale_layers():
    """Removes what programs left that could not clean up: nobody holds their lock."""
    for name in os.listdir(LAYERS):
        with contextlib.suppress(OSError):
            fd = os.open(os.path.join(LAYERS, name), os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(os.path.join(LAYERS, name), ignore_errors=True)
            finally:
                os.close(fd)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def descendants(pid):
    """Every process below one, as far as they can be seen."""
    found = []
    with contextlib.suppress(OSError):
        for child in children(pid):
            found += [child, *descendants(child)]
    return found


def command_name(pid):
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    return ""


class Container:
    """Use as a context manager; boots on entry. kind: the root (roots.KINDS). lacks: what the host's
    kernel has and this machine shall not: "bpffs", "tracefs", "btf". over: a folder whose files lie
    over the root. binds: (folder of the host, where in the machine), read-only. files: path -> text,
    copies: (folder of the host, where in the machine): there before the first boot."""

    def __init__(self, release, kind="run", lacks=(), over=None, binds=(), files=None, copies=()):
        namespace.need("systemd-nspawn", "nsenter", "unshare", "setpriv")
        self.root = roots.ensure(release, kind)
        self.release, self.lacks, self.binds = release, lacks, binds
        os.makedirs(LAYERS, exist_ok=True)
        remove_stale_layers()
        self.layer = tempfile.mkdtemp(prefix=f"{release}-", dir=LAYERS)
        self.lock = os.open(self.layer, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.cgroup = f"{CGROUPS}/eunomia-test-{os.path.basename(self.layer)}"
        self.console = os.path.join(self.layer, "console")
        self.process, self.leader = None, None
        self.bpf_objects = set()
        self.lower = f"{over}:{self.root}" if over else self.root
        self.prepare(dict(files or {}), copies)

    def prepare(self, files, copies):
        """Writes into the layer what the machine finds at its first boot."""
        upper = os.path.join(self.layer, "upper")
        for source, target in copies:
            shutil.copytree(source, upper + target, symlinks=True, dirs_exist_ok=True)
        for name in self.lacks:
            files.update(HIDING[name])
        for path, text in files.items():
            path = upper + path
            if text is None:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                os.symlink("/dev/null", path)
            else:
                roots.write(path, text)

    # Power.

    def steps(self):
        """What a machine's own mount namespace has before its systemd starts."""
        merged = os.path.join(self.layer, "merged")
        # As systemd mounts it on a host: closed to everybody but root.
        bpffs = ["mount", "-t", "bpf", "-o", "nosuid,nodev,noexec,mode=700", "bpf", BPFFS]
        return [namespace.overlay(self.lower, self.layer, merged), bpffs, *CGROUP2,
                ["mkdir", "-p", self.cgroup],
                ["sh", "-c", f'echo "$PPID" >{self.cgroup}/cgroup.procs'],
                ["umount", CGROUPS]]

    def boot_command(self):
        """Its control groups begin at a group of its own: machines would share them otherwise."""
        script = f"mount -t cgroup2 cgroup2 {CGROUPS} && exec {shlex.join(self.nspawn())}"
        return namespace.command(self.steps(), ["unshare", "--cgroup", "sh", "-c", script])

    def nspawn(self):
        # The tracing file system is left to the machine's systemd, which mounts it as on a host.
        binds = [f"--tmpfs={BPFFS}" if "bpffs" in self.lacks else f"--bind={BPFFS}"]
        binds += [f"--bind-ro={source}:{target}" for source, target in self.binds]
        return ["env", "SYSTEMD_SECCOMP=0", "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1",
                "SYSTEMD_NSPAWN_API_VFS_WRITABLE=1", "systemd-nspawn", "--quiet",
                "--directory", os.path.join(self.layer, "merged"), "--machine=eunomia-test",
                "--register=no", "--keep-unit", "--capability=all", "--private-users=no",
                "--private-network", "--resolv-conf=off", "--timezone=off", "--console=pipe",
                "--kill-signal=SIGRTMIN+3", *binds, "--boot"]

    def boot(self, may_be_degraded=False):
        """Switches the machine on and waits until everything that starts at boot has started.
        may_be_degraded: units may have failed."""
        with open(self.console, "ab") as log:
            self.process = subprocess.Popen(
                self.boot_command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        try:
            self.leader = harness.wait_until(self.find_leader, "the machine's systemd starts",
                                             BOOT_SECONDS)
            self.wait_for_boot(may_be_degraded)
        except AssertionError as error:
            self.kill()
            raise AssertionError(f"{error}\n-- console:\n{self.console_text()}") from None
        return self

    def find_leader(self):
        if self.process.poll() is not None:
            raise AssertionError(f"systemd-nspawn ended with {self.process.returncode}")
        found = [pid for pid in descendants(self.process.pid)
                 if command_name(pid) == "systemd" and self.is_first_process(pid)]
        return found[0] if found else None

    @staticmethod
    def is_first_process(pid):
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            ids = next(line.split()[1:] for line in file if line.startswith("NSpid:"))
        return len(ids) > 2 and ids[-1] == "1"

    def wait_for_boot(self, may_be_degraded):
        def is_up():
            said = self.run("systemctl", "is-system-running", "--wait", check=False)
            return said.stdout.strip() in ("running", "degraded") and said.stdout.strip()
        state = harness.wait_until(is_up, "the machine has booted", BOOT_SECONDS)
        if state != "running" and not may_be_degraded:
            failed = self.run("systemctl", "--failed", "--no-legend", check=False).stdout
            raise AssertionError(f"units failed at boot:\n{failed}")

    def is_on(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """An orderly shutdown."""
        if self.is_on():
            self.note_bpf()
            os.kill(self.leader, signal.SIGRTMIN + 3)
            try:
                self.process.wait(BOOT_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError("the machine does not shut down; its console:\n"
                                     + self.console_text()) from None

    def kill(self):
        """Takes the power away."""
        if self.is_on():
            self.note_bpf()
            gone = [self.process.pid, *descendants(self.process.pid)]
            self.process.kill()
            self.process.wait()
            harness.wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in gone[1:]),
                               "the machine's processes are gone")

    def reboot(self):
        self.stop()
        return self.boot()

    # Inside.

    def command(self, *argv):
        """What a process of the host must execute to run argv in the machine, as root."""
        return ["nsenter", "--target", str(self.leader), "--all", "--", *ENVIRONMENT, *argv]

    def run(self, *argv, check=True, text_input="", timeout=harness.PATIENCE):
        """Runs argv in the machine to its end. check: it must succeed."""
        done = subprocess.run(self.command(*argv), input=text_input, capture_output=True, text=True,
                              check=False, timeout=timeout, errors="replace")
        if check and done.returncode != 0:
            raise AssertionError(f"{shlex.join(argv)}: exit {done.returncode}\n"
                                 f"{done.stdout[-4000:]}{done.stderr[-4000:]}")
        return done

    def sh(self, script, **options):
        """A line for the machine's shell, as a user would type it."""
        return self.run("bash", "-c", script, **options)

    def popen(self, *argv, **options):
        return subprocess.Popen(self.command(*argv), **options)

    def write(self, path, text):
        self.run("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1"', "sh", path,
                 text_input=text)

    def read(self, path):
        return self.run("cat", path).stdout

    def copy_in(self, source, target):
        """Copies a file of the host."""
        with open(source, "rb") as file:
            subprocess.run(self.command("sh", "-c", 'cat >"$1"', "sh", target), stdin=file,
                           check=True, timeout=harness.PATIENCE)

    def files(self):
        """Every path of the machine's disks but what systemd and logs bring by themselves."""
        return set(self.run("find", "/", "-xdev").stdout.splitlines())

    def journal(self, *args):
        return self.run("journalctl", "--no-pager", "-o", "cat", *args).stdout

    def journal_tail(self):
        """For the report of a failed test."""
        if not self.is_on():
            return self.console_text()
        said = self.run("journalctl", "--no-pager", "-b", "-n", "2000", check=False, timeout=20)
        lines = [line for line in said.stdout.splitlines() if " eunomia/" not in line]
        return "\n".join(lines[-80:])

    def console_text(self):
        with open(self.console, encoding="utf-8", errors="replace") as file:
            return file.read()[-6000:]

    # The kernel, which is the host's.

    def note_bpf(self):
        """Remembers the BPF objects of the agents that run in the machine now."""
        for pid in descendants(self.leader):
            if command_name(pid).startswith("eunomia"):
                with contextlib.suppress(OSError):
                    self.bpf_objects |= harness.bpf_ids(pid)
        return self.bpf_objects

    def wait_until_bpf_is_gone(self):
        """None of the noted objects is in the kernel any more."""
        harness.wait_until(lambda: not self.bpf_objects & harness.loaded_ids(),
                           "the agent's BPF objects are gone from the kernel")

    def __enter__(self):
        try:
            return self.boot()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, kind, value, traceback):
        try:
            if kind is None:
                self.stop()
            else:
                self.kill()
            self.wait_until_bpf_is_gone()
        finally:
            self.remove()

    def remove_cgroup(self):
        """The kernel lets go of a group a moment after its last process."""
        script = f"[ ! -d {self.cgroup} ] || find {self.cgroup} -depth -type d -exec rmdir {{}} +"
        argv = namespace.command(CGROUP2, ["sh", "-c", script])
        harness.wait_until(lambda: subprocess.run(argv, capture_output=True,
                                                  check=False).returncode == 0,
                           f"{self.cgroup} is removed")

    def remove(self):
        """Ends the machine, however it is, and removes what it wrote."""
        if self.is_on():
            self.process.kill()
            self.process.wait()
        self.remove_cgroup()
        deadline = time.monotonic() + 10
        while True:  # its last processes may still be leaving the overlay
            shutil.rmtree(self.layer, ignore_errors=True)
            if not os.path.exists(self.layer) or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        os.close(self.lock)
