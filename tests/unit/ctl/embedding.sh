#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program of docs/embedding.md is tests/data/embedding.c, compiles with the flags of
# libeunomia.pc, and prints events of a real tracker.
#   embedding.sh ROOT BUILD_DIR CC [SANITIZER-FLAG]
set -eu
root=$1 build=$2 cc=$3 sanitize=${4:-}
source=$root/tests/data/embedding.c
tracker=$build/bpf/trackers/opensnoop.json

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# The first block of C in the document is the source without its licence line.
# shellcheck disable=SC2016 # backquotes are text here
sed -n '/^```c$/,/^```$/{/^```c$/d;/^```$/q;p}' "$root/docs/embedding.md" >"$tmp/quoted.c"
tail -n +2 "$source" | diff -u "$tmp/quoted.c" - || {
	echo "docs/embedding.md does not quote tests/data/embedding.c" >&2
	exit 1
}

# As an installed library would be found, but in the build tree.
flags=$(PKG_CONFIG_PATH=$build/lib pkg-config --cflags --libs --define-variable=libdir="$build/lib" \
	--define-variable=includedir="$root/lib/include" libeunomia)
# shellcheck disable=SC2086 # lists of words
"$cc" -Wall -Wextra -Werror $sanitize -o "$tmp/embedding" "$source" $flags -Wl,-rpath,"$build/lib"

if "$tmp/embedding" /nonexistent 1 2>"$tmp/error"; then
	echo "a package that does not exist was run" >&2
	exit 1
fi
grep -q nonexistent "$tmp/error"

if [ "$(id -u)" != 0 ] || [ ! -f "$tracker" ]; then
	echo "SKIP: running it needs root and the trackers"
	exit 77
fi
{
	timeout 60 "$tmp/embedding" "$tracker" 3 >"$tmp/events" && echo ended >"$tmp/status" ||
		echo failed >"$tmp/status"
} &
# Every turn opens a file, which is what the tracker waits for.
until [ -s "$tmp/status" ]; do
	: <"$source"
done
wait
if [ "$(cat "$tmp/status")" != ended ] || [ "$(grep -c '^opensnoop {"pid":' "$tmp/events")" != 3 ]; then
	cat "$tmp/events" >&2
	exit 1
fi
