#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs tests on one of Debian's kernels in an emulated machine: for the hooks that the running kernel
# does not have (kprobe, fentry, LSM), and for another kernel's opinion of the rest.
#
#   tests/kernel/vm.sh [-k VERSION] [-u] [-a ARGUMENTS] [-e "THEME..."] [-c WORDS] [-q OPTIONS]
#                      [-m MIB] [-o ROWS] [-l LOG] BUILD-DIR [TEST...]
#
#   -k VERSION    5.10, 6.1, 6.12 or 7 (the newest); default: what this Debian release installs
#   -u            ask apt for a newer one, also when one is in the cache
#   -a ARGUMENTS  for each TEST
#   -e THEMES     tests/e2e/test_THEME.py, after the TESTs; THEME:CLASS.METHOD,... are parts of one
#   -c WORDS      of the kernel's command line, instead of "lsm=capability,bpf"
#   -q OPTIONS    more options of QEMU
#   -m MIB        memory of the machine
#   -o ROWS       file for the results, in the format that tests/vm/rows.py describes
#   -l LOG        file for all that the machine said
#   TEST          below BUILD-DIR/tests/kernel; "standard": the kernel tests; default: these, or
#                 none with -e
#
# The machine is of the architecture that BUILD-DIR is for: this one's, or that for which
# packaging/cross/build.sh built. Needs QEMU's machine of it, busybox (static), cpio, lz4, zstd, xz
# and an apt source of Debian; -e needs Debian's Python. Kernels, and on Debian 12 a newer QEMU, are
# kept in $EUNOMIA_CACHE (default /var/cache/eunomia-tests). $EUNOMIA_VM_SECONDS bounds the whole
# run. Exit status 77: something is missing.
set -eu

source=$(cd "$(dirname "$0")/../.." && pwd)
cache=${EUNOMIA_CACHE:-/var/cache/eunomia-tests}
seconds=${EUNOMIA_VM_SECONDS:-360}
# One test on an emulated processor, next to others, takes what a busy machine takes a tenth of.
patience=300
version=
is_fresh=
arguments=
themes=
words="lsm=capability,bpf"
options=
mib=1024
rows=
log=
kernel_tests="test_gate test_gate_net test_link_pins test_targets test_slot test_swap test_resume
	test_accounting test_ring_loss test_kernel_btf"

skip() {
	echo "skipped: $*"
	exit 77
}

. "$source/tests/vm/debian.sh"
. "$source/tests/vm/emulator.sh"
. "$source/tests/vm/machine.sh"
. "$source/tests/vm/kernel.sh"
. "$source/tests/vm/image.sh"

while getopts k:ua:e:c:q:m:o:l: option; do
	case $option in
	k) version=$OPTARG ;;
	u) is_fresh=yes ;;
	a) arguments=$OPTARG ;;
	e) themes=$OPTARG ;;
	c) words=$OPTARG ;;
	q) options=$OPTARG ;;
	m) mib=$OPTARG ;;
	o) rows=$OPTARG ;;
	l) log=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
build=$(cd "$1" && pwd)
shift
tests=$*
[ -n "$tests$themes" ] || tests=standard
[ "$tests" != standard ] || tests=$kernel_tests
[ -n "$version" ] || case $(. /etc/os-release && echo "${VERSION_CODENAME:-}") in
trixie) version=6.12 ;;
*) version=6.1 ;;
esac
[ -n "${suites[$version]:-}" ] || skip "no suite is known for a kernel $version"

arch=$(arch_of "$build/agent/eunomiad") || skip "$build was not built, or is for no known machine"
for tool in ${emulators[$arch]} busybox cpio lz4 zstd xz readelf apt-get dpkg-deb; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done

work=$(mktemp -d)
log=${log:-$work/log}
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

# One line "NAME COMMAND" for each test, for tests/vm/init.sh.
write_steps() {
	local name class

	for name in $tests; do
		echo "$name $build/tests/kernel/$name $arguments"
	done
	for name in $themes; do
		class=
		case $name in *:*) class=${name#*:} ;; esac
		echo "e2e/$name python3 -B $source/tests/e2e/test_${name%%:*}.py ${class//,/ }"
	done
}

write_environment() {
	cat <<-END
		export EUNOMIA_BUILD_DIR=$build EUNOMIA_SOURCE_DIR=$source
		export PYTHONPATH=$source/tests/harness EUNOMIA_TEST_PATIENCE=$patience
		export EUNOMIA_TEST_LOAD=0.05 EUNOMIA_KILLS=10
	END
}

make_image() {
	local name

	begin_image
	for name in $tests; do
		[ -x "$build/tests/kernel/$name" ] || skip "$build/tests/kernel/$name was not built"
		add_program "$build/tests/kernel/$name"
	done
	add_objects
	if [ -n "$themes" ]; then
		add_e2e
	fi
	write_steps >"$root/vm/steps"
	write_environment >"$root/vm/environment"
	pack_image
}

# The machine's console, as it comes; it is kept in $log.
run_machine() {
	# shellcheck disable=SC2086 # lists of words
	timeout "$seconds" "$emulator" ${machines[$arch]} -accel tcg,thread=multi -smp 2 \
		-m "$mib" -nographic -nodefaults -serial stdio -no-reboot $options \
		-kernel "$kernel/vmlinux" -initrd "$work/initramfs" \
		-append "${kernel_words[$arch]} panic=-1 quiet nokaslr mitigations=off \
cryptomgr.notests rcupdate.rcu_expedited=1 $words" </dev/null 2>&1 |
		sed -u 's/\r$//' | tee "$log"
}

# What a reader of the tests' output wants to see of the console.
show_progress() {
	grep --line-buffered -E "^vm:|^row:|^oracle:|switches:|FAIL|ERROR|SKIP|skipped|panic|Oops" ||
		true
}

# Every step must have ended well, or have been skipped as a whole.
judge() {
	local name

	while read -r name _; do
		grep -qE "^vm: $name exit (0|77)\$" "$log" && continue
		echo "$name did not pass in the machine; the end of its output:"
		tail -n 60 "$log"
		return 1
	done <"$root/vm/steps"
}

find_systems
find_emulator "${emulators[$arch]}"
fetch_kernel
make_image
run_machine | show_progress
if [ -n "$rows" ]; then
	/usr/bin/python3 -B "$source/tests/vm/rows.py" "$log" >"$rows"
fi
judge
