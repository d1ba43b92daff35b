/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a slot.
 *
 *   eun_slot_new()   PREPARED   loaded, gates attached, switch closed; no thread but the caller's
 *   eun_slot_adopt() ADOPTED    another process did that; running or paused (adopt.c)
 *   eun_engine_add() RUNNING    switch open: all hooks begin at one instant
 *   pause, resume    PAUSED     switch closed, invocations counted by the gates
 *   remove           STOPPED    switch closed for good, rings drained
 *   release          RELEASED   out of the engine, everything as it is
 *   eun_slot_free()             detached, unloaded;  eun_slot_leave(): what is pinned goes on
 *
 * The gates are attached while the switch is closed, so attaching several hooks one after another,
 * which takes milliseconds, shows no half-started tracker. What is loaded belongs to generations
 * (generation.c), which swaps add and take out (swap.c). What a slot tells of itself is in
 * slot_info.c, how its events are read in source.c.
 */
#include "engine/slot.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "engine/internal.h"
#include "engine/limits.h"
#include "object/attach_kind.h"
#include "object/need.h"
#include "object/pins.h"
#include "package/package.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The first generation's entry in the gates. */
#define FIRST_INDEX 0

/* legal_steps[from] is a set of states. */
static const unsigned int legal_steps[] = {
	[EUN_SLOT_PREPARED] = 1u << EUN_SLOT_RUNNING,
	[EUN_SLOT_ADOPTED] = 1u << EUN_SLOT_RUNNING | 1u << EUN_SLOT_PAUSED,
	[EUN_SLOT_RUNNING] =
	    1u << EUN_SLOT_PAUSED | 1u << EUN_SLOT_STOPPED | 1u << EUN_SLOT_RELEASED,
	[EUN_SLOT_PAUSED] =
	    1u << EUN_SLOT_RUNNING | 1u << EUN_SLOT_STOPPED | 1u << EUN_SLOT_RELEASED,
	[EUN_SLOT_STOPPED] = 0,
	[EUN_SLOT_RELEASED] = 0,
};
static_assert(EUB_ARRAY_SIZE(legal_steps) == _EUN_SLOT_STATE_MAX, "one set per state");

void eun__slot_set_state(struct eun_slot *slot, enum eun_slot_state state)
{
	assert(legal_steps[slot->state] & (1u << state));
	slot->state = state;
}

static_assert(EUN_SLOT_NAME_MAX == EUN_TRACKER_NAME_MAX, "a slot may be named as its tracker");

bool eun_slot_name_is_valid(const char *name)
{
	return eun_tracker_name_is_valid(name);
}

int eun__slot_alloc(struct eun_engine *engine, const char *name, struct eun_slot **ret_slot,
		    struct eun_error *err)
{
	struct eun_slot *slot;

	if (!eun_slot_name_is_valid(name)) {
		eun_error_set_hint(err, "choose another with --name");
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "'%.100s' is no slot name: 1 to %d of A-Z a-z 0-9 . _ -, the "
				     "first a letter or digit",
				     name, EUN_SLOT_NAME_MAX - 1);
	}
	slot = calloc(1, sizeof(*slot));
	if (!slot)
		return eub_error_no_memory(err);
	eub_list_init(&slot->link);
	eub_list_init(&slot->sources);
	slot->engine = engine;
	eun__tally_init(&slot->tally, &engine->checkpoints, NULL, 0);
	memcpy(slot->name, name, strlen(name) + 1);
	*ret_slot = slot;
	return 0;
}

void eun__slot_add_generation(struct eun_slot *slot, struct eun__generation *generation)
{
	assert(slot->n_generations < EUN__GENERATIONS_MAX);
	slot->generations[slot->n_generations++] = generation;
	for (size_t i = 0; i < generation->n_sources; i++)
		if (eub_list_is_empty(&generation->sources[i]->link))
			eub_list_append(&slot->sources, &generation->sources[i]->link);
}

