// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two functions of the test's own, which return the number. */
#include "oracle.bpf.h"

SEC("uretprobe//proc/self/exe:oracle_first")
int on_first(struct pt_regs *ctx)
{
	return is_ours() ? report(0, PT_REGS_RC(ctx)) : 0;
}

SEC("uretprobe//proc/self/exe:oracle_second")
int on_second(struct pt_regs *ctx)
{
	return is_ours() ? report(1, PT_REGS_RC(ctx)) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
