/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches a generation after its swap, and goes back to the one before if it does worse
 * (probation_rules.h). It does not survive the agent: a successor keeps what runs. Loop thread.
 *
 *   probation_new()    before the swap: the kernel begins to time the programs
 *   probation_begin()  after its commit: the set owns the probation and ends it
 *   probation_free()   if the swap failed
 */
#pragma once

#include "base/list.h"

#include <stdint.h>
#include <uv.h>

struct log;
struct probation;
struct slot_entry;
struct slots;

struct probations {
	struct slots *slots;
	struct log *log;
	struct eub_list items; /* those that were begun */
	uv_timer_t timer;      /* runs while there are any */
};

/* The pointers are set by the owner before, who also closes the timer. Return: 0; -errno of libuv.
 */
int probations_init(struct probations *set, uv_loop_t *loop);
/* Ends all as if they had never been. */
void probations_done(struct probations *set);

/* @duration_ns: at least PROBATION_MIN_NS is watched. Return: 0; -ENOMEM. */
int probation_new(struct probations *set, struct slot_entry *entry, uint64_t duration_ns,
		  struct probation **ret_probation);
/* The swap from generation @old_generation to the running one of @entry was committed just now. */
void probation_begin(struct probation *probation, uint32_t old_generation);
/* NULL allowed. Returns NULL. */
struct probation *probation_free(struct probation *probation);
