// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Test object of somebody who writes to a perf buffer and does not look whether it had room. Its
 * events are the calls of flood_perf(N) in the process that attaches it, N in "arg".
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct event {
	unsigned int arg;
	unsigned int pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(unsigned int));
	__uint(value_size, sizeof(unsigned int));
} events SEC(".maps");

const struct event *unused __attribute__((unused));

#if defined(__TARGET_ARCH_x86)
#define FIRST_ARGUMENT(ctx) ((unsigned int)((ctx)[14])) /* rdi of struct pt_regs */
#else
#define FIRST_ARGUMENT(ctx) ((unsigned int)((ctx)[0]))
#endif

SEC("uprobe//proc/self/exe:flood_perf")
int on_flood(unsigned long *ctx)
{
	struct event event = {
		.arg = FIRST_ARGUMENT(ctx),
		.pid = bpf_get_current_pid_tgid() >> 32,
	};

	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
