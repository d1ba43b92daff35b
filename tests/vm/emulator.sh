# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # variables are those of tests/kernel/vm.sh
# The emulator of a machine. Sourced by tests/kernel/vm.sh.
#
# QEMU before 8.1 may go on running an instruction that another processor has replaced ("accel/tcg:
# Always lock pages before translation" ended that), and kernels replace instructions of theirs
# whenever a program is attached: a processor then hits a breakpoint that is long gone, for ever.
# Debian 12 has 7.2; its backports have a newer one, which is kept, unpacked, in $cache/emulators.
# Its libraries and firmware are those of the installed one.

emulator_packages="qemu-system-common qemu-system-x86 qemu-system-arm"
emulator_suite=bookworm-backports

# has_locks EMULATOR: is it QEMU 8.1 or newer?
has_locks() {
	local version

	version=$("$1" --version 2>/dev/null | sed -n 's/.*version \([0-9.]*\).*/\1/p')
	[ -n "$version" ] && [ "$(printf '%s\n' 8.1 "$version" | sort -V | head -n 1)" = 8.1 ]
}

download_emulators() {
	local package architecture

	architecture=$(dpkg --print-architecture)
	arch=$architecture make_apt_folder "$emulator_suite"
	apt-get update -qq >"$work/apt.log" 2>&1 ||
		skip "$emulator_suite cannot be had: $(tail -n 1 "$work/apt.log")"
	for package in $emulator_packages; do
		download "$package" || skip "$package of $emulator_suite cannot be downloaded"
	done
	unset APT_CONFIG
	rm -rf "$work/apt"
	rm -rf "$cache/emulators"
	mkdir -p "$cache"
	mv "$work/deb" "$cache/emulators"
}

# Makes $emulator the path of the program NAME: the installed one, or the cache's.
find_emulator() {
	emulator=$1
	! has_locks "$emulator" || return 0
	emulator=$cache/emulators/usr/bin/$1
	[ -x "$emulator" ] || download_emulators
	has_locks "$emulator" || skip "$emulator does not run: $("$emulator" --version 2>&1 | head -n 1)"
}
