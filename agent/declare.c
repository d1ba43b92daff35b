/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass: read all files in a job, compare with the slots, then act on each difference. What is
 * to be done to a busy slot waits in its line. A failure is logged by file and leaves that slot as
 * it is; it is tried again at the next reload, since its fingerprint stays the old one. Where only
 * an interface or a cgroup is missing it is tried again by and by, and said once.
 */
#include "declare.h"

#include "slot_end.h"
#include "slot_swap.h"
#include "slots.h"

#include "base/cleanup.h"
#include "base/list.h"
#include "base/macro.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One difference, while it is acted on. */
struct change {
	struct slot_waiter waiter;
	struct declare *declare;
	enum declared_change kind;
	char name[EUN_SLOT_NAME_MAX];
	char *path; /* of the file; NULL if it is gone */
	struct spec spec;
	struct budget_limits budget;
	uint64_t fingerprint;
};

static struct change *change_free(struct change *change)
{
	if (!change)
		return NULL;
	free(change->path);
	spec_done(&change->spec);
	free(change);
	return NULL;
}

/* @slot: "" if none is meant, or all are. */
static void note_unmet(struct declare *declare, const char *slot, const char *reason, bool waits)
{
	bool was_said = declare->is_retry && unmet_has(&declare->unmet, slot, reason);

	log_write(declare->log, was_said ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERR, LOG_ID_DECLARATION_BAD,
		  LOG_FIELDS({ "EUNOMIA_SLOT", slot[0] ? slot : NULL }), "%s", reason);
	(void)unmet_add(&declare->found, slot, reason, waits); /* the log has it in any case */
}

static void end_pass(struct declare *declare);

static void end_change(struct change *change)
{
	struct declare *declare = change->declare;

	(void)change_free(change);
	if (--declare->n_pending == 0)
		end_pass(declare);
}

static void fail_change(struct change *change, const struct eun_error *err)
{
	struct declare *declare = change->declare;
	_cleanup_(eun_error_done) struct eun_error full = EUN_ERROR_INIT;
	bool may_come = err->reason == EUN_REASON_NO_TARGET;

	(void)eun_error_set(&full, err->code, err->reason, "%s", err->message);
	eun_error_prefix(&full, "%s", change->path);
	note_unmet(declare, change->name, full.message, may_come);
	if (may_come)
		later_note(declare->later);
	end_change(change);
}

static void on_launched(struct slot_entry *entry, const struct eun_error *err, void *userdata)
{
	struct change *change = userdata;

	if (entry)
		end_change(change);
	else
		fail_change(change, err);
}

static void add(struct change *change)
{
	const struct launch_options options = { .name = change->name,
						.origin = STATE_ORIGIN_DECLARED,
						.budget = change->budget,
						.declared_fingerprint = change->fingerprint,
						.on_done = on_launched,
						.userdata = change };
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct launch *launch;

	if (launch_start(change->declare->launcher, &change->spec, &options, &launch, &err) < 0)
		fail_change(change, &err);
}

/* The record that is written after the switch tells of the declaration. */
static void on_swapped(struct slot_swap *swap, const struct eun_error *err, void *userdata)
{
	struct change *change = userdata;
	struct slot_entry *entry = slot_swap_get_entry(swap);

	if (err) {
		fail_change(change, err);
		return;
	}
	entry->record->declared_fingerprint = change->fingerprint;
	entry->record->budget = change->budget;
	budget_init(&entry->budget, &change->budget);
	end_change(change);
}

static void swap(struct change *change, struct slot_entry *entry)
{
	struct slot_swap_request request = { .spec = change->spec,
					     .origin = STATE_ORIGIN_DECLARED };
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;

	change->spec = SPEC_INIT;
	if (slot_swap_begin(entry, &request, on_swapped, change, &err) < 0) {
		spec_done(&request.spec);
		fail_change(change, &err);
	}
}

static void on_ended(struct slot_entry *entry EUB_UNUSED, void *userdata)
{
	end_change(userdata);
}

/* What waited as it was declared before is gone. */
static void on_forgotten(struct slot_entry *entry EUB_UNUSED, void *userdata)
{
	add(userdata);
}

/* @entry: free for it; NULL: there is none, or none any more. */
static void act(struct change *change, struct slot_entry *entry)
{
	if (change->kind == DECLARED_REMOVED && entry)
		slot_end(entry, SLOT_END_STOP, on_ended, change);
	else if (change->kind == DECLARED_REMOVED)
		end_change(change);
	else if (!entry)
		add(change);
	else if (entry->slot)
		swap(change, entry);
	else
		slot_end(entry, SLOT_END_STOP, on_forgotten, change);
}

static void on_turn(struct slot_waiter *waiter, struct slot_entry *entry)
{
	act(EUB_CONTAINER_OF(waiter, struct change, waiter), entry);
}

static struct budget_limits default_budget(const struct declare *declare)
{
	return (struct budget_limits){
		.events_per_second = declare->config->slot_events_per_second,
		.bytes_per_second = declare->config->slot_bytes_per_second,
	};
}

