# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What is particular to the machine of each architecture: how QEMU makes one, and where the programs
# and libraries of its system lie. Sourced by tests/kernel/vm.sh.

declare -A emulators=([amd64]=qemu-system-x86_64 [arm64]=qemu-system-aarch64)
declare -A machines=(
	[amd64]="-M q35 -cpu max"
	# Pointers are signed by a cipher of QEMU's own: the architecture's is slow to emulate.
	[arm64]="-M virt -cpu max,pauth-impdef=on"
)
declare -A kernel_words=(
	[amd64]="console=ttyS0 tsc=reliable no_timer_check"
	[arm64]="console=ttyAMA0"
)
declare -A triples=([amd64]=x86_64-linux-gnu [arm64]=aarch64-linux-gnu)
# The packages whose programs a machine of another architecture runs.
machine_packages="busybox-static python3 iproute2 util-linux"

# Prints Debian's name of the architecture that the program $1 is for.
arch_of() {
	case $(LC_ALL=C readelf -h "$1" 2>/dev/null) in
	*"Machine:"*AArch64*) echo arm64 ;;
	*"Machine:"*X86-64*) echo amd64 ;;
	*) return 1 ;;
	esac
}

# Unpacks $machine_packages and all that they need to the folder $1. Nothing of it is run here.
unpack_machine() {
	local deb

	make_apt_folder "$(. /etc/os-release && echo "$VERSION_CODENAME")"
	# shellcheck disable=SC2086 # a list of words
	{ apt-get update -qq && apt-get install -qq --yes --no-install-recommends --download-only \
		$machine_packages; } >"$work/apt.log" 2>&1 ||
		skip "programs for $arch cannot be had: $(tail -n 1 "$work/apt.log")"
	mkdir "$work/machine"
	for deb in "$work"/apt/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$work/machine"
	done
	unset APT_CONFIG
	rm -rf "$work/apt"
	mv "$work/machine" "$1"
}

# Sets $systems: the folders in which the files of the machine's system lie, "" being this machine.
# For another architecture the build tree is that of packaging/cross/build.sh.
find_systems() {
	local cross

	systems=("")
	[ "$arch" != "$(dpkg --print-architecture)" ] || return 0
	cross=$(dirname "$build")
	[ -d "$cross/root" ] || skip "$build is for $arch, and not made by packaging/cross/build.sh"
	[ -d "$cross/machine" ] || unpack_machine "$cross/machine"
	systems=("$cross/machine" "$cross/root")
}

# Prints where the file $1 of the machine's system lies.
find_system() {
	local folder

	for folder in "${systems[@]}"; do
		[ -e "$folder$1" ] && echo "$folder$1" && return
	done
	return 1
}
