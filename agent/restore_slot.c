/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reconciling three witnesses: the record on disk, the pins, and the boot id in the record.
 *
 *   record        pins     boot   what happens
 *   none          any             what is there is removed: a start that got nowhere
 *   damaged       any             set aside
 *   whole         there           taken over; if that cannot be, removed and started afresh
 *   whole         none     same   started afresh: the pins were removed by hand, or never were
 *   whole         none     other  started afresh if it is enabled, else removed
 *
 * Pins prove the boot, since the BPF file system does not outlast it; the boot id is asked only
 * where there are none. A fresh start gets a number that no generation had, so that a crash in its
 * midst leaves pins that the record does not know, and the next attempt begins anew.
 */
#include "restore_slot.h"

#include "fault.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

#include <eunomia/engine.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void restore_slot_done(struct restore_slot *op)
{
	(void)state_slot_free(op->record);
	(void)eun_package_free(op->package);
	eub_buf_done(&op->bytes);
	eub_buf_done(&op->before);
	free(op->aside_path);
	eun_error_done(&op->why);
}

static const struct keep *keep_of(const struct restore_slot *op)
{
	return op->launcher->keep;
}

static void remove_pins(const struct restore_slot *op)
{
	_cleanup_(eub_freep) char *path =
	    op->record ? keep_pin_path(keep_of(op), op->record) : NULL;

	if (path)
		(void)eun_pins_remove(path); /* if they are there */
}

/* What the machine lacks for the moment is no fault of the slot. */
static bool is_passing(int code)
{
	return code == -ENOMEM || code == -EMFILE || code == -ENFILE || code == -EIO ||
	       code == -ENOSPC;
}

/* It cannot be used. Its pins go, or there would be a tracker that nobody reads; but not if the
 * next start may find that it can. */
static enum restore_outcome set_aside(struct restore_slot *op)
{
	struct eun_error err = EUN_ERROR_INIT;
	int r;

	if (is_passing(op->why.code))
		return RESTORE_FAILED;
	if (op->why.reason == EUN_REASON_NO_TARGET)
		return RESTORE_LATER;
	remove_pins(op);
	r = state_quarantine(keep_of(op)->state, op->name, op->why.message, &op->aside_path, &err);
	if (r < 0)
		eun_error_prefix(&op->why, "%s, after", err.message);
	eun_error_done(&err);
	return r < 0 ? RESTORE_FAILED : RESTORE_ASIDE;
}

static enum restore_outcome remove_slot(struct restore_slot *op)
{
	remove_pins(op);
	return state_remove_slot(keep_of(op)->state, op->name, STATE_FAST, &op->why) < 0
		   ? RESTORE_FAILED
		   : RESTORE_GONE;
}

/* Taking over */

/* What adopting a slot needs, for each of its stored generations. */
struct adoption {
	struct eun_adopt_generation given[STATE_HISTORY_MAX];
	struct spec_view *views[STATE_HISTORY_MAX];
	size_t n;
};

static void adoption_done(struct adoption *adoption)
{
	for (size_t i = 0; i < adoption->n; i++) {
		(void)eun_package_free(adoption->given[i].package);
		(void)spec_view_free(adoption->views[i]);
	}
}

static int load_package(const struct restore_slot *op, const struct state_generation *generation,
			struct eub_buf *bytes, struct eun_package **ret_package,
			struct eun_error *err)
{
	int r = state_load_package(keep_of(op)->state, op->record->name, generation->number, bytes,
				   err);

	if (r == 0)
		r = eun_package_parse(bytes->data, bytes->len, generation->spec.package_name,
				      ret_package, err);
	return r;
}

static int offer(struct adoption *adoption, const struct restore_slot *op,
		 const struct state_generation *generation, struct eun_error *err)
{
	_cleanup_(eub_buf_done) struct eub_buf bytes = EUB_BUF_INIT;
	_cleanup_(spec_view_freep) struct spec_view *view = NULL;
	struct eun_package *package = NULL;
	int r;

	if (spec_view_new(&generation->spec, NULL, NULL, &view) < 0)
		return eub_error_no_memory(err);
	r = load_package(op, generation, &bytes, &package, err);
	if (r < 0)
		return r;
	adoption->given[adoption->n] = (struct eun_adopt_generation){
		.number = generation->number, .package = package, .options = spec_view_get(view)
	};
	adoption->views[adoption->n++] = EUB_TAKE_PTR(view);
	return 0;
}

/* A generation whose package cannot be had is not offered; the first such failure is in @err. */
static void offer_all(struct adoption *adoption, const struct restore_slot *op,
		      struct eun_error *err)
{
	for (size_t i = 0; i < op->record->n_generations; i++)
		if (op->record->generations[i].is_stored)
			(void)offer(adoption, op, &op->record->generations[i], err);
}

