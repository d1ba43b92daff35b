/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the events of an engine's slots were handed up, and how far their sinks have taken them.
 * Both advance by checkpoints: one is taken of all slots at once, and committed to the slots'
 * ledgers when its owner knows that what came before it is in good hands. What is handed up
 * meanwhile belongs to the next. Engine's thread.
 */
#pragma once

#include "base/list.h"
#include "engine/ledger.h"

#include <stdbool.h>

/* Of an engine. */
struct eun__checkpoints {
	struct eub_list moved;	 /* tallies with events after the last checkpoint */
	struct eub_list pending; /* tallies in the checkpoint that is not committed yet */
};

/* Of a slot. */
struct eun__tally {
	struct eun__checkpoints *checkpoints;
	struct eub_list moved_link;
	struct eub_list pending_link;
	struct eub_list rings; /* struct eun__tally_ring.link */
	struct eun__ledger ledger;
	struct eun__ledger_counts counts; /* handed up; the owner adds to them */
	struct eun__ledger_counts pending;
};

/* Of a ring of the slot. */
struct eun__tally_ring {
	struct eub_list link;	      /* alone before it is added */
	uint32_t ring;		      /* the kernel's id of its map */
	struct eun__progress now;     /* handed up; the owner adds to it */
	struct eun__progress pending; /* at the checkpoint */
};

void eun__checkpoints_init(struct eun__checkpoints *checkpoints);
/* Whether a checkpoint would find something, or one is pending. */
bool eun__checkpoints_has_uncommitted(const struct eun__checkpoints *checkpoints);
/* Return: whether one is pending now: false if nothing was handed up after the last one. One that
 * was pending stays as it is. */
bool eun__checkpoints_take(struct eun__checkpoints *checkpoints);
/* What is pending is written to the ledgers. */
void eun__checkpoints_commit(struct eun__checkpoints *checkpoints);

/* Goes on with the counts of @memory, as in eun__ledger_init(). */
void eun__tally_init(struct eun__tally *tally, struct eun__checkpoints *checkpoints, void *memory,
		     size_t size);
/* It is in no checkpoint any more, and keeps its counts without rings and ledger. */
void eun__tally_done(struct eun__tally *tally);
/* Events were handed up, or counted, since the last call. */
void eun__tally_note(struct eun__tally *tally);
/* All rings, those that are gone, and perf buffers. */
void eun__tally_sum(const struct eun__tally *tally, struct eun__ledger_counts *ret_counts);

/**
 * eun__tally_add_ring() - go on with a ring, or begin one
 * @position: where a new one begins
 *
 * Must precede the first read: from then on a killed process leaves behind how far it was.
 *
 * Return: true if the ledger knew it, then @ring->now says how far it was taken.
 */
bool eun__tally_add_ring(struct eun__tally *tally, struct eun__tally_ring *ring, uint32_t id,
			 uint64_t position);
/* Its events become the slot's. Those that are in no checkpoint yet count as committed. */
void eun__tally_remove_ring(struct eun__tally *tally, struct eun__tally_ring *ring);
