/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The event of opensnoop: one open(2), openat(2) or openat2(2) that has returned. */
#pragma once

#include <linux/types.h>

#define OPENSNOOP_COMM_LEN  16	/* TASK_COMM_LEN of the kernel */
#define OPENSNOOP_FNAME_LEN 256 /* longer names are cut */

struct event {
	__u32 pid;			 /* process id, as the initial pid namespace counts */
	__u32 uid;			 /* user id, in the initial user namespace */
	__s32 ret;			 /* file descriptor, or -errno */
	__u32 flags;			 /* O_* bits as passed */
	char comm[OPENSNOOP_COMM_LEN];	 /* name of the thread; terminated */
	char fname[OPENSNOOP_FNAME_LEN]; /* file name as passed, any bytes but NUL; terminated */
};
