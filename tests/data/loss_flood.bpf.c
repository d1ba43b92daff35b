// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Test object of somebody who does not count what finds no room in the ring: each way to write a
 * record, from a program and from a function of its own. Its events are the calls of
 * flood_reserve(N) and its like in the process that attaches it, N in "arg"; functions that the
 * process does not have are left out.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct event {
	unsigned int arg;
	unsigned int pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} events SEC(".maps");

const struct event *unused __attribute__((unused));

#if defined(__TARGET_ARCH_x86)
#define FIRST_ARGUMENT(ctx) ((unsigned int)((ctx)[14])) /* rdi of struct pt_regs */
#else
#define FIRST_ARGUMENT(ctx) ((unsigned int)((ctx)[0]))
#endif

#define CALL_OF(function) SEC("?uprobe//proc/self/exe:" function)

static __attribute__((noinline)) int write_reserved(unsigned int arg)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 1;
	event->arg = arg;
	event->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

CALL_OF("flood_reserve")
int reserve(const unsigned long *ctx)
{
	struct event *event;

	/* Two ways on, so that the verifier must tell the records of both apart. */
	if (FIRST_ARGUMENT(ctx) % 2)
		return write_reserved(FIRST_ARGUMENT(ctx)), 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (event) {
		event->arg = FIRST_ARGUMENT(ctx);
		event->pid = bpf_get_current_pid_tgid() >> 32;
		bpf_ringbuf_submit(event, 0);
	}
	return 0;
}

CALL_OF("flood_output")
int output(const unsigned long *ctx)
{
	struct event event = {
		.arg = FIRST_ARGUMENT(ctx),
		.pid = bpf_get_current_pid_tgid() >> 32,
	};

	bpf_ringbuf_output(&events, &event, sizeof(event), 0);
	return 0;
}

/* Every second record is thrown away: it was no event and is none that was lost. */
CALL_OF("flood_discard")
int discard(const unsigned long *ctx)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	event->arg = FIRST_ARGUMENT(ctx);
	if (event->arg % 2)
		bpf_ringbuf_discard(event, 0);
	else
		bpf_ringbuf_submit(event, 0);
	return 0;
}

CALL_OF("flood_dynptr")
int dynptr(const unsigned long *ctx)
{
	struct event event = {
		.arg = FIRST_ARGUMENT(ctx),
		.pid = bpf_get_current_pid_tgid() >> 32,
	};
	struct bpf_dynptr record;

	if (bpf_ringbuf_reserve_dynptr(&events, sizeof(event), 0, &record) == 0)
		bpf_dynptr_write(&record, 0, &event, sizeof(event), 0);
	/* To be called even if the reservation failed. */
	bpf_ringbuf_submit_dynptr(&record, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
