#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails for a file without its licence in the first lines: GPL-2.0-only OR BSD-2-Clause for what
# runs in the kernel, Apache-2.0 for the rest. Formats without comments and test data are left out.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

list_files "$tmp/files"
grep -vE '\.(md|json|bin|txtar|catalog\.in|svg|gz)$|^LICENSE|^packaging/debian/(changelog|source/format)$|(^|/)\.gitignore$|^tests/fuzz/(corpus|dict)|^tests/data/.*\.(bin|hex|b64|golden)$' \
	"$tmp/files" >"$tmp/wanted"
breaches=0
while IFS= read -r file; do
	licence=$(head -n 5 "$root/$file" | sed -n 's/.*SPDX-License-Identifier: *//p' |
		sed 's/ *\(\*\/\|-->\)$//' | head -n 1)
	case $file in
	*.bpf.c | *.bpf.h | bpf/*.h) want="GPL-2.0-only OR BSD-2-Clause" ;;
	*) want="Apache-2.0" ;;
	esac
	[ "$licence" = "$want" ] && continue
	echo "$file: licence is '${licence:-missing}', not '$want'"
	breaches=$((breaches + 1))
done <"$tmp/wanted"
[ "$breaches" -eq 0 ]
