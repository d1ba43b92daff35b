/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One loaded generation of a slot: a package's programs, maps and event types, with the hooks they
 * hang on. It owns all of it, save gates and sources that it shares with other generations.
 */
#pragma once

#include "engine/export.h"
#include "engine/notes.h"
#include "engine/source.h"
#include "object/hook.h"
#include "object/map_memory.h"
#include "object/map_reuse.h"
#include "object/object.h"

#include <eunomia/slot.h>
#include <eunomia/swap.h>

struct eun__generation {
	struct eun_generation info;
	uint32_t index;	 /* in the gates */
	bool is_retired; /* goes with the swap that replaced it */
	struct eun_slot *slot;
	struct eun_package *package; /* owned, as all below */
	struct eun__object *object;
	struct eun__exports exports;
	struct eun__source **sources; /* one per export: a reference */
	size_t n_sources;
	struct eun__hook **hooks;
	size_t n_hooks;
	struct eun__notes notes;
	int lost_map_fd;	      /* of the object; -EBADF if it counts no losses */
	uint32_t lost_map_id;	      /* generations that share it count in it together */
	bool is_loss_counted;	      /* of rings: there, or in the slot's page */
	bool is_perf_counted;	      /* of perf buffers: in the slot's page */
	struct eun__map_memory *maps; /* of the object */
	size_t n_maps;
	char *pin_dir; /* NULL: not pinned */
};

/* How to load one. Borrowed. */
struct eun__generation_plan {
	struct eun_slot *slot;
	uint32_t number;
	uint32_t index;
	const struct eun_slot_options *options;
	const struct eun__generation *previous; /* whose maps go on; NULL: none */
	enum eun_map_policy maps;
};

/**
 * eun__generation_new() - load a package's tracker; nothing is attached
 * @package:   ownership moves on success only
 * @ret_reuse: which maps went on; NULL allowed, else eun__map_reuse_done() is the caller's
 *
 * Blocks for verification. Any thread, while the slot's generations stay as they are.
 *
 * Return: 0; as eun_slot_new().
 */
int eun__generation_new(const struct eun__generation_plan *plan, struct eun_package *package,
			struct eun__generation **ret_generation, struct eun__map_reuse *ret_reuse,
			struct eun_error *err);
/* The generation that another process pinned at the plan's index. Return: 0; as eun_slot_adopt().
 */
int eun__generation_adopt(const struct eun__generation_plan *plan, struct eun_package *package,
			  struct eun__generation **ret_generation, struct eun_error *err);
/* Attaches those of its gates that are new; they are closed to it. Return: 0; -errno. */
int eun__generation_attach(struct eun__generation *generation, struct eun_error *err);
/* Pins it, if its slot is pinned. Return: 0; -EINVAL or -EOPNOTSUPP: the kernel cannot pin a link;
 * other -errno of mkdir(2) or bpf(2). */
int eun__generation_pin(struct eun__generation *generation, struct eun_error *err);
/* Says in the slot's page that it is complete: a successor adopts it from now on. */
void eun__generation_publish(struct eun__generation *generation);
/* For hooks without a gate. On failure all are as they were. */
int eun__generation_enable(struct eun__generation *generation, struct eun_error *err);
void eun__generation_disable(struct eun__generation *generation);
/* Detaches (blocks) and unloads what no other generation uses. NULL is allowed. Returns NULL. */
struct eun__generation *eun__generation_free(struct eun__generation *generation);
/* As eun__generation_free(), but what is pinned stays. */
struct eun__generation *eun__generation_leave(struct eun__generation *generation);
/* NULL if it has none. */
const struct eun__hook *eun__generation_find_hook(const struct eun__generation *generation,
						  const char *key);
/* What a tracker built with our header counted itself as lost, over all CPUs; 0 for others. */
uint64_t eun__generation_read_lost(const struct eun__generation *generation);
