#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs_example.sh EUNOMIACTL ROOT: what docs/trackers.md promises in its first five minutes. Takes
# the tracker from the page as a reader would, packs it, runs it, removes a file, and wants to see
# that. Skipped (77) without the rights to load BPF programs.
set -eu
ctl=$1
root=$2
export EUNOMIA_INCLUDE_DIR="$root/bpf/include"

dir=$(mktemp -d)
viewer=
activity=
# shellcheck disable=SC2317 # called by the trap
clean_up()
{
	for pid in $viewer $activity; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" || true
	done
	rm -rf "$dir"
}
trap clean_up EXIT

awk '/^```c$/ { on = 1; next } /^```$/ { if (on) exit } on' "$root/docs/trackers.md" \
	>"$dir/removed.bpf.c"
cd "$dir"
"$ctl" build removed.bpf.c
[ "$(id -u)" = 0 ] || {
	echo "skipped: only root may load BPF programs"
	exit 77
}
"$ctl" check removed.json
mkfifo events
"$ctl" run removed.json -o jsonl --set targ_pid=0 --timeout 30 >events &
viewer=$!

# Removes files until the tracker is attached and has seen one.
while kill -0 "$viewer" 2>/dev/null; do
	rm -f "$dir/nothing to remove"
	sleep 0.1
done &
activity=$!
grep -m 1 '"comm":"rm","path":"'"$dir"'/nothing to remove"' events
