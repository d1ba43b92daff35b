// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Page faults of threads that touch each page of a region once: the page is the number. Region t
 * belongs to thread t and begins at base + t * 2^stride_bits.
 */
#include "oracle.bpf.h"

#include <linux/bpf_perf_event.h>

#define PAGE_BITS 12

const volatile __u64 base = 0;
const volatile __u32 stride_bits = 0;
const volatile __u32 regions = 0;

SEC("perf_event")
int on_fault(struct bpf_perf_event_data *ctx)
{
	__u64 offset = ctx->addr - base;
	__u64 thread = offset >> stride_bits;

	if (!is_ours() || ctx->addr < base || thread >= regions)
		return 0;
	offset -= thread << stride_bits;
	return report(0, thread << ORACLE_SEQ_BITS | offset >> PAGE_BITS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