/* Another generation counts its losses in the same map. */
static bool is_lost_map_shared(const struct eun_slot *slot,
			       const struct eun__generation *generation)
{
	for (size_t i = 0; i < slot->n_generations; i++)
		if (slot->generations[i] != generation &&
		    slot->generations[i]->lost_map_id == generation->lost_map_id)
			return true;
	return false;
}

void eun__slot_remove_generation(struct eun_slot *slot, struct eun__generation *generation)
{
	size_t i = 0;

	if (!is_lost_map_shared(slot, generation))
		slot->tally.counts.unloaded_lost += eun__generation_read_lost(generation);
	eun__tally_note(&slot->tally);
	while (slot->generations[i] != generation)
		i++;
	slot->n_generations--;
	memmove(&slot->generations[i], &slot->generations[i + 1],
		(slot->n_generations - i) * sizeof(slot->generations[0]));
}

struct eun__generation *eun__slot_find_generation(const struct eun_slot *slot, uint32_t number)
{
	for (size_t i = 0; i < slot->n_generations; i++)
		if (slot->generations[i]->info.number == number &&
		    !slot->generations[i]->is_retired)
			return slot->generations[i];
	return NULL;
}

struct eun__gate *eun__slot_find_gate(const void *userdata, const char *key)
{
	const struct eun_slot *slot = userdata;

	for (size_t i = 0; i < slot->n_generations; i++) {
		const struct eun__hook *hook = eun__generation_find_hook(slot->generations[i], key);
		struct eun__gate *gate = hook ? eun__hook_get_gate(hook) : NULL;

		if (gate && eub_streq(eun__gate_get_key(gate), key))
			return gate;
	}
	return NULL;
}

struct eun__source *eun__slot_find_source(const struct eun_slot *slot, uint32_t ring)
{
	for (size_t i = 0; i < slot->n_generations; i++)
		for (size_t j = 0; j < slot->generations[i]->n_sources; j++)
			if (slot->generations[i]->sources[j]->ring == ring)
				return slot->generations[i]->sources[j];
	return NULL;
}

static int set_not_pinned(struct eun_slot *slot, const struct eun_error *why)
{
	free(slot->not_pinned_reason);
	slot->not_pinned_reason = strdup(why->message);
	return slot->not_pinned_reason ? 0 : -ENOMEM;
}

/* Makes the slot's folder and pins its page. */
static int pin_page(struct eun_slot *slot, const char *pin_dir, struct eun_error *err)
{
	char path[EUN__PIN_PATH_MAX];
	int r = eun__pin_path(path, pin_dir, "page");

	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_INVALID_ARGUMENT,
				     "the folder of pins has too long a name");
	r = eun__pin_dir_new(pin_dir, err);
	if (r < 0)
		return r;
	slot->pin_dir = strdup(pin_dir);
	if (!slot->pin_dir)
		return eub_error_no_memory(err);
	return eun__pin(eun__switch_get_map_fd(slot->gate_switch), path, err);
}

static void unpin(struct eun_slot *slot)
{
	if (slot->pin_dir)
		(void)eun__pins_remove(slot->pin_dir); /* a successor removes what is left */
	free(slot->pin_dir);
	slot->pin_dir = NULL;
}

/* Links that this kernel cannot pin leave a slot that ends with the process: it says so. */
static int pin(struct eun_slot *slot, struct eun_error *err)
{
	struct eun_error why = EUN_ERROR_INIT;
	int r = eun__generation_pin(slot->running, &why);

	if (r == -EINVAL || r == -EOPNOTSUPP) {
		unpin(slot);
		r = set_not_pinned(slot, &why);
	}
	if (r < 0)
		(void)eun_error_set(err, r, why.reason, "the tracker cannot be pinned: %s",
				    why.message[0] ? why.message : strerror(-r));
	if (r < 0 && why.hint[0])
		eun_error_set_hint(err, "%s", why.hint);
	eun_error_done(&why);
	return r;
}

