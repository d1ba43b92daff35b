/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reconciling three witnesses: the record on disk, the pins, and the boot id in the record.
 *
 *   record        pins     boot   what happens
 *   none          any             what is there is removed: a start that got nowhere
 *   "starting"    any             the same: nobody was told that it started
 *   damaged       any             set aside
 *   whole         there           taken over; if that cannot be, removed and started afresh
 *   whole         none     same   started afresh: the pins were removed by hand, or never were
 *   whole         none     other  started afresh if it is enabled, else removed
 *   (no slot)     there           removed
 *
 * Pins prove the boot, since the BPF file system does not outlast it; the boot id is asked only
 * where there are none. A fresh start gets a number that no generation had, so that a crash in its
 * midst leaves pins that the record does not know, and the next attempt begins anew.
 *
 * Each slot is a job of its own, which owns all it works on; its name is reserved meanwhile.
 */
#include "restore.h"

#include "fault.h"
#include "folder.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"

#include <eunomia/engine.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum outcome {
	OUTCOME_GONE,	 /* nothing is left of it */
	OUTCOME_ADOPTED, /* taken over */
	OUTCOME_AFRESH,	 /* started afresh */
	OUTCOME_ASIDE,	 /* in quarantine */
	OUTCOME_FAILED,	 /* still on disk, for the next start of the agent */
};

struct restoring {
	struct job job;
	struct restore *restore;
	struct slot_entry *entry;
	struct state_slot *record;
	enum outcome outcome;
	struct eun_slot *slot;
	struct eun_package *package; /* of the generation to start afresh */
	struct eub_buf bytes;	     /* of that package */
	struct eub_buf before;	     /* the record as it is on disk */
	char *aside_path;
	struct eun_error why; /* not taken over; set aside; failed */
	struct keep_image image;
	int result; /* of writing the record */
};

static struct restoring *restoring_free(struct restoring *op)
{
	if (!op)
		return NULL;
	(void)state_slot_free(op->record);
	(void)eun_package_free(op->package);
	eub_buf_done(&op->bytes);
	eub_buf_done(&op->before);
	free(op->aside_path);
	eun_error_done(&op->why);
	keep_image_done(&op->image);
	free(op);
	return NULL;
}

static const struct keep *keep_of(const struct restoring *op)
{
	return op->restore->launcher->keep;
}

static void remove_pins(const struct restoring *op)
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

/* It cannot be used. Its pins go, or there would be a tracker that nobody reads. */
static enum outcome set_aside(struct restoring *op)
{
	struct eun_error err = EUN_ERROR_INIT;
	int r;

	remove_pins(op);
	if (is_passing(op->why.code))
		return OUTCOME_FAILED;
	r = state_quarantine(keep_of(op)->state, op->entry->name, op->why.message, &op->aside_path,
			     &err);
	if (r < 0)
		eun_error_prefix(&op->why, "%s, after", err.message);
	eun_error_done(&err);
	return r < 0 ? OUTCOME_FAILED : OUTCOME_ASIDE;
}

