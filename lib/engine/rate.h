/* SPDX-License-Identifier: Apache-2.0 */
/* Events per second over the last whole seconds, without a timer. */
#pragma once

#include "engine/limits.h"

#include <stdint.h>

struct eun__rate {
	uint64_t second;			/* the one that is being counted */
	uint64_t first_second;			/* when counting began */
	uint32_t counts[EUN__RATE_SECONDS + 1]; /* by second modulo the length */
};

/* Counts @n events at @mono_ns, which does not go back. */
void eun__rate_add(struct eun__rate *rate, uint64_t mono_ns, uint32_t n);
/* The mean over the last EUN__RATE_SECONDS whole seconds, or fewer since the first event. */
double eun__rate_get(struct eun__rate *rate, uint64_t mono_ns);
