/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Input of the package tests: every kind of variable, two programs, a typed ring buffer. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

typedef _Bool bool;

enum kind {
	KIND_NONE,
	KIND_OPEN = 7,
};

struct address {
	__u32 words[4];
};

struct event {
	__u32 pid;
	enum kind kind;
	char comm[16];
	struct address address;
	__u64 at_ns;
};

struct start {
	__u64 at_ns;
};

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct start);
} starts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, struct event);
} events SEC(".maps");

const volatile int target_pid = -7;
const volatile bool is_verbose = 1;
const volatile char prefix[8] = "ab";
const volatile char two_texts[6] = "ab\0cd";
const volatile __u32 masks[2] = { 1, 2 };
const volatile enum kind wanted_kind = KIND_OPEN;
__u64 n_seen;
short scale = 300;
struct event *__eunomia_dummy_event_ptr;

SEC("tp/syscalls/sys_enter_openat")
int on_open(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct event *event;

	if (wanted_kind != KIND_OPEN || target_pid == 1 || is_verbose || prefix[0] ||
	    two_texts[0] || masks[1])
		n_seen += (__u64)scale;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return 0;
	bpf_core_read(&event->pid, sizeof(event->pid), &task->pid);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int on_exit(void *ctx)
{
	__u32 key = 0;

	bpf_map_delete_elem(&starts, &key);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
