// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * opensnoop: files that are opened, by whom and with what result.
 *
 * Name and flags are known when a call begins, the result when it ends, so they wait in a map keyed
 * by thread: a thread is inside one system call at a time. The name is read at the end, when the
 * kernel has just used it and its page is in memory; a program that changes the buffer meanwhile
 * is shown with the changed name.
 */
#include "eunomia.bpf.h"

#include "opensnoop.h"

/* Only the process with this id; 0: all */
const volatile int targ_pid = 0;
/* Only processes of this user; 4294967295: all */
const volatile unsigned int targ_uid = EUNOMIA_ANY_UID;
/* Only calls that failed */
const volatile bool targ_failed = false;

struct call {
	const char *fname;
	__u32 flags;
};

EUNOMIA_CALLS(struct call, 4096);
EUNOMIA_EVENTS(struct event, 256 * 1024);

static __always_inline bool is_wanted(void)
{
	if (targ_pid && (__u32)targ_pid != eunomia_current_pid())
		return false;
	return targ_uid == EUNOMIA_ANY_UID || targ_uid == eunomia_current_uid();
}

static __always_inline int enter(const char *fname, __u32 flags)
{
	struct call call = { .fname = fname, .flags = flags };

	if (is_wanted())
		eunomia_begin_call(&call);
	return 0;
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
	event->pid = eunomia_current_pid();
	event->uid = eunomia_current_uid();
	event->ret = (__s32)ret;
	event->flags = call->flags;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_probe_read_user_str(event->fname, sizeof(event->fname), call->fname);
	eunomia_submit(event);
done:
	eunomia_end_call();
	return 0;
}

/* open(2) does not exist on all architectures (arm64): "?" marks programs that may be left out. */
SEC("?tracepoint/syscalls/sys_enter_open")
int enter_open(struct eunomia_sys_enter *ctx)
{
	return enter((const char *)ctx->args[0], (__u32)ctx->args[1]);
}

SEC("?tracepoint/syscalls/sys_exit_open")
int leave_open(struct eunomia_sys_exit *ctx)
{
	return leave(ctx->ret);
}

SEC("tracepoint/syscalls/sys_enter_openat")
int enter_openat(struct eunomia_sys_enter *ctx)
{
	return enter((const char *)ctx->args[1], (__u32)ctx->args[2]);
}

SEC("tracepoint/syscalls/sys_exit_openat")
int leave_openat(struct eunomia_sys_exit *ctx)
{
	return leave(ctx->ret);
}

SEC("tracepoint/syscalls/sys_enter_openat2")
int enter_openat2(struct eunomia_sys_enter *ctx)
{
	__u64 flags = 0; /* first member of struct open_how */

	bpf_probe_read_user(&flags, sizeof(flags), (const void *)ctx->args[2]);
	return enter((const char *)ctx->args[1], (__u32)flags);
}

SEC("tracepoint/syscalls/sys_exit_openat2")
int leave_openat2(struct eunomia_sys_exit *ctx)
{
	return leave(ctx->ret);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
