/* SPDX-License-Identifier: Apache-2.0 */
/* How a slot ends, and what remains of it. Loop thread. */
#pragma once

#include <stdbool.h>

struct slot_entry;

enum slot_end {
	SLOT_END_STOP,	/* for good: nothing is kept */
	SLOT_END_PARK,	/* it is detached, and started again with the next agent */
	SLOT_END_LEAVE, /* it goes on without the agent */
};

/* @entry is out of the table; it can be looked at until control returns to the loop. */
typedef void (*slot_ended_fn)(struct slot_entry *entry, void *userdata);

/**
 * slot_end() - end a slot
 * @entry:    waiting, running or paused, and not busy; busy until @on_ended
 * @on_ended: NULL allowed
 *
 * What is kept on disk is removed first, in a job: so a crash in between leaves a slot that runs on
 * and is removed at the next start, and never one that comes back.
 */
void slot_end(struct slot_entry *entry, enum slot_end how, slot_ended_fn on_ended, void *userdata);
/* How it ends when the agent does. @keeps: slots are for the next agent, as far as they survive. */
enum slot_end slot_end_with_agent(const struct slot_entry *entry, bool keeps);
