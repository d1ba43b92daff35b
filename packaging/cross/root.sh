#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a root file system of this machine's Debian release in which eunomia can be built for
# another architecture, or finds the one that it made before, and prints the folder that it is in.
# Run as root.
#
#   packaging/cross/root.sh [ARCH]
#
#   ARCH  Debian's name of the architecture; default: arm64
#
# Packages come from where this machine's apt gets its own; nothing of the machine itself changes.
# The folder is $EUNOMIA_CACHE/cross-RELEASE-ARCH (EUNOMIA_CACHE: /var/cache/eunomia-tests), the root
# file system "root" in it. Exit status 77: something is missing.
set -eu

arch=${1:-arm64}
top=$(cd "$(dirname "$0")/../.." && pwd)
cache=${EUNOMIA_CACHE:-/var/cache/eunomia-tests}

skip()
{
	echo "skipped: $*" >&2
	exit 77
}

[ "$(id -u)" = 0 ] || skip "only root can make a root file system"
command -v debootstrap >/dev/null || skip "debootstrap is not installed"
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
# shellcheck disable=SC2016 # apt's own variables
mirror=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' \
	'Created-By: Packages' 2>/dev/null | awk -v "release=$release" \
	'$1 == release && $2 == "main" { print $3; exit }')
[ -n "$mirror" ] || skip "apt has no source for Debian's '$release'"

folder=$cache/cross-$release-$arch
root=$folder/root
mkdir -p "$folder" "$cache/debs"
exec 9>"$folder/lock"
flock 9

if [ ! -e "$folder/made" ]; then
	echo "making $root (about two minutes)" >&2
	rm -rf "$root"
	debootstrap --variant=minbase --cache-dir="$cache/debs" "$release" "$root" "$mirror" \
		>"$folder/log" 2>&1 || skip "debootstrap failed; see $folder/log"
	cp /etc/resolv.conf "$root/etc/"
	: >"$folder/made"
fi
# Installs nothing if nothing is missing.
install "$top/packaging/install-deps.sh" "$root/usr/local/sbin/"
"$top/packaging/cross/in-root.sh" "$folder" install-deps.sh -a "$arch" build >"$folder/log" 2>&1 ||
	skip "the packages cannot be installed; see $folder/log"
rm -f "$root"/var/cache/apt/archives/*.deb
echo "$folder"
