#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Watch real kernel events on a fresh Debian 12 or 13, as root, with one command: installs what the
# build needs, builds into ./build, starts an agent of its own (nothing of it is installed; its
# socket and state lie in a temporary folder), starts the tracker opensnoop in it, prints the events
# and cleans up. Exit status: 0 if events were seen, 1 otherwise, 2 for wrong usage.
set -eu

usage()
{
	cat <<'END'
usage: packaging/try.sh [--events N] [--seconds N]
  --events N    stop after N events (default: no limit)
  --seconds N   stop after N seconds (default: 20; 60 with --events)
END
}

say()
{
	echo "try: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

is_number()
{
	case $1 in
	'' | *[!0-9]* | 0*) return 1 ;;
	esac
	[ ${#1} -le 9 ]
}

events=
seconds=
while [ $# -gt 0 ]; do
	case $1 in
	--events | --seconds)
		if [ $# -lt 2 ] || ! is_number "$2"; then
			say "$1 takes a number from 1"
			usage >&2
			exit 2
		fi
		[ "$1" = --events ] && events=$2 || seconds=$2
		shift 2
		;;
	-h | --help)
		usage
		exit 0
		;;
	*)
		say "unknown argument '$1'"
		usage >&2
		exit 2
		;;
	esac
done
if [ -z "$seconds" ]; then
	[ -n "$events" ] && seconds=60 || seconds=20
fi

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build

[ "$(id -u)" = 0 ] || die "only root may load BPF programs; try: sudo $0"
[ -r /sys/kernel/btf/vmlinux ] || die "this kernel has no type information (/sys/kernel/btf/vmlinux);" \
	"Debian's kernels have it; in a chroot, is /sys mounted?"

dir=
agent=
activity=
mounted=
viewer=

# shellcheck disable=SC2317 # called by the trap
clean_up()
{
	trap '' INT TERM
	for pid in $viewer $activity; do
		kill "$pid" 2>/dev/null || true
	done
	if [ -n "$agent" ]; then
		kill "$agent" 2>/dev/null || true
		wait "$agent" 2>/dev/null || true
	fi
	[ -z "$mounted" ] || umount "$mounted" || say "could not unmount $mounted"
	[ -z "$dir" ] || rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' TERM HUP

say "installing what the build needs"
"$top/packaging/install-deps.sh" build
say "building in $build"
cmake -S "$top" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DEUNOMIA_TESTS=OFF >/dev/null
ninja -C "$build" --quiet

if [ ! -d /sys/kernel/tracing/events ]; then
	mount -t tracefs tracefs /sys/kernel/tracing ||
		die "cannot mount tracefs at /sys/kernel/tracing, where tracepoints are found"
	mounted=/sys/kernel/tracing
	say "mounted tracefs at $mounted for the time of this run"
fi

dir=$(mktemp -d)
export EUNOMIA_HOST="unix://$dir/control.sock"
ctl=$build/ctl/eunomiactl
"$build/agent/eunomiad" --socket "$dir/control.sock" --state-dir "$dir/state" \
	--bpffs-dir "$dir/bpffs" --trackers-conf-dir "$dir/trackers.d" \
	--foreground-log >"$dir/log" 2>&1 &
agent=$!
tries=100
until "$ctl" list >/dev/null 2>&1; do
	tries=$((tries - 1))
	if [ $tries -eq 0 ] || ! kill -0 "$agent" 2>/dev/null; then
		cat "$dir/log" >&2
		die "the agent did not start"
	fi
	sleep 0.1
done

say "starting the tracker opensnoop: every file that is opened on this machine"
"$ctl" start "$build/bpf/trackers/opensnoop.json" >/dev/null ||
	die "the tracker did not start; a container needs CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN)"

# On an idle machine something must happen that can be watched.
while :; do
	cat /etc/hostname >/dev/null 2>&1 || true
	sleep 0.2
done &
activity=$!

# The output goes through a file, so that the events can be counted, and on to the terminal.
mkfifo "$dir/events"
"$ctl" events opensnoop -o text --timeout "$seconds" ${events:+--count "$events"} >"$dir/events" &
viewer=$!
tee "$dir/seen" <"$dir/events" &
copier=$!
trap 'kill "$viewer" 2>/dev/null || true' INT
wait "$viewer" || true
wait "$copier" || wait "$copier" || true # the first may have been cut short by ^C
viewer=
seen=$(($(wc -l <"$dir/seen") - 1)) # without the header
[ "$seen" -gt 0 ] || die "no event was seen within $seconds seconds"
say "$seen events seen; the agent stops and nothing of it stays behind"