static enum outcome remove_slot(struct restoring *op)
{
	remove_pins(op);
	return state_remove_slot(keep_of(op)->state, op->entry->name, STATE_FAST, &op->why) < 0
		   ? OUTCOME_FAILED
		   : OUTCOME_GONE;
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

static int load_package(const struct restoring *op, const struct state_generation *generation,
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

static int offer(struct adoption *adoption, const struct restoring *op,
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

/* A generation whose package is damaged is not offered: if it is the running one, adopting fails
 * and says so. */
static void offer_all(struct adoption *adoption, const struct restoring *op, struct eun_error *err)
{
	for (size_t i = 0; i < op->record->n_generations; i++)
		if (op->record->generations[i].is_stored)
			(void)offer(adoption, op, &op->record->generations[i], err);
}

static bool is_loaded(const struct eun_slot *slot, uint32_t number)
{
	const struct eun_generation *generation;

	for (size_t i = 0; (generation = eun_slot_get_loaded(slot, i)); i++)
		if (generation->number == number)
			return true;
	return false;
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
		if (!is_loaded(slot, record->generations[i].number))
			record->generations[i].is_stored = false;
}

static int adopt(struct restoring *op)
{
	struct adoption adoption = { .n = 0 };
	_cleanup_(eub_freep) char *path = keep_pin_path(keep_of(op), op->record);
	int r = fault_point("restore-before-adopt");

	if (!path || r < 0)
		return eun_error_set(&op->why, r < 0 ? r : -ENOMEM, EUN_REASON_NO_MEMORY, "%s",
				     strerror(r < 0 ? -r : ENOMEM));
	offer_all(&adoption, op, &op->why);
	if (adoption.n > 0) {
		eun_error_done(&op->why);
		r = eun_slot_adopt(op->restore->launcher->engine, op->record->name, path,
				   adoption.given, adoption.n, &op->slot, &op->why);
	} else {
		r = op->why.code;
	}
	if (r == 0) {
		correct_record(op->record, op->slot);
		for (size_t i = 0; i < adoption.n; i++)
			adoption.given[i].package = NULL; /* the engine's now */
	}
	adoption_done(&adoption);
	return r;
}

/* Starting afresh */

/* The generation that ran last becomes one with a new number. */
static int renew(struct restoring *op, const struct state_generation *last, struct eun_error *err)
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
	keep_stamp(keep_of(op), record);
	return 0;
}

static enum outcome start_afresh(struct restoring *op)
{
	const struct state_generation *last = state_slot_find(op->record, op->record->current);
	struct eun_error err = EUN_ERROR_INIT;
	int r = fault_point("restore-before-load");

	remove_pins(op);
	if (r == 0)
		r = load_package(op, last, &op->bytes, &op->package, &err);
	if (r == 0)
		r = renew(op, last, &err);
	if (r == 0)
		r = launch_load(op->restore->launcher, op->record,
				&state_slot_find(op->record, op->record->current)->spec,
				&op->package, &op->slot, &err);
	if (r == 0) {
		eun_error_done(&err);
		return OUTCOME_AFRESH;
	}
	(void)eun_error_set(&err, r, EUN_REASON_IO, "%s", strerror(-r));
	eun_error_done(&op->why);
	op->why = err;
	return set_aside(op);
}

static bool is_same_boot(const struct restoring *op)
{
	return eub_streq(op->record->boot_id, state_get_boot_id(keep_of(op)->state));
}

static enum outcome restore_whole(struct restoring *op)
{
	const struct keep *keep = keep_of(op);

	if (keep->pins && pins_exist(keep->pins, op->record->pins)) {
		if (adopt(op) == 0)
			return OUTCOME_ADOPTED;
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

static void do_restore(struct job *job)
{
	struct restoring *op = EUB_CONTAINER_OF(job, struct restoring, job);
	struct state *state = keep_of(op)->state;
	int r = state_load_slot(state, op->entry->name, &op->record, &op->why);

	if (r == 0)
		r = state_slot_encode(op->record, &op->before) < 0 ? eub_error_no_memory(&op->why)
								   : 0;
	if (r == -ENOENT) {
		eun_error_done(&op->why);
		op->outcome = remove_slot(op);
	} else if (r < 0) {
		op->outcome = set_aside(op);
	} else {
		op->outcome = restore_whole(op);
	}
}

/* Pins without a slot: of a stop that a crash cut short, or of a state folder that is gone. */
struct sweeping {
	struct job job;
	struct restore *restore;
	char **names;
	size_t n;
};

static bool is_known(const struct slots *slots, const char *pins)
{
	EUB_LIST_FOREACH (entry, &slots->entries, struct slot_entry, link)
		if (entry->record && eub_streq(entry->record->pins, pins))
			return true;
	return false;
}

static void do_sweep(struct job *job)
{
	struct sweeping *op = EUB_CONTAINER_OF(job, struct sweeping, job);

	for (size_t i = 0; i < op->n; i++) {
		_cleanup_(eub_freep) char *path =
		    pins_path(op->restore->launcher->keep->pins, op->names[i]);

		if (path)
			(void)eun_pins_remove(path); /* what stays is tried again next time */
	}
}

static void on_swept(struct job *job)
{
	struct sweeping *op = EUB_CONTAINER_OF(job, struct sweeping, job);

	folder_free_names(op->names, op->n);
	free(op);
}

/* Nobody waits for it: a slot that starts meanwhile chooses another folder. */
static void remove_stale_pins(struct restore *restore)
{
	const struct keep *keep = restore->launcher->keep;
	struct sweeping *op = keep->pins ? calloc(1, sizeof(*op)) : NULL;
	size_t n_stale = 0;

	if (op && pins_list(keep->pins, &op->names, &op->n) == 0) {
		for (size_t i = 0; i < op->n; i++) {
			if (is_known(restore->launcher->slots, op->names[i])) {
				free(op->names[i]);
				continue;
			}
			log_info(restore->log, "no slot is pinned at '%s', removing it",
				 op->names[i]);
			op->names[n_stale++] = op->names[i];
		}
		op->n = n_stale;
	}
	if (n_stale > 0) {
		op->restore = restore;
		job_start(restore->launcher->jobs, &op->job, JOB_PATIENT, do_sweep, on_swept);
	} else if (op) {
		on_swept(&op->job);
	}
	restore->on_done(restore->userdata);
}

/* Afterwards, on the loop */

static void log_outcome(const struct restoring *op, const char *name)
{
	static const struct {
		enum log_level level;
		const char *id;
		const char *text; /* with the slot's name and why */
	} lines[] = {
		[OUTCOME_GONE] = { LOG_LEVEL_INFO, NULL, "was not to go on, removed" },
		[OUTCOME_ADOPTED] = { LOG_LEVEL_NOTICE, LOG_ID_SLOT_TAKEN_OVER, "is taken over" },
		[OUTCOME_AFRESH] = { LOG_LEVEL_WARNING, LOG_ID_SLOT_AFRESH,
				     "is started afresh, continuing without what came between" },
		[OUTCOME_ASIDE] = { LOG_LEVEL_ERR, LOG_ID_SLOT_QUARANTINED, "is set aside" },
		[OUTCOME_FAILED] = { LOG_LEVEL_ERR, LOG_ID_SLOT_START_FAILED,
				     "cannot be restored now; the next start tries again" },
	};
	bool has_why = op->why.code < 0;

	log_write(
	    op->restore->log, lines[op->outcome].level, lines[op->outcome].id,
	    LOG_FIELDS({ "EUNOMIA_SLOT", name },
		       { "EUNOMIA_REASON", has_why ? eun_reason_to_string(op->why.reason) : NULL }),
	    "slot '%s' %s%s%s%s%s", name, lines[op->outcome].text, has_why ? ": " : "",
	    has_why ? op->why.message : "", op->aside_path ? "; it is in " : "",
	    op->aside_path ? op->aside_path : "");
}

static void end(struct restoring *op)
{
	struct restore *restore = op->restore;

	(void)restoring_free(op);
	if (--restore->n_pending == 0)
		remove_stale_pins(restore);
}

static void do_write(struct job *job)
{
	struct restoring *op = EUB_CONTAINER_OF(job, struct restoring, job);
	const struct keep *keep = keep_of(op);

	op->result = fault_point("restore-before-write");
	if (op->result == 0 && op->bytes.len > 0)
		op->result = keep_write_package(keep, &op->image, op->entry->record->current,
						&op->bytes, &op->why);
	if (op->result == 0 && op->image.bytes.len > 0)
		op->result = keep_write(keep, &op->image, &op->why);
	if (op->result == 0)
		op->result = state_tidy(keep->state, op->entry->record, &op->why);
}

/* The slot runs. If its new state could not be written, the next start finds the old one. */
static void on_written(struct job *job)
{
	struct restoring *op = EUB_CONTAINER_OF(job, struct restoring, job);
	struct slot_entry *entry = op->entry;

	if (op->result < 0)
		log_write(op->restore->log, LOG_LEVEL_WARNING, LOG_ID_STATE_FAILED,
			  LOG_FIELDS({ "EUNOMIA_SLOT", entry->name }),
			  "the state of slot '%s' cannot be written: %s, continuing with it as it "
			  "was",
			  entry->name, op->why.message);
	slot_set_busy(entry, false);
	end(op);
}

/* Writes what changed, which is nothing for a slot that was taken over after an orderly end. */
static void write_record(struct restoring *op)
{
	struct slot_entry *entry = op->entry;
	int r = keep_image_init(&op->image, entry->record);

	if (r == 0 && op->image.bytes.len == op->before.len &&
	    memcmp(op->image.bytes.data, op->before.data, op->before.len) == 0)
		eub_buf_done(&op->image.bytes);
	slot_set_busy(entry, true);
	job_start(op->restore->launcher->jobs, &op->job, JOB_PROMPT, do_write, on_written);
}

static void do_leave(struct job *job)
{
	struct restoring *op = EUB_CONTAINER_OF(job, struct restoring, job);

	op->slot = eun_slot_leave(op->slot);
}

static void on_left(struct job *job)
{
	struct restoring *op = EUB_CONTAINER_OF(job, struct restoring, job);

	slots_abandon(op->entry, &op->why);
	end(op);
}

static void on_restored(struct job *job)
{
	struct restoring *op = EUB_CONTAINER_OF(job, struct restoring, job);
	struct slot_entry *entry = op->entry;

	log_outcome(op, entry->name);
	eun_error_done(&op->why);
	if (!op->slot) {
		slots_abandon(entry, NULL); /* it was logged */
		end(op);
		return;
	}
	budget_init(&entry->budget, &op->record->budget);
	if (slots_begin(entry, op->slot, &op->why) < 0) {
		job_start(op->restore->launcher->jobs, &op->job, JOB_PROMPT, do_leave, on_left);
		return;
	}
	op->slot = NULL; /* the table's now */
	entry->record = EUB_TAKE_PTR(op->record);
	write_record(op);
}

static int begin_one(struct restore *restore, const char *name, struct eun_error *err)
{
	struct restoring *op = calloc(1, sizeof(*op));
	int r;

	if (!op)
		return eub_error_no_memory(err);
	op->restore = restore;
	r = slots_reserve(restore->launcher->slots, name, &op->entry, err);
	if (r < 0) {
		(void)restoring_free(op);
		return r;
	}
	restore->n_pending++;
	job_start(restore->launcher->jobs, &op->job, JOB_PROMPT, do_restore, on_restored);
	return 0;
}

static void log_not_begun(const struct restore *restore, const char *name,
			  const struct eun_error *err)
{
	log_write(restore->log, LOG_LEVEL_ERR, LOG_ID_SLOT_START_FAILED,
		  LOG_FIELDS({ "EUNOMIA_SLOT", name },
			     { "EUNOMIA_REASON", eun_reason_to_string(err->reason) }),
		  "slot '%s' cannot be restored now; the next start tries again: %s", name,
		  err->message);
}

static void begin_all(struct restore *restore)
{
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	const struct state *state = restore->launcher->keep->state;
	char **names = NULL;
	size_t n = 0;

	if (state && state_list(state, &names, &n, &err) < 0)
		log_err(restore->log, "slots cannot be restored: %s", err.message);
	for (size_t i = 0; i < n; i++) {
		eun_error_done(&err);
		if (begin_one(restore, names[i], &err) < 0)
			log_not_begun(restore, names[i], &err);
	}
	state_free_names(names, n);
}

void restore_begin(struct restore *restore)
{
	restore->n_pending = 1; /* for the time of the walk */
	begin_all(restore);
	if (--restore->n_pending == 0)
		remove_stale_pins(restore);
}
