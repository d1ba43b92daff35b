#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the kernel tests on a Debian kernel in an emulated machine, for the hooks that the running
# kernel does not have (kprobe, kretprobe) and for another kernel's opinion of the rest.
#
#   tests/kernel/vm.sh BUILD-DIR [TEST...]
#
# Needs qemu-system-x86_64, busybox (static), cpio, lz4 and an apt source with kernels. The kernel is
# kept in $EUNOMIA_CACHE (default /var/cache/eunomia-tests). Exit status 77: something is missing.
set -eu

build=$1
shift
tests=${*:-test_gate test_slot test_kernel_btf}
cache=${EUNOMIA_CACHE:-/var/cache/eunomia-tests}
seconds=${EUNOMIA_VM_SECONDS:-240}

skip() {
	echo "skipped: $*"
	exit 77
}

[ "$(uname -m)" = x86_64 ] || skip "the emulated machine is x86-64; this one is $(uname -m)"
for tool in qemu-system-x86_64 busybox cpio lz4 apt-get dpkg-deb; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$cache"

# The kernel inside a bzImage is compressed; emulation would spend seconds on unpacking it, and
# QEMU boots the plain ELF image directly (PVH).
fetch_kernel() {
	local package deb image offset

	package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
		awk '/Depends: linux-image-/ { print $2; exit }')
	[ -n "$package" ] || skip "apt knows no linux-image-cloud-amd64"
	kernel=$cache/$package.elf
	[ -s "$kernel" ] && return
	(cd "$work" && apt-get download -qq "$package" >/dev/null 2>&1) ||
		skip "$package cannot be downloaded"
	deb=$(echo "$work"/linux-image-*.deb)
	dpkg-deb -x "$deb" "$work/kernel"
	image=$(echo "$work"/kernel/boot/vmlinuz-*)
	# Debian's cloud kernels are LZ4 in its legacy frame (CONFIG_KERNEL_LZ4).
	for offset in $(LC_ALL=C grep -aobP '\x02\x21\x4C\x18' "$image" | cut -d: -f1); do
		tail -c +$((offset + 1)) "$image" | lz4 -dcq 2>/dev/null >"$work/vmlinux" || true
		[ "$(head -c 4 "$work/vmlinux" | tail -c 3)" = ELF ] && break
	done
	[ -s "$work/vmlinux" ] || skip "$package holds no kernel that can be unpacked"
	rm -rf "$work/kernel" "$deb"
	mv "$work/vmlinux" "$kernel"
}

add_program() {
	install -D "$1" "$root$1"
	ldd "$1" | awk '$2 == "=>" { print $3 } $1 ~ "^/" { print $1 }' | while read -r library; do
		install -D "$library" "$root$library"
	done
}

make_initramfs() {
	local name path

	root=$work/root
	mkdir -p "$root"/{bin,proc,sys,dev,tmp}
	cp "$(command -v busybox)" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	for name in $tests; do
		path=$build/tests/kernel/$name
		[ -x "$path" ] || skip "$path was not built"
		add_program "$path"
	done
	# Test objects and trackers stand at the absolute path that is compiled into the tests.
	for path in "$build"/tests/kernel/*.bpf.o "$build"/bpf/trackers/*.json; do
		install -D "$path" "$root$path"
	done
	{
		cat <<-'END'
			#!/bin/busybox sh
			/bin/busybox mkdir -p /sys /proc /dev /tmp
			/bin/busybox mount -t proc proc /proc
			/bin/busybox mount -t sysfs sysfs /sys
			/bin/busybox mount -t devtmpfs dev /dev
			/bin/busybox mount -t tracefs tracefs /sys/kernel/tracing
			/bin/busybox mount -t bpf bpf /sys/fs/bpf
			/bin/busybox mount -t cgroup2 cgroup2 /sys/fs/cgroup
			echo +memory >/sys/fs/cgroup/cgroup.subtree_control
			echo; echo "vm: kernel $(/bin/busybox uname -r)"
		END
		for name in $tests; do
			echo "$build/tests/kernel/$name; echo \"vm: $name exit \$?\""
		done
		echo '/bin/busybox reboot -f'
	} >"$root/init"
	chmod +x "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/initramfs"
}

build=$(cd "$build" && pwd)
fetch_kernel
make_initramfs
timeout "$seconds" qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max -smp 2 -m 1G \
	-nographic -nodefaults -serial stdio -no-reboot -kernel "$kernel" -initrd "$work/initramfs" \
	-append "console=ttyS0 panic=-1 quiet nokaslr mitigations=off tsc=reliable no_timer_check \
cryptomgr.notests rcupdate.rcu_expedited=1" </dev/null 2>&1 | tr -d '\r' | tee "$work/log" |
	grep -E "^vm:|switches:|FAILED|ERROR|SKIPPED|skipped|panic" || true
for name in $tests; do
	grep -q "^vm: $name exit 0" "$work/log" || {
		echo "$name did not pass in the machine; the end of its output:"
		tail -n 40 "$work/log"
		exit 1
	}
done
