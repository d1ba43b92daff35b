/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row per call, written by the caller (the interval) and the engine's thread (the events), and
 * the history of switches. The interval is counted in switches, not in time: "done" is read before
 * the call and "begun" after it, so what was in force at any instant of it stands in
 * history[before] to history[after]. Rows lie in anonymous memory that costs nothing until it is
 * used.
 */
#include "judge.h"

#include "base/macro.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#define COMPLAINTS_MAX 10 /* lines a round: one fault is often followed by thousands */

struct call {
	uint32_t before; /* switches done when it began */
	uint32_t after;	 /* switches begun when it ended */
	uint32_t markers[ORACLE_HOOKS];
	uint8_t counts[ORACLE_HOOKS];
};

struct state {
	uint32_t marker;
	uint32_t hooks;
};

struct caller {
	struct call *calls; /* [0] is not used */
	atomic_uint n_calls;
	uint32_t position; /* in the history, of its last judged event */
};

struct judge {
	struct caller *callers;
	unsigned int n_callers;
	uint32_t calls_max;
	struct state *history;
	uint32_t history_max;
	atomic_uint n_begun; /* last entry of the history that may be in force */
	atomic_uint n_done;  /* entries before this one are not in force any more */
	uint64_t n_events;
	uint64_t n_strangers;
	unsigned int n_complaints;
};

static size_t calls_bytes(const struct judge *judge)
{
	return ((size_t)judge->calls_max + 1) * sizeof(struct call);
}

static struct call *map_calls(const struct judge *judge)
{
	void *memory = mmap(NULL, calls_bytes(judge), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(memory != MAP_FAILED);
	return memory;
}

struct judge *judge_new(unsigned int n_threads, uint32_t calls_max, uint32_t n_switches)
{
	struct judge *judge = calloc(1, sizeof(*judge));

