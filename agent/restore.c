/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each slot is a job of its own, which owns all it works on; its name is reserved meanwhile. Back
 * on the loop it goes on as a start does: into the table, then its record is written if anything
 * changed. When all are through, pins of which no slot knows are removed: of a start or a stop that
 * a crash cut short, of a slot that was set aside.
 *
 * A slot whose interface or cgroup is not there keeps its name in the table and waits for another
 * pass: at a boot these often come after the agent. It is seen as waiting, and busy, while it is
 * tried again.
 */
#include "restore.h"

#include "fault.h"
#include "folder.h"
#include "restore_slot.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"

#include <eunomia/engine.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct restoring {
	struct job job;
	struct restore *restore;
	struct slot_entry *entry;
	struct restore_slot what;
	struct keep_image image;
	int result; /* of writing the record */
};

static struct restoring *restoring_free(struct restoring *op)
{
	restore_slot_done(&op->what);
	keep_image_done(&op->image);
	free(op);
	return NULL;
}

static const struct keep *keep_of(const struct restoring *op)
{
	return op->restore->launcher->keep;
}

static void do_restore(struct job *job)
{
	struct restoring *op = EUB_CONTAINER_OF(job, struct restoring, job);

	restore_slot_run(&op->what);
}

/* Removing pins without a slot. */
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

/* Keeps of the names only those that no slot has. */
static void choose_stale(struct sweeping *op)
{
	const struct slots *slots = op->restore->launcher->slots;
	size_t n_stale = 0;

	for (size_t i = 0; i < op->n; i++) {
		if (is_known(slots, op->names[i])) {
			free(op->names[i]);
			continue;
		}
		log_info(op->restore->log, "no slot is pinned at '%s', removing it", op->names[i]);
		op->names[n_stale++] = op->names[i];
	}
	op->n = n_stale;
}

/* Nobody waits for it: a slot that starts meanwhile chooses another folder. */
static void remove_stale_pins(struct restore *restore)
{
	const struct keep *keep = restore->launcher->keep;
	struct sweeping *op = calloc(1, sizeof(*op));

	if (!op)
		return; /* the next start does it */
	op->restore = restore;
	if (pins_list(keep->pins, &op->names, &op->n) == 0)
		choose_stale(op);
	if (op->n > 0)
		job_start(restore->launcher->jobs, &op->job, JOB_PATIENT, do_sweep, on_swept);
	else
		on_swept(&op->job);
}

static void end_all(struct restore *restore)
{
	/* Later, a start by a client may be pinned and not yet in the table. */
	if (restore->launcher->keep->pins && !restore->has_failed && !restore->is_retry)
		remove_stale_pins(restore);
	restore->is_retry = true;
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
		[RESTORE_GONE] = { LOG_LEVEL_INFO, NULL, "was not to go on, removed" },
		[RESTORE_ADOPTED] = { LOG_LEVEL_NOTICE, LOG_ID_SLOT_TAKEN_OVER, "is taken over" },
		[RESTORE_AFRESH] = { LOG_LEVEL_WARNING, LOG_ID_SLOT_AFRESH,
				     "is started afresh, continuing without what came between" },
		[RESTORE_LATER] = { LOG_LEVEL_WARNING, LOG_ID_SLOT_WAITS,
				    "waits for what it attaches to, continuing without it" },
		[RESTORE_ASIDE] = { LOG_LEVEL_ERR, LOG_ID_SLOT_QUARANTINED, "is set aside" },
		[RESTORE_FAILED] = { LOG_LEVEL_ERR, LOG_ID_SLOT_START_FAILED,
				     "cannot be restored now; the next start tries again" },
	};
	_Static_assert(EUB_ARRAY_SIZE(lines) == _RESTORE_OUTCOME_MAX, "a line per outcome");
	bool has_why = op->what.why.code < 0;
	bool is_known = op->restore->is_retry && op->what.outcome == RESTORE_LATER;

	log_write(op->restore->log, is_known ? LOG_LEVEL_DEBUG : lines[op->what.outcome].level,
		  lines[op->what.outcome].id,
		  LOG_FIELDS({ "EUNOMIA_SLOT", name },
			     { "EUNOMIA_REASON",
			       has_why ? eun_reason_to_string(op->what.why.reason) : NULL }),
		  "slot '%s' %s%s%s%s%s", name, lines[op->what.outcome].text, has_why ? ": " : "",
		  has_why ? op->what.why.message : "", op->what.aside_path ? "; it is in " : "",
		  op->what.aside_path ? op->what.aside_path : "");
}

static void end(struct restoring *op)
{
	struct restore *restore = op->restore;

	(void)restoring_free(op);
	if (--restore->n_pending == 0)
		end_all(restore);
}

static void do_write(struct job *job)
{
	struct restoring *op = EUB_CONTAINER_OF(job, struct restoring, job);
	const struct keep *keep = keep_of(op);

	op->result = fault_point("restore-before-write");
	if (op->result == 0 && op->what.bytes.len > 0)
		op->result = keep_write_package(keep, &op->image, op->entry->record->current,
						&op->what.bytes, &op->what.why);
	if (op->result == 0 && op->image.bytes.len > 0)
		op->result = keep_write(keep, &op->image, &op->what.why);
	if (op->result == 0)
		op->result = state_tidy(keep->state, op->entry->record, &op->what.why);
	if (op->result < 0)
		(void)eun_error_set(&op->what.why, op->result, EUN_REASON_IO, "%s",
				    strerror(-op->result)); /* kept as it is if more is known */
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
			  entry->name, op->what.why.message);
	slot_set_busy(entry, false);
	end(op);
}

