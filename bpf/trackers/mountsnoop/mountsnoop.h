/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The event of mountsnoop: one call that mounts or unmounts, or a step of the newer mount calls. */
#pragma once

#include <linux/types.h>

#define MOUNTSNOOP_COMM_LEN 16	/* TASK_COMM_LEN of the kernel */
#define MOUNTSNOOP_FS_LEN   16	/* longer names are cut */
#define MOUNTSNOOP_PATH_LEN 256 /* longer paths are cut */

enum mount_op {
	MOUNT = 1,	/* mount(2) */
	UMOUNT = 2,	/* umount2(2) */
	FSOPEN = 3,	/* fsopen(2): begins a new file system; names its type */
	FSMOUNT = 4,	/* fsmount(2): makes a mount of it that is nowhere yet */
	MOVE_MOUNT = 5, /* move_mount(2): puts a mount in its place */
	OPEN_TREE = 6,	/* open_tree(2) with OPEN_TREE_CLONE: copies a mount (bind) */
};

struct event {
	enum mount_op op;
	__u32 pid;			  /* process id, as the initial pid namespace counts */
	__s32 ret;			  /* 0 or a file descriptor, or -errno */
	__u32 mnt_ns;			  /* mount namespace of the caller: its inode number */
	__u64 flags;			  /* as passed; their meaning depends on op */
	__u64 duration_ns;		  /* of the call */
	char comm[MOUNTSNOOP_COMM_LEN];	  /* name of the thread; terminated */
	char fs[MOUNTSNOOP_FS_LEN];	  /* MOUNT, FSOPEN: file system type; terminated */
	char source[MOUNTSNOOP_PATH_LEN]; /* device, or path that is moved; terminated */
	char target[MOUNTSNOOP_PATH_LEN]; /* where it is mounted, as passed; terminated */
};
