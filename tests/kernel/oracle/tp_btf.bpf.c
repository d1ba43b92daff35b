// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every system call of the machine passes here, at both ends; one is picked out. */
#include "oracle.bpf.h"

#include <asm/unistd.h>

static __always_inline int report_call(__u32 hook, const __u64 *ctx, __u64 call)
{
	struct pt_regs *regs = (struct pt_regs *)ctx[0];

	if (!is_ours() || call != __NR_sched_get_priority_max)
		return 0;
	return report(hook, first_argument(regs));
}

SEC("tp_btf/sys_enter")
int on_enter(const __u64 *ctx)
{
	return report_call(0, ctx, ctx[1]);
}

SEC("tp_btf/sys_exit")
int on_exit(const __u64 *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx[0];

	return report_call(1, ctx, call_number(regs));
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
