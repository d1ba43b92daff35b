/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A swap, from its preparation to the end of what it replaced.
 *
 *   PREPARED   the new generation is loaded, its programs are in the gates; nothing runs it
 *   COMMITTED  the switch word names it; generations beyond those kept are retired
 *
 * A rollback is a swap whose generation is loaded already: it owns nothing new.
 *
 * A generation that goes may still run for a grace period, and its own rings may hold events. So it
 * stays in the slot, retired, until eun_swap_drain(), and whole until eun_swap_free(); their caller
 * waits before them (eun_engine_quiesce()).
 */
#include <eunomia/engine.h>
#include <eunomia/swap.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/macro.h"
#include "engine/internal.h"
#include "engine/slot.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(EUN__GENERATIONS_MAX == EUN__GATE_ENTRIES, "no entry left means no room left");

struct eun_swap {
	struct eun_slot *slot;
	struct eun__generation *old;
	struct eun__generation *next;
	bool is_loaded_here; /* next came with this swap; else it is the slot's already */
	bool is_dry_run;
	bool is_committed;
	bool is_drained;
	uint32_t keep;
	uint64_t switch_ns;
	struct eun__map_reuse maps;
	struct eun_swap_hook *hooks;
	size_t n_hooks;
	struct eun__generation *retired[EUN__GENERATIONS_MAX]; /* owned from the drain on */
	size_t n_retired;
};

static const char *const change_names[] = {
	[EUN_HOOK_KEPT] = "kept",
	[EUN_HOOK_ADDED] = "added",
	[EUN_HOOK_REMOVED] = "removed",
};
static_assert(EUB_ARRAY_SIZE(change_names) == _EUN_HOOK_CHANGE_MAX, "one name per change");

const char *eun_hook_change_to_string(enum eun_hook_change change)
{
	return (unsigned int)change < _EUN_HOOK_CHANGE_MAX ? change_names[change] : "unknown";
}

static int check_expected(const struct eun_slot *slot, uint32_t expected, struct eun_error *err)
{
	uint32_t running = slot->running->info.number;

	if (expected == 0 || expected == running)
		return 0;
	eun_error_set_subject(err, slot->name);
	eun_error_set_hint(err, "somebody else swapped it; look at it again: eunomiactl show %s",
			   slot->name);
	return eun_error_set(err, -ESTALE, EUN_REASON_WRONG_STATE,
			     "slot '%s' runs generation %u, not %u", slot->name, running, expected);
}

static int check_slot(const struct eun_slot *slot, struct eun_error *err)
{
	if (slot->state != EUN_SLOT_RUNNING && slot->state != EUN_SLOT_PAUSED)
		return eun_error_set(err, -EINVAL, EUN_REASON_WRONG_STATE,
				     "slot '%s' is %s, not running or paused", slot->name,
				     eun_slot_state_to_string(slot->state));
	if (slot->is_swapping)
		return eun_error_set(err, -EBUSY, EUN_REASON_BUSY,
				     "slot '%s' is being swapped already", slot->name);
	return 0;
}

static void add_hook(struct eun_swap *swap, const struct eun__hook *hook,
		     enum eun_hook_change change, bool is_exact)
{
	swap->hooks[swap->n_hooks++] = (struct eun_swap_hook){
		.hook = *eun__hook_get_info(hook),
		.change = change,
		.is_exact = is_exact,
	};
}

static bool is_direct(const struct eun__hook *hook)
{
	return hook && eun__hook_get_info(hook)->mode == EUN_ATTACH_DIRECT;
}

/* What the two generations hang on, the new one's first. */
static int compare_hooks(struct eun_swap *swap, struct eun_error *err)
{
	const struct eun__generation *old = swap->old, *next = swap->next;

	swap->hooks = calloc(old->n_hooks + next->n_hooks + 1, sizeof(*swap->hooks));
	if (!swap->hooks)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < next->n_hooks; i++) {
		const struct eun__hook *hook = next->hooks[i];
		const struct eun__hook *before =
		    eun__generation_find_hook(old, eun__hook_get_key(hook));

		add_hook(swap, hook, before ? EUN_HOOK_KEPT : EUN_HOOK_ADDED,
			 !is_direct(hook) && !is_direct(before));
	}
	for (size_t i = 0; i < old->n_hooks; i++)
		if (!eun__generation_find_hook(next, eun__hook_get_key(old->hooks[i])))
			add_hook(swap, old->hooks[i], EUN_HOOK_REMOVED, !is_direct(old->hooks[i]));
	return 0;
}

