# SPDX-License-Identifier: Apache-2.0
"""Commands in namespaces of their own, which end with the program that asked for them.

What is mounted there is seen by nobody else and needs no unmounting; every process there is killed
when this program ends, however it ends."""
import os
import shlex
import shutil
import signal
import subprocess
import unittest

TOOLS = {"unshare": "util-linux", "nsenter": "util-linux", "setpriv": "util-linux",
         "debootstrap": "debootstrap", "systemd-nspawn": "systemd-container"}


def need(*tools):
    """Skips, saying why, where containers cannot be had."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("only root may make containers")
    for tool in tools:
        if not shutil.which(tool):
            raise unittest.SkipTest(f"{tool} is not installed (package {TOOLS[tool]})")
    probe = subprocess.run(command([["mount", "-t", "tmpfs", "tmpfs", "/mnt"]], ["true"]),
                           capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        raise unittest.SkipTest(f"no namespaces can be made here: {probe.stderr.strip()}")


def command(steps, then, network=False):
    """The command that makes namespaces, does steps (lists of arguments) in them and goes on as
    then. It is process 1 of its process namespace."""
    script = "\n".join([*map(shlex.join, steps), "exec " + shlex.join(then)])
    return ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private",
            "--pid", "--fork", "--kill-child", "--mount-proc", *([] if network else ["--net"]),
            "sh", "-e", "-c", script]


def overlay(lower, layer, merged):
    """The step that shows lower at merged; what is changed there lands in the folder layer."""
    upper, work = os.path.join(layer, "upper"), os.path.join(layer, "work")
    os.makedirs(upper, exist_ok=True)
    os.makedirs(work, exist_ok=True)
    os.makedirs(merged, exist_ok=True)
    return ["mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir={lower},upperdir={upper},workdir={work}", merged]


def chroot(root, argv, steps=(), binds=(), network=False):
    """The command that runs argv in a root file system. binds: (folder, where in the root)."""
    steps = [*steps, ["mount", "-t", "proc", "proc", f"{root}/proc"],
             ["mount", "-t", "sysfs", "-o", "ro", "sysfs", f"{root}/sys"],
             ["mount", "--rbind", "/dev", f"{root}/dev"]]
    for source, target in binds:
        steps += [["mkdir", "-p", root + target], ["mount", "--bind", source, root + target]]
    clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "LC_ALL=C.UTF-8",
             "DEBIAN_FRONTEND=noninteractive"]
    return command(steps, [*clean, "chroot", root, *argv], network)


def run(argv, **options):
    """Runs to the end; what it said is the error when it fails."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}: {shlex.join(argv)[-300:]}\n"
                           f"{done.stdout[-6000:]}")
    return done.stdout


def end_on_signals():
    """SIGTERM and the like end this program by an exception, so that everything is cleaned up."""
    def on_signal(number, _frame):
        raise SystemExit(128 + number)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
