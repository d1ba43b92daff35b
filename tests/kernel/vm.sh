#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the kernel tests on a Debian kernel in an emulated machine, for the hooks that the running
# kernel does not have (kprobe, fentry, LSM) and for another kernel's opinion of the rest.
#
#   tests/kernel/vm.sh [-k VERSION] [-a "ARGUMENTS"] BUILD-DIR [TEST...]
#
#   -k VERSION    the newest kernel of apt's whose version begins so (6.1, 6.12); default: the one
#                 that this Debian release installs
#   -a ARGUMENTS  for each of the tests
#   TEST          below BUILD-DIR/tests/kernel
#
# Needs qemu-system-x86_64, busybox (static), cpio, lz4, zstd, xz and an apt source with kernels.
# Kernels are kept in $EUNOMIA_CACHE (default /var/cache/eunomia-tests). $EUNOMIA_VM_SECONDS bounds
# the whole run. Exit status 77: something is missing.
set -eu

version=
arguments=
while getopts k:a: option; do
	case $option in
	k) version=$OPTARG ;;
	a) arguments=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
build=$1
shift
tests=${*:-test_gate test_gate_net test_link_pins test_targets test_slot test_swap test_resume
	test_accounting test_ring_loss test_kernel_btf}
cache=${EUNOMIA_CACHE:-/var/cache/eunomia-tests}
seconds=${EUNOMIA_VM_SECONDS:-360}
# What the tests need of what Debian builds as modules, in the order of loading.
modules="sch_ingress cls_bpf"

skip() {
	echo "skipped: $*"
	exit 77
}

[ "$(uname -m)" = x86_64 ] || skip "the emulated machine is x86-64; this one is $(uname -m)"
for tool in qemu-system-x86_64 busybox cpio lz4 zstd xz apt-get dpkg-deb; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$cache"

find_package() {
	if [ -n "$version" ]; then
		apt-cache pkgnames "linux-image-$version." | grep -E '^[^-]+-[^-]+-[0-9].*-cloud-amd64$' |
			sort -V | tail -n 1
	else
		apt-cache depends linux-image-cloud-amd64 2>/dev/null |
			awk '/Depends: linux-image-/ { print $2; exit }'
	fi
}

# The kernel inside a bzImage is compressed; emulation would spend seconds on unpacking it, and
# QEMU boots the plain ELF image directly (PVH). Debian uses LZ4 in its legacy frame, or Zstandard.
unpack_kernel() {
	local image=$1 magic tool offset

	for magic in '\x02\x21\x4C\x18 lz4' '\x28\xB5\x2F\xFD zstd'; do
		tool=${magic#* }
		LC_ALL=C grep -aobP "${magic% *}" "$image" | cut -d: -f1 >"$work/offsets"
		while read -r offset; do
			tail -c +$((offset + 1)) "$image" | "$tool" -dcq 2>/dev/null >"$2" || true
			[ "$(head -c 4 "$2" | tail -c 3)" = ELF ] && return
		done <"$work/offsets"
	done
	return 1
}

fetch_kernel() {
	local package name path

	package=$(find_package)
	[ -n "$package" ] || skip "apt knows no kernel ${version:-of linux-image-cloud-amd64}"
	kernel=$cache/$package
	[ -s "$kernel/vmlinux" ] && return
	(cd "$work" && apt-get download -qq "$package" >/dev/null 2>&1) ||
		skip "$package cannot be downloaded"
	dpkg-deb -x "$work"/linux-image-*.deb "$work/deb"
	mkdir "$work/kernel"
	for name in $modules; do
		path=$(find "$work/deb/lib/modules" -name "$name.ko" -o -name "$name.ko.xz")
		case $path in
		*.xz) xz -dc "$path" >"$work/kernel/$name.ko" ;;
		?*) cp "$path" "$work/kernel/" ;;
		esac
	done
	unpack_kernel "$(echo "$work"/deb/boot/vmlinuz-*)" "$work/kernel/vmlinux" ||
		skip "$package holds no kernel that can be unpacked"
	rm -rf "$work"/deb "$work"/*.deb
	mv "$work/kernel" "$kernel"
}

add_program() {
	install -D "$1" "$root$1"
	ldd "$1" | awk '$2 == "=>" { print $3 } $1 ~ "^/" { print $1 }' | while read -r library; do
		install -D "$library" "$root$library"
	done
}

write_init() {
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
		for module in /modules/*.ko; do /bin/busybox insmod "$module"; done
		echo; echo "vm: kernel $(/bin/busybox uname -r)"
	END
	for name in $tests; do
		echo "$build/tests/kernel/$name $arguments; echo \"vm: $name exit \$?\""
	done
	echo '/bin/busybox reboot -f'
}

make_initramfs() {
	local name path

	root=$work/root
	mkdir -p "$root"/{bin,proc,sys,dev,tmp,modules}
	cp "$(command -v busybox)" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	for name in $modules; do
		[ -e "$kernel/$name.ko" ] && cp "$kernel/$name.ko" "$root/modules/"
	done
	for name in $tests; do
		path=$build/tests/kernel/$name
		[ -x "$path" ] || skip "$path was not built"
		add_program "$path"
	done
	# Test objects and trackers stand at the absolute path that is compiled into the tests.
	find "$build/tests" -name '*.bpf.o' >"$work/objects"
	for path in $(cat "$work/objects") "$build"/bpf/trackers/*.json; do
		[ -e "$path" ] && install -D "$path" "$root$path"
	done
	write_init >"$root/init"
	chmod +x "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/initramfs"
}

build=$(cd "$build" && pwd)
fetch_kernel
make_initramfs
timeout "$seconds" qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max -smp 2 -m 1G \
	-nographic -nodefaults -serial stdio -no-reboot -kernel "$kernel/vmlinux" \
	-initrd "$work/initramfs" \
	-append "console=ttyS0 panic=-1 quiet nokaslr mitigations=off tsc=reliable no_timer_check \
cryptomgr.notests rcupdate.rcu_expedited=1 lsm=capability,bpf" </dev/null 2>&1 | tr -d '\r' |
	tee "$work/log" |
	grep -E "^vm:|^oracle:|switches:|FAILED|ERROR|SKIPPED|skipped|panic" || true
for name in $tests; do
	grep -q "^vm: $name exit 0" "$work/log" || {
		echo "$name did not pass in the machine; the end of its output:"
		tail -n 40 "$work/log"
		exit 1
	}
done
