/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of per-second counters; seconds in which nothing was counted are cleared when passed. */
#include "engine/rate.h"

#include "base/macro.h"

#define NS_PER_S 1000000000u
#define N_COUNTS (EUN__RATE_SECONDS + 1)

static void advance(struct eun__rate *rate, uint64_t second)
{
	if (rate->first_second == 0) {
		rate->first_second = second;
		rate->second = second;
	}
	if (second - rate->second >= N_COUNTS) {
		for (unsigned int i = 0; i < N_COUNTS; i++)
			rate->counts[i] = 0;
		rate->second = second;
	}
	while (rate->second < second)
		rate->counts[++rate->second % N_COUNTS] = 0;
}

void eun__rate_add(struct eun__rate *rate, uint64_t mono_ns, uint32_t n)
{
	advance(rate, mono_ns / NS_PER_S + 1);
	rate->counts[rate->second % N_COUNTS] += n;
}

double eun__rate_get(struct eun__rate *rate, uint64_t mono_ns)
{
	uint64_t now = mono_ns / NS_PER_S + 1;
	uint64_t seconds;
	uint64_t sum = 0;

	if (rate->first_second == 0)
		return 0;
	advance(rate, now);
	seconds = EUB_MIN(now - rate->first_second, (uint64_t)EUN__RATE_SECONDS);
	/* In the first second there is no whole one yet: what came so far is the best answer. */
	if (seconds == 0)
		return (double)rate->counts[now % N_COUNTS];
	for (uint64_t i = 1; i <= seconds; i++)
		sum += rate->counts[(now - i) % N_COUNTS];
	return (double)sum / (double)seconds;
}
