/* SPDX-License-Identifier: Apache-2.0 */
/* Does a new generation do worse than the one before it? Pure: numbers in, verdict out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a generation did in a time. */
struct probation_period {
	uint64_t ns;
	uint64_t events;
	uint64_t decode_errors;
	uint64_t stragglers; /* events so early that the generation before may have made them */
	uint64_t lost;
	uint64_t run_count; /* with run_time_ns: of its programs, while the kernel counted them */
	uint64_t run_time_ns;
};

enum probation_moment {
	PROBATION_MEANWHILE, /* it can still become better or worse */
	PROBATION_AT_END,
};

/* Bytes that a reason needs at most, with the terminator. */
#define PROBATION_REASON_MAX 160

/**
 * probation_judge() - ask every rule
 * @before: of the generation before; all zero where nothing is known
 * @now:    of the new one
 * @reason: gets the rule's name and the figures if one is broken, else is left alone
 *
 * Return: whether the new generation must go.
 */
bool probation_judge(const struct probation_period *before, const struct probation_period *now,
		     enum probation_moment moment, char reason[static PROBATION_REASON_MAX]);
