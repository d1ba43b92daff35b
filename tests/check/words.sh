#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails where unfinished marks, paths of one machine, or hosts of package mirrors stand in the tree.
# The patterns are written so that they do not match themselves.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

list_files "$tmp/files"
grep -v '^LICENSE$' "$tmp/files" >"$tmp/all"
grep -E '\.(c|h|sh|py|js|proto|def|cmake|awk)$|CMakeLists\.txt$' "$tmp/all" >"$tmp/code"
breaches=0

# look WHAT PATTERN LIST: every line that matches is a breach.
look()
{
	(cd "$root" && xargs -d '\n' grep -nIE -- "$2" /dev/null) <"$3" >"$tmp/hits" 2>/dev/null || true
	[ -s "$tmp/hits" ] || return 0
	sed "s|^|$1: |" "$tmp/hits" | cut -c1-160
	breaches=1
}

look "unfinished mark" '\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b|[n]ot (yet )?implemented' "$tmp/code"
look "machine path" '(^|[^a-zA-Z0-9_.-])/(w[o]rk|f[a]rm|r[o]ot|h[o]me)/' "$tmp/all"
look "host of a mirror" 'https?://(d[e]b|s[e]curity|r[e]gistry|f[t]p|p[a]ckages)\.' "$tmp/all"
grep -E '\.(c|h)$' "$tmp/code" >"$tmp/c"
look "unbounded call" '\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|gets|alloca)\(' "$tmp/c"
look "call that is not thread-safe" \
	'\b(localtime|gmtime|ctime|asctime|getpwnam|getpwuid|getgrnam|getgrgid|rand)\(' "$tmp/c"
look "blank at the end of a line" '[ 	]+$' "$tmp/code"
[ "$breaches" -eq 0 ]
