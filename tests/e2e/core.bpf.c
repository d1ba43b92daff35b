// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A tracker that needs the kernel's types (CO-RE): the parent of the process that calls getppid(2).
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	int tgid;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

struct parent {
	__u32 pid;
	__s32 parent_pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* Calls of this process count; 0: of all. */
const volatile __u32 only_pid = 0;

const struct parent *unused_parent __attribute__((unused));

SEC("tracepoint/syscalls/sys_enter_getppid")
int show_parent(void *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct parent *event;

	if (only_pid && pid != only_pid)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return 0;
	event->pid = pid;
	event->parent_pid = BPF_CORE_READ(task, real_parent, tgid);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
