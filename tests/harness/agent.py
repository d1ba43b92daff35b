# SPDX-License-Identifier: Apache-2.0
"""A private eunomiad for the end-to-end tests.

Each agent has a folder of its own for socket, state and configuration, tells us through systemd's
notification protocol when it is ready, and is ended by its process id. stop() fails the test if the
agent ended badly (a sanitizer's finding is an exit status too) or left a BPF object behind.

The build tree comes from EUNOMIA_BUILD_DIR, the source tree from EUNOMIA_SOURCE_DIR (ctest sets
both)."""
import contextlib
import ctypes
import json
import os
import platform
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = os.environ.get(
    "EUNOMIA_SOURCE_DIR", os.path.abspath(os.path.join(os.path.dirname(__file__), "../..")))
BUILD = os.environ.get("EUNOMIA_BUILD_DIR", os.path.join(SOURCE, "build"))
EUNOMIAD = os.path.join(BUILD, "agent/eunomiad")
EUNOMIACTL = os.path.join(BUILD, "ctl/eunomiactl")
GENERATOR = os.path.join(BUILD, "tests/bench/generator")
TRACKERS = os.path.join(BUILD, "bpf/trackers")
# A tracker of the tests' own: one numbered event for each getppid(2) of one process.
NUMBERED = os.path.join(BUILD, "tests/e2e/numbered.bpf.o")
PACKAGES = os.environ.get("EUNOMIA_PACKAGES", os.path.join(SOURCE, "../shared/packages"))
# Seconds that anything may take on a busy machine, with sanitizers.
PATIENCE = int(os.environ.get("EUNOMIA_TEST_PATIENCE", "60"))
# Which part of the usual calls a second the tests make; an emulated processor cannot do them all.
LOAD = float(os.environ.get("EUNOMIA_TEST_LOAD", "1"))

libc = ctypes.CDLL(None, use_errno=True)
SYS_OPEN = 2  # x86-64; other machines have no such call
SYS_BPF = 321 if platform.machine() == "x86_64" else 280
NEXT_ID_COMMANDS = {"prog": 11, "map": 12, "link": 31}  # BPF_*_GET_NEXT_ID of linux/bpf.h


def wait_until(condition, what, seconds=PATIENCE):
    """Polls what cannot be waited for otherwise; fails after a deadline, never later."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)
    return value


def open_by_old_call(path):
    """open(2) itself, which the C library no longer uses."""
    fd = libc.syscall(SYS_OPEN, path.encode(), os.O_RDONLY)
    if fd >= 0:
        os.close(fd)


def kernel_release():
    """(major, minor) of the running kernel."""
    return tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])


def call_getppid(times):
    for _ in range(times):
        os.getppid()


def package(name):
    """Path of one of the published packages, or a skip that says why."""
    path = os.path.join(PACKAGES, name)
    if not os.path.exists(path):
        raise unittest.SkipTest(f"{name} is not there; set EUNOMIA_PACKAGES to its folder")
    return path


def unshare_mounts():
    """The command that gives what follows a mount namespace of its own, from which nothing gets
    out; or a skip that says why there is none. In a plain chroot the root is no mount point, whose
    propagation could be changed; that does no harm where no mount is shared anyway."""
    command = ["unshare", "-m", "--propagation"]
    done = subprocess.run([*command, "private", "true"], capture_output=True, check=False)
    if done.returncode == 0:
        return [*command, "private"]
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        is_shared = any(" shared:" in line for line in file)
    done = subprocess.run([*command, "unchanged", "true"], capture_output=True, text=True,
                          check=False)
    if is_shared or done.returncode != 0:
        raise unittest.SkipTest("no mount namespace of our own can be made here: " + (
            done.stderr.strip() or "mounts are shared and the root is no mount point"))
    return [*command, "unchanged"]


def copy_client(folder):
    """eunomiactl and its library in a folder, laid out as in the build tree: that may lie where
    other users may not look."""
    for part in ("ctl", "lib"):
        os.mkdir(os.path.join(folder, part))
    for name in os.listdir(os.path.join(BUILD, "lib")):
        if name.startswith("libeunomia.so"):
            shutil.copy(os.path.join(BUILD, "lib", name), os.path.join(folder, "lib"),
                        follow_symlinks=False)
    return shutil.copy(EUNOMIACTL, os.path.join(folder, "ctl"))


class NotifySocket:
    """The receiving end of sd_notify(3): a datagram socket, one message a datagram."""

    def __init__(self, path):
        self.path = path
        self.lines = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self.socket.bind(path)
        os.chmod(path, 0o777)

    def receive(self, seconds):
        """Waits for one datagram and keeps its lines."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return False
        self.lines += self.socket.recv(65536).decode().splitlines()
        return True

    def wait_for(self, wanted, process=None, seconds=PATIENCE):
        """Waits for a line that starts with wanted; takes it and all before it out."""
        deadline = time.monotonic() + seconds
        while True:
            for i, line in enumerate(self.lines):
                if line.startswith(wanted):
                    del self.lines[:i + 1]
                    return line
            if process and process.poll() is not None:
                raise AssertionError(f"the agent ended with {process.returncode} before {wanted}")
            if time.monotonic() > deadline:
                raise AssertionError(f"no {wanted} within {seconds} s")
            self.receive(0.1)

    def close(self):
        self.socket.close()


