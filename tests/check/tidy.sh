#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clang-tidy with .clang-tidy over every source that the build knows, two or more at a time.
# EUNOMIA_TIDY_SINCE=REVISION looks at the files that changed since then only.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
build=${2:?usage: $0 ROOT BUILD_DIR}

tool=
for candidate in clang-tidy-14 clang-tidy; do
	command -v "$candidate" >/dev/null && tool=$candidate && break
done
[ -n "$tool" ] || skip "clang-tidy is not installed"
[ -f "$build/compile_commands.json" ] || skip "$build has no compile_commands.json"

sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$build/compile_commands.json" |
	grep -E "^$root/(lib|proto|agent|ctl)/" | sort -u >"$tmp/sources"
if [ -n "${EUNOMIA_TIDY_SINCE:-}" ]; then
	(cd "$root" && git diff --name-only "$EUNOMIA_TIDY_SINCE") | sed "s|^|$root/|" | sort >"$tmp/changed"
	comm -12 "$tmp/sources" "$tmp/changed" >"$tmp/some"
	mv "$tmp/some" "$tmp/sources"
fi
echo "$tool: $(wc -l <"$tmp/sources") files"
cd "$root"
# The build may be GCC's: its own warnings and flags mean nothing to clang.
if ! xargs -d '\n' -r -n 4 -P "$(nproc)" "$tool" -p "$build" --quiet \
	--extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument \
	--extra-arg=-Wno-gnu-statement-expression --extra-arg=-Wno-language-extension-token \
	<"$tmp/sources" >"$tmp/said" 2>"$tmp/noise"; then
	echo "findings:"
	grep -hE '(error|warning): ' "$tmp/said" "$tmp/noise" | sort -u
	echo "the first of them in full:"
	head -n 60 "$tmp/said"
	exit 1
fi
