#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails where packages name another version than CMakeLists.txt, or the Debian library package other
# symbols than the linker's map.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

cd "$root"
version=$(sed -n 's/^project(eunomia VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
breaches=0

# expect FILE VERSION-FOUND
expect()
{
	[ "$2" = "$version" ] && return 0
	echo "$1: version '$2', not '$version' as in CMakeLists.txt"
	breaches=$((breaches + 1))
}

expect packaging/debian/changelog "$(sed -n '1s/^eunomia (\(.*\)).*/\1/p' packaging/debian/changelog)"
expect packaging/rpm/eunomia.spec "$(sed -n 's/^Version: *//p' packaging/rpm/eunomia.spec)"
expect packaging/arch/PKGBUILD "$(sed -n 's/^pkgver=//p' packaging/arch/PKGBUILD)"

# Of each symbol: name@node, as dpkg-gensymbols has it.
awk '/^EUNOMIA_/ { node = $1 } /^\t\teun_/ { sub(";", "", $1); print $1 "@" node }' \
	lib/libeunomia.map | sort >"$tmp/map"
sed -n 's/^ \(eun_[^ ]*\) .*/\1/p' packaging/debian/libeunomia0.symbols | sort >"$tmp/symbols"
if ! diff "$tmp/map" "$tmp/symbols" >"$tmp/diff"; then
	echo "lib/libeunomia.map (<) and packaging/debian/libeunomia0.symbols (>) differ:"
	grep '^[<>]' "$tmp/diff"
	breaches=$((breaches + 1))
fi
[ "$breaches" -eq 0 ]
