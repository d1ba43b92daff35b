# SPDX-License-Identifier: Apache-2.0
"""The Debian packages themselves: what lintian says, whether another build gives the same bytes, and
whether their own tests (autopkgtest) pass."""
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import unittest

import agent as harness
import debs
import expected_files as expected
import namespace
import roots
from bed import RELEASE, SystemTest, main
from container import LAYERS

OWN_TESTS = os.path.join(harness.SOURCE, "packaging/debian/tests")
EMBED = """mount -t tracefs tracefs /sys/kernel/tracing
dpkg -i /debs/libeunomia*.deb /debs/eunomia-trackers_*.deb
/source/debian/tests/embed"""
LINTIAN = """lintian --version
lintian --allow-root --display-info --pedantic --fail-on error,warning \\
    /debs/*.changes /source/*.changes"""
CONTENTS = {
    "eunomia": [expected.AGENT],
    "eunomia-doc": [],
    "eunomia-trackers": [expected.PACKAGES],
    "libeunomia-dev": [expected.DEVELOPMENT, ["{lib}/libeunomia.a"]],
    "libeunomia0": [expected.LIBRARY],
}
MAX_KIB = 2048  # what agent, client and library take on a disk
# Everything that must not matter is another than in debs.build().
OTHER_BUILD = """umask 077
export TMPDIR=/var/tmp/another/folder HOME=/nonexistent USER=somebody TZ=Asia/Tokyo LC_ALL=C LANG=C
export DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=1"
mkdir -p $TMPDIR; cd /
exec nice unshare --uts sh -c 'hostname elsewhere; exec "$@"' sh /elsewhere/eunomia/packaging/build-deb.sh /out"""


def digests(folder):
    found = {}
    for path in debs.package_files(folder, ()):
        with open(path, "rb") as file:
            found[os.path.basename(path)] = hashlib.sha256(file.read()).hexdigest()
    return found


def installed_files(package):
    """Paths as in expected_files.py, wherever this release has its units."""
    tar = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True)
    listed = subprocess.run(["tar", "-t"], input=tar.stdout, capture_output=True, check=True)
    names = listed.stdout.decode().replace("vendor-completions", "site-functions").splitlines()
    return {name[1:] if name.startswith("./etc/") else "/usr/" + name[2:].removeprefix("usr/")
            for name in names}


def differences(one, other):
    """For the reader of a failure: diffoscope's view if it is there."""
    if not shutil.which("diffoscope"):
        return "install diffoscope to see what differs"
    return subprocess.run(["diffoscope", "--no-progress", "--max-text-report-size", "8000", one,
                           other], capture_output=True, text=True, check=False).stdout


class Packages(SystemTest):
    def setUp(self):
        super().setUp()
        self.folder = debs.build(RELEASE)
        os.makedirs(LAYERS, exist_ok=True)
        self.layer = tempfile.mkdtemp(prefix=f"debian-{RELEASE}-", dir=LAYERS)
        lock = os.open(self.layer, os.O_RDONLY | os.O_CLOEXEC)  # or it counts as left over
        fcntl.flock(lock, fcntl.LOCK_EX)
        self.addCleanup(os.close, lock)
        self.addCleanup(shutil.rmtree, self.layer)

    def in_root(self, kind, script, *binds):
        """Runs a script of sh in a root of that kind; what it changes there is lost."""
        merged = os.path.join(self.layer, "merged")
        steps = [namespace.overlay(roots.ensure(RELEASE, kind), self.layer, merged)]
        return namespace.run(namespace.chroot(merged, ["sh", "-ec", script], steps, binds))

    def test_lintian(self):
        source = os.path.join(self.layer, "source")
        os.mkdir(source)
        self.in_root("build", "/src/packaging/build-deb.sh -S /out", (harness.SOURCE, "/src"),
                     (source, "/out"))
        print(self.in_root("lint", LINTIAN, (self.folder, "/debs"), (source, "/source")))

    def test_contents(self):
        for name, sets in CONTENTS.items():
            with self.subTest(name):
                path, = debs.package_files(self.folder, (name,))
                self.assertEqual(expected.without_texts(installed_files(path)),
                                 expected.paths(expected.DEBIAN, *sets))

    def test_size(self):
        paths = debs.package_files(self.folder, ("eunomia", "libeunomia0"))
        sizes = [int(subprocess.run(["dpkg-deb", "-f", path, "Installed-Size"], text=True,
                                    capture_output=True, check=True).stdout) for path in paths]
        print("KiB installed:", *sizes)
        self.assertLessEqual(sum(sizes), MAX_KIB)

    def test_another_build_gives_the_same_bytes(self):
        out = os.path.join(self.layer, "out")
        os.mkdir(out)
        self.in_root("build", OTHER_BUILD, (harness.SOURCE, "/elsewhere/eunomia"), (out, "/out"))
        for name, digest in digests(self.folder).items():
            with self.subTest(name):
                other = os.path.join(out, name)
                self.assertEqual(digests(out).get(name), digest, name + "\n"
                                 + differences(os.path.join(self.folder, name), other))

    def test_smoke(self):
        """debian/tests/smoke, on a machine that the packages were installed on."""
        machine = self.installed(binds=[(OWN_TESTS, "/tests")])
        self.assertIn("/etc/hostname", machine.run("/tests/smoke").stdout)

    def test_embed(self):
        """debian/tests/embed, where there is a compiler."""
        print(self.in_root("build", EMBED, (self.folder, "/debs"),
                           (OWN_TESTS, "/source/debian/tests"),
                           (os.path.join(harness.SOURCE, "tests/data"), "/source/tests/data")))


if __name__ == "__main__":
    main()
