/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What every tracker needs: a ring buffer for its events, with the records that found no room
 * counted, and the contexts of system call tracepoints. Needs Linux 5.8 (ring buffers) and no
 * kernel types, so that a tracker which includes nothing else starts without reading the kernel's
 * BTF. Kernel types: eunomia_vmlinux.h. How to write a tracker: docs/trackers.md.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include <stdbool.h>
#include <stddef.h>

/* Value of a user id option that means "every user": no process has this id. */
#define EUNOMIA_ANY_UID ((__u32)-1)

/*
 * Events that found the ring buffer, or the map of calls under way, full. The engine adds the CPUs
 * up and reports the sum as lost.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} eunomia_lost SEC(".maps");

static __always_inline void eunomia_count_lost(void)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&eunomia_lost, &key);

	if (count) /* atomically: a program may interrupt another one, or itself, on a CPU */
		__sync_fetch_and_add(count, 1);
}

/**
 * EUNOMIA_EVENTS() - declare the ring buffer "events" and the type of its records
 * @event_type: struct of one event
 * @size_bytes: of the ring, a power of two and a multiple of the page size; all CPUs share it
 *
 * Gives the tracker
 *   event_type *eunomia_reserve(void)       room for one event, zeroed, or NULL (counted as lost)
 *   void eunomia_submit(event_type *event)  hands the event to the reader
 *
 * The pointer makes the compiler keep the type in the object's BTF, where "eunomiactl build" finds
 * it. __type(value, ...) on the map would say the same, but libbpf hands a value size to the
 * kernel, which refuses it for a ring buffer.
 */
#define EUNOMIA_EVENTS(event_type, size_bytes)                                                     \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                                                \
		__uint(max_entries, size_bytes);                                                   \
	} events SEC(".maps");                                                                     \
                                                                                                   \
	const event_type *const __eunomia_dummy_events_type = 0;                                   \
                                                                                                   \
	static __always_inline event_type *eunomia_reserve(void)                                   \
	{                                                                                          \
		event_type *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);               \
                                                                                                   \
		if (event) /* records begin at multiples of 8 */                                   \
			__builtin_memset(__builtin_assume_aligned(event, 8), 0, sizeof(*event));   \
		else                                                                               \
			eunomia_count_lost();                                                      \
		return event;                                                                      \
	}                                                                                          \
                                                                                                   \
	static __always_inline void eunomia_submit(event_type *event)                              \
	{                                                                                          \
		bpf_ringbuf_submit(event, 0);                                                      \
	}                                                                                          \
	struct eunomia_swallow_semicolon

static __always_inline __u32 eunomia_current_pid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

static __always_inline __u32 eunomia_current_tid(void)
{
	return (__u32)bpf_get_current_pid_tgid();
}

static __always_inline __u32 eunomia_current_uid(void)
{
	return (__u32)bpf_get_current_uid_gid();
}

/**
 * EUNOMIA_CALLS() - declare the map "calls": what is known of the call that each thread is in
 * @call_type:   struct of one call
 * @max_threads: threads that can be in such a call at once
 *
 * Pairs the begin of a call with its end. Gives the tracker
 *   void eunomia_begin_call(const call_type *call)  keeps it, or counts it as lost
 *   call_type *eunomia_current_call(void)           this thread's call, or NULL
 *   void eunomia_end_call(void)                     forgets it
 */
#define EUNOMIA_CALLS(call_type, max_threads)                                                      \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(max_entries, max_threads);                                                  \
		__type(key, __u32);                                                                \
		__type(value, call_type);                                                          \
	} calls SEC(".maps");                                                                      \
                                                                                                   \
	static __always_inline void eunomia_begin_call(const call_type *call)                      \
	{                                                                                          \
		__u32 tid = eunomia_current_tid();                                                 \
                                                                                                   \
		if (bpf_map_update_elem(&calls, &tid, call, BPF_ANY))                              \
			eunomia_count_lost();                                                      \
	}                                                                                          \
                                                                                                   \
	static __always_inline call_type *eunomia_current_call(void)                               \
	{                                                                                          \
		__u32 tid = eunomia_current_tid();                                                 \
                                                                                                   \
		return bpf_map_lookup_elem(&calls, &tid);                                          \
	}                                                                                          \
                                                                                                   \
	static __always_inline void eunomia_end_call(void)                                         \
	{                                                                                          \
		__u32 tid = eunomia_current_tid();                                                 \
                                                                                                   \
		bpf_map_delete_elem(&calls, &tid);                                                 \
	}                                                                                          \
	struct eunomia_swallow_semicolon

/*
 * Contexts of tracepoint/syscalls/sys_enter_* and sys_exit_* (kernel/trace/trace_syscalls.c:
 * perf_call_bpf_enter). The arguments stand at byte 16 in every kernel, whether its trace_entry
 * has 8 bytes or 12 (some real-time kernels), so no CO-RE is needed. Calls by 32-bit programs on a
 * 64-bit kernel do not pass these tracepoints.
 */
struct eunomia_sys_enter {
	__u64 common[2];
	unsigned long args[6];
};

struct eunomia_sys_exit {
	__u64 common[2];
	long ret; /* result of the call, or -errno */
};
