// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The measured tracker: a record of 168 bytes for each openat(2) of one process. Needs no CO-RE. */
#include "eunomia.bpf.h"

struct opened {
	__u64 number; /* of the call, from 1 */
	__u32 pid;
	__u32 flags;
	__u64 uid_gid;
	char comm[16];
	char fname[128];
};

struct openat_call {
	__u64 common;
	__s64 nr;
	__u64 args[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* Calls of this process count; 0: of all. */
const volatile __u32 only_pid = 0;
__u64 n_calls = 0;

const struct opened *unused_opened __attribute__((unused));

SEC("tracepoint/syscalls/sys_enter_openat")
int show_openat(struct openat_call *call)
{
	__u32 pid = eunomia_current_pid();
	struct opened *event;
	__u64 number;

	if (only_pid && pid != only_pid)
		return 0;
	number = __sync_fetch_and_add(&n_calls, 1) + 1;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		eunomia_count_lost();
		return 0;
	}
	event->number = number;
	event->pid = pid;
	event->flags = (__u32)call->args[2];
	event->uid_gid = bpf_get_current_uid_gid();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_probe_read_user_str(event->fname, sizeof(event->fname), (const void *)call->args[1]);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
