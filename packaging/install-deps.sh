#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what building (and with "test", testing) eunomia needs on Debian 12 or 13. Run as root.
#   packaging/install-deps.sh [-a ARCH] [build|test|bench|system]...
#   -a ARCH  what building for another architecture of Debian's (arm64) needs, instead: compilers of
#            this one, libraries of that one, and qemu-user-static to run the result
set -eu

arch=""
if [ "${1:-}" = -a ]; then
	arch=${2:?"-a takes an architecture"}
	shift 2
fi

build="gcc libc6-dev cmake ninja-build pkg-config clang llvm libbpf-dev libelf-dev libsystemd-dev
 libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libuv1-dev libnghttp2-dev libjansson-dev
 libinih-dev libcurl4-openssl-dev zlib1g-dev linux-libc-dev"
test="libcmocka-dev clang-format clang-tidy libclang-rt-dev python3 python3-grpcio
 python3-protobuf nodejs npm curl systemd iproute2 procps bpftool bash zsh fish jq file shellcheck
 mandoc man-db groff
 debootstrap qemu-system-x86 qemu-system-arm busybox-static cpio lz4 zstd xz-utils"
bench="libbpf-tools"
# Containers of Debian releases, and the making of packages and images.
system="debootstrap debian-archive-keyring systemd-container util-linux dpkg-dev git rpm rpmlint
 makepkg pacman-package-manager libarchive-tools umoci python3-yaml"

want=""
for set in "${@:-build}"; do
	case $set in
	build) want="$want $build" ;;
	test) want="$want $build $test" ;;
	bench) want="$want $bench" ;;
	system) want="$want $system" ;;
	*)
		echo "usage: $0 [build|test|bench|system]..." >&2
		exit 2
		;;
	esac
done

if [ -n "$arch" ]; then
	# In the build tools' place the compiler for ARCH; what ends in -dev is a library.
	want=$(echo "$want libcmocka-dev python3" | tr -s ' \n' '\n' |
		sed -e "/^gcc\$/s/.*/crossbuild-essential-$arch qemu-user-static/" -e "s/-dev\$/&:$arch/")
	dpkg --print-foreign-architectures | grep -qx "$arch" ||
		dpkg --add-architecture "$arch"
fi

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
