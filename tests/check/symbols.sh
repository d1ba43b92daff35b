#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails where libeunomia exports something else than its public functions, where libeunomia.map and
# the public headers differ, or where a global name of the static library lacks its prefix.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
build=${2:?usage: $0 ROOT BUILD_DIR}

breaches=0
# complain WHAT: every line of standard input is a breach.
complain()
{
	sed "s|^|$1: |" >"$tmp/said"
	[ -s "$tmp/said" ] || return 0
	cat "$tmp/said"
	breaches=1
}

shared=$(find "$build" -name 'libeunomia.so.*' -type f | head -n 1)
static=$(find "$build" -name libeunomia.a | head -n 1)
if [ -z "$shared" ] || [ -z "$static" ]; then
	echo "libeunomia is not built in $build"
	exit 1
fi
# Sanitizers add names of their own.
instrumented='^(__asan|__odr_asan|__sanitizer|__ubsan|__tsan|asan\.|tsan\.|__llvm|__profc|__gcov|__start_|__stop_)'

sed -n 's/^[[:space:]]*\(eun_[a-z0-9_]*\);.*/\1/p' "$root/lib/libeunomia.map" | sort >"$tmp/map"
nm -D --defined-only "$shared" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
	grep -vE "$instrumented" | sort >"$tmp/exported"
for header in "$root"/lib/include/eunomia/*.h; do
	tr -s '\n\t ' ' ' <"$header" | grep -oE 'EUN_PUBLIC [^;{]*\(' |
		grep -oE 'eun_[a-z0-9_]+ ?\(' | sed 's/ *(//'
done | sort -u >"$tmp/declared"

comm -13 "$tmp/map" "$tmp/exported" | complain "exported but not in libeunomia.map"
comm -23 "$tmp/map" "$tmp/exported" | complain "in libeunomia.map but not exported"
comm -13 "$tmp/map" "$tmp/declared" | complain "public in a header but not in libeunomia.map"
comm -23 "$tmp/map" "$tmp/declared" | complain "in libeunomia.map but in no public header"
nm -g --defined-only "$static" 2>/dev/null | awk 'NF == 3 { print $3 }' |
	grep -vE "$instrumented" | grep -vE '^(eun_|eun__|eub_)' | sort -u |
	complain "global name without its prefix"
[ "$breaches" -eq 0 ]
