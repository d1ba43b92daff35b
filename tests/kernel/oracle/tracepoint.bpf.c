// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Both ends of a call that hardly anybody makes. ORACLE_SINGLE: its beginning alone, so that the
 * other hook vanishes and comes back. ORACLE_TAIL: the end is reported by a program that a tail
 * call of the tracker's own leads to.
 */
#include "oracle.bpf.h"

SEC("tp/syscalls/sys_enter_sched_get_priority_max")
int on_enter(struct eunomia_sys_enter *ctx)
{
	return is_ours() ? report(0, ctx->args[0]) : 0;
}

#ifndef ORACLE_SINGLE
static __always_inline int report_exit(void)
{
	return is_ours() ? report(1, first_argument(caller_regs())) : 0;
}

#ifdef ORACLE_TAIL
SEC("tp")
int behind_exit(void *ctx)
{
	return report_exit();
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} jumps SEC(".maps") = {
	.values = { [0] = (void *)&behind_exit },
};
#endif

SEC("tp/syscalls/sys_exit_sched_get_priority_max")
int on_exit(void *ctx)
{
#ifdef ORACLE_TAIL
	bpf_tail_call(ctx, &jumps, 0);
	return 0;
#else
	return report_exit();
#endif
}
#endif

char LICENSE[] SEC("license") = "Dual BSD/GPL";
