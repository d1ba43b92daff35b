/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row a rule: its name, its bound, and the check. Rules compare shares and averages, never
 * sums, because the two generations were watched for different times; and each wants some evidence
 * before it speaks, so that the first event of a new generation decides nothing.
 */
#include "probation_rules.h"

#include "base/macro.h"

#include <inttypes.h>
#include <stdio.h>

#define PER_MILLE     1000
#define PER_CENT      100
#define MIN_EVENTS    20  /* of the new generation, for a share of them */
#define MIN_RUNS      200 /* of each, for an average of them */
/* A machine that is taken away for a moment makes some runs long: less than this may be that. */
#define MIN_SLOWER_NS 10000

struct rule {
	const char *name;
	uint64_t bound;
	enum probation_moment from; /* asked from this moment on */
	bool (*is_broken)(const struct probation_period *before, const struct probation_period *now,
			  uint64_t bound, char *figures, size_t size);
};

/* @part of @whole in thousandths; 0 of nothing. */
static uint64_t get_share(uint64_t part, uint64_t whole)
{
	return whole > 0 ? (uint64_t)((double)part * PER_MILLE / (double)whole) : 0;
}

static uint64_t get_average(uint64_t sum, uint64_t n)
{
	return n > 0 ? sum / n : 0;
}

/* @bound: thousandths of the events that it may have more than the one before. */
static bool has_decode_errors(const struct probation_period *before,
			      const struct probation_period *now, uint64_t bound, char *figures,
			      size_t size)
{
	uint64_t allowed = get_share(before->decode_errors, before->events) + bound;

	(void)snprintf(figures, size, "%" PRIu64 " of %" PRIu64 " events are too short",
		       now->decode_errors, now->events);
	return now->events >= MIN_EVENTS && get_share(now->decode_errors, now->events) > allowed;
}

/* @bound: thousandths of what it produces that it may lose more than the one before. */
static bool loses_events(const struct probation_period *before, const struct probation_period *now,
			 uint64_t bound, char *figures, size_t size)
{
	uint64_t produced = now->events + now->lost;
	uint64_t allowed = get_share(before->lost, before->events + before->lost) + bound;

	(void)snprintf(figures, size, "%" PRIu64 " of %" PRIu64 " events are lost", now->lost,
		       produced);
	return produced >= MIN_EVENTS && get_share(now->lost, produced) > allowed;
}

/* @bound: per cent of the time that a run of the one before took. */
static bool takes_longer(const struct probation_period *before, const struct probation_period *now,
			 uint64_t bound, char *figures, size_t size)
{
	uint64_t ns_before = get_average(before->run_time_ns, before->run_count);
	uint64_t ns_now = get_average(now->run_time_ns, now->run_count);

	(void)snprintf(figures, size, "a run takes %" PRIu64 " ns instead of %" PRIu64, ns_now,
		       ns_before);
	return before->run_count >= MIN_RUNS && now->run_count >= MIN_RUNS && ns_before > 0 &&
	       ns_now > MIN_SLOWER_NS && ns_now - MIN_SLOWER_NS > ns_before &&
	       ns_now > ns_before / PER_CENT * bound + ns_before % PER_CENT * bound / PER_CENT;
}

/* @bound: events that the one before had in an equal time, on the average, if none is to be odd. */
static bool is_silent(const struct probation_period *before, const struct probation_period *now,
		      uint64_t bound, char *figures, size_t size)
{
	double expected =
	    before->ns > 0 ? (double)before->events * (double)now->ns / (double)before->ns : 0;

	(void)snprintf(figures, size,
		       "%" PRIu64 " events at its beginning and none after, where the generation "
		       "before had %.0f",
		       now->events, expected);
	return now->events <= now->stragglers && expected >= (double)bound;
}

static const struct rule rules[] = {
	{ "decode-errors", 10, PROBATION_MEANWHILE, has_decode_errors },
	{ "losses", 10, PROBATION_MEANWHILE, loses_events },
	{ "run-time", 300, PROBATION_MEANWHILE, takes_longer },
	{ "silence", 5, PROBATION_AT_END, is_silent },
};

bool probation_judge(const struct probation_period *before, const struct probation_period *now,
		     enum probation_moment moment, char reason[static PROBATION_REASON_MAX])
{
	char figures[PROBATION_REASON_MAX - 24];

	for (size_t i = 0; i < EUB_ARRAY_SIZE(rules); i++) {
		if (moment < rules[i].from ||
		    !rules[i].is_broken(before, now, rules[i].bound, figures, sizeof(figures)))
			continue;
		(void)snprintf(reason, PROBATION_REASON_MAX, "%s: %s", rules[i].name, figures);
		return true;
	}
	return false;
}
