#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what building (and with "test", testing) eunomia needs on Debian 12 or 13. Run as root.
#   packaging/install-deps.sh [build|test|bench]...
set -eu

build="gcc libc6-dev cmake ninja-build pkg-config clang llvm libbpf-dev libelf-dev libsystemd-dev
 libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libuv1-dev libnghttp2-dev libjansson-dev
 libinih-dev libcurl4-openssl-dev zlib1g-dev linux-libc-dev"
test="libcmocka-dev clang-format clang-tidy libclang-rt-dev python3 python3-grpcio
 python3-protobuf nodejs npm curl systemd iproute2 procps bpftool bash zsh fish jq file shellcheck
 qemu-system-x86 busybox-static cpio lz4 zstd xz-utils"
bench="libbpf-tools"

want=""
for set in "${@:-build}"; do
	case $set in
	build) want="$want $build" ;;
	test) want="$want $build $test" ;;
	bench) want="$want $bench" ;;
	*)
		echo "usage: $0 [build|test|bench]..." >&2
		exit 2
		;;
	esac
done

missing=""
for package in $want; do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	# A host may bring a newer Node.js whose package holds npm as well.
	[ "$package" = npm ] && command -v npm >/dev/null && continue
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "install-deps: these packages are missing and only root can install them:$missing" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $missing >/dev/null
