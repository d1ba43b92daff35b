// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * process: programs that are executed, and processes that end, with their life time and exit code.
 *
 * A process ends with its last thread, whichever that is; so the exit event is sent by the thread
 * that finds none left. Newer kernels tell in the tracepoint which one that is. On older ones two
 * threads that exit at the same time may both see the count at zero, so the first to enter the
 * process in a small map sends the event. The start time is the kernel's own: there is no map to
 * fill at the start, and processes older than the tracker are measured as well.
 */
#include "eunomia.bpf.h"
#include "eunomia_vmlinux.h"

#include "process.h"

#define SIGNAL_GROUP_EXIT 0x00000004 /* include/linux/sched/signal.h */

/* Only processes of this user; 4294967295: all */
const volatile unsigned int targ_uid = EUNOMIA_ANY_UID;
/* Only exits, and of those only of processes that lived at least so long, ns; 0: all events */
const volatile unsigned long long min_duration_ns = 0;

/* A process for all times: ids are used again, but not with the same start. */
struct process_key {
	__u64 start_ns; /* CLOCK_MONOTONIC */
	__u64 pid;
};

/* Processes whose exit was sent; the oldest are forgotten. Used on older kernels only. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 512);
	__type(key, struct process_key);
	__type(value, __u8);
} ended SEC(".maps");

EUNOMIA_EVENTS(struct event, 256 * 1024);

static __always_inline struct event *reserve(struct task_struct *task, enum process_event what)
{
	struct event *event = eunomia_reserve();

	if (!event)
		return NULL;
	event->what = what;
	event->pid = eunomia_current_pid();
	event->ppid = (__u32)BPF_CORE_READ(task, real_parent, tgid);
	event->uid = eunomia_current_uid();
	return event;
}

SEC("tracepoint/sched/sched_process_exec")
int handle_exec(struct trace_event_raw_sched_process_exec *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	const char *filename = (const char *)ctx + (ctx->__data_loc_filename & 0xffff);
	struct event *event;

	if (min_duration_ns || (targ_uid != EUNOMIA_ANY_UID && targ_uid != eunomia_current_uid()))
		return 0;
	event = reserve(task, EXEC);
	if (!event)
		return 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_probe_read_kernel_str(event->filename, sizeof(event->filename), filename);
	eunomia_submit(event);
	return 0;
}

static __always_inline bool is_last_thread(struct trace_event_raw_sched_process_exit *ctx,
					   struct task_struct *task, __u64 start_ns)
{
	struct process_key key = { .start_ns = start_ns, .pid = eunomia_current_pid() };
	__u8 value = 1;

	if (bpf_core_field_exists(ctx->group_dead))
		return ctx->group_dead;
	return BPF_CORE_READ(task, signal, live.counter) == 0 &&
	       bpf_map_update_elem(&ended, &key, &value, BPF_NOEXIST) == 0;
}

/* What wait(2) gives: the code of exit_group(2), else that of the first thread. */
static __always_inline __u32 wait_status(struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);

	if (BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT)
		return (__u32)BPF_CORE_READ(signal, group_exit_code);
	return (__u32)BPF_CORE_READ(task, group_leader, exit_code);
}

SEC("tracepoint/sched/sched_process_exit")
int handle_exit(struct trace_event_raw_sched_process_exit *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	__u64 start_ns = BPF_CORE_READ(leader, start_time);
	__u64 duration_ns = bpf_ktime_get_ns() - start_ns;
	struct event *event;
	__u32 status;

	if (targ_uid != EUNOMIA_ANY_UID && targ_uid != eunomia_current_uid())
		return 0;
	if (duration_ns < min_duration_ns || !is_last_thread(ctx, task, start_ns))
		return 0;
	event = reserve(task, EXIT);
	if (!event)
		return 0;
	status = wait_status(task);
	event->exit_code = (status >> 8) & 0xff;
	event->signal = status & 0x7f;
	event->duration_ns = duration_ns;
	BPF_CORE_READ_STR_INTO(&event->comm, leader, comm);
	eunomia_submit(event);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
