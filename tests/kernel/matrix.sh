#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the kernel tests and the end-to-end tests on every kernel: this one, and Debian's in emulated
# machines, one after the other. Takes half an hour on two quiet processors.
#
#   tests/kernel/matrix.sh [-u] [-p PART]... BUILD-DIR [VERSION...]
#
#   -u       ask apt for newer kernels
#   -p PART  kernel (the kernel tests), e2e or host (unusual ways to start a kernel); default: all
#   VERSION  native, or as tests/kernel/vm.sh -k; default: all
#
# Results are BUILD-DIR/kernels/VERSION.PART.rows (tests/vm/rows.py tells the format); whoever has a
# machine of another architecture adds files there. Then
#
#   tests/kernel/matrix.py BUILD-DIR/kernels docs/kernels.md
set -u

source=$(cd "$(dirname "$0")/../.." && pwd)
# Those that ask the kernel for something, and need no compiler, network, journald or foreign client.
themes="kinds lifecycle attach swap survival packages bad_packages client"
fresh=
parts=
while getopts up: option; do
	case $option in
	u) fresh=-u ;;
	p) parts="$parts $OPTARG" ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
build=$(cd "$1" && pwd) || exit 2
shift
versions=${*:-native 5.10 6.1 6.12 7}
parts=${parts:-kernel e2e host}
results=$build/kernels
failures=0
mkdir -p "$results"

# vm VERSION PART OPTION...: one machine; its console is VERSION.PART.log.
vm() {
	local name=$1.$2 version=$1
	shift 2
	echo "== $name"
	# shellcheck disable=SC2086 # nothing, or an option
	EUNOMIA_VM_SECONDS=3600 "$source/tests/kernel/vm.sh" -k "$version" $fresh \
		-l "$results/$name.log" -o "$results/$name.rows" "$@" "$build" ||
		failures=$((failures + 1))
}

# host VERSION NAME OPTION...: the conditions on a kernel that was started in an unusual way.
host() {
	local version=$1 name=$2
	shift 2
	vm "$version" "host-$name" -e conditions "$@"
	sed -i "s|^e2e/conditions\t|host/$name\t|" "$results/$version.host-$name.rows" || true
}

run_host() {
	host "$1" plain -c ""
	host "$1" lsm -c "lsm=lockdown,capability,yama,bpf"
	host "$1" lockdown -c "lsm=lockdown,capability,bpf lockdown=confidentiality"
	host "$1" old-clock -q "-rtc base=2000-01-01"
}

run_version() {
	local part

	for part in $parts; do
		case $part in
		kernel) vm "$1" kernel ;;
		e2e) vm "$1" e2e -c "" -m 2048 -e "$themes" ;;
		host) run_host "$1" ;;
		esac
	done
}

# The same steps, in the form of an emulated machine's console.
run_native() {
	local log=$results/native.log name

	{
		echo "vm: kernel $(uname -rm)"
		for name in gate gate_net link_pins targets slot swap resume accounting ring_loss \
			kernel_btf; do
			echo "vm: begin test_$name"
			"$build/tests/kernel/test_$name" 2>&1
			echo "vm: test_$name exit $?"
		done
		export EUNOMIA_BUILD_DIR=$build EUNOMIA_SOURCE_DIR=$source
		export PYTHONPATH=$source/tests/harness
		for name in $themes conditions; do
			echo "vm: begin e2e/$name"
			/usr/bin/python3 -B "$source/tests/e2e/test_$name.py" 2>&1
			echo "vm: e2e/$name exit $?"
		done
	} >"$log" </dev/null
	/usr/bin/python3 -B "$source/tests/vm/rows.py" "$log" >"$results/native.rows"
	! grep -P '^\S+\tfailed\t' "$results/native.rows" || failures=$((failures + 1))
}

for version in $versions; do
	case $version in
	native) run_native ;;
	*) run_version "$version" ;;
	esac
done
[ "$failures" -eq 0 ]
