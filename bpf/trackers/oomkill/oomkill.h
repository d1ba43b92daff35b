/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The event of oomkill: the kernel chose a process to kill because memory ran out. */
#pragma once

#include <linux/types.h>

#define OOMKILL_COMM_LEN 16 /* TASK_COMM_LEN of the kernel */

/* What begins with "t" is of the victim. Members after tpid: Linux 6.9 and newer, else 0 or "". */
struct event {
	__u32 fpid;		      /* process that needed memory when there was none */
	__u32 tpid;		      /* process that is killed */
	__u32 tuid;		      /* user id of the victim, in the initial user namespace */
	__s32 oom_score_adj;	      /* of the victim, -1000..1000 */
	__u64 total_vm_kb;	      /* address space of the victim, KiB */
	__u64 anon_rss_kb;	      /* of that, resident anonymous memory, KiB */
	__u64 file_rss_kb;	      /* resident pages of files, KiB */
	__u64 shmem_rss_kb;	      /* resident shared memory, KiB */
	__u64 pgtables_kb;	      /* page tables, KiB */
	char fcomm[OOMKILL_COMM_LEN]; /* name of the thread that needed memory; terminated */
	char tcomm[OOMKILL_COMM_LEN]; /* name of the victim; terminated */
};
