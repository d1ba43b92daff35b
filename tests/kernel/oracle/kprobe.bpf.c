// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two functions that prctl(2) passes, on its way in. */
#include "oracle.bpf.h"

SEC("kprobe/" SYSCALL_FUNCTION("prctl"))
int on_call(struct pt_regs *ctx)
{
	return report_prctl(0, caller_regs());
}

SEC("kprobe/security_task_prctl")
int on_check(struct pt_regs *ctx)
{
	return report_prctl(1, caller_regs());
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