/* The slot's pinned page knows what ran last; a swap that did not come to its switch never was. */
static void correct_record(struct state_slot *record, const struct eun_slot *slot)
{
	record->current = eun_slot_get_generation(slot);
	record->next = eun_slot_get_next_generation(slot);
	while (record->n_generations > 0 &&
	       record->generations[record->n_generations - 1].number >= record->next)
		state_slot_drop_last(record);
	for (size_t i = 0; i < record->n_generations; i++)
		if (!eun_slot_find_loaded(slot, record->generations[i].number))
			record->generations[i].is_stored = false;
}

/* Without the running generation adopting is tried all the same: it says that it is missing. */
static int adopt_offered(struct restore_slot *op, struct adoption *adoption, const char *path)
{
	_cleanup_(eun_error_done) struct eun_error not_offered = EUN_ERROR_INIT;
	int r;

	offer_all(adoption, op, &not_offered);
	r = eun_slot_adopt(op->launcher->engine, op->record->name, path, adoption->given,
			   adoption->n, &op->slot, &op->why);
	if (r < 0 && not_offered.code < 0) { /* that is the cause */
		eun_error_done(&op->why);
		op->why = not_offered;
		not_offered = (struct eun_error)EUN_ERROR_INIT;
	}
	return r;
}

static int adopt(struct restore_slot *op)
{
	_cleanup_(eub_freep) char *path = keep_pin_path(keep_of(op), op->record);
	struct adoption adoption = { .n = 0 };
	int r = fault_point("restore-before-adopt");

	if (r == 0 && !path)
		r = -ENOMEM;
	if (r == 0)
		r = adopt_offered(op, &adoption, path);
	if (r == 0) {
		correct_record(op->record, op->slot);
		for (size_t i = 0; i < adoption.n; i++)
			adoption.given[i].package = NULL; /* the engine's now */
	}
	adoption_done(&adoption);
	return r < 0 ? eun_error_set(&op->why, r, EUN_REASON_IO, "%s", strerror(-r)) : 0;
}

/* Starting afresh */

/* The generation that ran last becomes one with a new number. */
static int renew(struct restore_slot *op, const struct state_generation *last,
		 struct eun_error *err)
{
	struct state_slot *record = op->record;
	struct state_generation *generation = NULL;

	if (state_slot_add(record, &last->spec, STATE_ORIGIN_RESTORED, &generation) < 0 ||
	    state_generation_name(generation, eun_package_get_name(op->package),
				  eun_package_get_version(op->package)) < 0)
		return eub_error_no_memory(err);
	generation->is_stored = true;
	for (size_t i = 0; i + 1 < record->n_generations; i++)
		record->generations[i].is_stored = false;
	record->current = generation->number;
	record->started_wall_ns = generation->loaded_wall_ns;
	keep_stamp(keep_of(op), record);
	return 0;
}

static enum restore_outcome start_afresh(struct restore_slot *op)
{
	const struct state_generation *last = state_slot_find(op->record, op->record->current);
	struct eun_error err = EUN_ERROR_INIT;
	int r = load_package(op, last, &op->bytes, &op->package, &err);

	if (r == 0)
		r = fault_point("restore-before-load");
	if (r == 0) {
		remove_pins(op);
		r = renew(op, last, &err);
	}
	if (r == 0)
		r = launch_load(op->launcher, op->record,
				&state_slot_find(op->record, op->record->current)->spec,
				&op->package, &op->slot, &err);
	if (r == 0) {
		eun_error_done(&err);
		return RESTORE_AFRESH;
	}
	(void)eun_error_set(&err, r, EUN_REASON_IO, "%s", strerror(-r));
	eun_error_done(&op->why);
	op->why = err;
	return set_aside(op);
}

static bool is_same_boot(const struct restore_slot *op)
{
	return eub_streq(op->record->boot_id, state_get_boot_id(keep_of(op)->state));
}

static enum restore_outcome restore_whole(struct restore_slot *op)
{
	const struct keep *keep = keep_of(op);

	if (keep->pins && pins_exist(keep->pins, op->record->pins)) {
		if (adopt(op) == 0)
			return RESTORE_ADOPTED;
		return start_afresh(op);
	}
	if (!is_same_boot(op) && !op->record->is_enabled)
		return remove_slot(op);
	(void)eun_error_set(&op->why, -ENOENT, EUN_REASON_NOT_FOUND, "%s",
			    !is_same_boot(op)	  ? "the machine was booted anew"
			    : op->record->pins[0] ? "what was pinned is gone"
						  : "nothing was pinned");
	return start_afresh(op);
}

void restore_slot_run(struct restore_slot *op)
{
	int r = state_load_slot(keep_of(op)->state, op->name, &op->record, &op->why);

	if (r == 0 && state_slot_encode(op->record, &op->before) < 0)
		r = eub_error_no_memory(&op->why);
	if (r == -ENOENT) {
		eun_error_done(&op->why);
		op->outcome = remove_slot(op);
	} else if (r < 0) {
		op->outcome = set_aside(op);
	} else {
		op->outcome = restore_whole(op);
	}
}
