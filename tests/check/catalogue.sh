#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails where a message id of agent/log_ids.h has no entry in systemd/eunomia.catalog, the other way
# round, or where an entry lacks its subject or its explanation.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
ids=$root/agent/log_ids.h
catalogue=$root/systemd/eunomia.catalog

if [ ! -f "$ids" ] || [ ! -f "$catalogue" ]; then
	echo "missing: agent/log_ids.h or systemd/eunomia.catalog"
	exit 1
fi
# An id is 32 hexadecimal digits, written as one word or as the sixteen bytes of SD_ID128_MAKE().
tr -d ' \t\n' <"$ids" |
	grep -oE 'SD_ID128_MAKE\([0-9a-f,]+\)|"[0-9a-f]{32}"' |
	sed 's/SD_ID128_MAKE//; s/[(),"]//g' | sort >"$tmp/ids"
sed -n 's/^-- *\([0-9a-f]\{32\}\)$/\1/p' "$catalogue" | sort >"$tmp/entries"

{
	uniq -d "$tmp/ids" | sed 's/^/used twice in log_ids.h: /'
	uniq -d "$tmp/entries" | sed 's/^/explained twice: /'
	comm -23 "$tmp/ids" "$tmp/entries" | sed 's/^/not in eunomia.catalog: /'
	comm -13 "$tmp/ids" "$tmp/entries" | sed 's/^/not in log_ids.h: /'
	awk '/^-- [0-9a-f]+$/ { if (id && !(subject && text)) print "incomplete: " id
			id = $2; subject = text = 0; next }
		/^Subject: ./ { subject = 1; next }
		/^[A-Za-z-]+: / { next }
		/./ { if (id) text = 1 }
		END { if (id && !(subject && text)) print "incomplete: " id }' "$catalogue"
	[ -s "$tmp/ids" ] || echo "log_ids.h holds no ids"
} >"$tmp/said"
cat "$tmp/said"
[ ! -s "$tmp/said" ]
