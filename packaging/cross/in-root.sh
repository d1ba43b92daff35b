#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a command in a root file system, as root.
#
#   packaging/cross/in-root.sh ROOT COMMAND [ARGUMENT...]
#
# It sees this machine's devices and network, its own processes only, and nothing else of the machine.
# Its mounts, and what it leaves running, end with it.
set -eu

root=$1
shift
# shellcheck disable=SC2016 # for the inner shell
exec unshare --mount --pid --fork --kill-child sh -c '
	root=$1
	shift
	mount --rbind /dev "$root/dev"
	mount -t proc proc "$root/proc"
	exec chroot "$root" "$@"' sh "$root" "$@"
