// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One event for each time that a hook is passed: compiled once for each kind of hook, with its
 * section (HIT_SECTION), the verdict that lets everything go on (HIT_VERDICT), and, where programs
 * cannot ask which process they run in, HIT_ANYBODY.
 */
#include "eunomia.bpf.h"

struct hit {
	__u64 number;
};

EUNOMIA_EVENTS(struct hit, 65536);

const volatile __u32 only_pid = 0;
__u64 n_hits = 0;

SEC(HIT_SECTION)
int on_hit(void *ctx)
{
	struct hit *hit;

#ifndef HIT_ANYBODY
	if (only_pid && eunomia_current_pid() != only_pid)
		return HIT_VERDICT;
#endif
	hit = eunomia_reserve();
	if (!hit)
		return HIT_VERDICT;
	hit->number = ++n_hits;
	eunomia_submit(hit);
	return HIT_VERDICT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
