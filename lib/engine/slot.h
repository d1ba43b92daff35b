/* SPDX-License-Identifier: Apache-2.0 */
/* A slot as the rest of the engine sees it. */
#pragma once

#include "base/list.h"
#include "engine/export.h"
#include "engine/notes.h"
#include "engine/rate.h"
#include "engine/source.h"
#include "object/hook.h"
#include "object/object.h"
#include "object/switch.h"

#include <eunomia/slot.h>

struct eun_slot {
	struct eub_list link; /* in the engine's slots */
	struct eun_engine *engine;
	char name[EUN_SLOT_NAME_MAX];
	enum eun_slot_state state;
	uint32_t generation;
	struct eun_package *package; /* owned, as all below */
	struct eun__object *object;
	struct eun__switch *gate_switch;
	struct eun__hook **hooks;
	size_t n_hooks;
	struct eun__exports exports;
	struct eun__source *sources; /* one per export */
	struct eun__notes notes;
	int lost_map_fd; /* of the object; -EBADF if it counts no losses */
	uint64_t started_wall_ns;
	uint64_t started_mono_ns;
	uint64_t events;
	uint64_t bytes;
	uint64_t perf_lost;
	uint64_t counted_lost; /* of the tracker's own count, already told to on_lost */
	uint64_t decode_errors;
	struct eun__rate rate;
	void *userdata;
};

/* The one place where a slot's state changes; asserts that the step is legal. */
void eun__slot_set_state(struct eun_slot *slot, enum eun_slot_state state);
/* Opens the gate of a prepared slot. Return: 0; -errno of attaching a hook without a gate. */
int eun__slot_open(struct eun_slot *slot, struct eun_error *err);
/* Closes the gate for good. */
void eun__slot_close(struct eun_slot *slot);
/* What a tracker built with our header counted itself as lost, over all CPUs; 0 for others. */
uint64_t eun__slot_read_counted_lost(const struct eun_slot *slot);
/* Tells what of it was not yet told. */
void eun__slot_tell_counted_lost(struct eun_slot *slot);
