// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A tracker for a thousand slots: the kernel lets at most 64 programs hang on one tracepoint, but
 * any number on a raw one; this one fires when the kernel ends a process for want of memory.
 */
#include "eunomia.bpf.h"

struct idle {
	__u64 time_ns;
};

EUNOMIA_EVENTS(struct idle, 64 * 1024);

SEC("raw_tp/mark_victim")
int on_victim(void *ctx)
{
	struct idle *event = eunomia_reserve();

	if (!event)
		return 0;
	event->time_ns = bpf_ktime_get_ns();
	eunomia_submit(event);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