static int find_free_index(const struct eun_slot *slot, uint32_t *ret_index, struct eun_error *err)
{
	for (uint32_t index = 0; index < EUN__GATE_ENTRIES; index++) {
		bool is_free = true;

		for (size_t i = 0; i < slot->n_generations; i++)
			is_free = is_free && slot->generations[i]->index != index;
		if (is_free) {
			*ret_index = index;
			return 0;
		}
	}
	return eun_error_set(err, -ENOSPC, EUN_REASON_TOO_LARGE,
			     "slot '%s' has no room for one more generation", slot->name);
}

static int swap_alloc(struct eun_slot *slot, struct eun_swap **ret_swap, struct eun_error *err)
{
	struct eun_swap *swap = calloc(1, sizeof(*swap));

	if (!swap)
		return eub_error_no_memory(err);
	swap->slot = slot;
	swap->old = slot->running;
	slot->is_swapping = true;
	*ret_swap = swap;
	return 0;
}

/* Hooks without a gate begin beside the old ones; a paused slot's begin when it resumes. */
static int overlap(struct eun_swap *swap, struct eun_error *err)
{
	if (swap->is_dry_run || swap->slot->state != EUN_SLOT_RUNNING)
		return 0;
	return eun__generation_enable(swap->next, err);
}

static int prepare(struct eun_swap *swap, struct eun_package *package,
		   const struct eun_swap_options *options, const struct eun_slot_options *how,
		   struct eun_error *err)
{
	struct eun__page *page = eun__switch_get_page(swap->slot->gate_switch);
	struct eun__generation_plan plan = {
		.slot = swap->slot,
		.number = EUB_MAX(page->next_generation, options->generation),
		.options = how,
		.previous = swap->old,
		.maps = options->maps,
	};
	int r = find_free_index(swap->slot, &plan.index, err);

	if (r == 0)
		r = eun__generation_new(&plan, package, &swap->next, &swap->maps, err);
	if (r < 0)
		return r;
	swap->is_loaded_here = true;
	r = eun__generation_attach(swap->next, err);
	if (r == 0)
		r = eun__generation_pin(swap->next, err);
	if (r == 0)
		r = compare_hooks(swap, err);
	return r < 0 ? r : overlap(swap, err);
}

int eun_swap_new(struct eun_slot *slot, struct eun_package *package,
		 const struct eun_swap_options *options, struct eun_swap **ret_swap,
		 struct eun_error *err)
{
	struct eun_swap_options all = { .size = sizeof(all) };
	struct eun_slot_options how = { .size = sizeof(how) };
	struct eun_swap *swap = NULL;
	int r;

	if (!slot || !package || !ret_swap || (options && options->size < sizeof(size_t)))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "eun_swap_new: slot, package and swap must be given");
	if (options)
		memcpy(&all, options, EUB_MIN(options->size, sizeof(all)));
	if (all.slot)
		memcpy(&how, all.slot, EUB_MIN(all.slot->size, sizeof(how)));
	if (all.keep > EUN_SWAP_KEEP_MAX || (unsigned int)all.maps >= _EUN_MAP_POLICY_MAX)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "at most %d generations can be kept", EUN_SWAP_KEEP_MAX);
	r = check_slot(slot, err);
	if (r == 0)
		r = check_expected(slot, all.expected_generation, err);
	if (r == 0)
		r = swap_alloc(slot, &swap, err);
	if (r < 0)
		return r;
	assert(swap);
	swap->keep = all.keep ? all.keep : EUN_SWAP_KEEP_DEFAULT;
	swap->is_dry_run = all.is_dry_run;
	r = prepare(swap, package, &all, &how, err);
	if (r < 0) {
		if (swap->next)
			swap->next->package = NULL; /* the caller keeps it on failure */
		eun_swap_free(swap);
		return r;
	}
	*ret_swap = swap;
	return 0;
}

static int not_loaded(const struct eun_slot *slot, uint32_t number, struct eun_error *err)
{
	char list[128] = "";
	size_t len = 0;

	const struct eun_generation *loaded;

	for (size_t i = 0; (loaded = eun_slot_get_loaded(slot, i)) && len < sizeof(list) - 12; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%u", i > 0 ? ", " : "",
					loaded->number);
	eun_error_set_subject(err, slot->name);
	eun_error_set_hint(err, "loaded are: %s", list);
	if (number == 0)
		return eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND,
				     "slot '%s' has no generation to go back to", slot->name);
	return eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND,
			     "generation %u of slot '%s' is not loaded", number, slot->name);
}

