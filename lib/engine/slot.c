/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a slot.
 *
 *   eun_slot_new()   PREPARED   loaded, gates attached, switch closed; no thread but the caller's
 *   eun_engine_add() RUNNING    switch open: all hooks begin at one instant
 *   pause, resume    PAUSED     switch closed, invocations counted by the gates
 *   remove           STOPPED    switch closed for good, rings drained
 *   eun_slot_free()             detached, unloaded
 *
 * The gates are attached while the switch is closed, so attaching several hooks one after another,
 * which takes milliseconds, shows no half-started tracker. The slot owns everything it names in
 * slot.h; the readers hold duplicates of the maps' descriptors.
 * What it tells of itself is in slot_info.c, how its events are read in source.c.
 */
#include "engine/slot.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "engine/internal.h"
#include "engine/limits.h"
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
	[EUN_SLOT_RUNNING] = 1u << EUN_SLOT_PAUSED | 1u << EUN_SLOT_STOPPED,
	[EUN_SLOT_PAUSED] = 1u << EUN_SLOT_RUNNING | 1u << EUN_SLOT_STOPPED,
	[EUN_SLOT_STOPPED] = 0,
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

static int set_name(struct eun_slot *slot, const char *name, struct eun_error *err)
{
	if (!eun_slot_name_is_valid(name)) {
		eun_error_set_hint(err, "choose another with --name");
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "'%.100s' is no slot name: 1 to %d of A-Z a-z 0-9 . _ -, the "
				     "first a letter or digit",
				     name, EUN_SLOT_NAME_MAX - 1);
	}
	memcpy(slot->name, name, strlen(name) + 1);
	return 0;
}

static int add_hook(struct eun_slot *slot, struct bpf_program *program, struct eun_error *err)
{
	struct eun__hook **hooks = reallocarray(slot->hooks, slot->n_hooks + 1, sizeof(*hooks));
	int r;

	if (!hooks)
		return eub_error_no_memory(err);
	slot->hooks = hooks;
	r = eun__hook_new(slot->gate_switch, program, FIRST_INDEX, slot->engine->kernel_btf,
			  &hooks[slot->n_hooks], err);
	if (r == 0)
		slot->n_hooks++;
	return r;
}

static void note_hook(struct eun_slot *slot, const struct eun_slot_hook *info)
{
	if (info->mode == EUN_ATTACH_NONE)
		eun__notes_add(&slot->notes, "program '%s' (%s) is not attached: %s", info->program,
			       info->section, info->mode_reason);
	else if (info->mode == EUN_ATTACH_DIRECT)
		eun__notes_add(&slot->notes, "program '%s' (%s) is attached without a gate: %s",
			       info->program, info->section, info->mode_reason);
}

static int nothing_attachable(const struct eun_slot *slot, struct eun_error *err)
{
	const struct eun_slot_hook *first =
	    slot->n_hooks > 0 ? eun__hook_get_info(slot->hooks[0]) : NULL;

	eun_error_set_hint(err, "eunomiactl inspect lists programs and their sections");
	if (!first)
		return eun_error_set(err, -EOPNOTSUPP, EUN_REASON_UNSUPPORTED,
				     "the tracker has no program that is loaded here");
	eun_error_set_subject(err, first->program);
	return eun_error_set(err, -EOPNOTSUPP, EUN_REASON_UNSUPPORTED,
			     "no program of the tracker can be attached; '%s' (%s): %s",
			     first->program, first->section, first->mode_reason);
}

/* Makes a hook for each program; a tracker that hangs nowhere would never say a word. */
static int make_hooks(struct eun_slot *slot, struct eun_error *err)
{
	struct bpf_program *program = NULL;
	size_t n_attachable = 0;
	int r = eun__switch_new(&slot->gate_switch, err);

	while (r == 0 && (program = eun__object_next_program(slot->object, program))) {
		r = add_hook(slot, program, err);
		if (r == 0) {
			const struct eun_slot_hook *info =
			    eun__hook_get_info(slot->hooks[slot->n_hooks - 1]);

			note_hook(slot, info);
			n_attachable += info->mode != EUN_ATTACH_NONE;
		}
	}
	return r == 0 && n_attachable == 0 ? nothing_attachable(slot, err) : r;
}

