// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One event for each getppid(2) of one process, numbered from 1 by the calls, not by the events: a
 * gap in the numbers is an event that was lost, and where.
 */
#include "eunomia.bpf.h"

struct numbered {
	__u64 number; /* of the call, from 1 */
	__u32 pid;
	char comm[16];
};

EUNOMIA_EVENTS(struct numbered, 1024 * 1024);

/* Calls of this process count; 0: of all. */
const volatile __u32 only_pid = 0;
/* Atomic addition with a result needs Linux 5.12; of one process, one thread calls. */
__u64 n_calls = 0;

SEC("tracepoint/syscalls/sys_enter_getppid")
int count_getppid(void *ctx)
{
	__u32 pid = eunomia_current_pid();
	struct numbered *event;
	__u64 number;

	if (only_pid && pid != only_pid)
		return 0;
	number = ++n_calls;
	event = eunomia_reserve();
	if (!event)
		return 0;
	event->number = number;
	event->pid = pid;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	eunomia_submit(event);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
