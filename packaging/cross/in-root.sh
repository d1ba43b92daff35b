#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a command in the root file system that root.sh made, as root.
#
#   packaging/cross/in-root.sh FOLDER COMMAND [ARGUMENT...]
#
#   FOLDER  as root.sh prints it; it has the same name inside
#
# The command sees this machine's devices and network, its own processes only, and nothing else of
# the machine. Its mounts, and what it leaves running, end with it.
set -eu

folder=$1
shift
# shellcheck disable=SC2016 # for the inner shell
exec unshare --mount --pid --fork --kill-child sh -c '
	folder=$1
	root=$folder/root
	shift
	mkdir -p "$root$folder"
	mount --bind "$folder" "$root$folder"
	mount --rbind /dev "$root/dev"
	mount -t proc proc "$root/proc"
	exec chroot "$root" "$@"' sh "$folder" "$@"
