# SPDX-License-Identifier: Apache-2.0
"""Packages that are broken, hostile or do not fit this machine: each ends in an error that names
the cause, the agent lives, and another slot misses no event."""
import json
import os
import struct
import tempfile
import zlib

import agent as harness
import packages

OBJECTS = os.path.join(harness.BUILD, "tests/e2e")
MIB = 1024 * 1024
FAILED, USAGE = 1, 2


def read(path):
    with open(path, "rb") as file:
        return file.read()


class BadPackage(harness.WitnessTest):
    def setUp(self):
        super().setUp()
        self.elf = read(harness.NUMBERED)
        self.dir = self.enterContext(tempfile.TemporaryDirectory())

    def refuse(self, content, *words, args=()):
        """Starts bytes, text or a JSON value; must fail and say each of words; returns what was
        said."""
        if not isinstance(content, (bytes, str)):
            content = json.dumps(content)
        path = os.path.join(self.dir, "package")
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        done = self.agent.ctl("start", path, "--name", "bad", *args, check=False)
        self.assertIn(done.returncode, (FAILED, USAGE), done.stderr)
        self.assertTrue(done.stderr.startswith("eunomiactl: "), done.stderr)
        self.assertNotIn("bad", self.agent.slots())
        for word in words:
            self.assertRegex(done.stderr, f"(?i){word}")
        self.assertLess(len(done.stderr), 16384)
        return done.stderr

    def test_base64_damaged(self):
        good = packages.gen3(self.elf)["bpf_object"]
        for bad in (good[:100] + "!" + good[101:], good[:-5], "=" + good, good + "A",
                    "\u20ac" * 40):
            self.refuse(packages.gen3(self.elf, bpf_object=bad), "base64|zlib|bpf_object")
        self.refuse({**packages.gen0(self.elf), "data": "A" * 41}, "base64|data")

    def test_zlib_bomb(self):
        bomb = packages.encode(zlib.compress(bytes(512 * MIB), 9))
        before = harness.peak_rss(self.agent.pid)
        for claimed in (512 * MIB, 4096, len(self.elf)):
            self.refuse(packages.gen3(b"", bpf_object=bomb, bpf_object_size=claimed),
                        "large|size|limit|bytes")
        self.assertLess(harness.peak_rss(self.agent.pid) - before, 128 * MIB)

    def test_zlib_damaged(self):
        packed = bytearray(zlib.compress(self.elf))
        packed[len(packed) // 2] ^= 0xff
        self.refuse(packages.gen3(self.elf, bpf_object=packages.encode(bytes(packed))),
                    "bpf_object|zlib|compressed")

    def test_elf_truncated_at_every_section(self):
        bounds = packages.section_bounds(self.elf)
        self.assertGreater(len(bounds), 20)
        for bound in bounds:
            with self.subTest(bound=bound):
                self.refuse(self.elf[:bound])
                self.refuse(packages.gen3(self.elf[:bound]))

    def test_json_ten_thousand_levels_deep(self):
        for text in ("[" * 10000 + "]" * 10000, '{"a":' * 10000 + "1" + "}" * 10000,
                     '{"bpf_object":' + "[" * 10000 + "]" * 10000 + "}", "[" * 100000):
            self.refuse(text)

    def test_two_gigabyte_size(self):
        for size in (2**31, 2**31 - 1, 2**32, 2**63, 2**64, -1, 1e300):
            self.refuse(packages.gen3(self.elf, bpf_object_size=size), "bpf_object_size|integer")
            self.refuse(packages.gen0(self.elf, data_sz=size), "data_sz|integer")
        bad = bytearray(self.elf)
        struct.pack_into("<Q", bad, 40, 2**31)  # e_shoff
        self.refuse(bytes(bad))

    def test_wrong_type_in_every_field(self):
        good = packages.gen3(self.elf)
        for path in packages.places(good):
            for other in (None, True, -1, "x", [], {}, [[]], 1e99):
                with self.subTest(path=path, other=other):
                    text = json.dumps(packages.replaced(good, path, other))
                    done = self.agent.ctl("start", "-", "--name", "bad", input=text, check=False)
                    # Some fields may be null or missing, and unknown ones are ignored: then it
                    # runs.
                    self.assertIn(done.returncode, (0, FAILED, USAGE), done.stderr)
                    if done.returncode == 0:
                        self.agent.ctl("stop", "bad")
                    else:
                        self.assertTrue(done.stderr.startswith("eunomiactl: "), done.stderr)

    def test_not_a_package(self):
        for content in (b"", b"\0" * 4096, b"\x7fELF", b"#!/bin/sh\n", b"{}", b"[]", b"null",
                        b"{\"meta\":{}}", os.urandom(65536), b"\xff\xfe{\x00}\x00"):
            self.refuse(content)

    def test_another_architecture(self):
        self.refuse(read(os.path.join(OBJECTS, "foreign_order.bpf.o")), "byte order|endian|arch")
        self.refuse(packages.gen3(read(os.path.join(OBJECTS, "foreign_order.bpf.o"))),
                    "byte order|endian|arch")
        self.refuse(read(harness.EUNOMIACTL)[:MIB], "BPF|machine|arch|large")

    def test_verifier_rejection_shows_the_reason(self):
        said = self.refuse(read(os.path.join(OBJECTS, "rejected.bpf.o")), "use_null", "verifier")
        self.assertRegex(said, "invalid mem access|map_value_or_null")

    def test_attach_point_missing_names_near_matches(self):
        said = self.refuse(self.elf.replace(b"sys_enter_getppid", b"sys_enter_getpqid"),
                           "sys_enter_getpqid")
        self.assertIn("sys_enter_getppid", said)

    def test_name_taken(self):
        done = self.agent.ctl("start", harness.NUMBERED, "--name", "witness", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("witness", done.stderr)

    def test_bad_names(self):
        for name in ("a/b", "../x", "-x", "a" * 64, "a b", "\u20ac", "a\nb"):
            done = self.agent.ctl("start", harness.NUMBERED, f"--name={name}", check=False)
            self.assertIn(done.returncode, (FAILED, USAGE), name)
            self.assertEqual(set(self.agent.slots()), {"witness"})

    def test_unknown_variable_and_type(self):
        self.refuse(self.elf, "only_pit", "only_pid", args=("--set", "only_pit=1"))
        self.refuse(self.elf, "only_pid", args=("--set", "only_pid=many"))
        self.refuse(self.elf, "only_pid", args=("--set", "only_pid=4294967296"))
        self.refuse(self.elf, "no_such_type", args=("--type", "no_such_type"))

    def test_missing_file_and_unknown_tracker(self):
        for source in ("/nonexistent/tracker.json", "no-such-tracker"):
            done = self.agent.ctl("start", source, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(source, done.stderr)


if __name__ == "__main__":
    harness.main()
