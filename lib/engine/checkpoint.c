/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Positions and counts of a slot go together: a slot is either in a checkpoint, with all its rings,
 * or has not moved since. So taking and committing one costs as much as there are slots with
 * events, whatever the number of slots, and no memory.
 *
 * A slot without a ledger (it is not pinned) keeps its counts here and stands in no list: nothing
 * of it survives.
 */
#include "engine/checkpoint.h"

#include <string.h>

void eun__checkpoints_init(struct eun__checkpoints *checkpoints)
{
	eub_list_init(&checkpoints->moved);
	eub_list_init(&checkpoints->pending);
}

bool eun__checkpoints_has_uncommitted(const struct eun__checkpoints *checkpoints)
{
	return !eub_list_is_empty(&checkpoints->moved) || !eub_list_is_empty(&checkpoints->pending);
}

bool eun__checkpoints_take(struct eun__checkpoints *checkpoints)
{
	if (!eub_list_is_empty(&checkpoints->pending))
		return true;
	EUB_LIST_FOREACH (tally, &checkpoints->moved, struct eun__tally, moved_link) {
		eub_list_remove(&tally->moved_link);
		eub_list_append(&checkpoints->pending, &tally->pending_link);
		tally->pending = tally->counts;
		EUB_LIST_FOREACH (ring, &tally->rings, struct eun__tally_ring, link)
			ring->pending = ring->now;
	}
	return !eub_list_is_empty(&checkpoints->pending);
}

static void commit_tally(struct eun__tally *tally)
{
	EUB_LIST_FOREACH (ring, &tally->rings, struct eun__tally_ring, link)
		/* No room was found at the start: the consumer position has to do. */
		(void)eun__ledger_put(&tally->ledger, ring->ring, &ring->pending);
	eun__ledger_put_counts(&tally->ledger, &tally->pending);
}

void eun__checkpoints_commit(struct eun__checkpoints *checkpoints)
{
	EUB_LIST_FOREACH (tally, &checkpoints->pending, struct eun__tally, pending_link) {
		eub_list_remove(&tally->pending_link);
		commit_tally(tally);
	}
}

void eun__tally_init(struct eun__tally *tally, struct eun__checkpoints *checkpoints, void *memory,
		     size_t size)
{
	*tally = (struct eun__tally){ .checkpoints = checkpoints };
	eub_list_init(&tally->moved_link);
	eub_list_init(&tally->pending_link);
	eub_list_init(&tally->rings);
	eun__ledger_init(&tally->ledger, memory, size);
	eun__ledger_get_counts(&tally->ledger, &tally->counts);
	tally->pending = tally->counts;
}

void eun__tally_note(struct eun__tally *tally)
{
	if (tally->ledger.page && eub_list_is_empty(&tally->moved_link))
		eub_list_append(&tally->checkpoints->moved, &tally->moved_link);
}

static void add_progress(struct eun__ledger_counts *counts, const struct eun__progress *progress)
{
	counts->events += progress->events;
	counts->bytes += progress->bytes;
	counts->decode_errors += progress->decode_errors;
}

void eun__tally_sum(const struct eun__tally *tally, struct eun__ledger_counts *ret_counts)
{
	*ret_counts = tally->counts;
	EUB_LIST_FOREACH (ring, &tally->rings, const struct eun__tally_ring, link)
		add_progress(ret_counts, &ring->now);
}

void eun__tally_done(struct eun__tally *tally)
{
	eub_list_remove(&tally->moved_link);
	eub_list_remove(&tally->pending_link);
	EUB_LIST_FOREACH (ring, &tally->rings, struct eun__tally_ring, link) {
		eub_list_remove(&ring->link);
		add_progress(&tally->counts, &ring->now);
	}
	tally->ledger = (struct eun__ledger){ .page = NULL };
}

bool eun__tally_add_ring(struct eun__tally *tally, struct eun__tally_ring *ring, uint32_t id,
			 uint64_t position)
{
	bool is_known = eun__ledger_find(&tally->ledger, id, &ring->now) == 0;

	ring->ring = id;
	if (!is_known) {
		ring->now = (struct eun__progress){ .position = position };
		/* Without room, as in commit_tally(). */
		(void)eun__ledger_put(&tally->ledger, id, &ring->now);
	}
	ring->pending = ring->now;
	eub_list_append(&tally->rings, &ring->link);
	return is_known;
}

void eun__tally_remove_ring(struct eun__tally *tally, struct eun__tally_ring *ring)
{
	if (eub_list_is_empty(&ring->link))
		return; /* was not added */
	eub_list_remove(&ring->link);
	/* Without room for the ring its counts are the slot's at the next commit. */
	if (eun__ledger_put(&tally->ledger, ring->ring, &ring->now) == 0)
		eun__ledger_fold(&tally->ledger, ring->ring);
	add_progress(&tally->counts, &ring->now);
	add_progress(&tally->pending, &ring->now);
}
