// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The security module's hook of prctl(2). */
#include "oracle.bpf.h"

SEC("lsm/task_prctl")
int on_check(const __u64 *ctx)
{
	return is_ours() && (__u32)ctx[0] == ORACLE_PRCTL ? report(0, ctx[1]) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
