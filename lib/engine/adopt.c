/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking over a slot that another process pinned. The page is the truth: generation_at names the
 * generations that are complete, the switch word the one that runs. Each is put together again from
 * its pins and its package; what is pinned beside them was left by a swap that did not come to its
 * end, and is removed.
 */
#include "engine/slot.h"

#include "base/error.h"
#include "base/str.h"
#include "engine/internal.h"
#include "object/pins.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int open_page(struct eun_slot *slot, const char *pin_dir, struct eun_error *err)
{
	char path[EUN__PIN_PATH_MAX];
	int r = eun__pin_path(path, pin_dir, "page");

	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_INVALID_ARGUMENT,
				     "the folder of pins has too long a name");
	slot->pin_dir = strdup(pin_dir);
	if (!slot->pin_dir)
		return eub_error_no_memory(err);
	return eun__switch_adopt(path, &slot->gate_switch, err);
}

/* Return: its index in the gates; -ENOENT. */
static int find_index(const struct eun__page *page, uint32_t number)
{
	for (int i = 0; i < EUN__GATE_ENTRIES; i++)
		if (number > 0 && page->generation_at[i] == number)
			return i;
	return -ENOENT;
}

/* A generation that is no longer complete, other than the running one, is simply not kept. */
static int adopt_one(struct eun_slot *slot, struct eun_adopt_generation *given,
		     struct eun_error *err)
{
	struct eun__page *page = eun__switch_get_page(slot->gate_switch);
	int index = find_index(page, given->number);
	struct eun__generation *generation = NULL;
	struct eun__generation_plan plan = {
		.slot = slot,
		.number = given->number,
		.options = given->options,
	};
	bool is_running;
	int r;

	if (index < 0 || slot->n_generations == EUN__GENERATIONS_MAX)
		return 0;
	plan.index = (uint32_t)index;
	is_running = plan.index == eun__switch_get_selected(slot->gate_switch);
	r = eun__generation_adopt(&plan, given->package, &generation, err);
	if (r < 0 && !is_running) {
		eun_error_done(err);
		return 0;
	}
	if (r < 0)
		return r;
	assert(generation);
	eun__slot_add_generation(slot, generation);
	generation->info.is_running = is_running;
	if (is_running)
		slot->running = generation;
	else
		eun__generation_disable(generation); /* a swap got no further than attaching it */
	return 0;
}

static bool is_gate_used(const struct eun_slot *slot, const char *path)
{
	for (size_t i = 0; i < slot->n_generations; i++)
		for (size_t j = 0; j < slot->generations[i]->n_hooks; j++) {
			struct eun__gate *gate = eun__hook_get_gate(slot->generations[i]->hooks[j]);

			if (gate && eub_streq(eun__gate_get_pin_path(gate), path))
				return true;
		}
	return false;
}

static bool is_generation_used(const struct eun_slot *slot, const char *path)
{
	for (size_t i = 0; i < slot->n_generations; i++)
		if (eub_streq(slot->generations[i]->pin_dir, path))
			return true;
	return false;
}

/* Whether the pin belongs to what was adopted. */
static bool is_ours(const struct eun_slot *slot, const char *name, const char *path)
{
	return eub_streq(name, ".") || eub_streq(name, "..") || eub_streq(name, "page") ||
	       is_gate_used(slot, path) || is_generation_used(slot, path);
}

static void remove_others(const struct eun_slot *slot)
{
	struct dirent *entry;
	DIR *stream = opendir(slot->pin_dir);

	if (!stream)
		return;
	while ((entry = readdir(stream))) {
		char path[EUN__PIN_PATH_MAX];

		if (eun__pin_path(path, slot->pin_dir, entry->d_name) == 0 &&
		    !is_ours(slot, entry->d_name, path))
			(void)eun__pins_remove(path); /* it does nothing but take room */
	}
	(void)closedir(stream); /* read only */
}

/* Indices of generations that were not taken over are free. */
static void forget_others(struct eun_slot *slot)
{
	struct eun__page *page = eun__switch_get_page(slot->gate_switch);

	for (uint32_t i = 0; i < EUN__GATE_ENTRIES; i++) {
		const struct eun__generation *generation =
		    eun__slot_find_generation(slot, page->generation_at[i]);

		if (!generation || generation->index != i)
			page->generation_at[i] = 0;
	}
}

/* Rings that several generations share are the running one's; where it began there, and whose the
 * records before are, is read from the ledger when the slot gets into an engine (source.c). */
static void set_writers(struct eun_slot *slot)
{
	const struct eun__generation *running = slot->running;

	for (size_t i = 0; i < running->n_sources; i++)
		running->sources[i]->writer =
		    (struct eun__writer){ .generation = running->info.number,
					  .schema = running->exports.items[i].schema };
}

/* Another process wrote the page: a number must never be given twice. */
static void set_next_generation(struct eun_slot *slot)
{
	struct eun__page *page = eun__switch_get_page(slot->gate_switch);

	for (size_t i = 0; i < slot->n_generations; i++)
		page->next_generation =
		    EUB_MAX(page->next_generation, slot->generations[i]->info.number + 1);
}

static int adopt(struct eun_slot *slot, const char *pin_dir,
		 struct eun_adopt_generation *generations, size_t n_generations,
		 struct eun_error *err)
{
	int r = open_page(slot, pin_dir, err);

	for (size_t i = 0; i < n_generations && r == 0; i++)
		r = adopt_one(slot, &generations[i], err);
	if (r < 0)
		return r;
	if (!slot->running)
		return eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND,
				     "none of the known generations is the one that runs at '%s'",
				     pin_dir);
	set_writers(slot);
	set_next_generation(slot);
	return 0;
}

/* The packages go back to the caller. */
static void undo(struct eun_slot *slot)
{
	for (size_t i = 0; i < slot->n_generations; i++)
		slot->generations[i]->package = NULL;
	slot->state = EUN_SLOT_RELEASED;
	eun_slot_leave(slot);
}

/* Those of generations that were not taken over have no owner any more. */
static void free_unused_packages(const struct eun_slot *slot,
				 struct eun_adopt_generation *generations, size_t n_generations)
{
	for (size_t i = 0; i < n_generations; i++)
		if (!eun__slot_find_generation(slot, generations[i].number))
			eun_package_free(generations[i].package);
}

int eun_slot_adopt(struct eun_engine *engine, const char *name, const char *pin_dir,
		   struct eun_adopt_generation *generations, size_t n_generations,
		   struct eun_slot **ret_slot, struct eun_error *err)
{
	struct eun_slot *slot = NULL;
	int r;

	if (!engine || !name || !pin_dir || !generations || n_generations == 0 || !ret_slot)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "eun_slot_adopt: engine, name, pins, generations and slot "
				     "must be given");
	r = eun__slot_alloc(engine, name, &slot, err);
	if (r < 0)
		return r;
	r = adopt(slot, pin_dir, generations, n_generations, err);
	if (r < 0) {
		eun_error_set_subject(err, name);
		undo(slot);
		return r;
	}
	slot->state = EUN_SLOT_ADOPTED;
	remove_others(slot);
	forget_others(slot);
	free_unused_packages(slot, generations, n_generations);
	*ret_slot = slot;
	return 0;
}
