// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The events of numbered.bpf.c by somebody who forgot that the struct has grown: each record ends
 * before the last member.
 */
#include "eunomia.bpf.h"

struct numbered {
	__u64 number; /* of the call, from 1 */
	__u32 pid;
	char comm[16];
};

struct short_numbered {
	__u64 number;
	__u32 pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
} events SEC(".maps");

const struct numbered *const __eunomia_dummy_events_type = 0;

/* Calls of this process count; 0: of all. */
const volatile __u32 only_pid = 0;
__u64 n_calls = 0;

SEC("tracepoint/syscalls/sys_enter_getppid")
int count_getppid(void *ctx)
{
	struct short_numbered event = { .pid = eunomia_current_pid() };

	if (only_pid && event.pid != only_pid)
		return 0;
	event.number = ++n_calls;
	if (bpf_ringbuf_output(&events, &event, sizeof(event), 0))
		eunomia_count_lost();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
