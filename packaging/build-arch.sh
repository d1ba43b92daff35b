#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the Arch Linux package from the working tree by makepkg, on Arch or on Debian (packages
# makepkg, pacman-package-manager, libarchive-tools), where dependencies cannot be looked up; what
# packaging/install-deps.sh build installs is needed there.
set -eu
. "$(dirname "$0")/common.sh"

usage()
{
	cat <<'END'
usage: packaging/build-arch.sh [--check] [OUTDIR]
  --check  run the unit tests
  OUTDIR   where the package goes (default: the current folder)
END
}

check=--nocheck
outdir=.
while [ $# -gt 0 ]; do
	case $1 in
	--check) check=--check ;;
	-h | --help) usage && exit 0 ;;
	-*) usage >&2 && exit 2 ;;
	*) outdir=$1 ;;
	esac
	shift
done

need makepkg bsdtar cmake
mkdir -p "$outdir"
outdir=$(cd "$outdir" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

source_archive "$work"
mkdir "$work/out"
cp "$top/packaging/arch/PKGBUILD" "$top/packaging/arch/eunomia.install" "$work"
set -- makepkg "$check" --noconfirm
[ -e /etc/arch-release ] || set -- "$@" --nodeps
# makepkg does not run as root.
if [ "$(id -u)" = 0 ]; then
	chown -R nobody "$work"
	set -- setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
fi
(cd "$work" && HOME=$work PKGDEST=$work/out BUILDDIR=$work PACKAGER='eunomia developers' "$@") \
	>"$work/log" 2>&1 || {
	tail -n 40 "$work/log" >&2
	die "makepkg failed"
}
install -m 644 -t "$outdir" "$work"/out/*.pkg.tar*
