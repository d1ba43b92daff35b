# SPDX-License-Identifier: Apache-2.0
"""Rows about exchanging trackers and about restarts of the agent; bench.py runs them."""
import collections
import os
import re
import statistics
import subprocess
import sys
import time

import agent as harness
from kept import Caller, KeptAgent, NumberReader, start_called

BENCH = os.path.join(harness.BUILD, "tests/bench")
ORACLE = os.path.join(harness.BUILD, "tests/kernel/oracle")
TRACKER = os.path.join(harness.TRACKERS, "opensnoop.json")
IDLE = os.path.join(BENCH, "idle.bpf.o")
KINDS = (("tracepoint", "raw_tp", "uprobe", "perf_event", "xdp"),
         ("hooks", "tp_btf", "uretprobe", "tc", "cgroup"))
NO_JOURNAL = "[Journal]\nJournalEvents=no\n"
US, MS, MIB = 1e3, 1e6, 1024 * 1024


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL).stdout.decode()


def spread(values, unit, name):
    """Median (fewest-most) in a unit."""
    return (f"{statistics.median(values) / unit:.2f} {name} "
            f"({min(values) / unit:.2f}-{max(values) / unit:.2f}) n={len(values)}")


def bench_oracle(table, short):
    """The switch under a flood of calls from all processors; the oracle counts what gets lost."""
    for kinds in KINDS:
        options = ("-n", "20", "-b", "50") if short else ("-n", "10000")
        said = output(os.path.join(ORACLE, "test_swap_oracle"), *options, *kinds)
        for kind in kinds:
            p50, p99 = map(int, re.search(rf"oracle: {kind}: switch p50 (\d+) ns, p99 (\d+)",
                                          said).groups())
            swaps, rollbacks = map(int, re.search(
                rf"oracle: {kind}: (\d+) swaps .*?, (\d+) rollbacks", said).groups())
            events, *wrong = map(int, re.search(
                rf"oracle: {kind}: \d+ calls, (\d+) events, .*: (\d+) lost, (\d+) repeated, "
                r"(\d+) mixed, (\d+) strange", said).groups())
            table.add(f"{kind}: {swaps:,} swaps, {rollbacks:,} ways back, {events:,} events",
                      f"{wrong[0]} lost, {wrong[1]} repeated, {wrong[2]} mixed", "0, 0, 0",
                      not any(wrong))
            table.add("  switch under flood", f"p50 {p50 / US:.2f} us, p99 {p99 / US:.2f} us",
                      "<= 1 and 10 us", p50 <= 1 * US and p99 <= 10 * US)


def bench_gate(table, short):
    """Per event of one hook; a call passes one or two."""
    rows = collections.defaultdict(list)
    for line in output(os.path.join(BENCH, "bench_gate"), ORACLE,
                       "3" if short else "15").splitlines():
        kind, n_hooks, direct, gated = line.split()
        rows[kind].append([float(value) / int(n_hooks) for value in (direct, gated)])
    for kind, pairs in rows.items():
        direct, gated = (statistics.median(column) for column in zip(*pairs))
        cost = statistics.median(gated - direct for direct, gated in pairs)
        table.add(f"gate on {kind}, an event",
                  f"{cost:.1f} ns (direct {direct:.0f}, gated {gated:.0f}) n={len(pairs)}",
                  "<= 15 ns", cost <= 15)


def run_verbs(agent, package, count):
    """Nanoseconds of each call, by verb."""
    times = collections.defaultdict(list)
    for line in output(os.path.join(BENCH, "bench_verbs"), agent.socket, package,
                       str(count)).splitlines():
        verb, ns = line.split()
        times[verb].append(int(ns))
    return times


