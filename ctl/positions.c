/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An array that is searched from the front: a stream has few rings, and it is searched once per
 * batch. It owns its strings. Rings come and go with slots and swaps, and nobody tells when one is
 * gone for good, so the number of positions is bounded by forgetting.
 */
#include "positions.h"

#include "base/macro.h"
#include "base/str.h"
#include "ctl_limits.h"

#include <errno.h>
#include <stdlib.h>

void positions_done(struct positions *positions)
{
	for (size_t i = 0; i < positions->n; i++)
		free(positions->items[i].slot);
	free(positions->items);
	*positions = (struct positions){ 0 };
}

static struct position *find(const struct positions *positions, const char *slot, uint32_t ring)
{
	for (size_t i = 0; i < positions->n; i++) {
		struct position *position = &positions->items[i];

		if (position->ring == ring && eub_streq(position->slot, slot))
			return position;
	}
	return NULL;
}

static void forget(struct positions *positions, struct position *position)
{
	free(position->slot);
	*position = positions->items[--positions->n];
}

static void forget_oldest(struct positions *positions)
{
	struct position *oldest = positions->items;

	for (size_t i = 1; i < positions->n; i++)
		if (positions->items[i].used_at < oldest->used_at)
			oldest = &positions->items[i];
	forget(positions, oldest);
}

static int add(struct positions *positions, const char *slot, uint32_t ring, uint64_t next_seq)
{
	struct position *items;
	char *copy = strdup(slot);

	if (!copy)
		return -ENOMEM;
	if (positions->n == CTL_POSITIONS_MAX)
		forget_oldest(positions);
	items = reallocarray(positions->items, positions->n + 1, sizeof(*items));
	if (!items) {
		free(copy);
		return -ENOMEM;
	}
	positions->items = items;
	items[positions->n++] = (struct position){
		.slot = copy,
		.ring = ring,
		.next_seq = next_seq,
		.used_at = ++positions->count,
	};
	return 0;
}

int positions_expect(struct positions *positions, const char *slot, uint64_t next_seq)
{
	return add(positions, slot, 0, next_seq);
}

int positions_announce(struct positions *positions, const char *slot, uint32_t ring,
		       uint64_t next_seq)
{
	struct position *expected = find(positions, slot, 0);

	if (ring == 0) {
		if (expected)
			forget(positions, expected);
		return 0;
	}
	if (positions_find(positions, slot, ring))
		return 0;
	if (!expected)
		return add(positions, slot, ring, next_seq);
	expected->ring = ring;
	return 0;
}

struct position *positions_find(struct positions *positions, const char *slot, uint32_t ring)
{
	struct position *position = ring > 0 ? find(positions, slot, ring) : NULL;

	if (position)
		position->used_at = ++positions->count;
	return position;
}

bool position_take(struct position *position, uint64_t seq)
{
	if (!position)
		return true;
	if (seq < position->next_seq)
		return false;
	position->next_seq = seq < UINT64_MAX ? seq + 1 : seq;
	return true;
}

void positions_skip(struct positions *positions, const char *slot, uint64_t to_seq)
{
	struct position *only = NULL;

	for (size_t i = 0; i < positions->n; i++) {
		if (!eub_streq(positions->items[i].slot, slot))
			continue;
		if (only)
			return;
		only = &positions->items[i];
	}
	if (only)
		(void)position_take(only, to_seq); /* what was seen already needs no step */
}
