/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A short array, and empty as soon as every ring has come to its position: so a stream that merely
 * goes on costs nothing per event.
 */
#include "watch_position.h"

#include "agent_limits.h"
#include "slots.h"

#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct watch_position {
	char slot[EUN_SLOT_NAME_MAX];
	uint32_t ring; /* the kernel's id of the map; 0: the slot's next to be announced */
	uint64_t next_seq;
};

static int copy_position(struct watch_positions *positions, const Eunomia__V1__Position *wire,
			 struct eun_error *err)
{
	struct watch_position *position = &positions->items[positions->n];

	if (!eun_slot_name_is_valid(wire->slot))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "'%.64s' in 'from' is no slot name", wire->slot);
	(void)snprintf(position->slot, sizeof(position->slot), "%s", wire->slot);
	position->ring = wire->ring;
	position->next_seq = wire->next_seq;
	positions->n++;
	return 0;
}

int watch_positions_copy(struct watch_positions *positions,
			 const Eunomia__V1__StreamRequest *request, struct eun_error *err)
{
	*positions = (struct watch_positions){ 0 };
	if (request->n_from == 0)
		return 0;
	if (request->n_from > LIMIT_STREAM_POSITIONS)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "a stream can go on in at most %d rings",
				     LIMIT_STREAM_POSITIONS);
	positions->items = calloc(request->n_from, sizeof(*positions->items));
	if (!positions->items)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < request->n_from; i++) {
		int r = copy_position(positions, request->from[i], err);

		if (r < 0) {
			watch_positions_done(positions);
			return r;
		}
	}
	return 0;
}

void watch_positions_done(struct watch_positions *positions)
{
	free(positions->items);
	*positions = (struct watch_positions){ 0 };
}

bool watch_positions_has_slot(const struct watch_positions *positions, const char *slot)
{
	for (size_t i = 0; i < positions->n; i++)
		if (eub_streq(positions->items[i].slot, slot))
			return true;
	return false;
}

static struct watch_position *find(const struct watch_positions *positions, const char *slot,
				   uint32_t ring)
{
	for (size_t i = 0; i < positions->n; i++)
		if (positions->items[i].ring == ring && eub_streq(positions->items[i].slot, slot))
			return &positions->items[i];
	return NULL;
}

static void forget(struct watch_positions *positions, struct watch_position *position)
{
	*position = positions->items[--positions->n];
}

void watch_positions_announce(struct watch_positions *positions, const char *slot, uint32_t ring,
			      uint64_t next_seq, struct watch_begin *ret_begin)
{
	struct watch_position *position = find(positions, slot, ring);

	*ret_begin = (struct watch_begin){ .next_seq = next_seq };
	if (ring == 0)
		return;
	if (!position)
		position = find(positions, slot, 0);
	if (!position)
		return;
	position->ring = ring;
	if (position->next_seq > next_seq) {
		ret_begin->next_seq = position->next_seq;
		return;
	}
	if (position->next_seq < next_seq) {
		ret_begin->lost_from = position->next_seq;
		ret_begin->lost_to = next_seq - 1;
	}
	forget(positions, position);
}

uint64_t watch_positions_advance(struct watch_positions *positions, const char *slot, uint32_t ring,
				 uint64_t seq)
{
	struct watch_position *position = find(positions, slot, ring);

	if (!position || ring == 0)
		return seq;
	if (position->next_seq > seq)
		return position->next_seq;
	forget(positions, position);
	return seq;
}

bool watch_positions_have_seen(const struct watch_positions *positions, const char *slot,
			       uint32_t ring, uint64_t seq)
{
	const struct watch_position *position = find(positions, slot, ring);

	return position && ring != 0 && seq < position->next_seq;
}
