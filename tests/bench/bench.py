# SPDX-License-Identifier: Apache-2.0
"""One function per row of the table that says how fast and how small eunomia has to be. Each
measures ours and its reference in turns, so that both see the same machine, and adds rows of
medians."""
import argparse
import contextlib
import os
import pty
import re
import resource
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import agent as harness
import bench_survival
from agent import Agent, EUNOMIACTL, EUNOMIAD, GENERATOR
from bench_survival import output, spread

BENCH = os.path.join(harness.BUILD, "tests/bench")
BARE = os.path.join(BENCH, "bare")
OPENED = os.path.join(BENCH, "opened.bpf.o")
CORE = os.path.join(harness.BUILD, "tests/e2e/core.bpf.o")
OPENSNOOP = "/usr/sbin/opensnoop"  # package libbpf-tools
US, MS, MIB = 1e3, 1e6, 1024 * 1024


class Table:
    """Rows of the result, printed as they come."""

    def __init__(self):
        self.rows = []

    def add(self, what, value, reach, met):
        self.rows.append((what, value, reach, {True: "yes", False: "**no**", None: ""}[met]))
        print(f"bench: {what}: {value} (reach: {reach})", flush=True)

    def print(self):
        rows = [("what", "measured", "reach", "met"), *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        rows.insert(1, tuple("-" * width for width in widths))
        for row in rows:
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")


class Opensnoop:
    """Debian's opensnoop, up to the line of its first event; it wants a terminal, or its output
    waits in a buffer."""

    def __init__(self):
        self.terminal, theirs = pty.openpty()
        begin = time.monotonic_ns()
        self.process = subprocess.Popen(
            [OPENSNOOP, "-p", str(os.getpid())], stdin=subprocess.DEVNULL, stdout=theirs,
            stderr=subprocess.DEVNULL, close_fds=True)
        os.close(theirs)
        try:
            self.wait_for_line(begin)
        except BaseException:
            self.stop()
            raise

    def wait_for_line(self, begin):
        seen = b""
        while not re.search(rb"nonexistent", seen):
            with contextlib.suppress(OSError):
                os.open("/nonexistent", os.O_RDONLY)
            if select.select([self.terminal], [], [], 0.0002)[0]:
                seen += os.read(self.terminal, 65536)
            if self.process.poll() is not None or time.monotonic_ns() - begin > 10 * 10**9:
                raise RuntimeError("opensnoop shows nothing")

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        os.close(self.terminal)


def opensnoop_first_line():
    """Nanoseconds from exec to the first event's line."""
    begin = time.monotonic_ns()
    opensnoop = Opensnoop()
    end = time.monotonic_ns()
    opensnoop.stop()
    return end - begin


def opensnoop_restart():
    """Nanoseconds from the signal that ends one to the first event's line of the next."""
    opensnoop = Opensnoop()
    begin = time.monotonic_ns()
    opensnoop.stop()
    opensnoop = Opensnoop()
    end = time.monotonic_ns()
    opensnoop.stop()
    return end - begin


def bench_verbs(table, short):
    has_opensnoop = os.path.exists(OPENSNOOP)
    bench_survival.bench_verbs(table, short, opensnoop_restart if has_opensnoop else None)


def settle(agent):
    """Waits until nothing of the round before is being detached: the kernel lets nobody attach to a
    tracepoint meanwhile (50-90 ms), which would count against whoever comes next."""
    harness.wait_until(lambda: not any(kind == "link" for kind, _ in harness.bpf_ids(agent.pid)),
                       "the slot is detached")
    time.sleep(0.15)


def bench_start(table, short):
    rounds = 10 if short else 40
    ours, calls, bare, debian = [], [], [], []
    with Agent() as agent:
        client = os.path.join(BENCH, "bench_start")
        output(client, agent.socket, CORE, "2")  # warm: the kernel's types are read once
        for _ in range(rounds):
            settle(agent)
            call, first = output(client, agent.socket, CORE, "1").split()
            calls.append(int(call))
            ours.append(int(first))
            settle(agent)
            bare.append(int(output(BARE, "open", OPENED)))
            if os.path.exists(OPENSNOOP) and len(debian) < rounds / 2:
                settle(agent)
                debian.append(opensnoop_first_line())
    ratio = statistics.median(ours) / statistics.median(bare)
    table.add("Start to first event at the client, CO-RE, warm agent", spread(ours, MS, "ms"),
              "", None)
    table.add("  of that, the Start call", spread(calls, MS, "ms"), "", None)
    table.add("  bare libbpf, in-process, no CO-RE", spread(bare, MS, "ms"), "", None)
    table.add("  ratio to bare", f"{ratio:.2f}x", "<= 2x", ratio <= 2)
    if debian:
        ratio = statistics.median(ours) / statistics.median(debian)
        table.add("  Debian's opensnoop, exec to first line", spread(debian, MS, "ms"), "", None)
        table.add("  ratio to opensnoop", f"{ratio:.3f}x", "<= 0.2x", ratio <= 0.2)
    else:
        print("SKIP: ratio to opensnoop: package libbpf-tools is not installed")


class Source:
    """A generator that waits to be let go, and is ended with the block."""

    def __init__(self, count, rate):
        self.process = subprocess.Popen([GENERATOR, "openat", str(count), str(rate)],
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.pid = self.process.pid

    def go(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def cpu_seconds(pid):
    """Processor time that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def consume(command, source, count, ready, patience=120):
    """Lets a source go once its consumer is ready and waits until that has printed count events, or
    for a time if some were lost; returns (events a second, consumer's CPU seconds per million)."""
    with open("/dev/null", "wb") as null:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=null,
                                   stderr=subprocess.PIPE)
        ready(process)
        begin = time.monotonic()
        source.go()
        try:
            process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.communicate()
        seconds = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode > 0:
        raise RuntimeError(f"{command[0]}: exit {process.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return count / seconds, cpu * 1e6 / count


def n_programs(pid):
    return sum(kind == "prog" for kind, _ in harness.bpf_ids(pid))


def wait_attached(process):
    """Until a process holds a link or a perf event, and so sees events."""
    def attached():
        with contextlib.suppress(OSError):
            for fd in os.listdir(f"/proc/{process.pid}/fd"):
                with contextlib.suppress(OSError):
                    target = os.readlink(f"/proc/{process.pid}/fd/{fd}")
                    if re.search(r"perf_event|bpf[_-]link", target):
                        return True
        return process.poll() is not None
    harness.wait_until(attached, "the consumer is attached")
    time.sleep(0.1)  # its gate opens right after


def run_bare(count, rate):
    with Source(10**9 if not rate else count * 2, rate) as source:
        return consume([BARE, "text", OPENED, str(source.pid), str(count)], source, count,
                       wait_attached)


def run_ours(count, rate):
    with Source(10**9 if not rate else count * 2, rate) as source:
        return consume([EUNOMIACTL, "run", OPENED, "-o", "text", "--count", str(count),
                        "--set", f"only_pid={source.pid}"], source, count, wait_attached)


def run_stream(agent, count, rate, form="jsonl"):
    """As run_ours(), through the agent; also the agent's CPU and what was lost."""
    with Source(10**9 if not rate else count, rate) as source:
        agent.ctl("start", OPENED, "--name", "bench", "--set", f"only_pid={source.pid}")
        before = cpu_seconds(agent.pid)
        n_clients = agent.n_connected()
        speed, cpu = consume(
            agent.ctl_command("events", "bench", "-o", form, "--count", str(count)), source, count,
            lambda process: harness.wait_until(
                lambda: agent.n_connected() > n_clients or process.poll() is not None, "connected")
            and time.sleep(0.2), patience=10 + count / rate if rate else 120)
        agent_cpu = (cpu_seconds(agent.pid) - before) * 1e6 / count
        slot = agent.slots()["bench"]
        agent.ctl("stop", "bench")
        return speed, cpu, agent_cpu, slot


def medians(rows):
    return [statistics.median(column) for column in zip(*rows)]


def bench_flat_out(table, short):
    rounds, count = (3, 400_000) if short else (7, 2_000_000)
    bare, ours, stream = [], [], []
    with Agent(config="[Journal]\nJournalEvents=no\n") as agent:
        for _ in range(rounds):
            bare.append(run_bare(count, 0))
            ours.append(run_ours(count, 0))
            stream.append(run_stream(agent, count, 0)[:3])
    bare, ours, stream = medians(bare), medians(ours), medians(stream)
    table.add("flat out, bare libbpf, text", f"{bare[0]:,.0f}/s, {bare[1]:.2f} CPU s/M", "", None)
    table.add("flat out, `run`, text", f"{ours[0]:,.0f}/s, {ours[1]:.2f} CPU s/M", "", None)
    table.add("  ratio to bare", f"{ours[0] / bare[0]:.2f}x", ">= 0.9x", ours[0] >= 0.9 * bare[0])
    table.add("flat out, agent to `events`, JSON",
              f"{stream[0]:,.0f}/s, {stream[1]:.2f} + agent {stream[2]:.2f} CPU s/M", "", None)
    table.add("  ratio to bare", f"{stream[0] / bare[0]:.2f}x", ">= 0.5x",
              stream[0] >= 0.5 * bare[0])


def bench_no_loss(table, short):
    count = 200_000 if short else 1_000_000
    with Agent(config="[Journal]\nJournalEvents=no\n") as agent:
        speed, cpu, agent_cpu, slot = run_stream(agent, count, 100_000)
    lost = slot["lost"]
    table.add("agent to `events`, JSON, 100,000/s: lost",
              f"{lost} of {count:,} ({speed:,.0f}/s, {cpu:.2f} + agent {agent_cpu:.2f} CPU s/M)",
              "0", lost == 0)


def bench_moderate(table, short):
    rounds, count = (3, 40_000) if short else (5, 100_000)
    bare, ours, stream = [], [], []
    with Agent(config="[Journal]\nJournalEvents=no\n") as agent:
        for _ in range(rounds):
            bare.append(run_bare(count, 20_000)[1:])
            ours.append(run_ours(count, 20_000)[1:])
            stream.append(run_stream(agent, count, 20_000)[1:3])
    bare, ours, stream = medians(bare), medians(ours), medians(stream)
    table.add("20,000/s, bare libbpf, a wake-up each", f"{bare[0]:.2f} CPU s/M", "", None)
    table.add("20,000/s, `run`, text", f"{ours[0]:.2f} CPU s/M", "", None)
    table.add("  ratio to bare", f"{ours[0] / bare[0]:.2f}x", "<= 1x", ours[0] <= bare[0])
    table.add("20,000/s, agent and `events`, JSON",
              f"agent {stream[1]:.2f} + client {stream[0]:.2f} CPU s/M", "", None)
    table.add("  ratio of the agent to bare", f"{stream[1] / bare[0]:.2f}x", "<= 1x",
              stream[1] <= bare[0])


def bench_unary(table, short):
    with Agent() as agent:
        lines = output(os.path.join(BENCH, "bench_unary"), agent.socket,
                       "2000" if short else "20000").splitlines()
    call, bare = ([int(line.split()[i]) for line in lines] for i in (0, 1))
    ours, reference = statistics.median(call), statistics.median(bare)
    p99 = statistics.quantiles(call, n=100)[98]
    table.add("unary call, p50", f"{ours / US:.1f} us (p99 {p99 / US:.1f})", "<= 150 us",
              ours <= 150 * US)
    table.add("  bare Unix socket, 64 bytes, p50", f"{reference / US:.1f} us", "", None)
    table.add("  ratio to bare", f"{ours / reference:.2f}x", "<= 5x", ours <= 5 * reference)


def memory(pid):
    """(resident, anonymous) bytes."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        found = dict(re.findall(r"^(Rss|Anonymous): *(\d+) kB", file.read(), re.MULTILINE))
    return int(found["Rss"]) * 1024, int(found["Anonymous"]) * 1024


def n_wakeups(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="utf-8") as file:
            total += sum(map(int, re.findall(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(),
                                             re.MULTILINE)))
    return total


def bench_idle(table, short):
    more = 10
    seconds = 3 if short else 10
    with Agent() as agent:
        rss, anonymous = memory(agent.pid)
        table.add("agent idle, no tracker",
                  f"{rss / MIB:.2f} MB RSS, {anonymous / MIB:.2f} MB anonymous", "<= 6 and 2 MB",
                  rss <= 6 * MIB and anonymous <= 2 * MIB)
        agent.ctl("start", CORE, "--name", "first", "--set", "only_pid=1")
        # Kernel types are dropped after an idle time; until then they count.
        time.sleep(1)
        warm = memory(agent.pid)
        before = memory(agent.pid)[1]
        for i in range(more):
            agent.ctl("start", CORE, "--name", f"more-{i}", "--set", "only_pid=1")
        time.sleep(0.5)
        each = (memory(agent.pid)[1] - before) / more
        table.add("each more tracker", f"{each / 1024:.0f} kB anonymous", "<= 150 kB",
                  each <= 150 * 1024)
        table.add("  agent with one tracker, kernel types in memory",
                  f"{warm[0] / MIB:.2f} MB RSS, {warm[1] / MIB:.2f} MB anonymous", "", None)
        idle_at = time.monotonic()
        def small():
            return memory(agent.pid)[1] <= 2 * MIB + more * 150 * 1024
        while not small() and time.monotonic() - idle_at < 45:
            time.sleep(0.5)
        rss, anonymous = memory(agent.pid)
        table.add(f"  with {more + 1} trackers, {time.monotonic() - idle_at:.0f} s later",
                  f"{rss / MIB:.2f} MB RSS, {anonymous / MIB:.2f} MB anonymous", "", None)
        before = n_wakeups(agent.pid)
        time.sleep(seconds)
        wakeups = n_wakeups(agent.pid) - before
        table.add(f"wake-ups in {seconds} s, {more + 1} idle trackers", str(wakeups), "0",
                  wakeups == 0)


def bench_cold_start(table, short):
    ours, reference = [], []
    for _ in range(10 if short else 30):
        agent = Agent()
        begin = time.monotonic_ns()
        agent.launch()
        agent.notify.wait_for("READY=1", agent.process)
        ours.append(time.monotonic_ns() - begin)
        agent.stop()
        agent.notify.close()
        shutil.rmtree(agent.dir)
        begin = time.monotonic_ns()
        subprocess.run(["/bin/true"], check=True)
        reference.append(time.monotonic_ns() - begin)
    median = statistics.median(ours)
    table.add("cold start to READY=1", spread(ours, MS, "ms"), "<= 15 ms", median <= 15 * MS)
    table.add("  start and end of /bin/true from here", spread(reference, MS, "ms"), "", None)


# A minimal Debian has these already (apt depends on libsystemd, which needs the others).
BASE_LIBRARIES = re.compile(r"lib(systemd|cap|gcrypt|gpg-error|lzma|zstd|lz4|z)\.so")


def bench_size(table, _short):
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run(["strip", "-o", copy.name, EUNOMIAD], check=True)
        binary = os.path.getsize(copy.name)
    brought, base = {}, {}
    for line in output("ldd", EUNOMIAD).splitlines():
        found = re.search(r"=> (/\S+)", line)
        name = os.path.basename(found[1]) if found else ""
        if found and not re.match(r"(libc|libm|libpthread|libdl|librt|ld-linux.*|libgcc_s)\.so",
                                  name):
            libraries = base if BASE_LIBRARIES.match(name) else brought
            libraries[name] = os.path.getsize(os.path.realpath(found[1]))
    total = binary + sum(brought.values())
    table.add("eunomiad stripped + the libraries it brings",
              f"{binary / MIB:.2f} + {sum(brought.values()) / MIB:.2f} MB", "<= 4 MB",
              total <= 4 * MIB)
    table.add("  libraries it uses of a minimal Debian", f"{sum(base.values()) / MIB:.2f} MB", "",
              None)
    for libraries in (brought, base):
        print("bench: " + ", ".join(f"{name} {size / 1024:.0f}k"
                                    for name, size in sorted(libraries.items())))


ROWS = (bench_start, bench_flat_out, bench_no_loss, bench_moderate, bench_unary, bench_idle,
        bench_cold_start, bench_size, bench_verbs, *bench_survival.ROWS)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", help="name of one row, as bench_NAME", default="")
    options = parser.parse_args()
    table = Table()
    failed = 0
    for row in ROWS:
        if options.only not in ("", row.__name__.removeprefix("bench_")):
            continue
        try:
            row(table, options.short)
        except Exception as error:  # one row that cannot be measured must not hide the others
            failed += 1
            print(f"bench: {row.__name__} failed: {error}", file=sys.stderr)
    print()
    table.print()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
