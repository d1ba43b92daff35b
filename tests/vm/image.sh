# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # variables are those of tests/kernel/vm.sh
# The root file system of an emulated machine: busybox, the tests with what they need, at the same
# absolute paths as here, all of it unpacked into memory at boot. Sourced by tests/kernel/vm.sh.

# Parts of Python that no test needs, below its library folder.
python_unwanted="test idlelib lib2to3 tkinter turtledemo ensurepip distutils pydoc_data dist-packages
	config-* lib-dynload/_test* __pycache__ asyncio xmlrpc wsgiref sqlite3 curses"

# An empty root with the folders of one where /bin is a name of /usr/bin, as on Debian.
begin_image() {
	local name

	root=$work/root
	mkdir -p "$root"/{etc,run,tmp,root,sys,proc,dev,var/lib,vm/modules} \
		"$root"/usr/{bin,sbin,lib,lib64}
	for name in bin sbin lib lib64; do
		ln -s "usr/$name" "$root/$name"
	done
	cp "$(find_system /bin/busybox)" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	cp "$source/tests/vm/init.sh" "$root/init"
	find "$kernel/modules" -name '*.ko' -exec cp {} "$root/vm/modules/" \;
}

add_file() {
	install -D "$1" "$root$1"
}

# add_system PATH: a file of the machine's system; a program or library with what that needs.
add_system() {
	[ ! -e "$root$1" ] || return 0
	install -D "$(find_system "$1")" "$root$1"
	add_libraries "$root$1"
}

# add_libraries FILE: what it is linked with. ldd(1) would run the file to find out.
add_libraries() {
	local name folder

	for name in $(LC_ALL=C readelf -ld "$1" 2>/dev/null |
		sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p; s/.*interpreter: \(.*\)\]/\1/p'); do
		if [ -e "$build/lib/$name" ]; then
			[ -e "$root$build/lib/$name" ] || add_program "$build/lib/$name"
			continue
		fi
		for folder in "" "/lib/${triples[$arch]}/" "/usr/lib/${triples[$arch]}/"; do
			find_system "$folder$name" >/dev/null || continue
			add_system "$folder$name"
			break
		done
	done
}

# add_program FILE: of the build tree.
add_program() {
	add_file "$1"
	add_libraries "$1"
}

# Test objects and trackers stand at the absolute path that is compiled into the tests.
add_objects() {
	local path

	find "$build/tests" -name '*.bpf.o' >"$work/objects"
	for path in $(cat "$work/objects") "$build"/bpf/trackers/*.json; do
		[ -e "$path" ] && add_file "$path"
	done
}

# Prints the folder of Python's library without what is not wanted, compiled: emulation would take
# half a minute for that at every boot. Kept in the cache.
prepare_python() {
	local version folder name

	version=$(/usr/bin/python3 -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])')
	folder=$cache/python-$version-$arch
	if [ ! -d "$folder" ]; then
		cp -a "$1" "$work/python"
		for name in $python_unwanted; do
			# shellcheck disable=SC2086 # a pattern
			rm -rf "$work/python"/$name
		done
		# Times of files get lost on the way into the machine.
		/usr/bin/python3 -m compileall -q --invalidation-mode unchecked-hash "$work/python" ||
			return 1
		mv "$work/python" "$folder"
	fi
	echo "$folder"
}

add_python() {
	local library folder path

	library=$(/usr/bin/python3 -c 'import os; print(os.path.dirname(os.__file__))')
	folder=$(find_system "$library") && folder=$(prepare_python "$folder") ||
		skip "Python's library cannot be compiled"
	add_system "$(readlink -f /usr/bin/python3)"
	ln -sf "$(basename "$(readlink -f /usr/bin/python3)")" "$root/usr/bin/python3"
	mkdir -p "$root$(dirname "$library")"
	cp -a "$folder" "$root$library"
	for path in "$folder"/lib-dynload/*.so; do
		add_libraries "$path"
	done
}

# The end-to-end tests, the programs that they call, and accounts for those that drop rights.
add_e2e() {
	local name path

	add_python
	for path in "$source"/tests/e2e/*.py "$source"/tests/harness/*.py \
		"$source"/tests/data/package_* "$source"/tests/e2e/*.bpf.c; do
		[ -e "$path" ] && add_file "$path"
	done
	for path in agent/eunomiad ctl/eunomiactl tests/bench/generator; do
		[ -x "$build/$path" ] || skip "$build/$path was not built"
		add_program "$build/$path"
	done
	for path in /bin/ip /usr/bin/ip /usr/bin/unshare /usr/bin/setpriv; do
		find_system "$path" >/dev/null && add_system "$path"
	done
	printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
}

pack_image() {
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/initramfs"
}
