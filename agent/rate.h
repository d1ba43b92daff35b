/* SPDX-License-Identifier: Apache-2.0 */
/* At most so many a second: a counter per whole second, no timers, no allocation. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rate {
	uint64_t limit;	      /* per second; 0: nothing passes */
	uint64_t since_ns;    /* begin of the present second, monotonic */
	uint64_t n_in_second; /* passed in it */
};

/* Return: whether one more may pass at @now_ns; it is counted if so. */
static inline bool rate_allow(struct rate *rate, uint64_t now_ns)
{
	if (now_ns - rate->since_ns >= 1000000000u) {
		rate->since_ns = now_ns;
		rate->n_in_second = 0;
	}
	if (rate->n_in_second >= rate->limit)
		return false;
	rate->n_in_second++;
	return true;
}
