# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # variables are those of tests/kernel/vm.sh
# Debian's kernels for emulated machines. Sourced by tests/kernel/vm.sh.
#
# A kernel comes from the suite of the Debian release that it belongs to. What is kept, unpacked, is
# $cache/kernels/PACKAGE/{vmlinux,modules/NN-NAME.ko}.

# version: suites, in the order of preference
declare -A suites=(
	[5.10]="bullseye-security bullseye"
	[6.1]="bookworm-security bookworm"
	[6.12]="trixie-security trixie"
	[7]="sid"
)
# What the tests need of what Debian builds as modules, in the order of loading.
modules="veth sch_ingress cls_bpf"

# Since 7.0 the image is in linux-binary-*, and linux-image-* brings it and the modules.
find_package() {
	local kind

	for kind in binary image; do
		apt-cache pkgnames "linux-$kind-$version." |
			grep -E "^linux-[a-z]+-[0-9][^-]*(-[0-9]+)?-cloud-$arch\$" | sort -V | tail -n 1
	done | head -n 1
}

# The kernel inside a bzImage is compressed; emulation would spend seconds on unpacking it, and
# QEMU boots the plain ELF image directly (PVH). Debian uses xz, LZ4 in its legacy frame, Zstandard.
unpack_kernel() {
	local image=$1 magic tool offset

	# That of arm64 is no program that unpacks itself; QEMU boots it as it is.
	[ "$arch" != arm64 ] || { cp "$image" "$2" && return; }
	for magic in '\x02\x21\x4C\x18 lz4' '\x28\xB5\x2F\xFD zstd' '\xFD7zXZ\x00 xz'; do
		tool=${magic#* }
		LC_ALL=C grep -aobP "${magic% *}" "$image" | cut -d: -f1 >"$work/offsets"
		while read -r offset; do
			tail -c +$((offset + 1)) "$image" | "$tool" -dcq 2>/dev/null >"$2" || true
			[ "$(head -c 4 "$2" | tail -c 3)" = ELF ] && return
		done <"$work/offsets"
	done
	return 1
}

unpack_modules() {
	local name path n=10

	for name in $modules; do
		path=$(find "$1" -name "$name.ko" -o -name "$name.ko.xz" | head -n 1)
		case $path in
		*.xz) xz -dc "$path" >"$2/$n-$name.ko" ;;
		?*) cp "$path" "$2/$n-$name.ko" ;;
		esac
		n=$((n + 1))
	done
}

# Sets $kernel: the folder of the newest kernel of $version in the cache; with $is_fresh, or when
# there is none, of apt's.
fetch_kernel() {
	local package image

	kernel=$(find "$cache/kernels" -maxdepth 1 -name "linux-*-$version.*-cloud-$arch" 2>/dev/null |
		sort -V | tail -n 1)
	[ -n "$kernel" ] && [ -z "$is_fresh" ] && return
	# shellcheck disable=SC2086 # a list of words
	make_apt_folder ${suites[$version]}
	apt-get update -qq >"$work/apt.log" 2>&1 ||
		skip "the suites ${suites[$version]} cannot be had: $(tail -n 1 "$work/apt.log")"
	package=$(find_package)
	[ -n "$package" ] || skip "${suites[$version]} have no kernel $version"
	kernel=$cache/kernels/$package
	[ -s "$kernel/vmlinux" ] && return
	download "$package" || skip "$package cannot be downloaded"
	case $package in
	linux-binary-*) download "${package/binary/modules}" ||
		skip "${package/binary/modules} cannot be downloaded" ;;
	esac
	mkdir -p "$work/kernel/modules" "$cache/kernels"
	unpack_modules "$work/deb" "$work/kernel/modules"
	image=$(find "$work/deb" -name 'vmlinuz*' | head -n 1)
	unpack_kernel "$image" "$work/kernel/vmlinux" ||
		skip "$package holds no kernel that can be unpacked"
	rm -rf "$work/deb" "$work/apt"
	unset APT_CONFIG
	mv "$work/kernel" "$kernel"
}
