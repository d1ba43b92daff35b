// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Test object as a Go project with bpf2go writes it: a pointer that nobody uses keeps the type of
 * the events in the BTF, beside another struct. Its events come from getpgid(N), N in "arg".
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

enum kind {
	KIND_UNKNOWN,
	KIND_SMALL,
	KIND_LARGE,
};

struct config {
	unsigned int threshold;
	unsigned int enabled;
};

struct sample {
	unsigned char raw[4];
	short value;
};

struct event {
	unsigned int pid;
	unsigned int arg;
	enum kind kind;
	struct sample samples[2];
	unsigned char comm[16];
};

volatile struct config config = { .threshold = 100, .enabled = 1 };

const struct event *unused __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_getpgid")
int sys_enter_getpgid(const unsigned long *ctx)
{
	struct event *event;

	if (!config.enabled)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(struct event), 0);
	if (!event)
		return 0;
	event->pid = bpf_get_current_pid_tgid() >> 32;
	event->arg = (unsigned int)ctx[2];
	event->kind = event->arg < config.threshold ? KIND_SMALL : KIND_LARGE;
	for (int i = 0; i < 2; i++) {
		event->samples[i].value = (short)(-1 - i);
		__builtin_memcpy(event->samples[i].raw, &event->arg, sizeof(event->samples[i].raw));
	}
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char __license[] SEC("license") = "Dual MIT/GPL";