def bpf_ids(pid):
    """(kind, id) of every BPF object that a process holds."""
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="utf-8") as file:
                for line in file:
                    key, _, value = line.partition(":")
                    if key in ("prog_id", "map_id", "link_id"):
                        found.add((key[:-3], int(value)))
    return found


def loaded_ids():
    """(kind, id) of every BPF object in the kernel. Asked for by number, one after the other, and
    not by bpftool: that opens each object, and a prog array that is opened and closed while the
    kernel is emptying it keeps a reference for ever (prog_array_map_clear() of Linux 6.18:
    bpf_map_inc() before a schedule_work() that does nothing the second time)."""
    found = set()
    for kind, command in NEXT_ID_COMMANDS.items():
        attr = (ctypes.c_uint32 * 3)()
        while libc.syscall(SYS_BPF, command, ctypes.byref(attr), ctypes.sizeof(attr)) == 0:
            attr[0] = attr[1]
            found.add((kind, attr[0]))
    return found


def peak_rss(pid):
    """Most bytes that a process ever had in memory."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) * 1024


def n_fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


BPFFS = "/sys/fs/bpf"


def remove_pins(folder):
    """Removes what an agent that was killed left in its part of the BPF file system."""
    for path, folders, files in os.walk(folder, topdown=False):
        for name in files:
            os.unlink(os.path.join(path, name))
        for name in folders:
            os.rmdir(os.path.join(path, name))
    with contextlib.suppress(FileNotFoundError):
        os.rmdir(folder)


class Agent:
    """One eunomiad; use as a context manager. Its pins are in a folder of their own, which must be
    gone in the end."""

    def __init__(self, config="", args=(), env=None, prefix=(), pass_fds=(), expect_exit=0):
        self.dir = tempfile.mkdtemp(prefix="eunomia-test-")
        os.chmod(self.dir, 0o755)
        self.socket = os.path.join(self.dir, "control.sock")
        self.config = os.path.join(self.dir, "eunomiad.conf")
        self.log_path = os.path.join(self.dir, "log")
        self.state_dir = os.path.join(self.dir, "state")
        self.declared_dir = os.path.join(self.dir, "trackers.d")
        self.bpffs_dir = os.path.join(BPFFS, os.path.basename(self.dir))
        self.host = f"unix://{self.socket}"
        self.notify = NotifySocket(os.path.join(self.dir, "notify"))
        self.args, self.prefix, self.pass_fds = list(args), list(prefix), pass_fds
        self.expect_exit = expect_exit
        self.env = {**os.environ, "NOTIFY_SOCKET": self.notify.path, **(env or {})}
        self.process = None
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config)

    def command(self):
        return [*self.prefix, EUNOMIAD, "--config", self.config, "--socket", self.socket,
                "--state-dir", self.state_dir, "--bpffs-dir", self.bpffs_dir,
                "--trackers-conf-dir", self.declared_dir, "--foreground-log", *self.args]

    def launch(self):
        """Starts the process without waiting for READY=1."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env,
                pass_fds=self.pass_fds)
        return self

    def start(self):
        self.launch()
        try:
            self.notify.wait_for("READY=1", self.process)
        except AssertionError as error:
            self.kill()
            raise AssertionError(f"{error}; its log:\n{self.log()}") from None
        return self

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, traceback):
        try:
            if kind is None:
                self.stop()
            else:
                self.kill()
                print(f"-- log of the agent:\n{self.log_end()}", file=sys.stderr)
            if kind is None and os.path.exists(self.bpffs_dir):
                raise AssertionError(f"left in {self.bpffs_dir}: {os.listdir(self.bpffs_dir)}")
        finally:
            self.notify.close()
            remove_pins(self.bpffs_dir)
            shutil.rmtree(self.dir, ignore_errors=True)

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def log_end(self):
        """For people: the last lines, without those of clients that come and go."""
        return "".join(line for line in self.log().splitlines(keepends=True)
                       if "eunomiad: info: client uid" not in line)[-8000:]

    def n_connected(self):
        """How many clients have ever connected."""
        return self.log().count(": connected")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self, how=signal.SIGTERM):
        """Ends the agent (how: by which signal; 0 if it was told already); it must end well and
        leave nothing in the kernel."""
        owned = set()
        if self.process.poll() is None:
            owned = bpf_ids(self.pid)
            self.process.send_signal(how)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the agent does not end; its log:\n{self.log()}") from None
        if status != self.expect_exit:
            raise AssertionError(f"the agent ended with {status}; its log:\n{self.log_end()}")
        wait_until(lambda: not owned & loaded_ids(), "the agent's BPF objects are gone")

    def is_alive(self):
        return self.process.poll() is None

    # The client.

    def ctl_command(self, *args):
        return [EUNOMIACTL, "-H", self.host, *args]

    def ctl(self, *args, check=True, **kwargs):
        """Runs eunomiactl to its end; text output. check: it must succeed."""
        kwargs.setdefault("timeout", PATIENCE)
        kwargs.setdefault("stdin", subprocess.DEVNULL if "input" not in kwargs else None)
        if kwargs["stdin"] is None:
            del kwargs["stdin"]
        done = subprocess.run(self.ctl_command(*args), capture_output=True, text=True, check=False,
                              **kwargs)
        if check and done.returncode != 0:
            raise AssertionError(f"eunomiactl {' '.join(args)}: exit {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def json(self, *args):
        return json.loads(self.ctl(*args, "-o", "json").stdout)

    def slots(self):
        return {slot["name"]: slot for slot in self.json("list")}

    def start_numbered(self, name="numbered", pid=None):
        """Starts the tests' own tracker for the getppid(2) calls of a process (0: of all)."""
        pid = os.getpid() if pid is None else pid
        self.ctl("start", NUMBERED, "--name", name, "--set", f"only_pid={pid}")

    def events(self, *args):
        return EventReader(self.ctl_command("events", "-o", "jsonl", *args))


class EventReader:
    """A running client that prints events, one a line, as JSON or (parse=str) as text."""

    def __init__(self, command, parse=json.loads):
        self.parse = parse
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.pending = b""

    def poll(self, seconds=0.2):
        """The next line as an object, or None if there is none within a time."""
        stdout = self.process.stdout.fileno()
        deadline = time.monotonic() + seconds
        while b"\n" not in self.pending:
            left = deadline - time.monotonic()
            if left < 0 or not select.select([stdout], [], [], left)[0]:
                return None
            data = os.read(stdout, 65536)
            if not data:
                raise AssertionError(f"events ended: {self.process.communicate()[1].decode()}")
            self.pending += data
        line, _, self.pending = self.pending.partition(b"\n")
        return self.parse(line.decode())

    def read(self, count):
        """The next count lines; fails when they do not come."""
        return [wait_until(lambda: self.poll(1), "an event") for _ in range(count)]

    def watch(self, act, wanted):
        """Acts again and again until a wanted event comes; returns it."""
        def step():
            act()
            event = self.poll()
            return event if event and wanted(event) else None
        return wait_until(step, "the wanted event")

    def finish(self):
        """Lets it come to its own end; returns the rest of its lines."""
        out, err = self.process.communicate(timeout=PATIENCE)
        if self.process.returncode != 0:
            raise AssertionError(f"events: exit {self.process.returncode}: {err.decode()}")
        return [self.parse(line) for line in (self.pending + out).decode().splitlines()]

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def has_failed(test):
    """Whether a test's own part failed; in its tearDown() and its cleanups. (The outcome's
    "success" speaks of the part that runs.)"""
    result = test._outcome.result
    return any(failed is test for failed, _ in result.failures + result.errors)


def needs_root():
    if os.geteuid() != 0:
        raise unittest.SkipTest("only root may load BPF programs")


class AgentTest(unittest.TestCase):
    """A test with an agent of its own, whose log is shown when the test fails."""
    agent_options = {}

    def setUp(self):
        needs_root()
        self.agent = self.enterContext(Agent(**self.agent_options))

    def tearDown(self):
        if has_failed(self):
            print(f"-- log of the agent:\n{self.agent.log_end()}", file=sys.stderr)


class WitnessTest(AgentTest):
    """A test of something bad, beside which another slot must not miss one event: the slot
    "witness" counts this process's calls of getppid(2), and after the test every number must have
    come."""

    def setUp(self):
        super().setUp()
        self.agent.start_numbered("witness")
        self.witness = self.enterContext(self.agent.events("witness"))
        self.n_calls = 0
        self.first = self.witness.watch(self.call, lambda event: "data" in event)["data"]["number"]
        self.call(5)

    def call(self, times=1):
        for _ in range(times):
            self.n_calls += 1
            os.getppid()

    def tearDown(self):
        super().tearDown()
        if has_failed(self):
            return
        self.assertTrue(self.agent.is_alive(), "the agent lives")
        self.call(5)
        for number in range(self.first + 1, self.n_calls + 1):
            event = self.witness.read(1)[0]
            self.assertEqual(event.get("data", {}).get("number"), number, event)


def main():
    """Runs the calling file's tests; 77 when all were skipped; each skip is said with its
    reason."""
    program = unittest.main(exit=False, verbosity=2)
    result = program.result
    for test, reason in result.skipped:
        print(f"SKIP: {test.id().removeprefix('__main__.')}: {reason}")
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun and len(result.skipped) == result.testsRun else 0)
