// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One event for each sched_get_priority_max(2) of one process, with the number that the caller gave
 * it: tests/bench/generator numbered. The marker tells generations apart.
 */
#include "eunomia.bpf.h"

struct called {
	__u64 number;
	__u32 marker;
};

EUNOMIA_EVENTS(struct called, 8 * 1024 * 1024);

const volatile __u32 only_pid = 0;
const volatile __u32 marker = 0;

SEC("tracepoint/syscalls/sys_enter_sched_get_priority_max")
int on_call(struct eunomia_sys_enter *ctx)
{
	struct called *event;

	if (eunomia_current_pid() != only_pid)
		return 0;
	event = eunomia_reserve();
	if (!event)
		return 0;
	event->number = ctx->args[0];
	event->marker = marker;
	eunomia_submit(event);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
