#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the container image without a daemon and without a registry: the folder
# OUTDIR/eunomia.oci is an OCI image layout with one image, tagged with the version. The same files
# as by packaging/oci/Containerfile. Run as root, since the image has files of more than one user.
#   skopeo copy oci:eunomia.oci:0.1.0 docker://REGISTRY/eunomia:0.1.0   (or containers-storage:...)
set -eu
. "$(dirname "$0")/common.sh"

case ${1:-} in
-*)
	echo "usage: packaging/build-oci.sh [OUTDIR]"
	[ "$1" = -h ] || [ "$1" = --help ] || exit 2
	exit 0
	;;
esac

need umoci
[ "$(id -u)" = 0 ] || die "only root can make files of other users"
mkdir -p "${1:-.}"
outdir=$(cd "${1:-.}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

version=$(project_version)
created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
image=$work/eunomia.oci:$version

"$top/packaging/oci/rootfs.sh" "$work/root"
# The same bytes for the same files.
find "$work/root" -depth -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

umoci init --layout "$work/eunomia.oci"
umoci new --image "$image"
umoci insert --image "$image" --history.created="$created" --history.author=eunomia \
	--history.created_by=packaging/oci/rootfs.sh "$work/root" /
# As packaging/oci/Containerfile says it.
umoci config --image "$image" --created="$created" --no-history \
	--config.user=65532:65532 \
	--config.entrypoint=/usr/local/sbin/eunomiad --config.entrypoint=--foreground-log \
	--config.env=PATH=/usr/local/sbin:/usr/local/bin \
	--config.volume=/var/lib/eunomia --config.stopsignal=SIGTERM \
	--config.label=org.opencontainers.image.title=eunomia \
	--config.label=org.opencontainers.image.version="$version" \
	--config.label=org.opencontainers.image.licenses="Apache-2.0 AND (GPL-2.0-only OR BSD-2-Clause)"
umoci gc --layout "$work/eunomia.oci"
rm -rf "$outdir/eunomia.oci"
mv "$work/eunomia.oci" "$outdir"
echo "$outdir/eunomia.oci:$version"
