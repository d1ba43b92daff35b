/* SPDX-License-Identifier: Apache-2.0 */
/* A slot as the rest of the engine sees it. */
#pragma once

#include "base/list.h"
#include "engine/checkpoint.h"
#include "engine/generation.h"
#include "engine/limits.h"
#include "engine/rate.h"
#include "object/switch.h"

#include <eunomia/slot.h>

struct eun_slot {
	struct eub_list link; /* in the engine's slots */
	struct eun_engine *engine;
	char name[EUN_SLOT_NAME_MAX];
	enum eun_slot_state state;
	struct eun__switch *gate_switch; /* owned, as all below */
	/* Loaded, in the order of their numbers. Changed by the engine's thread alone. */
	struct eun__generation *generations[EUN__GENERATIONS_MAX];
	size_t n_generations;
	struct eun__generation *running; /* of those: the one that runs, or would */
	uint32_t last_running;		 /* number of the one before it; 0: none */
	struct eub_list sources;	 /* of all generations, each once */
	bool is_swapping;		 /* there is a struct eun_swap of it */
	char *pin_dir;			 /* NULL: not pinned */
	char *not_pinned_reason;	 /* NULL: nobody asked for it */
	uint64_t started_wall_ns;
	uint64_t started_mono_ns;
	struct eun__tally tally; /* of its events and losses */
	bool is_held;		 /* eun_slot_hold() */
	struct eun__rate rate;
	void *userdata;
};

/* Allocates a slot with a checked name, and nothing else. */
int eun__slot_alloc(struct eun_engine *engine, const char *name, struct eun_slot **ret_slot,
		    struct eun_error *err);
/* The one place where a slot's state changes; asserts that the step is legal. */
void eun__slot_set_state(struct eun_slot *slot, enum eun_slot_state state);
/* Opens the gate of a prepared slot, or goes on with an adopted one. Return: 0; -errno of attaching
 * a hook without a gate. */
int eun__slot_open(struct eun_slot *slot, struct eun_error *err);
/* Closes the gate for good. */
void eun__slot_close(struct eun_slot *slot);
/* Puts a loaded generation, with its sources, in its place. The engine does not yet read them. */
void eun__slot_add_generation(struct eun_slot *slot, struct eun__generation *generation);
/* Takes it out, but leaves its sources listed. Its losses stay counted. */
void eun__slot_remove_generation(struct eun_slot *slot, struct eun__generation *generation);
/* NULL if it is not loaded. */
struct eun__generation *eun__slot_find_generation(const struct eun_slot *slot, uint32_t number);
/* For struct eun__hook_context; @userdata is the slot. */
struct eun__gate *eun__slot_find_gate(const void *userdata, const char *key);
/* The source that reads the map with this id; NULL if there is none. */
struct eun__source *eun__slot_find_source(const struct eun_slot *slot, uint32_t ring);
/* What trackers built with our header counted themselves as lost, over all generations. */
uint64_t eun__slot_read_counted_lost(const struct eun_slot *slot);
/* Tells what of it was not yet told. */
void eun__slot_tell_counted_lost(struct eun_slot *slot);