static struct change *make_change(struct declare *declare, enum declared_change kind,
				  const char *name, struct declared *declared)
{
	struct change *change = calloc(1, sizeof(*change));

	if (!change)
		return NULL;
	change->waiter.on_turn = on_turn;
	eub_list_init(&change->waiter.link);
	change->declare = declare;
	change->kind = kind;
	(void)snprintf(change->name, sizeof(change->name), "%s", name);
	if (!declared)
		return change;
	change->path = EUB_TAKE_PTR(declared->path);
	change->spec = declared->spec;
	declared->spec = SPEC_INIT;
	change->budget = declared->has_budget ? declared->budget : default_budget(declare);
	change->fingerprint = declared->fingerprint;
	return change;
}

static void on_change(void *userdata, enum declared_change kind, const char *name,
		      struct declared *declared)
{
	struct declare *declare = userdata;
	struct slot_entry *entry = slots_find(declare->launcher->slots, name);
	struct change *change = make_change(declare, kind, name, declared);

	if (!change) {
		note_unmet(declare, name, "out of memory", false);
		return;
	}
	declare->n_pending++;
	if (entry && (entry->is_busy || entry->phase == SLOT_PHASE_STARTING))
		slot_wait(entry, &change->waiter);
	else
		act(change, entry);
}

/* Slots as the declarations see them. Return: how many; names are borrowed. */
static size_t list_slots(const struct slots *slots, struct declared_slot *ret_slots)
{
	size_t n = 0;

	EUB_LIST_FOREACH (entry, &slots->entries, struct slot_entry, link)
		ret_slots[n++] = (struct declared_slot){
			.name = entry->name,
			.fingerprint = entry->record ? entry->record->declared_fingerprint : 0,
		};
	return n;
}

/* The name of a bad file may be none that a slot can have. */
static void note_bad_file(struct declare *declare, const struct declared *declared)
{
	bool has_slot = eun_slot_name_is_valid(declared->name);

	note_unmet(declare, has_slot ? declared->name : "", declared->err.message, false);
}

static void apply(struct declare *declare)
{
	const struct slots *slots = declare->launcher->slots;
	_cleanup_(eub_freep) struct declared_slot *present =
	    calloc(slots->max_slots + 1, sizeof(*present));

	for (size_t i = 0; i < declare->set.n; i++)
		if (declare->set.items[i].err.code < 0)
			note_bad_file(declare, &declare->set.items[i]);
	if (!present) {
		note_unmet(declare, "", "declared trackers cannot be compared: out of memory",
			   false);
		return;
	}
	declared_diff(&declare->set, present, list_slots(slots, present), on_change, declare);
}

static void do_read(struct job *job)
{
	struct declare *declare = EUB_CONTAINER_OF(job, struct declare, job);

	(void)declared_read(declare->folder, declare->trackers_dir, &declare->set, &declare->err);
}

static void on_read(struct job *job)
{
	struct declare *declare = EUB_CONTAINER_OF(job, struct declare, job);

	declare->n_pending = 1; /* for the time of the walk */
	if (declare->err.code < 0)
		note_unmet(declare, "", declare->err.message, false);
	else if (!declare->launcher->is_stopping)
		apply(declare);
	if (--declare->n_pending == 0)
		end_pass(declare);
}

static void release_pass(struct declare *declare)
{
	unmet_replace(&declare->unmet, &declare->found);
	declared_done(&declare->set);
	eun_error_done(&declare->err);
	free(EUB_TAKE_PTR(declare->folder));
	free(EUB_TAKE_PTR(declare->trackers_dir));
}

static void end_passes(struct declare *declare)
{
	declare->is_under_way = false;
	declare->on_done(declare->userdata);
}

static void begin_pass(struct declare *declare)
{
	declare->is_wanted_again = false;
	declare->folder = strdup(declare->config->trackers_conf_dir);
	declare->trackers_dir = strdup(declare->config->trackers_dir);
	if (!declare->folder || !declare->trackers_dir) {
		note_unmet(declare, "", "declared trackers cannot be read: out of memory", false);
		release_pass(declare);
		end_passes(declare);
		return;
	}
	job_start(declare->launcher->jobs, &declare->job, JOB_PROMPT, do_read, on_read);
}

static void end_pass(struct declare *declare)
{
	release_pass(declare);
	if (declare->is_wanted_again)
		begin_pass(declare);
	else
		end_passes(declare);
}

static void begin_passes(struct declare *declare, bool is_retry)
{
	if (declare->is_under_way) {
		declare->is_wanted_again = true;
		declare->is_retry = declare->is_retry && is_retry;
		return;
	}
	declare->is_under_way = true;
	declare->is_retry = is_retry;
	begin_pass(declare);
}

void declare_begin(struct declare *declare)
{
	begin_passes(declare, false);
}

void declare_retry(struct declare *declare)
{
	begin_passes(declare, true);
}

void declare_done(struct declare *declare)
{
	unmet_done(&declare->unmet);
	unmet_done(&declare->found);
}