static int build(struct eun_slot *slot, struct eun_package *package,
		 const struct eun_slot_options *options, struct eun_error *err)
{
	const struct eun__generation_plan plan = {
		.slot = slot,
		.number = EUB_MAX(options->first_generation, 1u),
		.index = FIRST_INDEX,
		.options = options,
	};
	int r = eun__switch_new(&slot->gate_switch, err);

	if (r == 0 && options->pin_dir)
		r = pin_page(slot, options->pin_dir, err);
	if (r == 0)
		r = eun__generation_new(&plan, package, &slot->running, NULL, err);
	if (r < 0)
		return r;
	slot->running->info.is_running = true;
	eun__slot_add_generation(slot, slot->running);
	eun__switch_select(slot->gate_switch, FIRST_INDEX);
	eun__switch_get_page(slot->gate_switch)->next_generation = plan.number + 1;
	return 0;
}

static int new_slot(struct eun_engine *engine, struct eun_package *package,
		    const struct eun_slot_options *options, struct eun_slot **ret_slot,
		    struct eun_error *err)
{
	struct eun_slot_options all = { .size = sizeof(all) };
	struct eun_slot *slot = NULL;
	int r;

	if (options)
		memcpy(&all, options, EUB_MIN(options->size, sizeof(all)));
	r = eun__slot_alloc(engine, all.name ? all.name : eun_package_get_name(package), &slot,
			    err);
	if (r < 0)
		return r;
	assert(slot);
	r = build(slot, package, &all, err);
	if (r < 0) {
		eun_slot_free(slot);
		return r;
	}
	*ret_slot = slot;
	return 0;
}

/* Gives the package back to the caller. */
static void undo_new(struct eun_slot *slot)
{
	slot->running->package = NULL;
	eun_slot_free(slot);
}

int eun_slot_new(struct eun_engine *engine, struct eun_package *package,
		 const struct eun_slot_options *options, struct eun_slot **ret_slot,
		 struct eun_error *err)
{
	struct eun_slot *slot = NULL;
	int r;

	if (!engine || !package || !ret_slot || (options && options->size < sizeof(size_t)))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "eun_slot_new: engine, package and slot must be given");
	r = new_slot(engine, package, options, &slot, err);
	if (r < 0)
		return r;
	assert(slot);
	r = eun__generation_attach(slot->running, err);
	if (r == 0)
		r = pin(slot, err);
	if (r < 0) {
		undo_new(slot);
		return r;
	}
	eun__generation_publish(slot->running);
	*ret_slot = slot;
	return 0;
}

int eun_package_check(struct eun_engine *engine, const struct eun_package *package,
		      const struct eun_slot_options *options, struct eun_error *err)
{
	struct eun_package *borrowed = (struct eun_package *)(uintptr_t)package;
	struct eun_slot *slot = NULL;
	int r;

	if (!engine || !package || (options && options->size < sizeof(size_t)))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "eun_package_check: engine and package must be given");
	r = new_slot(engine, borrowed, options, &slot, err);
	if (r < 0)
		return r;
	assert(slot);
	undo_new(slot); /* the package was only lent */
	return 0;
}

int eun_hook_kind_check(const char *section, struct eun_error *err)
{
	const struct eun__attach_kind *kind = section ? eun__attach_kind_find(section) : NULL;

	if (!kind)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "eun_hook_kind_check: there is no such kind of hook");
	return eun__need_check(kind, err);
}

typedef struct eun__generation *(*end_generation_fn)(struct eun__generation *generation);

static void slot_end(struct eun_slot *slot, end_generation_fn end_generation)
{
	eub_list_remove(&slot->link);
	eun__tally_done(&slot->tally);
	for (size_t i = 0; i < slot->n_generations; i++)
		end_generation(slot->generations[i]);
	eun__switch_free(slot->gate_switch);
	free(slot->pin_dir);
	free(slot->not_pinned_reason);
	free(slot);
}

struct eun_slot *eun_slot_free(struct eun_slot *slot)
{
	if (!slot)
		return NULL;
	unpin(slot); /* before the links are closed, which detaches what has no pin */
	slot_end(slot, eun__generation_free);
	return NULL;
}

