# SPDX-License-Identifier: Apache-2.0
"""Clients that send garbage, stop in the middle, open ten thousand streams, never read, or are
killed: the agent lives, its memory stays bounded, and another slot misses no event."""
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time

import agent as harness
import h2

MIB = 1024 * 1024
LIST = "/eunomia.v1.Trackers/List"
STREAM = "/eunomia.v1.Events/Stream"
FLOOD_EVENTS = 200000
CALLER = """import os, sys
for line in sys.stdin:
    for _ in range(int(line)):
        os.getppid()
    print(flush=True)
"""


def is_end_of(stream):
    """The frame that ends a stream: trailers, or a reset."""
    return lambda f: f[2] == stream and (f[0] == h2.RST_STREAM or f[1] & h2.END_STREAM and
                                         f[0] in (h2.HEADERS, h2.DATA)) or f[0] == h2.GOAWAY


class Caller:
    """A process of its own that calls getppid(2) when it is told to."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", CALLER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def call(self, times=1):
        """Comes back when the calls were made."""
        self.process.stdin.write(f"{times}\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()


class BadClient(harness.WitnessTest):
    def setUp(self):
        super().setUp()
        self.n_fds = harness.n_fds(self.agent.pid)

    def tearDown(self):
        if not harness.has_failed(self):
            self.assertEqual(set(self.agent.slots()), {"witness"})
            harness.wait_until(lambda: harness.n_fds(self.agent.pid) <= self.n_fds,
                               "the agent has closed what the client had opened")
        super().tearDown()

    def connect(self, **kwargs):
        return h2.Connection(self.agent.socket, **kwargs)

    def flood(self, name, count=FLOOD_EVENTS, rate=0):
        """Starts a slot and a source of events for it, which waits for a line on standard input."""
        source = subprocess.Popen([harness.GENERATOR, "getppid", str(count), str(rate)],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(source.wait)
        self.addCleanup(source.kill)
        self.agent.start_numbered(name, source.pid)
        return source

    def wait_for_all(self, name):
        """Waits until every event of a flood was read or counted as lost; returns how many were."""
        def get_whole():
            slot = self.agent.slots()[name]
            count = slot["events"] + slot["lost"]
            return count if count >= FLOOD_EVENTS else None
        return harness.wait_until(get_whole, "each event is accounted for")

    def test_garbage(self):
        dice = random.Random(1)
        for i in range(200):
            with self.connect(greet=i % 2 == 0) as client:
                try:
                    client.send(dice.randbytes(dice.randrange(1, 4096)))
                    client.socket.shutdown(socket.SHUT_WR)
                    client.receive_until(lambda frame: False)
                except (BrokenPipeError, ConnectionResetError):
                    pass
        self.assertEqual(self.agent.ctl("list").returncode, 0)

    def test_http_1(self):
        with self.connect(greet=False) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.receive_until(lambda frame: frame[0] == h2.GOAWAY)

    def test_half_a_frame(self):
        whole = h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.request_headers(LIST))
        for cut in range(1, len(whole), 7):
            with self.connect() as client:
                client.send(whole[:cut])
        # Those that do not go away hold nothing up either.
        waiting = [self.connect() for _ in range(8)]
        for client in waiting:
            client.send(whole[:20])
        self.assertEqual(self.agent.ctl("list").returncode, 0)
        for client in waiting:
            client.close()

    def test_half_a_message(self):
        with self.connect() as client:
            stream = client.open(LIST, struct.pack(">BI", 0, 1000) + b"x" * 10)
            self.assertIsNotNone(client.receive_until(is_end_of(stream)))

    def test_message_too_large(self):
        with self.connect() as client:
            stream = client.open(LIST, struct.pack(">BI", 0, 2**31 - 1), flags=0)
            self.assertIsNotNone(client.receive_until(is_end_of(stream)))

    def test_message_that_is_no_protobuf(self):
        dice = random.Random(2)
        with self.connect() as client:
            for path in (STREAM, "/eunomia.v1.Trackers/Start", "/eunomia.v1.Trackers/Stop",
                         "/grpc.health.v1.Health/Check",
                         "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"):
                for size in (1, 5, 60, 1000):
                    stream = client.open(path, h2.message(b"\xff" + dice.randbytes(size)))
                    frame = client.receive_until(is_end_of(stream))
                    self.assertIsNotNone(frame, path)
                    self.assertNotEqual(frame[0], h2.GOAWAY, path)

    def test_bad_headers(self):
        with self.connect() as client:
            for extra in ({":method": "GET"}, {"content-type": "text/plain"}, {":path": "/"},
                          {":path": "x" * 4000}, {"grpc-timeout": "9" * 30 + "H"},
                          {"grpc-timeout": "-1S"}, {"grpc-encoding": "gzip"}):
                stream = client.open(LIST, h2.message(), **extra)
                frame = client.receive_until(is_end_of(stream))
                self.assertIsNotNone(frame, extra)

    def test_headers_without_end(self):
        with self.connect() as client:
            try:
                client.send(h2.frame(h2.HEADERS, 0, 1, h2.request_headers(LIST)))
                for _ in range(10000):
                    client.send(h2.frame(h2.CONTINUATION, 0, 1, h2.field("x", "y" * 1000)))
            except (BrokenPipeError, ConnectionResetError):
                return
            self.assertIsNone(client.receive_until(lambda frame: False))

    def test_ten_thousand_streams(self):
        before = harness.peak_rss(self.agent.pid)
        headers = h2.request_headers(STREAM)
        with self.connect() as client:
            client.socket.setblocking(False)
            sent = 0
            try:
                for i in range(10000):
                    block = h2.frame(h2.HEADERS, h2.END_HEADERS, 2 * i + 1, headers) + \
                        h2.frame(h2.DATA, h2.END_STREAM, 2 * i + 1, h2.message())
                    while block:
                        block = self.push(client, block)
                    sent += 1
            except (BrokenPipeError, ConnectionResetError):
                pass
            self.assertGreater(sent, 10)
            self.assertEqual(self.agent.ctl("list").returncode, 0)
        self.assertLess(harness.peak_rss(self.agent.pid) - before, 64 * MIB)

    def push(self, client, block):
        """Sends what goes now and reads away what has come; returns the rest of the block."""
        try:
            return block[client.socket.send(block):]
        except BlockingIOError:
            try:
                if not client.socket.recv(65536):
                    raise ConnectionResetError from None
            except BlockingIOError:
                time.sleep(0.001)
            return block

    def test_ten_thousand_streams_one_after_the_other(self):
        with self.connect() as client:
            for _ in range(10000):
                client.open(LIST, h2.message())
                if client.next_stream % 100 == 1:
                    stream = client.next_stream - 2
                    self.assertIsNotNone(client.receive_until(is_end_of(stream)))

    def test_rapid_resets(self):
        with self.connect() as client:
            try:
                for _ in range(10000):
                    stream = client.open(STREAM, h2.message(), flags=0)
                    client.send(h2.frame(h2.RST_STREAM, 0, stream, struct.pack(">I", 8)))
            except (BrokenPipeError, ConnectionResetError):
                pass
        self.assertEqual(self.agent.ctl("list").returncode, 0)

    def test_client_that_never_reads(self):
        before = harness.peak_rss(self.agent.pid)
        source = self.flood("flood")
        stuck = [self.connect() for _ in range(4)]
        for client in stuck:
            # Slot name as the first field of StreamRequest.
            for _ in range(4):
                client.open(STREAM, h2.message(b"\x0a\x05flood"))
        source.communicate(b"\n", timeout=harness.PATIENCE)
        self.assertEqual(self.wait_for_all("flood"), FLOOD_EVENTS)
        self.assertLess(harness.peak_rss(self.agent.pid) - before, 64 * MIB)
        for client in stuck:
            client.close()
        self.agent.ctl("stop", "flood")

    def test_slow_client_is_told_what_it_missed(self):
        """Between two events that it surely got, each number came or is in what was said as lost.
        One process makes all calls, so they are in order."""
        caller = self.enterContext(Caller())
        self.agent.start_numbered("flood", caller.process.pid)
        with self.agent.events("flood") as reader:
            first = reader.watch(caller.call, lambda line: "data" in line)["data"]["number"]
            os.kill(reader.process.pid, signal.SIGSTOP)  # reads nothing while the flood lasts
            caller.call(FLOOD_EVENTS)
            self.wait_for_all("flood")
            os.kill(reader.process.pid, signal.SIGCONT)
            lines = []
            while (line := reader.poll(1)) is not None:
                lines.append(line)
            reader.watch(caller.call, lambda line: lines.append(line) or "data" in line)
            reader.end()
        numbers = [line["data"]["number"] for line in lines if "data" in line]
        said = {}
        for line in lines:
            if "lost" in line:
                said[line["reason"]] = said.get(line["reason"], 0) + line["lost"]
        self.assertGreater(said.get("slow-client", 0), 0, "the stopped client was slow")
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(len(numbers) + sum(said.values()), numbers[-1] - first)
        self.assertGreater(numbers[-1] - first, FLOOD_EVENTS)
        self.agent.ctl("stop", "flood")

    def test_client_killed_in_the_middle_of_a_stream(self):
        source = self.flood("flood", count=100000, rate=20000)
        self.agent.start_numbered("probe")
        readers = [self.agent.events("flood", "probe") for _ in range(5)]
        for reader in readers:
            reader.watch(os.getppid, lambda line: "data" in line)
        source.stdin.write(b"\n")
        source.stdin.flush()
        for reader in readers:
            reader.read(1)
            reader.process.kill()
            reader.process.communicate()
        self.assertEqual(self.agent.slots()["flood"]["state"], "running")
        source.communicate(timeout=harness.PATIENCE)
        self.agent.ctl("stop", "flood", "probe")

    def test_too_many_connections(self):
        clients = [self.connect(greet=False) for _ in range(300)]
        for client in clients:
            client.close()
        harness.wait_until(lambda: self.agent.ctl("list", check=False).returncode == 0,
                           "a place is free again")


class Limits(harness.AgentTest):
    agent_options = {"config": "[Limits]\nMaxConnections=4\nMaxConnectionsPerUser=4\nMaxSlots=2\n"
                               "MaxEventStreams=2\n"}

    def test_each_limit_says_its_name(self):
        self.agent.start_numbered("a")
        self.agent.start_numbered("b")
        done = self.agent.ctl("start", harness.NUMBERED, "--name", "c", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("2", done.stderr)
        self.assertEqual(set(self.agent.slots()), {"a", "b"})
        readers = [self.enterContext(self.agent.events("a")) for _ in range(2)]
        for reader in readers:
            reader.watch(os.getppid, lambda event: "data" in event)
        done = self.agent.ctl("events", "a", "--count", "1", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "stream")
        with h2.Connection(self.agent.socket), h2.Connection(self.agent.socket):
            done = self.agent.ctl("list", check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertTrue(done.stderr)
        harness.wait_until(lambda: self.agent.ctl("list", check=False).returncode == 0,
                           "there is room again")


if __name__ == "__main__":
    harness.main()