/* Writes what changed, which is nothing for a slot that was taken over after an orderly end. */
static void write_record(struct restoring *op)
{
	struct slot_entry *entry = op->entry;
	int r = keep_image_init(&op->image, entry->record);

	if (r == 0 && op->image.bytes.len == op->what.before.len &&
	    memcmp(op->image.bytes.data, op->what.before.data, op->what.before.len) == 0)
		eub_buf_done(&op->image.bytes);
	slot_set_busy(entry, true);
	job_start(op->restore->launcher->jobs, &op->job, JOB_PROMPT, do_write, on_written);
}

static void do_leave(struct job *job)
{
	struct restoring *op = EUB_CONTAINER_OF(job, struct restoring, job);

	op->what.slot = eun_slot_leave(op->what.slot);
}

static void on_left(struct job *job)
{
	struct restoring *op = EUB_CONTAINER_OF(job, struct restoring, job);

	slots_abandon(op->entry, &op->what.why);
	end(op);
}

static void give_up(struct slot_entry *entry)
{
	if (entry->phase == SLOT_PHASE_WAITING)
		slots_retry(entry);
	slots_abandon(entry, NULL);
}

/* What is kept of it stays as it is on disk. */
static void defer(struct restoring *op)
{
	struct state_slot *record = NULL;

	if (state_slot_decode(op->what.before.data, op->what.before.len, &record, NULL) < 0) {
		op->restore->has_failed = true;
		give_up(op->entry);
		return;
	}
	slots_defer(op->entry, record, &op->what.why);
	later_note(op->restore->later);
	if (op->entry->is_busy) /* it waited before */
		slot_set_busy(op->entry, false);
}

/* It was logged. */
static void end_without_slot(struct restoring *op)
{
	if (op->what.outcome == RESTORE_FAILED)
		op->restore->has_failed = true;
	if (op->what.outcome == RESTORE_LATER)
		defer(op);
	else
		give_up(op->entry);
	end(op);
}

static void on_restored(struct job *job)
{
	struct restoring *op = EUB_CONTAINER_OF(job, struct restoring, job);
	struct slot_entry *entry = op->entry;

	log_outcome(op, entry->name);
	if (!op->what.slot) {
		end_without_slot(op);
		return;
	}
	eun_error_done(&op->what.why);
	if (entry->phase == SLOT_PHASE_WAITING)
		slots_retry(entry);
	budget_init(&entry->budget, &op->what.record->budget);
	if (slots_begin(entry, op->what.slot, &op->what.why) < 0) {
		job_start(op->restore->launcher->jobs, &op->job, JOB_PROMPT, do_leave, on_left);
		return;
	}
	op->what.slot = NULL; /* the table's now */
	entry->record = EUB_TAKE_PTR(op->what.record);
	write_record(op);
}

/* @entry: starting or waiting. */
static int begin_entry(struct restore *restore, struct slot_entry *entry, struct eun_error *err)
{
	struct restoring *op = calloc(1, sizeof(*op));

	if (!op)
		return eub_error_no_memory(err);
	op->restore = restore;
	op->entry = entry;
	op->what.launcher = restore->launcher;
	op->what.name = entry->name;
	restore->n_pending++;
	job_start(restore->launcher->jobs, &op->job, JOB_PROMPT, do_restore, on_restored);
	return 0;
}

static int begin_one(struct restore *restore, const char *name, struct eun_error *err)
{
	struct slot_entry *entry = NULL;
	int r = slots_reserve(restore->launcher->slots, name, &entry, err);

	if (r < 0)
		return r;
	r = begin_entry(restore, entry, err);
	if (r < 0)
		slots_abandon(entry, NULL);
	return r;
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

static void fail_all(struct restore *restore, const struct eun_error *err)
{
	restore->has_failed = true;
	log_err(restore->log, "slots cannot be restored: %s", err->message);
}

static void begin_all(struct restore *restore)
{
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	const struct state *state = restore->launcher->keep->state;
	char **names = NULL;
	size_t n = 0;

	if (state && state_list(state, &names, &n, &err) < 0)
		fail_all(restore, &err);
	for (size_t i = 0; i < n; i++) {
		eun_error_done(&err);
		if (begin_one(restore, names[i], &err) < 0) {
			restore->has_failed = true;
			log_not_begun(restore, names[i], &err);
		}
	}
	state_free_names(names, n);
}

void restore_begin(struct restore *restore)
{
	restore->n_pending = 1; /* for the time of the walk */
	begin_all(restore);
	if (--restore->n_pending == 0)
		end_all(restore);
}

void restore_retry(struct restore *restore)
{
	struct slots *slots = restore->launcher->slots;

	if (restore->n_pending > 0) { /* a pass is under way: one after it */
		later_note(restore->later);
		return;
	}
	restore->n_pending = 1; /* for the time of the walk */
	EUB_LIST_FOREACH (entry, &slots->entries, struct slot_entry, link) {
		if (entry->phase != SLOT_PHASE_WAITING)
			continue;
		if (!entry->is_busy && begin_entry(restore, entry, NULL) == 0)
			slot_set_busy(entry, true);
		else
			later_note(restore->later);
	}
	if (--restore->n_pending == 0)
		end_all(restore);
}
