// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * mountsnoop: what is mounted and unmounted, where, by whom and with what result.
 *
 * mount(8) of util-linux 2.39 and newer does not call mount(2) but fsopen, fsmount and move_mount
 * (or open_tree for a bind), so these are shown too; each fills in the columns that it knows. The
 * arguments wait in a map, keyed by thread, for the result; text is read when the call has ended.
 */
#include "eunomia.bpf.h"
#include "eunomia_vmlinux.h"

#include "mountsnoop.h"

#define OPEN_TREE_CLONE 1 /* linux/mount.h */

/* Only the process with this id; 0: all */
const volatile int targ_pid = 0;
/* Only calls that failed */
const volatile bool targ_failed = false;

struct call {
	__u64 start_ns; /* CLOCK_MONOTONIC */
	__u64 flags;
	const char *fs; /* these three: of the caller's memory, or NULL */
	const char *source;
	const char *target;
	enum mount_op op;
};

EUNOMIA_CALLS(struct call, 1024);
EUNOMIA_EVENTS(struct event, 256 * 1024);

static __always_inline int enter(struct call *call)
{
	if (targ_pid && (__u32)targ_pid != eunomia_current_pid())
		return 0;
	call->start_ns = bpf_ktime_get_ns();
	eunomia_begin_call(call);
	return 0;
}

static __always_inline __u32 current_mnt_ns(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

static __always_inline int leave(long ret)
{
	struct call *call = eunomia_current_call();
	struct event *event;

	if (!call)
		return 0;
	if (targ_failed && ret >= 0)
		goto done;
	event = eunomia_reserve();
	if (!event)
		goto done;
	event->op = call->op;
	event->pid = eunomia_current_pid();
	event->ret = (__s32)ret;
	event->mnt_ns = current_mnt_ns();
	event->flags = call->flags;
	event->duration_ns = bpf_ktime_get_ns() - call->start_ns;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_probe_read_user_str(event->fs, sizeof(event->fs), call->fs);
	bpf_probe_read_user_str(event->source, sizeof(event->source), call->source);
	bpf_probe_read_user_str(event->target, sizeof(event->target), call->target);
	eunomia_submit(event);
done:
	eunomia_end_call();
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_mount")
int enter_mount(struct eunomia_sys_enter *ctx)
{
	struct call call = {
		.op = MOUNT,
		.source = (const char *)ctx->args[0],
		.target = (const char *)ctx->args[1],
		.fs = (const char *)ctx->args[2],
		.flags = ctx->args[3],
	};

	return enter(&call);
}

SEC("tracepoint/syscalls/sys_exit_mount")
int leave_mount(struct eunomia_sys_exit *ctx)
{
	return leave(ctx->ret);
}

SEC("tracepoint/syscalls/sys_enter_umount")
int enter_umount(struct eunomia_sys_enter *ctx)
{
	struct call call = {
		.op = UMOUNT,
		.target = (const char *)ctx->args[0],
		.flags = ctx->args[1],
	};

	return enter(&call);
}

SEC("tracepoint/syscalls/sys_exit_umount")
int leave_umount(struct eunomia_sys_exit *ctx)
{
	return leave(ctx->ret);
}

SEC("tracepoint/syscalls/sys_enter_fsopen")
int enter_fsopen(struct eunomia_sys_enter *ctx)
{
	struct call call = {
		.op = FSOPEN,
		.fs = (const char *)ctx->args[0],
		.flags = ctx->args[1],
	};

	return enter(&call);
}

SEC("tracepoint/syscalls/sys_exit_fsopen")
int leave_fsopen(struct eunomia_sys_exit *ctx)
{
	return leave(ctx->ret);
}

SEC("tracepoint/syscalls/sys_enter_fsmount")
int enter_fsmount(struct eunomia_sys_enter *ctx)
{
	struct call call = { .op = FSMOUNT, .flags = ctx->args[1] };

	return enter(&call);
}

SEC("tracepoint/syscalls/sys_exit_fsmount")
int leave_fsmount(struct eunomia_sys_exit *ctx)
{
	return leave(ctx->ret);
}

SEC("tracepoint/syscalls/sys_enter_move_mount")
int enter_move_mount(struct eunomia_sys_enter *ctx)
{
	struct call call = {
		.op = MOVE_MOUNT,
		.source = (const char *)ctx->args[1],
		.target = (const char *)ctx->args[3],
		.flags = ctx->args[4],
	};

	return enter(&call);
}

SEC("tracepoint/syscalls/sys_exit_move_mount")
int leave_move_mount(struct eunomia_sys_exit *ctx)
{
	return leave(ctx->ret);
}

SEC("tracepoint/syscalls/sys_enter_open_tree")
int enter_open_tree(struct eunomia_sys_enter *ctx)
{
	struct call call = {
		.op = OPEN_TREE,
		.source = (const char *)ctx->args[1],
		.flags = ctx->args[2],
	};

	return call.flags & OPEN_TREE_CLONE ? enter(&call) : 0;
}

SEC("tracepoint/syscalls/sys_exit_open_tree")
int leave_open_tree(struct eunomia_sys_exit *ctx)
{
	return leave(ctx->ret);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
