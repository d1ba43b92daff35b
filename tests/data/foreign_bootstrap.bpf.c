// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Test object as a project started from libbpf-bootstrap writes it: CO-RE types of its own instead
 * of vmlinux.h, global variables for options, a hash of start times, a ring buffer that does not
 * say what it carries. "struct event" is the only struct in its BTF that is neither a map's key or
 * value, nor a context, nor a type of the kernel. Its events come from getpgid(N), N in "arg".
 */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define TASK_COMM_LEN 16

struct task_struct {
	int tgid;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

struct trace_event_raw_sys_enter {
	long id;
	unsigned long args[6];
} __attribute__((preserve_access_index));

struct trace_event_raw_sys_exit {
	long ret;
} __attribute__((preserve_access_index));

struct start {
	unsigned long long ts;
	unsigned int arg;
};

struct event {
	int pid;
	int ppid;
	unsigned int arg;
	int ret;
	unsigned long long duration_ns;
	char comm[TASK_COMM_LEN];
	bool is_slow;
};

const volatile unsigned long long min_duration_ns = 0;
const volatile int filter_pid = 0;
unsigned long long slow_ns = 1000000;
int n_calls;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, int);
	__type(value, struct start);
} exec_start SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} rb SEC(".maps");

static __attribute__((noinline)) void fill(struct event *e, const struct start *start,
					   unsigned long long duration_ns)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	e->arg = start->arg;
	e->duration_ns = duration_ns;
	e->is_slow = duration_ns >= slow_ns;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
}

SEC("tp/syscalls/sys_enter_getpgid")
int handle_enter(struct trace_event_raw_sys_enter *ctx)
{
	struct start start = { .ts = bpf_ktime_get_ns(), .arg = (unsigned int)ctx->args[0] };
	int tid = (int)bpf_get_current_pid_tgid();

	if (filter_pid && filter_pid != (int)(bpf_get_current_pid_tgid() >> 32))
		return 0;
	__sync_fetch_and_add(&n_calls, 1);
	bpf_map_update_elem(&exec_start, &tid, &start, BPF_ANY);
	return 0;
}

SEC("tp/syscalls/sys_exit_getpgid")
int handle_exit(struct trace_event_raw_sys_exit *ctx)
{
	int tid = (int)bpf_get_current_pid_tgid();
	struct start *start = bpf_map_lookup_elem(&exec_start, &tid);
	unsigned long long duration_ns;
	struct event *e;

	if (!start)
		return 0;
	duration_ns = bpf_ktime_get_ns() - start->ts;
	if (duration_ns < min_duration_ns)
		return 0;
	e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);
	if (!e)
		return 0;
	fill(e, start, duration_ns);
	e->ret = (int)ctx->ret;
	bpf_ringbuf_submit(e, 0);
	bpf_map_delete_elem(&exec_start, &tid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
