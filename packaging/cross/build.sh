#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds this checkout for another architecture, in the root file system of root.sh. Run as root.
#
#   packaging/cross/build.sh [ARCH] [CMAKE-ARGUMENT...]
#
# Leaves in that root /source, a copy of the checkout's files, and /build, the build tree, which is
# kept: the next run compiles what has changed since. Prints the root's folder, as root.sh does.
# Exit status 77: something is missing.
set -eu

arch=${1:-arm64}
[ $# -eq 0 ] || shift
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)

root=$("$here/root.sh" "$arch")
exec 9>"$root.lock"
flock 9
files=$(mktemp)
trap 'rm -f "$files"' EXIT

# Only files whose contents differ are written, whatever their times say: so any checkout can be
# built after any other, and only what differs is compiled.
copy_source()
{
	mkdir -p "$root/source"
	cd "$top"
	git ls-files --cached --others --exclude-standard >"$files" 2>/dev/null ||
		find . -path './build*' -prune -o -type f -print | sed 's|^\./||' >"$files"
	while IFS= read -r file; do
		if [ -f "$file" ] && ! cmp -s "$file" "$root/source/$file"; then
			mkdir -p "$root/source/$(dirname "$file")"
			cp "$file" "$root/source/$file"
		fi
	done <"$files"
	(cd "$root/source" && find . -type f) | while IFS= read -r file; do
		[ -f "$file" ] || rm "$root/source/$file"
	done
}

copy_source
"$here/in-root.sh" "$root" sh -c '
	cmake -S /source -B /build -G Ninja -DEUNOMIA_WERROR=ON \
		--toolchain "/source/packaging/cross/$0.cmake" "$@" &&
		ninja -C /build' "$arch" "$@" >"$root.log" 2>&1 || {
	tail -n 60 "$root.log" >&2
	exit 1
}
echo "$root"
