# SPDX-License-Identifier: Apache-2.0
"""Root file systems of Debian releases, made once by debootstrap and kept in the cache.

Sources, mirror and keys are those of this machine's own apt, with the release's name exchanged; the
machine's sources are only read. A root is never changed after it was made: containers and builds
see it through an overlay. Usage: roots.py RELEASE KIND"""
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import unittest

import agent as harness
import namespace

RELEASES = ("bookworm", "trixie")
CACHE = os.path.join(os.environ.get("EUNOMIA_CACHE", "/var/cache/eunomia-tests"), "system")
KEYRINGS = "/usr/share/keyrings/debian-archive-keyring.gpg"

# What each kind of root holds beyond Debian's minimum. "run" is what the packages are installed in:
# nothing that they depend on. A test that needs more adds a row.
KINDS = {
    "run": "systemd systemd-sysv dbus libpam-systemd procps iproute2",
    "build": "dpkg-dev fakeroot git",
    "lint": "lintian",
    # With what the RPM packages are linked with, which they name as Fedora does.
    "rpm": """rpm libbpf1 libcurl4 libelf1 libinih1 libjansson4 libnghttp2-14 libprotobuf-c1 libuv1
 zlib1g""",
    "oci": "crun umoci",
}
# Nothing here may touch the machine's network card, clock or kernel.
MASKED = """systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket
 systemd-udev-trigger.service systemd-networkd.service systemd-networkd.socket
 systemd-resolved.service systemd-timesyncd.service systemd-sysctl.service
 systemd-modules-load.service console-getty.service apt-daily.timer apt-daily-upgrade.timer
 dpkg-db-backup.timer""".split()
N_KEPT = 3  # roots of each kind
NO_DAEMONS = "#!/bin/sh\nexit 101\n"


def codename():
    with open("/etc/os-release", encoding="utf-8") as file:
        found = re.search(r"^VERSION_CODENAME=(\w+)$", file.read(), re.MULTILINE)
    return found[1] if found else ""


def sources(release):
    """The lines of apt sources that this machine would have, were it of that release."""
    form = "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)"
    listed = subprocess.run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
                            capture_output=True, text=True, check=True).stdout
    own, lines = codename(), []
    for uri, suite, component, origin in (row.split(maxsplit=3) for row in listed.splitlines()):
        if origin.startswith("Debian") and own and suite.split("-")[0] == own:
            lines.append(f"deb {uri} {suite.replace(own, release, 1)} {component}")
    if not lines:
        raise unittest.SkipTest("apt of this machine knows no Debian archive (apt-get update?)")
    return list(dict.fromkeys(lines))


def acquire_settings():
    """How this machine's apt reaches its archive: proxies, checks of dates."""
    dump = subprocess.run(["apt-config", "dump", "--no-empty"], capture_output=True, text=True,
                          check=True).stdout
    return re.findall(r"^Acquire::(?:Check-|https?::|Retries).*$", dump, re.MULTILINE)


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


@contextlib.contextmanager
def locked(name):
    """One program at a time makes what others then find. Who gets the lock looks first whether it
    was made meanwhile; so it does no harm that the lock's file goes with its last holder."""
    os.makedirs(CACHE, exist_ok=True)
    path = os.path.join(CACHE, f"{name}.lock")
    with open(path, "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def apt(root, *args):
    """apt-get in a root, with the machine's network."""
    return namespace.run(namespace.chroot(root, ["apt-get", "-y", "-q", *args], network=True))


def bootstrap(release, root):
    lines = sources(release)
    main = lines[0].split()
    namespace.run(namespace.command([], [
        "debootstrap", "--variant=minbase", f"--keyring={KEYRINGS}", f"--components={main[3]}",
        release, root, main[1]], network=True))
    write(f"{root}/etc/apt/sources.list", "\n".join(lines) + "\n")
    write(f"{root}/etc/apt/apt.conf.d/90machine", "\n".join(acquire_settings()) + "\n")
    write(f"{root}/etc/dpkg/dpkg.cfg.d/90fast", "force-unsafe-io\n")
    shutil.copy("/etc/resolv.conf", f"{root}/etc/resolv.conf")
    apt(root, "update")


def fill(release, kind, root):
    """Makes a root of a kind in an empty folder."""
    if kind == "run":
        bootstrap(release, root)
    else:
        os.rmdir(root)
        namespace.run(["cp", "-a", "--reflink=auto", ensure(release, "run"), root])
    write(f"{root}/usr/sbin/policy-rc.d", NO_DAEMONS, 0o755)
    apt(root, "install", "--no-install-recommends", *KINDS[kind].split())
    if build_depends(kind):
        write(f"{root}/opt/build/debian/control", f"Source: eunomia\nBuild-Depends:"
              f"{build_depends(kind)}\nPackage: eunomia\nArchitecture: any\n")
        apt(root, "build-dep", "--no-install-recommends", "/opt/build")
    apt(root, "clean")
    os.unlink(f"{root}/usr/sbin/policy-rc.d")
    for unit in MASKED:
        link = f"{root}/etc/systemd/system/{unit}"
        if not os.path.lexists(link):
            os.symlink("/dev/null", link)


def build_depends(kind):
    """What packages are built with, from the one place that says it."""
    if kind != "build":
        return ""
    with open(os.path.join(harness.SOURCE, "packaging/debian/control"), encoding="utf-8") as file:
        return re.search(r"^Build-Depends:(\n?(?:[ #].*\n)+)", file.read(), re.MULTILINE)[1]


def recipe(release, kind):
    """Names everything that a root depends on; another recipe is another root."""
    parts = [release, KINDS["run"], KINDS[kind], build_depends(kind), *MASKED, *sources(release)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def ensure(release, kind="run"):
    """The folder of a root, made if it is not there; or a skip that says why it cannot be had."""
    namespace.need("unshare", "nsenter", "setpriv", "debootstrap")
    base = os.path.join(CACHE, release)
    root = os.path.join(base, f"{kind}-{recipe(release, kind)}")
    if os.path.isdir(root):
        os.utime(root)
        return root
    with locked(f"{release}-{kind}"):
        if os.path.isdir(root):
            return root
        forget(base, kind)
        unfinished = os.path.join(base, f"unfinished-{kind}")
        shutil.rmtree(unfinished, ignore_errors=True)
        os.makedirs(unfinished)
        try:
            fill(release, kind, unfinished)
        except RuntimeError as error:
            raise unittest.SkipTest(f"no root of {release} ({kind}) can be made: "
                                    f"{str(error)[-600:]}") from None
        os.rename(unfinished, root)
    return root


def forget(base, kind):
    """Removes roots of earlier recipes but those used last, which other trees may be using."""
    found = [os.path.join(base, name) for name in os.listdir(base)
             if re.fullmatch(rf"{kind}-[0-9a-f]{{12}}", name)] if os.path.isdir(base) else []
    for path in sorted(found, key=os.path.getmtime)[:-N_KEPT]:
        shutil.rmtree(path)


def main():
    release, kind = sys.argv[1:3]
    namespace.end_on_signals()
    try:
        print(ensure(release, kind))
    except unittest.SkipTest as skip:
        print(f"SKIP: {skip}")
        sys.exit(77)


if __name__ == "__main__":
    main()
