// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sigsnoop: signals, who sends them to whom, and what becomes of them.
 *
 * The tracepoint signal:signal_generate sees every signal, the kernel's own too, but neither calls
 * that were refused nor probes with signal 0. Those come from the system calls, so that each
 * attempt gives one event. kill_only leaves the tracepoint out and shows every call instead.
 */
#include "eunomia.bpf.h"
#include "eunomia_vmlinux.h"

#include "sigsnoop.h"

/* Only signals that this process sends; 0: all */
const volatile int filtered_pid = 0;
/* Only this signal number; 0: all */
const volatile int target_signal = 0;
/* Only calls that failed */
const volatile bool failed_only = false;
/* Only calls of kill(2), tkill(2) and tgkill(2), not the signals themselves */
const volatile bool kill_only = false;

struct call {
	__s32 tpid;
	__s32 sig;
};

EUNOMIA_CALLS(struct call, 1024);
EUNOMIA_EVENTS(struct event, 256 * 1024);

static __always_inline bool is_wanted(int sig)
{
	if (filtered_pid && (__u32)filtered_pid != eunomia_current_pid())
		return false;
	return !target_signal || target_signal == sig;
}

static __always_inline int enter(long tpid, long sig)
{
	struct call call = { .tpid = (__s32)tpid, .sig = (__s32)sig };

	if (is_wanted(call.sig))
		eunomia_begin_call(&call);
	return 0;
}

static __always_inline enum signal_outcome call_outcome(const struct call *call, long ret)
{
	if (ret < 0)
		return REFUSED;
	return call->sig == 0 ? PROBED : RETURNED;
}

static __always_inline int leave(long ret)
{
	struct call *call = eunomia_current_call();
	enum signal_outcome outcome;
	struct event *event;

	if (!call)
		return 0;
	outcome = call_outcome(call, ret);
	if (failed_only ? outcome != REFUSED : outcome == RETURNED && !kill_only)
		goto done;
	event = eunomia_reserve();
	if (!event)
		goto done;
	event->pid = eunomia_current_pid();
	event->tpid = call->tpid;
	event->sig = call->sig;
	event->ret = (__s32)ret;
	event->outcome = outcome;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	eunomia_submit(event);
done:
	eunomia_end_call();
	return 0;
}

SEC("tracepoint/signal/signal_generate")
int handle_signal(struct trace_event_raw_signal_generate *ctx)
{
	struct event *event;

	if (kill_only || failed_only || !is_wanted(ctx->sig))
		return 0;
	event = eunomia_reserve();
	if (!event)
		return 0;
	event->pid = eunomia_current_pid();
	event->tpid = ctx->pid;
	event->sig = ctx->sig;
	event->outcome = (enum signal_outcome)ctx->result;
	event->code = ctx->code;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_core_read_str(event->tcomm, sizeof(event->tcomm), &ctx->comm);
	eunomia_submit(event);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_kill")
int enter_kill(struct eunomia_sys_enter *ctx)
{
	return enter((long)ctx->args[0], (long)ctx->args[1]);
}

SEC("tracepoint/syscalls/sys_exit_kill")
int leave_kill(struct eunomia_sys_exit *ctx)
{
	return leave(ctx->ret);
}

SEC("tracepoint/syscalls/sys_enter_tkill")
int enter_tkill(struct eunomia_sys_enter *ctx)
{
	return enter((long)ctx->args[0], (long)ctx->args[1]);
}

SEC("tracepoint/syscalls/sys_exit_tkill")
int leave_tkill(struct eunomia_sys_exit *ctx)
{
	return leave(ctx->ret);
}

SEC("tracepoint/syscalls/sys_enter_tgkill")
int enter_tgkill(struct eunomia_sys_enter *ctx)
{
	return enter((long)ctx->args[1], (long)ctx->args[2]);
}

SEC("tracepoint/syscalls/sys_exit_tgkill")
int leave_tgkill(struct eunomia_sys_exit *ctx)
{
	return leave(ctx->ret);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
