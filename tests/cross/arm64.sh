#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests the build for arm64 on a machine that is none.
#
#   tests/cross/arm64.sh unit [CTEST-ARGUMENT...]
#   tests/cross/arm64.sh machine [OPTION...] [-- TEST...]
#
#   unit     the unit tests, each by QEMU's emulation of a program (qemu-user)
#   machine  tests in an emulated machine, with Debian's kernel: OPTIONs and TESTs of
#            tests/kernel/vm.sh
#
# Both build first what is not built yet (packaging/cross/build.sh). Exit status 77: something that
# is needed is missing.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
what=${1:?unit or machine}
shift

# Unit tests that the emulation of a program cannot run, and why. "machine" can.
cannot="ledger: it steps through a program by ptrace(2), which is not emulated
user_symbol: /proc/self/exe is the emulator's file
ctl_process: a child of vfork(2) gets a copy of its parent's memory, so failures stay there"

folder=$("$top/packaging/cross/build.sh" arm64)
case $what in
unit)
	echo "$cannot" | sed 's/^/skipped: /'
	exec "$top/packaging/cross/in-root.sh" "$folder" ctest --test-dir "$folder/build" \
		-L '^unit$' -E "^unit/($(echo "$cannot" | sed 's/:.*//' | paste -s -d '|'))\$" \
		-j "$(nproc)" --timeout 300 --output-on-failure --no-tests=error "$@"
	;;
machine)
	# Where the options end, the build tree goes.
	case " $* " in *" -- "*) ;; *) set -- "$@" -- ;; esac
	n=$#
	while [ "$n" -gt 0 ]; do
		argument=$1
		shift
		[ "$argument" != -- ] || argument=$folder/build
		set -- "$@" "$argument"
		n=$((n - 1))
	done
	exec "$top/tests/kernel/vm.sh" "$@"
	;;
*)
	echo "usage: $0 unit|machine [ARGUMENT...]" >&2
	exit 2
	;;
esac
