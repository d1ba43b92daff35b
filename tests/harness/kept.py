# SPDX-License-Identifier: Apache-2.0
"""An agent that is killed again and again, and starts each time with what its predecessor left: the
folders, the pins in the BPF file system, the socket's path."""
import contextlib
import ctypes
import os
import platform
import re
import subprocess
import tempfile
import threading

import agent as harness
from agent import Agent

BPFFS = "/sys/fs/bpf"
# A tracker of the tests' own: one event for each numbered call of one process.
RING_BYTES = 32 << 20
CALLED = os.path.join(harness.BUILD, "tests/e2e/called.bpf.o")
SYS_SCHED_GET_PRIORITY_MAX = 146 if platform.machine() == "x86_64" else 125


def call_with(number):
    """One call that CALLED reports, if it is told to look at this process."""
    harness.libc.syscall(SYS_SCHED_GET_PRIORITY_MAX, ctypes.c_ulong(number))


def start_called(agent, name, pid):
    """Starts CALLED for a process, with a ring that has room for what a busy machine is late with.
    Returns the client's exit status."""
    return agent.call("start", CALLED, "--name", name, "--set", f"only_pid={pid}",
                      "--ring-bytes", str(RING_BYTES))


class KeptAgent(Agent):
    """Between two processes of it the trackers go on. Ends with every slot stopped; then nothing of
    it may be left in the kernel."""

    def __init__(self, **options):
        super().__init__(**options)
        self.bpffs = os.path.join(BPFFS, os.path.basename(self.dir))
        self.owned = set()

    def command(self):
        command = super().command()
        command[command.index("--bpffs-dir") + 1] = self.bpffs
        return command

    def start(self):
        super().start()
        self.owned |= harness.bpf_ids(self.pid)
        return self

    def die(self):
        """What kill -9 does; forgets what this process told, so that its successor's READY=1 is not
        taken for it."""
        with contextlib.suppress(OSError):  # it may be ending right now
            self.owned |= harness.bpf_ids(self.pid)
        self.kill()
        while self.notify.receive(0):
            pass
        self.notify.lines.clear()

    def call(self, *args):
        """A client that may be cut off: its exit status."""
        return self.ctl("--timeout", "20", *args, check=False).returncode

    def stop_slots(self):
        names = list(self.slots())
        if names:
            self.ctl("stop", *names)

    def stop(self, *args, **kwargs):
        if self.is_alive():
            self.stop_slots()
        super().stop(*args, **kwargs)
        harness.wait_until(lambda: not self.owned & harness.loaded_ids(),
                           "everything that it ever had is gone from the kernel")
        if os.path.exists(self.bpffs):
            raise AssertionError(f"pins are left over: {list(os.walk(self.bpffs))}")

    def __exit__(self, kind, value, traceback):
        try:
            super().__exit__(kind, value, traceback)
        finally:
            remove_pins(self.bpffs)


def remove_pins(folder):
    """What a failed test left."""
    for path, folders, files in os.walk(folder, topdown=False):
        for name in files:
            os.unlink(os.path.join(path, name))
        for name in folders:
            os.rmdir(os.path.join(path, name))
    if os.path.exists(folder):
        os.rmdir(folder)


class Caller:
    """A process that makes numbered calls at a rate until it is told to stop."""

    def __init__(self, rate):
        self.process = subprocess.Popen([harness.GENERATOR, "numbered", str(10**9), str(rate)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self.process.pid

    def go(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def stop(self):
        """How many calls it has made."""
        self.process.terminate()
        out = self.process.communicate(timeout=harness.PATIENCE)[0]
        return int(re.search(rb'"events":(\d+)', out)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


class NumberReader:
    """Takes what an events client prints, for as long as it runs, and counts how often each number
    has come. Numbers from FIRST_PROBE show that it has begun."""
    NUMBER = re.compile(rb'"number":(\d+)')
    FIRST_PROBE = 1 << 40

    def __init__(self, command):
        # It says each time that the agent went away: a pipe that nobody reads would stop it.
        self.said = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.said)
        self.counts = bytearray()
        self.n_events = 0
        self.has_begun = False
        self.others = []  # lines that are no events: losses
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        rest = b""
        while data := os.read(self.process.stdout.fileno(), 1 << 20):
            whole, _, rest = (rest + data).rpartition(b"\n")
            for line in whole.splitlines():
                found = self.NUMBER.search(line)
                if found:
                    self.count(int(found[1]))
                else:
                    self.others.append(line.decode())

    def count(self, number):
        if number >= self.FIRST_PROBE:
            self.has_begun = True
            return
        if number >= len(self.counts):
            self.counts.extend(bytes(number + 1 - len(self.counts)))
        self.counts[number] = min(self.counts[number] + 1, 255)
        self.n_events += 1

    def wait_for(self, number):
        harness.wait_until(lambda: len(self.counts) > number or not self.thread.is_alive(),
                           f"event {number}; {self.summary(number)}")

    def missing(self, last):
        return [i for i in range(1, last + 1) if i >= len(self.counts) or self.counts[i] == 0]

    def repeated(self):
        return [i for i, count in enumerate(self.counts) if count > 1]

    def summary(self, last):
        missing, repeated = self.missing(last), self.repeated()
        said = os.pread(self.said.fileno(), 65536, 0)[-500:]
        ended = "" if self.thread.is_alive() else f"; the client ended: {said}"
        return (f"{self.n_events} events of {last} calls, {len(missing)} missing {missing[:5]}, "
                f"{len(repeated)} repeated {repeated[:5]}, others {self.others[:5]}{ended}")

    def begin(self):
        """Until a probe has come, of a slot that looks at this process."""
        def probe():
            call_with(self.FIRST_PROBE)
            return self.has_begun
        harness.wait_until(probe, "the client has begun")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.thread.join(harness.PATIENCE)
        self.process.wait(harness.PATIENCE)
        self.process.stdout.close()
        self.said.close()
