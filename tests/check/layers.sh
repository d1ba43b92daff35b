#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails where a file includes what layers.txt does not let its room include.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

list_files "$tmp/files"
grep -E '^(lib|proto|agent|ctl|bpf)/.*\.(c|h|def)$' "$tmp/files" >"$tmp/sources" ||
	skip "no sources below $root"
cp "$here/layers.txt" "$tmp/layers.txt"
cd "$root"
# shellcheck disable=SC2046 # file names of the project hold no blanks
awk -v table="$tmp/layers.txt" -v list="$tmp/sources" -f "$here/layers.awk" \
	"$tmp/layers.txt" "$tmp/sources" $(cat "$tmp/sources")