def bench_verbs(table, short, opensnoop_restart=None):
    """@opensnoop_restart: nanoseconds of stop-then-start of Debian's opensnoop; None: not there."""
    reach = {"swap": 5, "rollback": 1, "pause": 1, "resume": 1, "stop": 10}
    times, debian = collections.defaultdict(list), []
    with KeptAgent(config=NO_JOURNAL) as agent:
        run_verbs(agent, TRACKER, 1)  # warm: the kernel's types are read once
        for _ in range(5 if short else 20):
            for verb, ns in run_verbs(agent, TRACKER, 2).items():
                times[verb] += ns
            if opensnoop_restart:
                debian.append(opensnoop_restart())
    for verb, ms in reach.items():
        table.add(f"{verb} call, opensnoop (CO-RE), warm agent", spread(times[verb], MS, "ms"),
                  f"<= {ms} ms", statistics.median(times[verb]) <= ms * MS)
        if verb == "swap" and debian:
            ratio = statistics.median(times[verb]) / statistics.median(debian)
            table.add("  Debian's opensnoop, stop, then start to its first line",
                      spread(debian, MS, "ms"), "", None)
            table.add("  ratio to that", f"{ratio:.3f}x", "<= 0.1x", ratio <= 0.1)


def bench_restart(table, short):
    """kill -9 and a new start, with 50 slots, one of which gets events all the while."""
    n_slots, rate, ready = 50, 20000, []
    with KeptAgent(config=NO_JOURNAL) as agent, Caller(rate) as caller:
        start_called(agent, "numbers", caller.pid)
        start_called(agent, "probe", os.getpid())
        for i in range(n_slots - 2):
            agent.start_numbered(f"slot-{i}", 1)
        with NumberReader(agent.ctl_command("events", "-o", "jsonl")) as reader:
            reader.begin()
            caller.go()
            for _ in range(5 if short else 20):
                time.sleep(0.3)
                agent.die()
                begin = time.monotonic_ns()
                agent.start()
                ready.append(time.monotonic_ns() - begin)
            n_calls = caller.stop()
            reader.wait_for(n_calls)
            missing, repeated = len(reader.missing(n_calls)), len(reader.repeated())
    table.add(f"READY=1 after kill -9, {n_slots} slots", spread(ready, MS, "ms"), "<= 100 ms",
              statistics.median(ready) <= 100 * MS)
    table.add(f"  of {n_calls:,} events at {rate:,}/s, at one client",
              f"{missing} lost, {repeated} repeated", "0, 0", missing == repeated == 0)


def anonymous_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        return int(re.search(r"^Anonymous: *(\d+) kB", file.read(), re.MULTILINE)[1]) * 1024


def bench_slots(table, short):
    n_slots = 200 if short else 1000
    with KeptAgent(config=NO_JOURNAL + f"[Limits]\nMaxSlots={n_slots}\n") as agent:
        run_verbs(agent, IDLE, -20)
        agent.ctl("stop", *agent.slots())
        before = anonymous_bytes(agent.pid)
        starts = run_verbs(agent, IDLE, -n_slots)["start"]
        each = (anonymous_bytes(agent.pid) - before) / n_slots
        kernel = agent.slots()["slot-1"]["stats"]["memory_bytes"]
        begin = time.monotonic()
        names = list(agent.slots())
        for i in range(0, n_slots, 50):
            agent.ctl("stop", *names[i:i + 50])
        stopping = time.monotonic() - begin
    tenth, last = statistics.median(starts[5:15]), statistics.median(starts[-10:])
    table.add(f"start of slot {n_slots}, median of 10", f"{last / MS:.2f} ms (slot 10: "
              f"{tenth / MS:.2f} ms)", "<= 2x slot 10", last <= 2 * tenth)
    table.add("  memory of each", f"{each / 1024:.0f} kB of the agent, {kernel / 1024:.0f} kB in "
              "maps of the kernel", "", None)
    table.add(f"  stop of all {n_slots}", f"{stopping:.1f} s", "", None)


def bench_kill_loop(table, short):
    """1,000 kills; the short form leaves that to the end-to-end tests."""
    if short:
        return
    test = os.path.join(harness.SOURCE, "tests/e2e/test_kill_loop.py")
    done = subprocess.run([sys.executable, "-B", test], env={**os.environ, "EUNOMIA_KILLS": "1000"},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("kill_loop:") or "kill_loop: " in line:
            print("bench:", line[line.index("kill_loop:"):])
    table.add("kill -9 in a loop, 1,000 times", "passed" if done.returncode == 0 else "failed", "",
              done.returncode == 0)


ROWS = (bench_oracle, bench_gate, bench_restart, bench_slots, bench_kill_loop)
