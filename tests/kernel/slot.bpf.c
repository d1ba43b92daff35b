/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A tracker for the tests of slots: two hooks write numbered events of the test's own system calls
 * into one ring. getppid(2) is the first hook, getpgid(N) the second, with N in the event.
 */
#include "eunomia.bpf.h"

struct event {
	__u32 hook;
	__s32 argument;
	__u64 number;
	char name[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
	__type(value, struct event);
} events SEC(".maps");

const volatile __u32 target_tgid;
const volatile char label[8] = "default";
const volatile bool is_silent;
/* Atomic addition with a result needs Linux 5.12; the test has one thread that calls. */
__u64 numbers;

static __always_inline int emit(__u32 hook, __s32 argument)
{
	struct event *event;

	if (is_silent || eunomia_current_pid() != target_tgid)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		eunomia_count_lost();
		return 0;
	}
	event->hook = hook;
	event->argument = argument;
	event->number = numbers++;
	for (int i = 0; i < 8; i++)
		event->name[i] = label[i];
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tp/syscalls/sys_enter_getppid")
int on_getppid(void *ctx)
{
	return emit(1, 0);
}

SEC("tp/syscalls/sys_enter_getpgid")
int on_getpgid(struct eunomia_sys_enter *ctx)
{
	return emit(2, (__s32)ctx->args[0]);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
