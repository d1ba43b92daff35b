// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Test object with two ring buffers that carry different structs, as __type(value, ...) says (a
 * form that cilium/ebpf reads; libbpf hands the value size to a kernel that refuses it), and a
 * third struct that is no event. getpgid(N) gives a "request" and then a "reply".
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct request {
	unsigned int pid;
	unsigned int arg;
};

struct reply {
	long long ret;
	unsigned int pid;
	char comm[16];
};

struct counters {
	unsigned long long requests;
	unsigned long long replies;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
	__type(value, struct request);
} requests SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
	__type(value, struct reply);
} replies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, struct counters);
} counts SEC(".maps");

static struct counters *get_counters(void)
{
	unsigned int key = 0;

	return bpf_map_lookup_elem(&counts, &key);
}

SEC("tracepoint/syscalls/sys_enter_getpgid")
int on_enter(const unsigned long *ctx)
{
	struct counters *counters = get_counters();
	struct request request = {
		.pid = bpf_get_current_pid_tgid() >> 32,
		.arg = (unsigned int)ctx[2],
	};

	if (counters)
		counters->requests++;
	bpf_ringbuf_output(&requests, &request, sizeof(request), 0);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_getpgid")
int on_exit(const long *ctx)
{
	struct counters *counters = get_counters();
	struct reply reply = {
		.ret = ctx[2],
		.pid = bpf_get_current_pid_tgid() >> 32,
	};

	if (counters)
		counters->replies++;
	bpf_get_current_comm(reply.comm, sizeof(reply.comm));
	bpf_ringbuf_output(&replies, &reply, sizeof(reply), 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
