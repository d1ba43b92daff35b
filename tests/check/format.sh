#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails where clang-format 14 would change a C file. Other versions lay out differently: skipped.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

tool=
for candidate in clang-format-14 clang-format; do
	case $("$candidate" --version 2>/dev/null) in
	*"version 14."*) tool=$candidate && break ;;
	esac
done
[ -n "$tool" ] || skip "clang-format 14 is not installed; other versions lay out differently"
list_files "$tmp/files"
grep -E '\.(c|h)$' "$tmp/files" >"$tmp/sources"
cd "$root"
xargs -d '\n' "$tool" --dry-run --Werror --ferror-limit=1 <"$tmp/sources"
