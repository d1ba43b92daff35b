/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two token buckets, one of events and one of bytes; an event must find room in both. A bucket
 * holds one second's worth, so after silence a burst of that size passes at once. An event that is
 * larger than the whole bucket passes when the bucket is full: else it never would.
 */
#include "budget.h"

#include "base/macro.h"

#include <errno.h>

#define SECOND_NS UINT64_C(1000000000)
#define BILLION	  UINT64_C(1000000000)

int budget_check(const struct budget_limits *limits, struct eun_error *err)
{
	if (limits->events_per_second <= BUDGET_MAX && limits->bytes_per_second <= BUDGET_MAX)
		return 0;
	return eun_error_set(err, -ERANGE, EUN_REASON_INVALID_ARGUMENT,
			     "a budget is at most %llu events and bytes a second",
			     (unsigned long long)BUDGET_MAX);
}

static struct budget_bucket full_bucket(uint64_t limit)
{
	return (struct budget_bucket){ .limit = limit, .level = limit * BILLION };
}

void budget_init(struct budget *budget, const struct budget_limits *limits)
{
	const struct budget_limits bounded = {
		.events_per_second = EUB_MIN(limits->events_per_second, BUDGET_MAX),
		.bytes_per_second = EUB_MIN(limits->bytes_per_second, BUDGET_MAX),
	};

	*budget = (struct budget){ .limits = bounded,
				   .events = full_bucket(bounded.events_per_second),
				   .bytes = full_bucket(bounded.bytes_per_second) };
}

static void refill(struct budget_bucket *bucket, uint64_t now_ns)
{
	uint64_t since_ns = EUB_MIN(now_ns - bucket->at_ns, SECOND_NS);

	/* A token a second is a billionth a nanosecond. */
	bucket->level = EUB_MIN(bucket->level + since_ns * bucket->limit, bucket->limit * BILLION);
	bucket->at_ns = now_ns;
}

/* What @n take from the bucket, in billionths; never more than it can hold. */
static uint64_t get_price(const struct budget_bucket *bucket, uint64_t n)
{
	return EUB_MIN(n, bucket->limit) * BILLION;
}

bool budget_allow(struct budget *budget, uint64_t n_bytes, uint64_t now_ns)
{
	uint64_t price = get_price(&budget->events, 1);
	uint64_t bytes_price = get_price(&budget->bytes, n_bytes);

	refill(&budget->events, now_ns);
	refill(&budget->bytes, now_ns);
	if (budget->events.level < price || budget->bytes.level < bytes_price)
		return false;
	budget->events.level -= price;
	budget->bytes.level -= bytes_price;
	return true;
}

void budget_note_cut(struct budget *budget, uint32_t ring, uint64_t seq)
{
	struct budget_cut *cut = &budget->cut;

	if (cut->count++ == 0)
		cut->from_seq = seq;
	cut->to_seq = seq;
	cut->ring = ring;
}

struct budget_cut budget_take_cut(struct budget *budget)
{
	struct budget_cut cut = budget->cut;

	budget->cut = (struct budget_cut){ 0 };
	return cut;
}
