#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds this checkout for another architecture, in the root file system of root.sh. Run as root.
#
#   packaging/cross/build.sh [ARCH] [CMAKE-ARGUMENT...]
#
# Prints root.sh's folder and leaves there "source", a copy of the checkout's files, and "build", the
# build tree; both are kept, and the next run compiles what has changed since. Exit status 77:
# something is missing.
set -eu

arch=${1:-arm64}
[ $# -eq 0 ] || shift
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$here/../common.sh"

folder=$("$here/root.sh" "$arch")
exec 9>"$folder/lock"
flock 9
files=$(mktemp)
trap 'rm -f "$files"' EXIT

# Only files whose contents differ are written, whatever their times say: so any checkout can be
# built after any other, and only what differs is compiled.
copy_source()
{
	mkdir -p "$folder/source"
	list_sources >"$files"
	cd "$top"
	while IFS= read -r file; do
		if ! cmp -s "$file" "$folder/source/$file"; then
			mkdir -p "$folder/source/$(dirname "$file")"
			cp "$file" "$folder/source/$file"
		fi
	done <"$files"
	(cd "$folder/source" && find . -type f) | while IFS= read -r file; do
		[ -f "$file" ] || rm "$folder/source/$file"
	done
}

copy_source
# shellcheck disable=SC2016 # for the inner shell
"$here/in-root.sh" "$folder" sh -c '
	folder=$1
	arch=$2
	shift 2
	cmake -S "$folder/source" -B "$folder/build" -G Ninja -DEUNOMIA_WERROR=ON \
		--toolchain "$folder/source/packaging/cross/$arch.cmake" "$@" &&
		ninja -C "$folder/build"' sh "$folder" "$arch" "$@" >"$folder/log" 2>&1 || {
	tail -n 60 "$folder/log" >&2
	exit 1
}
echo "$folder"
