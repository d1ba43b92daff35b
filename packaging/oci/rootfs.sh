#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lays out the files of the container image in the new folder ROOT: what packaging/tarball.sh makes,
# and of the distribution that it was built on only the loader, the C library and libsystemd with
# what that needs. No shell, no package manager: little that can have a hole or be used after one.
set -eu
program=rootfs
top=$(cd "$(dirname "$0")/../.." && pwd)
root=${1:?usage: packaging/oci/rootfs.sh ROOT}
mkdir -p "$root"
root=$(cd "$root" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

# User and groups of the agent in the image; docs/containers.md and the manifests name them, too.
uid=65532
view_gid=65533

install_eunomia()
{
	"$top/packaging/tarball.sh" "$work" >&2
	mkdir "$work/unpacked"
	tar -C "$work/unpacked" --strip-components=1 -xzf "$work"/eunomia-*.tar.gz
	"$work/unpacked/install.sh" --destdir "$root"
	# What systemd, shells and writers of trackers read.
	rm -r "$root/usr/local/lib/systemd" "$root/usr/local/lib/sysusers.d" \
		"$root/usr/local/lib/tmpfiles.d" "$root/usr/local/include" \
		"$root/usr/local/lib/eunomia/install.sh" "$root/usr/local/lib/eunomia/manifest"
	find "$root/usr/local/share" -mindepth 1 -maxdepth 1 ! -name doc -exec rm -r {} +
	cp "$top/LICENSE" "$root/usr/local/share/doc/eunomia"
	# Below /sys, AppArmor's profile for containers forbids to write; and no journal is in here.
	sed -i -e 's|^#BpffsDir=.*|BpffsDir=/bpf|' -e 's|^#JournalEvents=.*|JournalEvents=no|' \
		"$root/etc/eunomia/eunomiad.conf"
}

# The package's notice, and its entry where scanners of images look for it.
note_package()
{
	package=$(dpkg-query -S "*$1" | head -n 1 | cut -d : -f 1)
	[ ! -e "$root/var/lib/dpkg/status.d/$package" ] || return 0
	mkdir -p "$root/var/lib/dpkg/status.d" "$root/usr/share/doc/$package"
	dpkg-query -s "$package" | sed '/^Conffiles:/,/^[^ ]/{/^Conffiles:/d;/^ /d}' \
		>"$root/var/lib/dpkg/status.d/$package"
	cp "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package"
}

# The loader finds them where it found them on the system that it comes from.
copy_libraries()
{
	ldd "$root/usr/local/sbin/eunomiad" "$root/usr/local/bin/eunomiactl" |
		sed -n 's|^[^/]*\(/[^ :]*\) (0x.*|\1|p' | sort -u >"$work/libraries"
	while IFS= read -r library; do
		mkdir -p "$root$(dirname "$library")"
		cp -L "$library" "$root$library"
		note_package "/$(basename "$library")"
	done <"$work/libraries"
	cp -L /etc/os-release "$root/etc/os-release"
}

add_users()
{
	cat >"$root/etc/passwd" <<END
root:x:0:0:root:/:/nonexistent
eunomia:x:$uid:$uid:eunomiad:/var/lib/eunomia:/nonexistent
END
	cat >"$root/etc/group" <<END
root:x:0:
eunomia:x:$uid:
eunomia-view:x:$view_gid:
END
}

# Where file systems are mounted, and what the agent writes to.
add_folders()
{
	mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/bpf"
	install -d -o "$uid" -g "$uid" -m 755 "$root/run/eunomia"
	install -d -o "$uid" -g "$uid" -m 700 "$root/var/lib/eunomia"
	install -d -m 1777 "$root/tmp"
}

[ -z "$(ls -A "$root")" ] || {
	echo "$program: $root is not empty" >&2
	exit 1
}
umask 022
install_eunomia
copy_libraries
add_users
add_folders
