// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Test object as a project older than ring buffers writes it: a perf event array, a record built on
 * the stack, a raw tracepoint. Its events come from getpgid(N), N in "arg".
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define GETPGID_X86_64	121
#define GETPGID_GENERIC 155 /* arm64 and others */

struct pt_regs {
	unsigned long di;
	unsigned long regs[31];
} __attribute__((preserve_access_index));

struct data_t {
	unsigned long long ts_ns;
	unsigned int pid;
	unsigned int arg;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(unsigned int));
	__uint(value_size, sizeof(unsigned int));
} perf_events SEC(".maps");

static __attribute__((noinline)) int send(void *ctx, struct data_t *data)
{
	data->ts_ns = bpf_ktime_get_ns();
	data->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(data->comm, sizeof(data->comm));
	return bpf_perf_event_output(ctx, &perf_events, BPF_F_CURRENT_CPU, data, sizeof(*data));
}

SEC("raw_tp/sys_enter")
int handle_sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];
	struct data_t data = {};

#if defined(__TARGET_ARCH_x86)
	if (ctx->args[1] != GETPGID_X86_64)
		return 0;
	data.arg = (unsigned int)BPF_CORE_READ(regs, di);
#else
	if (ctx->args[1] != GETPGID_GENERIC)
		return 0;
	data.arg = (unsigned int)BPF_CORE_READ(regs, regs[0]);
#endif
	return send(ctx, &data);
}

char _license[] SEC("license") = "GPL";
