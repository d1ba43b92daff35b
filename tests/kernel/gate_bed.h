/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a gate exact? A thread makes a known number of events as fast as it can while this one
 * switches between two generations, and closed. Every event must have run exactly one generation or
 * have been counted as skipped: the three counts must add up to the events made.
 */
#pragma once

#include "object/gate.h"
#include "object/switch.h"
#include "object/target.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_object;

struct gate_bed {
	struct bpf_object *object;
	struct eun__switch *sw;
	struct eun__gate *gate;
	const uint64_t *counts; /* of the two generations, mapped */
};

/* Goes on until it has made n events and has seen enough switches, however busy the machine. */
struct flood {
	int (*one)(void); /* makes one event. Return: 0; -errno */
	unsigned int n;
	atomic_uint n_switches;
	unsigned int n_made;
	int error; /* of the event that ended it early */
	atomic_bool is_over;
};

struct gate_row {
	const char *object; /* file */
	const char *name;   /* of the programs, NAME_a and NAME_b */
	struct eun__target target;
	int (*one)(void);
	unsigned int n_events;
	bool is_alone; /* nobody else fires the hook: it is closed as well, and skips are counted */
};

/* Ends the test as skipped. */
void gate_bed_skip(const char *why, int r);
/* Loads both generations of @name and a gate for them; attaches nothing. */
void gate_bed_begin(struct gate_bed *bed, const char *object, const char *name);
void gate_bed_end(struct gate_bed *bed);
/* A thread's function; @argument: a struct flood. */
void *flood_run(void *argument);
/* Switches while @run floods: between the generations, and @with_closed also off. */
void gate_bed_switch_under(struct gate_bed *bed, struct flood *flood, bool with_closed,
			   void *(*run)(void *), void *argument);
void gate_bed_check_counts(const struct gate_bed *bed, uint64_t n_events, uint64_t skipped,
			   const struct flood *flood);
/* All of it for a kind whose gate is attached as usual. */
void gate_bed_flood(const struct gate_row *row);