/* The one that ran before, else the youngest of the others. */
static struct eun__generation *find_previous(const struct eun_slot *slot)
{
	struct eun__generation *previous = eun__slot_find_generation(slot, slot->last_running);

	for (size_t i = slot->n_generations; !previous && i-- > 0;)
		if (slot->generations[i] != slot->running && !slot->generations[i]->is_retired)
			previous = slot->generations[i];
	return previous != slot->running ? previous : NULL;
}

int eun_rollback_new(struct eun_slot *slot, uint32_t generation, uint32_t expected_generation,
		     struct eun_swap **ret_swap, struct eun_error *err)
{
	struct eun__generation *next;
	struct eun_swap *swap = NULL;
	int r;

	if (!slot || !ret_swap)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "eun_rollback_new: slot and swap must be given");
	r = check_slot(slot, err);
	if (r == 0)
		r = check_expected(slot, expected_generation, err);
	if (r < 0)
		return r;
	next = generation ? eun__slot_find_generation(slot, generation) : find_previous(slot);
	if (!next)
		return not_loaded(slot, generation, err);
	if (next == slot->running)
		return eun_error_set(err, -EINVAL, EUN_REASON_WRONG_STATE,
				     "generation %u of slot '%s' is running already", generation,
				     slot->name);
	r = swap_alloc(slot, &swap, err);
	if (r < 0)
		return r;
	assert(swap);
	swap->next = next;
	swap->keep = EUN__GENERATIONS_MAX; /* nothing goes */
	r = compare_hooks(swap, err);
	if (r == 0)
		r = overlap(swap, err);
	if (r < 0) {
		eun_swap_free(swap);
		return r;
	}
	*ret_swap = swap;
	return 0;
}

