// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One event for each getppid(2) of one process, numbered from 1 by the calls, not by the events: a
 * gap in the numbers is an event that was lost, and where.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct numbered {
	__u64 number; /* of the call, from 1 */
	__u32 pid;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
} events SEC(".maps");

/* Calls of this process count; 0: of all. */
const volatile __u32 only_pid = 0;
__u64 n_calls = 0;

/* Keeps the type in BTF, where its name is looked for. */
const struct numbered *unused_numbered __attribute__((unused));

SEC("tracepoint/syscalls/sys_enter_getppid")
int count_getppid(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct numbered *event;
	__u64 number;

	if (only_pid && pid != only_pid)
		return 0;
	number = __sync_fetch_and_add(&n_calls, 1) + 1;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return 0;
	event->number = number;
	event->pid = pid;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
