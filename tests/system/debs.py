# SPDX-License-Identifier: Apache-2.0
"""The project's Debian packages, built from the tree as it is, in a root of the release, by
packaging/build-deb.sh; kept in the cache by the content that they were built from."""
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import time
import unittest

import agent as harness
import namespace
import roots
from container import Container

# What is on a machine where eunomia is used; the rest is for those who build with it.
INSTALLED = ("eunomia", "eunomia-trackers", "libeunomia0")
NEXT_VERSION = "0.1.1~test1"
# No package depends on what is in here.
LEFT_OUT = ("tests/", "build", ".ci/")
N_KEPT = 10  # of each sort, used last


def tree_files():
    """What packaging/build-deb.sh takes: what git knows or would add, else all."""
    listed = subprocess.run(["git", "-c", "safe.directory=*", "-C", harness.SOURCE, "ls-files",
                             "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [name for name in listed.stdout.split("\0") if name]
    return [os.path.relpath(os.path.join(folder, name), harness.SOURCE)
            for folder, _, names in os.walk(harness.SOURCE) for name in names]


def tree_key():
    """Names the content of the tree."""
    total = hashlib.sha256()
    for name in sorted(tree_files()):
        path = os.path.join(harness.SOURCE, name)
        if name.startswith(LEFT_OUT) or not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        total.update(f"{name} {os.stat(path).st_mode & 0o111:o} {digest}\n".encode())
    return total.hexdigest()[:16]


def forget_old(base, pattern):
    """Keeps what was used last."""
    found = sorted(glob.glob(os.path.join(base, pattern)), key=os.path.getmtime, reverse=True)
    for path in found[N_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def cached(release, name, make):
    """The folder of that name in the cache, filled by make(folder) if it is not there."""
    base = os.path.join(roots.CACHE, release)
    path = os.path.join(base, name)
    if os.path.isdir(path):  # without waiting for whoever fills another one
        os.utime(path)
        return path
    with roots.locked(f"{release}-{name}"):
        if not os.path.isdir(path):
            unfinished = os.path.join(base, f"unfinished-{name}")
            shutil.rmtree(unfinished, ignore_errors=True)
            os.makedirs(unfinished)
            make(unfinished)
            os.rename(unfinished, path)
            forget_old(base, f"{name.split('-')[0]}-*")
        os.utime(path)
    return path


def build(release, version=None):
    """Folder of the packages of a release; version: instead of the one in the changelog."""
    root = roots.ensure(release, "build")

    def make(folder):
        began = time.monotonic()
        layer = os.path.join(folder, "layer")
        merged = os.path.join(layer, "merged")
        steps = [namespace.overlay(root, layer, merged)]
        argv = ["env", "DEB_BUILD_OPTIONS=nocheck noautodbgsym", "nice", "/src/packaging/build-deb.sh",
                *(["-v", version] if version else []), "/out"]
        namespace.run(namespace.chroot(merged, argv, steps,
                                       [(harness.SOURCE, "/src"), (folder, "/out")]))
        shutil.rmtree(layer)
        print(f"built packages of {release} in {time.monotonic() - began:.0f} s")

    return cached(release, f"packages-{tree_key()}{'-' + version if version else ''}", make)


def package_files(folder, names=INSTALLED):
    """Paths of the packages of those names; all if there are none."""
    paths = [path for name in names for path in glob.glob(os.path.join(folder, f"{name}_*.deb"))]
    return paths or sorted(glob.glob(os.path.join(folder, "*.deb")))


def depends(folder):
    """Names what the packages depend on."""
    fields = [subprocess.run(["dpkg-deb", "-f", path, "Depends", "Recommends"], text=True,
                             capture_output=True, check=True).stdout
              for path in package_files(folder, ())]
    return hashlib.sha256("".join(fields).encode()).hexdigest()[:12]


def archives(release):
    """The folder of the archive's packages that ours depend on, as apt keeps what it has fetched.
    A machine without a network that has it at /var/cache/apt/archives installs ours as one with a
    network does."""
    folder = build(release)
    root = roots.ensure(release, "run")

    def make(kept):
        layer = os.path.join(kept, "layer")
        merged = os.path.join(layer, "merged")
        steps = [namespace.overlay(root, layer, merged)]
        argv = ["sh", "-c", "apt-get -y -q --download-only install /debs/*.deb"]
        try:
            namespace.run(namespace.chroot(merged, argv, steps,
                                           [(folder, "/debs"), (kept, "/var/cache/apt/archives")],
                                           network=True))
        except RuntimeError as error:
            raise unittest.SkipTest(f"what the packages depend on cannot be fetched: "
                                    f"{str(error)[-600:]}") from None
        shutil.rmtree(layer)

    recipe = roots.recipe(release, "run")
    return cached(release, f"archives-{recipe}-{depends(folder)}", make)


def shown(release, **folders):
    """Options of a machine that is to install: what apt has fetched already, and folders of our
    packages below /debs."""
    return {"copies": [(archives(release), "/var/cache/apt/archives")],
            "binds": [(path, f"/debs/{name}") for name, path in folders.items()]}


def paths(folder, name, names=INSTALLED):
    """Where a machine finds the packages of a folder that is shown to it under that name."""
    return [f"/debs/{name}/{os.path.basename(path)}" for path in package_files(folder, names)]


def installed(release):
    """The layer over the root "run" of a machine on which the packages were installed by apt, and
    which was then shut down."""
    folder = build(release)

    def make(kept):
        machine = Container(release, **shown(release, now=folder))
        with machine:
            machine.run("apt-get", "-y", "-q", "--no-install-recommends", "install",
                        *paths(folder, "now"), timeout=300)
            machine.stop()
            os.rename(os.path.join(machine.layer, "upper"), os.path.join(kept, "upper"))

    path = cached(release, f"installed-{tree_key()}", make)
    return os.path.join(path, "upper")


def main():
    """Builds what the tests of a release will ask for."""
    namespace.end_on_signals()
    try:
        release = sys.argv[1]
        build(release)
        build(release, NEXT_VERSION)
        installed(release)
    except unittest.SkipTest as skip:
        print(f"SKIP: {skip}")
        sys.exit(77)


if __name__ == "__main__":
    main()
