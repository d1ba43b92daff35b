#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian packages from this checkout or source archive, as it is on the disk; nothing in
# it is changed. Needs what "apt-get build-dep ./packaging" installs; no network, no root.
set -eu
. "$(dirname "$0")/common.sh"

usage()
{
	cat <<'END'
usage: packaging/build-deb.sh [-S] [-v VERSION] [OUTDIR]
  -S           make the source package only
  -v VERSION   build as this version instead of that of packaging/debian/changelog
  OUTDIR       where the packages go (default: .)
DEB_BUILD_OPTIONS is honoured: nocheck, noautodbgsym, parallel=N (default: all processors).
END
}

kind=binary
version=
while getopts Shv: option; do
	case $option in
	S) kind=source ;;
	v) version=$OPTARG ;;
	h) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -le 1 ] || { usage >&2 && exit 2; }

mkdir -p "${1:-.}"
out=$(cd "${1:-.}" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# The next version, by an entry that is no younger than the last: the packages' dates come from it.
add_changelog_entry()
{
	maintainer=$(dpkg-parsechangelog -l "$1" -S Maintainer)
	date=$(dpkg-parsechangelog -l "$1" -S Date)
	distribution=$(dpkg-parsechangelog -l "$1" -S Distribution)
	{
		printf 'eunomia (%s) %s; urgency=medium\n\n' "$version" "$distribution"
		printf '  * Rebuilt as %s.\n\n -- %s  %s\n\n' "$version" "$maintainer" "$date"
		cat "$1"
	} >"$1.new"
	mv "$1.new" "$1"
}

need dpkg-buildpackage
[ -z "$version" ] || dpkg --validate-version "$version" || die "'$version' is no version of Debian's"

tree=$tmp/eunomia
mkdir "$tree"
list_sources | tar -C "$top" --files-from=- -cf - | tar -C "$tree" -xf -
mv "$tree/packaging/debian" "$tree/debian"
# Whatever the umask of the checkout: files that a package takes over as they are have these modes.
chmod -R u=rwX,go=rX "$tree"
[ -z "$version" ] || add_changelog_entry "$tree/debian/changelog"

# That of common.sh is the last commit's; the time of a Debian package is its changelog's.
unset SOURCE_DATE_EPOCH
cd "$tree"
jobs=-J
case " ${DEB_BUILD_OPTIONS:-} " in *" parallel="*) jobs= ;; esac
dpkg-buildpackage --build=$kind --no-sign $jobs
cd "$tmp"
find . -maxdepth 1 -type f ! -name '*.build' -exec cp -- '{}' "$out" \;
echo "build-deb: the packages are in $out"
