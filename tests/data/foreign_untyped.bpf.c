// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Test object whose BTF holds no struct for its events: the record is a local variable, which
 * compilers leave out. getpgid(N) gives 12 bytes: process id, N, 0xdeadbeef.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct record {
	unsigned int pid;
	unsigned int arg;
	unsigned int mark;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} output SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_getpgid")
int on_getpgid(const unsigned long *ctx)
{
	struct record record = {
		.pid = bpf_get_current_pid_tgid() >> 32,
		.arg = (unsigned int)ctx[2],
		.mark = 0xdeadbeef,
	};

	bpf_ringbuf_output(&output, &record, sizeof(record), 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
