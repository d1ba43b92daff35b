/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The event of sigsnoop: a signal that was sent, or a call to send one that was refused. */
#pragma once

#include <linux/types.h>

#define SIGSNOOP_COMM_LEN 16 /* TASK_COMM_LEN of the kernel */

enum signal_outcome {
	/* Of a signal, as the kernel's enum TRACE_SIGNAL_*. */
	DELIVERED = 0,	     /* queued for the target */
	IGNORED = 1,	     /* the target ignores it */
	ALREADY_PENDING = 2, /* the same signal was queued already */
	QUEUE_FULL = 3,	     /* not sent: the target's queue is full */
	INFO_LOST = 4,	     /* sent without its details: the queue is full */
	/* Of a call to kill(2), tkill(2) or tgkill(2). */
	REFUSED = 5,  /* ret says why */
	PROBED = 6,   /* signal 0: the target exists */
	RETURNED = 7, /* with kill_only: the call succeeded */
};

struct event {
	__u32 pid;		      /* process that ran when the signal was sent */
	__s32 tpid;		      /* target: thread id, or the argument of the call (-group) */
	__s32 sig;		      /* signal number; 0 for a probe */
	__s32 ret;		      /* 0, or -errno of the call */
	enum signal_outcome outcome;  /* what became of it */
	__s32 code;		      /* si_code: 0 kill(2), -6 tgkill(2), 128 the kernel, ... */
	char comm[SIGSNOOP_COMM_LEN]; /* name of the sending thread; terminated */
	/* name of the target thread; terminated; empty for calls */
	char tcomm[SIGSNOOP_COMM_LEN];
};