static int watch_sources(struct eun_slot *slot, const struct eun__generation *generation,
			 struct eun_error *err)
{
	for (size_t i = 0; i < generation->n_sources; i++) {
		int r = eun__engine_watch(slot->engine, generation->sources[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Those of a generation that does not get into the slot after all. */
static void unwatch_sources(struct eun_slot *slot, const struct eun__generation *generation)
{
	for (size_t i = 0; i < generation->n_sources; i++) {
		struct eun__source *source = generation->sources[i];

		if (eun__slot_find_source(slot, source->ring))
			continue;
		eun__engine_unwatch(slot->engine, source);
		eun__source_end(source);
	}
}

/*
 * The switch itself. Records that a ring gets from here on are the new generation's; those of
 * invocations that began before and reserve after are few, and read the same.
 */
static void switch_over(struct eun_swap *swap)
{
	struct eun__generation *next = swap->next;
	uint64_t begin_ns;

	for (size_t i = 0; i < next->n_sources; i++)
		eun__source_set_writer(next->sources[i], next->info.number,
				       next->exports.items[i].schema);
	begin_ns = eub_clock_mono_ns();
	eun__switch_select(swap->slot->gate_switch, next->index);
	swap->switch_ns = eub_clock_mono_ns() - begin_ns;
	swap->slot->running = next;
	swap->slot->last_running = swap->old->info.number;
	swap->old->info.is_running = false;
	next->info.is_running = true;
}

static struct eun__generation *find_eldest(const struct eun_swap *swap)
{
	const struct eun_slot *slot = swap->slot;

	for (size_t i = 0; i < slot->n_generations; i++) {
		struct eun__generation *generation = slot->generations[i];
		bool is_way_back = generation == swap->old && swap->keep > 1;

		if (!generation->is_retired && generation != slot->running && !is_way_back)
			return generation;
	}
	return NULL;
}

/* Marks the eldest, beyond those kept; the running one and the one before it are not among them. */
static void retire(struct eun_swap *swap)
{
	size_t n = swap->slot->n_generations;

	for (; n > swap->keep; n--) {
		struct eun__generation *eldest = find_eldest(swap);

		if (!eldest)
			return;
		eldest->is_retired = true;
		swap->retired[swap->n_retired++] = eldest;
	}
}

int eun_swap_commit(struct eun_swap *swap, struct eun_error *err)
{
	struct eun_slot *slot;
	bool is_running;
	int r;

	if (!swap || swap->is_committed)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "eun_swap_commit: a swap that was not committed yet");
	slot = swap->slot;
	is_running = slot->state == EUN_SLOT_RUNNING;
	r = watch_sources(slot, swap->next, err);
	if (r == 0 && is_running)
		r = eun__generation_enable(swap->next, err);
	if (r < 0) {
		unwatch_sources(slot, swap->next);
		return r;
	}
	if (swap->is_loaded_here) {
		struct eun__page *page = eun__switch_get_page(slot->gate_switch);

		eun__slot_add_generation(slot, swap->next);
		eun__generation_publish(swap->next);
		page->next_generation = swap->next->info.number + 1;
	}
	switch_over(swap);
	swap->is_committed = true;
	retire(swap);
	return 0;
}

void eun_swap_settle(struct eun_swap *swap)
{
	if (swap->is_committed)
		eun__generation_disable(swap->old);
	if (swap->n_retired > 0)
		eun_engine_quiesce();
}

/* A ring that the ledger does not know, or another generation goes on with, holds nothing up. */
static bool is_handed_on(const struct eun_slot *slot, const struct eun__source *source)
{
	struct eun__reader_info info;
	struct eun__progress progress;

	if (source->n_users > 1 ||
	    eun__ledger_find(&slot->tally.ledger, source->ring, &progress) < 0)
		return true;
	eun__reader_get_info(source->reader, &info);
	return info.used_bytes == 0 &&
	       progress.position >= eun__reader_get_position(source->reader);
}

bool eun_swap_is_handed_on(const struct eun_swap *swap)
{
	for (size_t i = 0; i < swap->n_retired && !swap->is_drained; i++) {
		const struct eun__generation *generation = swap->retired[i];

		for (size_t j = 0; j < generation->n_sources; j++)
			if (!is_handed_on(swap->slot, generation->sources[j]))
				return false;
	}
	return true;
}

static void drain_generation(struct eun_slot *slot, struct eun__generation *generation)
{
	for (size_t i = 0; i < generation->n_sources; i++) {
		while (eun__source_read(generation->sources[i], EUN__POLL_BUDGET, false) > 0)
			continue;
		eun__source_settle(generation->sources[i]);
	}
	eun__slot_tell_counted_lost(slot);
	eun__slot_remove_generation(slot, generation);
	for (size_t i = 0; i < generation->n_sources; i++) {
		struct eun__source *source = generation->sources[i];

		if (eun__slot_find_source(slot, source->ring))
			continue;
		eun__engine_unwatch(slot->engine, source);
		eun__source_end(source);
		eub_list_remove(&source->link);
	}
}

void eun_swap_drain(struct eun_swap *swap)
{
	if (swap->is_drained)
		return;
	for (size_t i = 0; i < swap->n_retired; i++)
		drain_generation(swap->slot, swap->retired[i]);
	swap->is_drained = true;
}

struct eun_swap *eun_swap_free(struct eun_swap *swap)
{
	if (!swap)
		return NULL;
	assert(swap->is_drained || swap->n_retired == 0);
	for (size_t i = 0; i < swap->n_retired; i++)
		eun__generation_free(swap->retired[i]);
	if (swap->is_loaded_here && !swap->is_committed)
		eun__generation_free(swap->next);
	else if (swap->next && !swap->is_committed)
		eun__generation_disable(swap->next);
	swap->slot->is_swapping = false;
	eun__map_reuse_done(&swap->maps);
	free(swap->hooks);
	free(swap);
	return NULL;
}

void eun_swap_get_info(const struct eun_swap *swap, struct eun_swap_info *ret_info)
{
	*ret_info = (struct eun_swap_info){ .old_generation = swap->old->info.number,
					    .new_generation = swap->next->info.number,
					    .is_exact = true,
					    .is_committed = swap->is_committed,
					    .switch_ns = swap->switch_ns };
	for (size_t i = 0; i < swap->n_hooks; i++)
		ret_info->is_exact = ret_info->is_exact && swap->hooks[i].is_exact;
}

const struct eun_swap_hook *eun_swap_get_hook(const struct eun_swap *swap, size_t i)
{
	return i < swap->n_hooks ? &swap->hooks[i] : NULL;
}

const struct eun_swap_map *eun_swap_get_map(const struct eun_swap *swap, size_t i)
{
	return i < swap->maps.n_items ? &swap->maps.items[i] : NULL;
}
