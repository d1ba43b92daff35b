/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A storm of switches on one slot under load: swaps, ways back, pauses, and swaps that are taken
 * back before they happen, in an order that a seed decides.
 */
#pragma once

#include "flood.h"
#include "judge.h"

#include <eunomia/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One tracker that may run in the slot. */
struct storm_variant {
	const char *path; /* of its object; NULL ends the list */
	uint32_t hooks;	  /* a bit for each hook that it has */
};

struct storm_plan {
	const struct storm_variant *variants;
	size_t n_variants;
	enum load_kind load;
	const char *const *attach; /* as in struct eun_slot_options */
	size_t n_attach;
	bool has_tgid;		  /* the trackers look at this process alone */
	unsigned int n_swaps;	  /* real ones, each with a load and an unload */
	unsigned int n_rollbacks; /* after each, beside those that chance adds */
	uint64_t seed;
};

struct storm_result {
	struct judge_verdict verdict;
	unsigned int n_reuse; /* swaps by map policy */
	unsigned int n_fresh;
	unsigned int n_rollbacks;
	unsigned int n_pauses;
	unsigned int n_cancelled;
	uint64_t n_skipped;	  /* as the gate counts */
	uint64_t n_lost;	  /* as the engine says */
	uint64_t n_misread;	  /* records of another size than their type */
	uint64_t n_misattributed; /* events with another generation's number */
	uint64_t switch_p50_ns;
	uint64_t switch_p99_ns;
	uint64_t elapsed_ns;
};

/* Return: 0; -errno of starting the slot, with @err: nothing was measured. Any later failure fails
 * the test. */
int storm_run(const struct storm_plan *plan, struct storm_result *ret_result,
	      struct eun_error *err);
