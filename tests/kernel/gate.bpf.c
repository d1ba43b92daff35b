/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two generations of one program per attach kind. Each counts its own invocations, so that a test
 * can compare their sum with the number of events that it made itself.
 */
#include <linux/bpf.h>

#include <linux/bpf_perf_event.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "calls.bpf.h"

/* Filled by the test: whose events count, which system call, and where a function is. */
const volatile struct {
	__u64 syscall;
	__u64 tgid;
	__u64 function; /* address of security_task_getpgid */
} target;

__u64 counts[2];

static __always_inline int count(int generation)
{
	if (bpf_get_current_pid_tgid() >> 32 == target.tgid)
		__sync_fetch_and_add(&counts[generation], 1);
	return 0;
}

#define BOTH(name, section, condition)                                                             \
	SEC(section) int name##_a(void *ctx)                                                       \
	{                                                                                          \
		return (condition) ? count(0) : 0;                                                 \
	}                                                                                          \
	SEC(section) int name##_b(void *ctx)                                                       \
	{                                                                                          \
		return (condition) ? count(1) : 0;                                                 \
	}

#define IS_TARGET_SYSCALL (((const __u64 *)ctx)[1] == target.syscall)

BOTH(tracepoint, "?tp/syscalls/sys_enter_getppid", 1)
BOTH(raw_tp, "?raw_tp/sys_enter", IS_TARGET_SYSCALL)
BOTH(tp_btf, "?tp_btf/sys_enter", IS_TARGET_SYSCALL)
BOTH(uprobe, "?uprobe//proc/self/exe:flood_target", 1)
BOTH(uretprobe, "?uretprobe//proc/self/exe:flood_target", 1)
BOTH(kprobe, "?kprobe/" SYSCALL_FUNCTION("getppid"), 1)
BOTH(kretprobe, "?kretprobe/" SYSCALL_FUNCTION("getppid"), 1)
BOTH(fentry, "?fentry/security_task_getpgid", 1)
/* A few bytes on where the kernel makes room for indirect branch tracking. */
BOTH(func_ip, "?fentry/security_task_getpgid", bpf_get_func_ip(ctx) - target.function < 16)
BOTH(fexit, "?fexit/security_task_getpgid", 1)
BOTH(fmod_ret, "?fmod_ret/security_task_getpgid", 1)
BOTH(lsm, "?lsm/task_getpgid", 1)
BOTH(perf_event, "?perf_event", 1)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
