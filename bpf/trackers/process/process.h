/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The event of process: a program was executed, or a process has ended. */
#pragma once

#include <linux/types.h>

#define PROCESS_COMM_LEN     16	 /* TASK_COMM_LEN of the kernel */
#define PROCESS_FILENAME_LEN 256 /* longer names are cut */

enum process_event {
	EXEC = 1,
	EXIT = 2,
};

struct event {
	enum process_event what;
	__u32 pid;			     /* process id, as the initial pid namespace counts */
	__u32 ppid;			     /* process id of the parent */
	__u32 uid;			     /* user id, in the initial user namespace */
	__u32 exit_code;		     /* EXIT: 0..255, as given to exit(3) */
	__u32 signal;			     /* EXIT: number of the signal that ended it, or 0 */
	__u64 duration_ns;		     /* EXIT: since the process was forked, ns */
	char comm[PROCESS_COMM_LEN];	     /* name of the process; terminated */
	char filename[PROCESS_FILENAME_LEN]; /* EXEC: as passed to execve(2); terminated */
};
