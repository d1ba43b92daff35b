/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the trackers of the oracle share. Compiled with ORACLE_WIDE, a tracker has records of
 * another layout, which a ring of the narrow ones cannot take.
 */
#pragma once

#include "eunomia.bpf.h"

#include "calls.bpf.h"
#include "record.bpf.h"

#include <linux/ptrace.h>

#include <bpf/bpf_tracing.h>

struct oracle_event {
	struct oracle_record record;
#ifdef ORACLE_WIDE
	__u64 more;
#endif
};

EUNOMIA_EVENTS(struct oracle_event, 4 * 1024 * 1024);

const volatile __u32 marker = 0;
const volatile __u32 tgid = 0;

static __always_inline int report(__u32 hook, __u64 number)
{
	struct oracle_event *event = eunomia_reserve();

	if (!event)
		return 0;
	event->record.number = number;
	event->record.marker = marker;
	event->record.hook = hook;
	eunomia_submit(event);
	return 0;
}

static __always_inline bool is_ours(void)
{
	return eunomia_current_pid() == tgid;
}

static __always_inline __u64 read_u64(const void *kernel_address)
{
	__u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), kernel_address);
	return value;
}

/* Registers that this thread entered the kernel with: they keep the arguments of its call. */
static __always_inline struct pt_regs *caller_regs(void)
{
	return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
}

#if defined(__TARGET_ARCH_arm64)
/* The result takes the first argument's place; that and the call's number stand behind struct
 * user_pt_regs (arch/arm64/include/asm/ptrace.h). */
static __always_inline __u64 first_argument(const struct pt_regs *regs)
{
	return read_u64((const struct user_pt_regs *)regs + 1);
}

static __always_inline __u64 call_number(const struct pt_regs *regs)
{
	const __u64 *behind = (const void *)((const struct user_pt_regs *)regs + 1);

	return (__u32)read_u64(&behind[1]);
}
#else
static __always_inline __u64 first_argument(const struct pt_regs *regs)
{
	return read_u64(&PT_REGS_PARM1(regs));
}

static __always_inline __u64 call_number(const struct pt_regs *regs)
{
	return read_u64(&regs->orig_rax);
}
#endif

/* For hooks inside prctl(2). */
static __always_inline int report_prctl(__u32 hook, struct pt_regs *regs)
{
	if (!is_ours() || first_argument(regs) != ORACLE_PRCTL)
		return 0;
	return report(hook, read_u64(&PT_REGS_PARM2(regs)));
}
