/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a slot may hand on in a second, so that a flood costs its own sinks no more than that, and
 * the neighbours nothing. One decision holds for all sinks, as all are offered the same events: it
 * is taken before an event is formatted for any.
 */
#pragma once

#include <eunomia/error.h>

#include <stdbool.h>
#include <stdint.h>

/* Of either number: what a bucket can count. */
#define BUDGET_MAX UINT64_C(1000000000)

struct budget_limits {
	uint64_t events_per_second; /* 0: no bound, as below; at most BUDGET_MAX */
	uint64_t bytes_per_second;  /* of records */
};

/* Events that were cut one after another and that nobody was told of yet. */
struct budget_cut {
	uint64_t count;
	uint64_t from_seq, to_seq; /* of the first and the last */
	uint32_t ring;		   /* which seq belongs to */
};

/* Holds what a second allows at most, and is refilled all the time. */
struct budget_bucket {
	uint64_t limit; /* per second; 0: no bound */
	uint64_t level; /* that is left, in billionths */
	uint64_t at_ns; /* when it was so, monotonic */
};

struct budget {
	struct budget_limits limits;
	struct budget_bucket events;
	struct budget_bucket bytes;
	struct budget_cut cut;
};

/* Return: 0; -ERANGE with the message in @err. */
int budget_check(const struct budget_limits *limits, struct eun_error *err);
/* The buckets are full. Numbers over BUDGET_MAX are taken for it. */
void budget_init(struct budget *budget, const struct budget_limits *limits);
static inline bool budget_is_bounded(const struct budget *budget)
{
	return budget->limits.events_per_second > 0 || budget->limits.bytes_per_second > 0;
}
/* Return: whether an event of @n_bytes may pass at @now_ns; it is counted if so. */
bool budget_allow(struct budget *budget, uint64_t n_bytes, uint64_t now_ns);
/* Notes an event that may not pass. */
void budget_note_cut(struct budget *budget, uint32_t ring, uint64_t seq);
/* Whether an event of @ring would not go on with what is noted: tell of that first. */
static inline bool budget_has_other_cut(const struct budget *budget, uint32_t ring)
{
	return budget->cut.count > 0 && budget->cut.ring != ring;
}
/* Return: what was noted; nothing is any more. */
struct budget_cut budget_take_cut(struct budget *budget);
