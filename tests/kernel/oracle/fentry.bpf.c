// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two functions that prctl(2) passes, on its way in. */
#include "oracle.bpf.h"

SEC("fentry/" SYSCALL_FUNCTION("prctl"))
int on_call(const __u64 *ctx)
{
	return report_prctl(0, (struct pt_regs *)ctx[0]);
}

SEC("fentry/security_task_prctl")
int on_check(const __u64 *ctx)
{
	return is_ours() && (__u32)ctx[0] == ORACLE_PRCTL ? report(1, ctx[1]) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
