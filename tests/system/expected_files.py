# SPDX-License-Identifier: Apache-2.0
"""What an installation consists of, so that no package misses or adds a file unnoticed. {placeholders}
are folders that differ between distributions. Manual pages and documents are only counted."""
import os

TRACKERS = ("mountsnoop", "oomkill", "opensnoop", "process", "sigsnoop", "tcpstates")

AGENT = """/etc/eunomia/eunomiad.conf
{bin}/eunomiactl
{sbin}/eunomiad
{system}/systemd/catalog/eunomia.catalog
{system}/systemd/system-preset/90-eunomia.preset
{system}/systemd/system/eunomia@.service
{system}/systemd/system/eunomiad.service
{system}/systemd/system/eunomiad.socket
{system}/sysusers.d/eunomia.conf
{system}/tmpfiles.d/eunomia.conf
{share}/bash-completion/completions/eunomiactl
{share}/fish/vendor_completions.d/eunomiactl.fish
{share}/zsh/site-functions/_eunomiactl""".split()
LIBRARY = ["{lib}/libeunomia.so.0", "{lib}/libeunomia.so.0.1.0"]
BPF_HEADERS = [f"{{include}}/eunomia/bpf/{name}"
               for name in ("eunomia.bpf.h", "eunomia_types.h", "eunomia_vmlinux.h")]
HEADERS = [f"{{include}}/eunomia/{name}.h"
           for name in ("engine", "error", "event", "package", "slot", "swap", "version")]
DEVELOPMENT = ["{lib}/libeunomia.so", "{lib}/pkgconfig/libeunomia.pc", *HEADERS, *BPF_HEADERS]
PACKAGES = [f"{{trackers}}/{name}.json" for name in TRACKERS]

FEDORA = {"bin": "/usr/bin", "sbin": "/usr/sbin", "system": "/usr/lib", "share": "/usr/share",
          "lib": "/usr/lib64", "include": "/usr/include", "trackers": "/usr/lib/eunomia/trackers"}
ARCH = {**FEDORA, "sbin": "/usr/bin", "lib": "/usr/lib"}
DEBIAN = {**FEDORA, "lib": f"/usr/lib/{os.uname().machine}-linux-gnu"}
LOCAL = {"bin": "/usr/local/bin", "sbin": "/usr/local/sbin", "system": "/usr/local/lib",
         "share": "/usr/local/share", "lib": "/usr/local/lib", "include": "/usr/local/include",
         "trackers": "/usr/local/lib/eunomia/trackers"}


def paths(folders, *sets):
    return {path.format(**folders) for one in sets for path in one}


def without_texts(names):
    """Leaves out folders, manual pages, documents and licences."""
    texts = ("/share/doc/", "/share/man/", "/share/licenses/")
    return {name for name in names if not name.endswith("/") and not any(t in name for t in texts)}