static int attach_hooks(struct eun_slot *slot, struct eun_error *err)
{
	for (size_t i = 0; i < slot->n_hooks; i++) {
		int r = eun__hook_attach(slot->hooks[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int open_sources(struct eun_slot *slot, const struct eun_slot_options *options,
			struct eun_error *err)
{
	struct bpf_object *object = eun__object_get_bpf(slot->object);
	int r =
	    eun__exports_choose(object, slot->package, options, &slot->notes, &slot->exports, err);

	if (r < 0)
		return r;
	slot->lost_map_fd = bpf_object__find_map_fd_by_name(object, EUN__LOST_MAP);
	slot->sources = calloc(slot->exports.n_items + 1, sizeof(*slot->sources));
	if (!slot->sources)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < slot->exports.n_items && r == 0; i++)
		r = eun__source_open(&slot->sources[i], slot, &slot->exports.items[i], err);
	return r;
}

static int build(struct eun_slot *slot, const struct eun_slot_options *options,
		 struct eun_error *err)
{
	const char *name = options->name ? options->name : eun_package_get_name(slot->package);
	int r = set_name(slot, name, err);

	if (r == 0)
		r = eun__object_load(slot->package, options, slot->engine->kernel_btf,
				     &slot->object, err);
	if (r == 0)
		r = open_sources(slot, options, err);
	if (r == 0)
		r = make_hooks(slot, err);
	return r;
}

static int new_slot(struct eun_engine *engine, struct eun_package *package,
		    const struct eun_slot_options *options, struct eun_slot **ret_slot,
		    struct eun_error *err)
{
	struct eun_slot_options defaults = { .size = sizeof(defaults) };
	struct eun_slot *slot = calloc(1, sizeof(*slot));
	int r;

	if (!slot)
		return eub_error_no_memory(err);
	eub_list_init(&slot->link);
	slot->engine = engine;
	slot->package = package;
	slot->generation = 1;
	slot->lost_map_fd = -EBADF;
	if (options)
		memcpy(&defaults, options, EUB_MIN(options->size, sizeof(defaults)));
	r = build(slot, &defaults, err);
	if (r < 0) {
		slot->package = NULL; /* the caller keeps it on failure */
		eun_slot_free(slot);
		return r;
	}
	*ret_slot = slot;
	return 0;
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
	r = attach_hooks(slot, err);
	if (r < 0) {
		slot->package = NULL;
		eun_slot_free(slot);
		return r;
	}
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
	slot->package = NULL; /* it was only lent */
	eun_slot_free(slot);
	return 0;
}

struct eun_slot *eun_slot_free(struct eun_slot *slot)
{
	if (!slot)
		return NULL;
	eub_list_remove(&slot->link);
	for (size_t i = 0; i < slot->n_hooks; i++)
		eun__hook_free(slot->hooks[i]);
	free(slot->hooks);
	for (size_t i = 0; slot->sources && i < slot->exports.n_items; i++)
		eun__reader_free(slot->sources[i].reader);
	free(slot->sources);
	eun__exports_done(&slot->exports);
	eun__switch_free(slot->gate_switch);
	eun__object_free(slot->object);
	eun_package_free(slot->package);
	eun__notes_done(&slot->notes);
	free(slot);
	return NULL;
}

static int enable_hooks(struct eun_slot *slot, struct eun_error *err)
{
	for (size_t i = 0; i < slot->n_hooks; i++) {
		int r = eun__hook_enable(slot->hooks[i], err);

		if (r < 0) {
			while (i-- > 0)
				eun__hook_disable(slot->hooks[i]);
			return r;
		}
	}
	return 0;
}

static void close_gate(struct eun_slot *slot)
{
	eun__switch_set(slot->gate_switch, EUN__SWITCH_CLOSED);
	for (size_t i = 0; i < slot->n_hooks; i++)
		if (eun__hook_get_info(slot->hooks[i])->mode == EUN_ATTACH_DIRECT)
			eun__hook_disable(slot->hooks[i]);
}

static int open_gate(struct eun_slot *slot, struct eun_error *err)
{
	int r = enable_hooks(slot, err);

	if (r == 0)
		eun__switch_set(slot->gate_switch, FIRST_INDEX);
	return r;
}

int eun__slot_open(struct eun_slot *slot, struct eun_error *err)
{
	int r = open_gate(slot, err);

	if (r < 0)
		return r;
	slot->started_wall_ns = eub_clock_wall_ns();
	slot->started_mono_ns = eub_clock_mono_ns();
	eun__slot_set_state(slot, EUN_SLOT_RUNNING);
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
	for (size_t i = 0; i < slot->exports.n_items; i++)
		while (eun__source_read(&slot->sources[i], EUN__POLL_BUDGET, false) > 0)
			continue;
	eun__slot_tell_counted_lost(slot);
}
