/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge: knows each call that was made, each event that came of it, and each switch, and says
 * whether that fits together. Nothing of the engine counts for it. What it demands:
 *
 *   - An event comes exactly once for each hook of each call, unless a switch state without that
 *     hook was in force at some instant of the call.
 *   - The generation that an event names was in force at some instant of the call: after the last
 *     switch that was complete before the call began, not before it, and up to the last one that
 *     began before the call ended.
 *   - Along one thread, hook after hook and call after call, the generations follow the history of
 *     switches and never go back in it. So the two hooks of a call never mix generations in a way
 *     that one instant for all hooks would not give.
 *
 * Threads: judge_call_*() by the caller of that number, the others by the engine's thread;
 * judge_round() when no caller runs.
 */
#pragma once

#include "record.bpf.h"

#include <stdbool.h>
#include <stdint.h>

struct judge;

struct judge_verdict {
	uint64_t n_calls;
	uint64_t n_events;
	uint64_t n_closed;    /* events that did not come, as a closed gate or no hook explains */
	uint64_t n_lost;      /* events that had to come and did not */
	uint64_t n_repeated;  /* events beyond the first for a hook of a call */
	uint64_t n_mixed;     /* events of a generation that was not in force */
	uint64_t n_strangers; /* events that no call made */
};

/* Aborts the test when memory is short, here and below. @n_switches: at most so many. */
struct judge *judge_new(unsigned int n_threads, uint32_t calls_max, uint32_t n_switches);
/* NULL is allowed. Returns NULL. */
struct judge *judge_free(struct judge *judge);

/* Around the store: @marker is in force from somewhere between the two, with a bit for each hook
 * that it has. */
void judge_begin_switch(struct judge *judge, uint32_t marker, uint32_t hooks);
void judge_end_switch(struct judge *judge);

/* Around a call. @seq: from 1 in each round, at most calls_max. */
void judge_begin_call(struct judge *judge, unsigned int thread, uint32_t seq);
void judge_end_call(struct judge *judge, unsigned int thread, uint32_t seq);
/* Calls of a thread that have ended. */
uint32_t judge_get_n_calls(const struct judge *judge, unsigned int thread);

void judge_add_event(struct judge *judge, const struct oracle_record *record);

/* Judges all calls since the last round, adds to @verdict and forgets them. Prints the first calls
 * that do not fit. */
void judge_round(struct judge *judge, struct judge_verdict *verdict);
