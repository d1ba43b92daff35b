#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a tarball for systems that no package is made for: the programs with all libraries in them
# that the distribution ships as archives, so that they need glibc and libsystemd alone, trackers,
# units and an install script. Built on the oldest system that it shall run on (Debian 12): glibc is
# compatible with later versions only. Not on Debian 13, whose libelf.a lacks a part of itself
# (eu_search_tree_init). The same tree gives the same bytes.
set -eu
. "$(dirname "$0")/common.sh"

case ${1:-} in
-*)
	echo "usage: packaging/tarball.sh [OUTDIR]"
	[ "$1" = -h ] || [ "$1" = --help ] || exit 2
	exit 0
	;;
esac

# What the programs may ask of the system that they run on.
allowed='ld-linux-.*\.so\.[0-9] libc\.so\.6 libm\.so\.6 libsystemd\.so\.0'
# Whose code is in them; the notices of the packages go along.
archives='libbpf.a libelf.a libjansson.a libinih.a libnghttp2.a libprotobuf-c.a libuv_a.a libz.a'

need cmake ninja cc objdump readelf
mkdir -p "${1:-.}"
outdir=$(cd "${1:-.}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

name=eunomia-$(project_version)-linux-$(uname -m)
tree=$work/$name

build()
{
	CFLAGS="${CFLAGS:-} -ffile-prefix-map=$top=. -ffile-prefix-map=$work/build=." \
		cmake -S "$top" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
		-DCMAKE_INSTALL_PREFIX=/usr/local -DCMAKE_INSTALL_LIBDIR=lib \
		-DCMAKE_INSTALL_SYSCONFDIR=/etc -DEUNOMIA_SYSTEMD_DIR=lib/systemd/system \
		-DEUNOMIA_STATIC=ON -DEUNOMIA_CURL=OFF -DEUNOMIA_TESTS=OFF &&
		ninja -C "$work/build" &&
		DESTDIR=$work/stage cmake --install "$work/build" --strip
}

lay_out()
{
	mv "$work/stage/usr/local" "$tree"
	mv "$work/stage/etc" "$tree/etc"
	# To embed the engine takes the libraries as well: that is what packages are for.
	rm -r "$tree/lib/libeunomia.a" "$tree/lib/pkgconfig"
	find "$tree/include/eunomia" -maxdepth 1 -type f -delete
	doc=$tree/share/doc/eunomia
	mkdir -p "$doc/notices"
	cp "$top"/docs/*.md "$top/README.md" "$doc"
	cp "$top/LICENSE" "$tree"
	cp "$top/packaging/tarball/README.md" "$tree"
	cp "$top/packaging/tarball/install.sh" "$tree"
	chmod 755 "$tree/install.sh"
}

# The notices that the licences of the archives ask for, from the packages that they came with.
collect_notices()
{
	for archive in $archives; do
		file=$(cc -print-file-name="$archive")
		[ -f "$file" ] || die "there is no $archive here; see docs/packaging.md"
		command -v dpkg-query >/dev/null || continue
		package=$(dpkg-query -S "*/$archive" | head -n 1 | cut -d : -f 1)
		cp "/usr/share/doc/$package/copyright" "$tree/share/doc/eunomia/notices/$package"
	done
}

# What is asked for that the system may not have would show at the first start, far from here.
check_needs()
{
	for file in "$tree/sbin/eunomiad" "$tree/bin/eunomiactl"; do
		readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
	done | sort -u >"$work/needed"
	echo "$allowed" | tr ' ' '\n' >"$work/allowed"
	if grep -vx -f "$work/allowed" "$work/needed"; then
		die "the programs need these libraries, which a system may not have"
	fi
	glibc=$(objdump -T "$tree/sbin/eunomiad" "$tree/bin/eunomiactl" |
		sed -n 's/.*GLIBC_\([0-9][0-9.]*\).*/\1/p' | sort -V | tail -n 1)
}

build >"$work/log" 2>&1 || {
	tail -n 40 "$work/log" >&2
	die "the build failed"
}
lay_out
collect_notices
check_needs
sed -i "s/@GLIBC@/$glibc/g; s/@ARCH@/$(uname -m)/g" "$tree/install.sh" "$tree/README.md"
pack "$outdir/$name.tar.gz" "$work" "$name"
echo "$outdir/$name.tar.gz: needs glibc $glibc and libsystemd"
