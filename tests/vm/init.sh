#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: Apache-2.0
# First process of an emulated machine: mounts what a system has, runs the lines "NAME COMMAND" of
# /vm/steps one after the other, and switches off.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
/bin/busybox mkdir -p /sys /proc /dev /tmp /run /bin
/bin/busybox --install -s /bin 2>/dev/null
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tracefs tracefs /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t securityfs securityfs /sys/kernel/security
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
for module in /vm/modules/*.ko; do
	[ -e "$module" ] && insmod "$module"
done
[ -x /bin/ip ] && /bin/ip link set lo up
. /vm/environment
echo
echo "vm: kernel $(uname -rm)"
while read -r name command; do
	echo "vm: begin $name"
	sh -c "$command" </dev/null 2>&1
	echo "vm: $name exit $?"
done </vm/steps
reboot -f
