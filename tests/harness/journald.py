# SPDX-License-Identifier: Apache-2.0
"""A real systemd-journald of the tests' own.

It lives in a mount namespace with a /run of its own, so that nothing of the host's journal is
touched; the agent and journalctl run in that namespace too (prefix). Neither audit nor the kernel's
log is read, and journald's own rate limit is off: what is missing is then the agent's doing."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import agent as harness

JOURNALD = "/lib/systemd/systemd-journald"
CONFIG = """[Journal]
Storage=volatile
RateLimitIntervalSec=0
RateLimitBurst=0
ReadKMsg=no
Audit=
RuntimeMaxUse=512M
"""
# Everything that journald needs of a system, made in the namespace only.
SET_UP = """
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
mount --bind "$1" /etc/systemd/journald.conf
if ! [ -s /etc/machine-id ]; then mount --bind "$2" /etc/machine-id; fi
exec "$3"
"""


class Journald:
    def __init__(self):
        if not os.path.exists(JOURNALD) or not shutil.which("journalctl"):
            raise unittest.SkipTest("systemd-journald or journalctl is not installed")
        self.dir = tempfile.mkdtemp(prefix="eunomia-journald-")
        config = self.write("journald.conf", CONFIG)
        machine_id = self.write("machine-id", "0123456789abcdef0123456789abcdef\n")
        if not all(map(os.path.exists, ("/etc/machine-id", "/etc/systemd/journald.conf"))):
            raise unittest.SkipTest("systemd's configuration is not installed")
        self.process = subprocess.Popen(
            [*harness.unshare_mounts(), "sh", "-c", SET_UP, "sh", config,
             machine_id, JOURNALD], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.prefix = ["nsenter", "-t", str(self.process.pid), "-m", "-r", "-w", "--"]
        try:
            harness.wait_until(self.is_ready, "journald listens")
        except BaseException:
            self.close()
            raise

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def is_ready(self):
        if self.process.poll() is not None:
            said = self.process.stdout.read().decode(errors="replace")
            raise unittest.SkipTest(f"journald does not run here: {said.strip()}")
        proc = f"/proc/{self.process.pid}"
        with open(os.path.join(proc, "comm"), encoding="utf-8") as file:
            is_journald = file.read().startswith("systemd-j")
        return is_journald and os.path.exists(
            os.path.join(proc, "root", "run/systemd/journal/socket"))

    def entries(self, *match):
        """Entries as journalctl gives them, after everything sent before has been written."""
        subprocess.run([*self.prefix, "journalctl", "--sync"], check=False, capture_output=True)
        command = ["journalctl", "--no-pager", "-q", "-o", "json", *match]
        done = subprocess.run([*self.prefix, *command], check=False, capture_output=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(harness.PATIENCE)
        self.process.stdout.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
