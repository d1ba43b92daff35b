// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The events of numbered.bpf.c by somebody who looks at the clock four thousand times for each. */
#include "eunomia.bpf.h"

#define N_LOOKS 4000

struct numbered {
	__u64 number; /* of the call, from 1 */
	__u32 pid;
	char comm[16];
};

EUNOMIA_EVENTS(struct numbered, 1024 * 1024);

/* Calls of this process count; 0: of all. */
const volatile __u32 only_pid = 0;
__u64 n_calls = 0;
__u64 last_ns = 0;

SEC("tracepoint/syscalls/sys_enter_getppid")
int count_getppid(void *ctx)
{
	__u32 pid = eunomia_current_pid();
	struct numbered *event;

	if (only_pid && pid != only_pid)
		return 0;
	for (int i = 0; i < N_LOOKS; i++)
		last_ns = bpf_ktime_get_ns();
	event = eunomia_reserve();
	if (!event)
		return 0;
	event->number = ++n_calls;
	event->pid = pid;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	eunomia_submit(event);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