	assert_non_null(judge);
	judge->calls_max = calls_max;
	judge->history_max = n_switches;
	judge->history = calloc((size_t)n_switches + 1, sizeof(*judge->history));
	judge->callers = calloc(n_threads, sizeof(*judge->callers));
	assert_non_null(judge->history);
	assert_non_null(judge->callers);
	for (; judge->n_callers < n_threads; judge->n_callers++)
		judge->callers[judge->n_callers].calls = map_calls(judge);
	return judge;
}

struct judge *judge_free(struct judge *judge)
{
	if (!judge)
		return NULL;
	for (unsigned int i = 0; i < judge->n_callers; i++)
		(void)munmap(judge->callers[i].calls, calls_bytes(judge)); /* our own mapping */
	free(judge->callers);
	free(judge->history);
	free(judge);
	return NULL;
}

void judge_begin_switch(struct judge *judge, uint32_t marker, uint32_t hooks)
{
	uint32_t next = atomic_load(&judge->n_begun) + 1;

	assert_true(next <= judge->history_max);
	judge->history[next] = (struct state){ .marker = marker, .hooks = hooks };
	atomic_store(&judge->n_begun, next);
}

void judge_end_switch(struct judge *judge)
{
	atomic_store(&judge->n_done, atomic_load(&judge->n_begun));
}

void judge_begin_call(struct judge *judge, unsigned int thread, uint32_t seq)
{
	judge->callers[thread].calls[seq].before = atomic_load(&judge->n_done);
}

void judge_end_call(struct judge *judge, unsigned int thread, uint32_t seq)
{
	judge->callers[thread].calls[seq].after = atomic_load(&judge->n_begun);
	atomic_store(&judge->callers[thread].n_calls, seq);
}

uint32_t judge_get_n_calls(const struct judge *judge, unsigned int thread)
{
	return atomic_load(&judge->callers[thread].n_calls);
}

void judge_add_event(struct judge *judge, const struct oracle_record *record)
{
	uint64_t thread = record->number >> ORACLE_SEQ_BITS;
	uint32_t seq = (uint32_t)record->number;
	struct call *call;

	if (thread >= judge->n_callers || seq == 0 || seq > judge->calls_max ||
	    record->hook >= ORACLE_HOOKS) {
		judge->n_strangers++;
		return;
	}
	judge->n_events++;
	call = &judge->callers[thread].calls[seq];
	if (call->counts[record->hook] == 0)
		call->markers[record->hook] = record->marker;
	if (call->counts[record->hook] < UINT8_MAX)
		call->counts[record->hook]++;
}

EUB_PRINTF(5, 6)
static void complain(struct judge *judge, const struct caller *caller, uint32_t seq,
		     unsigned int hook, const char *format, ...)
{
	const struct call *call = &caller->calls[seq];
	char text[128];
	va_list args;

	if (judge->n_complaints++ >= COMPLAINTS_MAX)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_message("thread %td call %u hook %u, switches %u to %u (markers %u to %u): %s\n",
		      caller - judge->callers, seq, hook, call->before, call->after,
		      judge->history[call->before].marker, judge->history[call->after].marker,
		      text);
}

static bool is_ever_closed(const struct judge *judge, const struct call *call, uint32_t hook_bit)
{
	for (uint32_t i = call->before; i <= call->after; i++) {
		if (!(judge->history[i].hooks & hook_bit))
			return true;
	}
	return false;
}

/* The earliest state that the event fits in, not before the caller's position. */
static bool advance(const struct judge *judge, struct caller *caller, const struct call *call,
		    unsigned int hook)
{
	uint32_t i = call->before > caller->position ? call->before : caller->position;

	for (; i <= call->after; i++) {
		const struct state *state = &judge->history[i];

		if (state->marker == call->markers[hook] && state->hooks & (1U << hook)) {
			caller->position = i;
			return true;
		}
	}
	return false;
}

static void judge_absence(struct judge *judge, const struct caller *caller, uint32_t seq,
			  unsigned int hook, struct judge_verdict *verdict)
{
	if (is_ever_closed(judge, &caller->calls[seq], 1U << hook)) {
		verdict->n_closed++;
		return;
	}
	verdict->n_lost++;
	complain(judge, caller, seq, hook, "no event");
}

static void judge_presence(struct judge *judge, struct caller *caller, uint32_t seq,
			   unsigned int hook, struct judge_verdict *verdict)
{
	const struct call *call = &caller->calls[seq];

	verdict->n_events += call->counts[hook];
	if (call->counts[hook] > 1) {
		verdict->n_repeated += call->counts[hook] - 1U;
		complain(judge, caller, seq, hook, "%u events", call->counts[hook]);
	}
	if (!advance(judge, caller, call, hook)) {
		verdict->n_mixed++;
		complain(judge, caller, seq, hook, "marker %u after switch %u", call->markers[hook],
			 caller->position);
	}
}

static void judge_caller(struct judge *judge, struct caller *caller, uint32_t hooks,
			 struct judge_verdict *verdict)
{
	uint32_t n_calls = atomic_load(&caller->n_calls);

	for (uint32_t seq = 1; seq <= n_calls; seq++) {
		for (unsigned int hook = 0; hook < ORACLE_HOOKS; hook++) {
			if (!(hooks & (1U << hook)))
				continue;
			if (caller->calls[seq].counts[hook] == 0)
				judge_absence(judge, caller, seq, hook, verdict);
			else
				judge_presence(judge, caller, seq, hook, verdict);
		}
	}
	verdict->n_calls += n_calls;
}

void judge_round(struct judge *judge, struct judge_verdict *verdict)
{
	uint64_t n_events = verdict->n_events;
	uint32_t hooks = 0;

	/* Events of a hook that no generation has are not waited for. */
	for (uint32_t i = 1; i <= atomic_load(&judge->n_begun); i++)
		hooks |= judge->history[i].hooks;
	judge->n_complaints = 0;
	for (unsigned int i = 0; i < judge->n_callers; i++) {
		struct caller *caller = &judge->callers[i];

		judge_caller(judge, caller, hooks, verdict);
		/* Whole, since an event may name a call that was never made. */
		assert_int_equal(munmap(caller->calls, calls_bytes(judge)), 0);
		caller->calls = map_calls(judge);
		atomic_store(&caller->n_calls, 0);
	}
	verdict->n_strangers += judge->n_strangers;
	verdict->n_strangers += judge->n_events - (verdict->n_events - n_events);
	judge->n_events = 0;
	judge->n_strangers = 0;
}
