/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot's record, in memory. Numbers of generations only grow, also when a start fails, so that a
 * number names one thing for ever: what is pinned under it, what the disk holds, what an event
 * says. The history is bounded; what is not on disk any more is forgotten first.
 */
#include "state_slot.h"

#include "base/clock.h"
#include "base/macro.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const origins[] = {
	[STATE_ORIGIN_START] = "start",	      [STATE_ORIGIN_SWAP] = "swap",
	[STATE_ORIGIN_ROLLBACK] = "rollback", [STATE_ORIGIN_PROBATION] = "probation",
	[STATE_ORIGIN_RESTORED] = "restored", [STATE_ORIGIN_DECLARED] = "declared",
};
_Static_assert(EUB_ARRAY_SIZE(origins) == _STATE_ORIGIN_MAX, "one name per origin");

const char *state_origin_to_string(enum state_origin origin)
{
	return origins[origin];
}

static void generation_done(struct state_generation *generation)
{
	free(generation->package);
	free(generation->package_version);
	spec_done(&generation->spec);
}

int state_slot_new(const char *name, struct state_slot **ret_slot)
{
	struct state_slot *slot = calloc(1, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	(void)snprintf(slot->name, sizeof(slot->name), "%s", name);
	slot->next = 1;
	*ret_slot = slot;
	return 0;
}

struct state_slot *state_slot_free(struct state_slot *slot)
{
	if (!slot)
		return NULL;
	for (size_t i = 0; i < slot->n_generations; i++)
		generation_done(&slot->generations[i]);
	free(slot->generations);
	free(slot);
	return NULL;
}

static void forget(struct state_slot *slot, size_t i)
{
	generation_done(&slot->generations[i]);
	slot->n_generations--;
	memmove(&slot->generations[i], &slot->generations[i + 1],
		(slot->n_generations - i) * sizeof(slot->generations[0]));
}

/* Makes room for one more. */
static void forget_oldest(struct state_slot *slot)
{
	size_t i = 0;

	while (i < slot->n_generations && slot->generations[i].is_stored)
		i++;
	forget(slot, i < slot->n_generations ? i : 0);
}

/* Makes @generation the last one. */
static int append(struct state_slot *slot, const struct state_generation *generation)
{
	struct state_generation *grown;

	if (slot->n_generations >= STATE_HISTORY_MAX)
		forget_oldest(slot);
	grown = reallocarray(slot->generations, slot->n_generations + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	slot->generations = grown;
	grown[slot->n_generations++] = *generation;
	return 0;
}

int state_slot_add(struct state_slot *slot, const struct spec *spec, enum state_origin origin,
		   struct state_generation **ret_generation)
{
	struct state_generation generation = { .number = slot->next,
					       .origin = origin,
					       .loaded_wall_ns = eub_clock_wall_ns() };

	/* Copied first: @spec may be of a generation of this very slot. */
	if (state_generation_name(&generation, "", "") < 0 ||
	    spec_copy_options(&generation.spec, spec) < 0 || append(slot, &generation) < 0) {
		generation_done(&generation);
		return -ENOMEM;
	}
	slot->next++;
	*ret_generation = &slot->generations[slot->n_generations - 1];
	return 0;
}

void state_slot_drop_last(struct state_slot *slot)
{
	if (slot->n_generations > 0)
		forget(slot, slot->n_generations - 1);
}

int state_generation_name(struct state_generation *generation, const char *package,
			  const char *package_version)
{
	_cleanup_(eub_freep) char *name = strdup(package);
	_cleanup_(eub_freep) char *version = strdup(package_version);

	if (!name || !version)
		return -ENOMEM;
	free(generation->package);
	free(generation->package_version);
	generation->package = EUB_TAKE_PTR(name);
	generation->package_version = EUB_TAKE_PTR(version);
	return 0;
}

struct state_generation *state_slot_find(const struct state_slot *slot, uint32_t number)
{
	for (size_t i = 0; i < slot->n_generations; i++)
		if (slot->generations[i].number == number)
			return &slot->generations[i];
	return NULL;
}
