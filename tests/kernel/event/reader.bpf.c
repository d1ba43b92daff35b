/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Produces numbered records on command, through BPF_PROG_TEST_RUN. The first argument says how
 * many; a record that finds no room is counted, and its number used again.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define N_MAX 1024

struct record {
	__u64 number;
	__u64 rest[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} perf SEC(".maps");

struct {
	__u64 n_produced;
	__u64 n_refused;
} counters;

SEC("raw_tp")
int put_ring(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 n = ctx->args[0];

	for (__u64 i = 0; i < N_MAX && i < n; i++) {
		struct record *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);

		if (!record) {
			counters.n_refused++;
			continue;
		}
		record->number = counters.n_produced++;
		bpf_ringbuf_submit(record, 0);
	}
	return 0;
}

SEC("raw_tp")
int discard_ring(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 n = ctx->args[0];

	for (__u64 i = 0; i < N_MAX && i < n; i++) {
		struct record *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);

		if (record)
			bpf_ringbuf_discard(record, 0);
	}
	return 0;
}

SEC("raw_tp")
int put_perf(struct bpf_raw_tracepoint_args *ctx)
{
	struct record record = {};
	__u64 n = ctx->args[0];

	for (__u64 i = 0; i < N_MAX && i < n; i++) {
		record.number = counters.n_produced++;
		if (bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &record, sizeof(record)))
			counters.n_refused++;
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