struct eun_slot *eun_slot_leave(struct eun_slot *slot)
{
	if (slot)
		slot_end(slot, slot->pin_dir ? eun__generation_leave : eun__generation_free);
	return NULL;
}

int eun_pins_remove(const char *pin_dir)
{
	return pin_dir ? eun__pins_remove(pin_dir) : -EINVAL;
}

static void close_gate(struct eun_slot *slot)
{
	eun__switch_close(slot->gate_switch);
	eun__generation_disable(slot->running);
}

static int open_gate(struct eun_slot *slot, struct eun_error *err)
{
	int r = eun__generation_enable(slot->running, err);

	if (r == 0)
		eun__switch_open(slot->gate_switch);
	return r;
}

/* An adopted slot began when its first process let it run; a page that says "later" is wrong. */
static void note_start(struct eun_slot *slot)
{
	struct eun__page *page = eun__switch_get_page(slot->gate_switch);
	uint64_t now_ns = eub_clock_mono_ns();

	if (page->started_mono_ns == 0 || page->started_mono_ns > now_ns) {
		page->started_wall_ns = eub_clock_wall_ns();
		page->started_mono_ns = now_ns;
	}
	slot->started_wall_ns = page->started_wall_ns;
	slot->started_mono_ns = page->started_mono_ns;
}

int eun__slot_open(struct eun_slot *slot, struct eun_error *err)
{
	bool is_paused = slot->state == EUN_SLOT_ADOPTED &&
			 eun__switch_get(slot->gate_switch) == EUN__SWITCH_CLOSED;
	int r = slot->state == EUN_SLOT_ADOPTED ? 0 : open_gate(slot, err);

	if (r < 0)
		return r;
	note_start(slot);
	eun__slot_set_state(slot, is_paused ? EUN_SLOT_PAUSED : EUN_SLOT_RUNNING);
	return 0;
}

void eun__slot_close(struct eun_slot *slot)
{
	close_gate(slot);
	eun__slot_set_state(slot, EUN_SLOT_STOPPED);
}

static int check_state(const struct eun_slot *slot, enum eun_slot_state wanted,
		       struct eun_error *err)
{
	if (slot->state == wanted)
		return 0;
	eun_error_set_subject(err, slot->name);
	return eun_error_set(err, -EINVAL, EUN_REASON_WRONG_STATE, "slot '%s' is %s, not %s",
			     slot->name, eun_slot_state_to_string(slot->state),
			     eun_slot_state_to_string(wanted));
}

int eun_slot_pause(struct eun_slot *slot, struct eun_error *err)
{
	int r = check_state(slot, EUN_SLOT_RUNNING, err);

	if (r < 0)
		return r;
	close_gate(slot);
	eun__slot_set_state(slot, EUN_SLOT_PAUSED);
	return 0;
}

int eun_slot_resume(struct eun_slot *slot, struct eun_error *err)
{
	int r = check_state(slot, EUN_SLOT_PAUSED, err);

	if (r == 0)
		r = open_gate(slot, err);
	if (r < 0)
		return r;
	eun__slot_set_state(slot, EUN_SLOT_RUNNING);
	return 0;
}

void eun_slot_drain(struct eun_slot *slot)
{
	EUB_LIST_FOREACH (source, &slot->sources, struct eun__source, link)
		while (eun__source_read(source, EUN__POLL_BUDGET, false) > 0)
			continue;
	eun__slot_tell_counted_lost(slot);
}

/* Generations that go on with each other's map count in it together. */
uint64_t eun__slot_read_counted_lost(const struct eun_slot *slot)
{
	uint64_t sum = slot->tally.counts.unloaded_lost + eun__switch_get_lost(slot->gate_switch);

	for (size_t i = 0; i < slot->n_generations; i++) {
		bool is_counted = false;

		for (size_t j = 0; j < i; j++)
			is_counted = is_counted || slot->generations[j]->lost_map_id ==
						       slot->generations[i]->lost_map_id;
		if (!is_counted)
			sum += eun__generation_read_lost(slot->generations[i]);
	}
	return sum;
}
