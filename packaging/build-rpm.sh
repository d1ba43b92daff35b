#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the RPM packages from the working tree, on Fedora and its like or on Debian, and leaves
# source and binary packages in OUTDIR. On Debian, rpm cannot ask dpkg what is installed
# (packaging/install-deps.sh build system is), and Fedora's macros come from rpm/debian.macros.
set -eu
. "$(dirname "$0")/common.sh"

usage()
{
	cat <<'END'
usage: packaging/build-rpm.sh [--check] [--release N] [OUTDIR]
  --check      run the unit tests
  --release N  the same version packed once more, for an upgrade
  OUTDIR       where the packages go (default: the current folder)
END
}

release=1
check=--without
outdir=.
while [ $# -gt 0 ]; do
	case $1 in
	--check) check=--with ;;
	--release)
		release=${2:-}
		case $release in '' | *[!0-9]*) usage >&2 && exit 2 ;; esac
		shift
		;;
	-h | --help) usage && exit 0 ;;
	-*) usage >&2 && exit 2 ;;
	*) outdir=$1 ;;
	esac
	shift
done

need rpmbuild cmake flock
mkdir -p "$outdir"
outdir=$(cd "$outdir" && pwd)
# rpm notes the folder in the source package, so it must be the same for the same bytes.
work=$top/build-rpm
mkdir -p "$work"
exec 9<"$work"
flock -n 9 || die "another build of RPM packages runs in $work"
find "$work" -mindepth 1 -delete
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

source_archive "$work/SOURCES"
cp "$top/systemd/eunomia.sysusers" "$work/SOURCES"
sed "s/^Release: *1/Release:        $release/" "$top/packaging/rpm/eunomia.spec" \
	>"$work/eunomia.spec"
find "$work" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +

# Fedora has the macro %cmake; then everything needed is there or is asked for by name.
set -- --define "_topdir $work" "$check" check
if ! rpm --eval '%cmake' | grep -q CMAKE_INSTALL; then
	set -- "$@" --nodeps --load "$top/packaging/rpm/debian.macros"
fi
# The same bytes from the same tree, whenever and wherever it is built.
rpmbuild -ba "$@" --define 'use_source_date_epoch_as_buildtime 1' \
	--define 'clamp_mtime_to_source_date_epoch 1' --define '_buildhost localhost' \
	"$work/eunomia.spec" >"$work/log" 2>&1 || {
	tail -n 60 "$work/log" >&2
	die "rpmbuild failed"
}
find "$work/RPMS" "$work/SRPMS" -name '*.rpm' -exec mv -t "$outdir" {} +
