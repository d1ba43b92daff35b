// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two functions that prctl(2) passes, on its way out. */
#include "oracle.bpf.h"

SEC("fexit/security_task_prctl")
int on_check(const __u64 *ctx)
{
	return is_ours() && (__u32)ctx[0] == ORACLE_PRCTL ? report(0, ctx[1]) : 0;
}

SEC("fexit/" SYSCALL_FUNCTION("prctl"))
int on_call(const __u64 *ctx)
{
	return report_prctl(1, (struct pt_regs *)ctx[0]);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
