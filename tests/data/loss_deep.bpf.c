// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Test object that calls as deep as the kernel allows (MAX_CALL_FRAMES, 8) before it writes its
 * record: nothing can be called in between. Its events are the calls of flood_deep(N) in the
 * process that attaches it, N in "arg".
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct event {
	unsigned int arg;
	unsigned int depth;
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

/* Something is done after each call, so that none becomes a jump. */
#define LEVEL(name, next)                                                                          \
	static __attribute__((noinline)) int name(unsigned int arg)                                \
	{                                                                                          \
		return next(arg + 1) + 1;                                                          \
	}

static __attribute__((noinline)) int write_event(unsigned int arg)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	event->arg = arg - 6;
	event->depth = 8;
	bpf_ringbuf_submit(event, 0);
	return 1;
}

LEVEL(level_7, write_event)
LEVEL(level_6, level_7)
LEVEL(level_5, level_6)
LEVEL(level_4, level_5)
LEVEL(level_3, level_4)
LEVEL(level_2, level_3)

SEC("uprobe//proc/self/exe:flood_deep")
int deep(const unsigned long *ctx)
{
	return level_2(FIRST_ARGUMENT(ctx)) < 0;
}

char LICENSE[] SEC("license") = "GPL";
