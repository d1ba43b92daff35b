/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A launch, step by step; those in brackets are jobs:
 *
 *   reserve the name -> [parse, load and attach] -> open the gate -> [write state] -> done
 *
 * If the name is the package's own, it is known only after parsing, so the job comes back to the
 * loop to reserve it and is started once more.
 *
 * The record is written last, so that no disk is on the way to the first event: what a crash cuts
 * short before that was answered to nobody, and its pins, which no record tells of, are removed at
 * the next start of the agent. A launch that fails leaves nothing behind, and gives its name back
 * only when that is so.
 */
#include "launch.h"

#include "fault.h"
#include "slot_end.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <eunomia/engine.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct launch {
	struct job job;
	struct launcher *launcher;
	struct launch_options options;
	struct spec spec;
	struct slot_entry *entry;  /* the reserved name; NULL: not yet known */
	struct state_slot *record; /* until the slot runs, then the entry's */
	struct keep_image image;   /* of the record, to be written */
	uint32_t number;	   /* of the generation */
	struct eun_package *package;
	struct eun_slot *slot; /* until it runs, then the table's */
	bool is_abandoned;
	int result;
	struct eun_error err;
};

static struct launch *launch_free(struct launch *launch)
{
	if (!launch)
		return NULL;
	spec_done(&launch->spec);
	(void)state_slot_free(launch->record);
	keep_image_done(&launch->image);
	(void)eun_package_free(launch->package);
	eun_error_done(&launch->err);
	free(launch);
	return NULL;
}
EUB_DEFINE_CLEANUP(struct launch *, launch_free);

/* The record of a slot of one generation that is not whole yet. */
static int make_record(struct launch *launch)
{
	const struct launch_options *options = &launch->options;
	const struct keep *keep = launch->launcher->keep;
	struct state_generation *generation = NULL;
	struct state_slot *record;

	if (state_slot_new(launch->entry->name, &launch->record) < 0)
		return -ENOMEM;
	record = launch->record;
	record->is_enabled = options->is_enabled;
	record->budget = options->budget;
	record->declared_fingerprint = options->declared_fingerprint;
	keep_stamp(keep, record);
	if (state_slot_add(record, &launch->spec, options->origin, &generation) < 0 ||
	    state_generation_name(generation, eun_package_get_name(launch->package),
				  eun_package_get_version(launch->package)) < 0)
		return -ENOMEM;
	generation->is_stored = keep->state != NULL;
	record->current = generation->number;
	record->started_wall_ns = generation->loaded_wall_ns;
	launch->number = generation->number;
	return 0;
}

int launch_load(const struct launcher *launcher, const struct state_slot *record,
		const struct spec *spec, struct eun_package **package, struct eun_slot **ret_slot,
		struct eun_error *err)
{
	_cleanup_(eub_freep) char *pin_path = keep_pin_path(launcher->keep, record);
	_cleanup_(spec_view_freep) struct spec_view *view = NULL;
	struct eun_slot_options options;
	int r;

	if ((record->pins[0] && !pin_path) ||
	    spec_view_new(spec, record->name, pin_path, &view) < 0)
		return eub_error_no_memory(err);
	options = *spec_view_get(view);
	options.first_generation = record->current;
	options.max_ring_bytes = launcher->slots->max_ring_bytes;
	r = eun_slot_new(launcher->engine, *package, &options, ret_slot, err);
	if (r == 0)
		*package = NULL; /* the slot's now */
	return r;
}

/* Return: @code; a failure has its words then, also one that came without. */
static int note(struct launch *launch, int code)
{
	if (code < 0)
		(void)eun_error_set(&launch->err, code, EUN_REASON_IO, "the start failed: %s",
				    strerror(-code)); /* kept as it is if more is known */
	return code;
}

/* In a job: everything up to the closed gate. */
static int load(struct launch *launch)
{
	int r;

	if (make_record(launch) < 0)
		return eub_error_no_memory(&launch->err);
	r = fault_point("start-before-load");
	if (r == 0)
		r = launch_load(launch->launcher, launch->record, &launch->spec, &launch->package,
				&launch->slot, &launch->err);
	if (r == 0)
		r = fault_point("start-before-open");
	return note(launch, r);
}

/* In a job. What cannot be removed has no record, and goes at the next start of the agent. */
static void undo(struct launch *launch)
{
	launch->slot = eun_slot_free(launch->slot);
	if (launch->record)
		(void)keep_remove(launch->launcher->keep, launch->record, NULL);
	launch->record = state_slot_free(launch->record);
}

static void do_load(struct job *job)
{
	struct launch *launch = EUB_CONTAINER_OF(job, struct launch, job);

	launch->result = 0;
	if (!launch->package)
		launch->result = spec_parse_package(&launch->spec, &launch->package, &launch->err);
	if (launch->result == 0 && launch->entry)
		launch->result = load(launch);
	if (launch->result < 0)
		undo(launch);
}

static void do_undo(struct job *job)
{
	undo(EUB_CONTAINER_OF(job, struct launch, job));
}

static void on_undone(struct job *job)
{
	struct launch *launch = EUB_CONTAINER_OF(job, struct launch, job);

	/* Declarations say for themselves which file is not as declared. */
	slots_abandon(launch->entry,
		      launch->options.origin == STATE_ORIGIN_DECLARED ? NULL : &launch->err);
	launch->options.on_done(NULL, &launch->err, launch->options.userdata);
	(void)launch_free(launch);
}

/* The end of a launch that failed; what is still there is undone first. */
static void fail(struct launch *launch)
{
	if (launch->record)
		job_start(launch->launcher->jobs, &launch->job, JOB_PATIENT, do_undo, on_undone);
	else
		on_undone(&launch->job);
}

static void do_complete(struct job *job)
{
	struct launch *launch = EUB_CONTAINER_OF(job, struct launch, job);
	const struct keep *keep = launch->launcher->keep;
	int r = fault_point("start-before-complete");

	if (r == 0)
		r = keep_write_package(keep, &launch->image, launch->number, &launch->spec.package,
				       &launch->err);
	if (r == 0)
		r = keep_write(keep, &launch->image, &launch->err);
	launch->result = note(launch, r);
}

/* A slot that a crash would remove though its start was answered must not be. */
static void on_completed(struct job *job)
{
	struct launch *launch = EUB_CONTAINER_OF(job, struct launch, job);
	bool is_whole = launch->result == 0;

	launch->options.on_done(is_whole ? launch->entry : NULL, &launch->err,
				launch->options.userdata);
	if (is_whole)
		slot_set_busy(launch->entry, false);
	else
		slot_end(launch->entry, SLOT_END_STOP, NULL, NULL); /* goes on being busy */
	(void)launch_free(launch);
}

/* The gate opens here. */
static int open_slot(struct launch *launch)
{
	int r;

	r = keep_image_init(&launch->image, launch->record);
	if (r < 0)
		return eub_error_no_memory(&launch->err);
	budget_init(&launch->entry->budget, &launch->options.budget);
	r = slots_begin(launch->entry, launch->slot, &launch->err);
	if (r < 0)
		return r;
	launch->slot = NULL; /* the table's now */
	launch->entry->record = EUB_TAKE_PTR(launch->record);
	slot_set_busy(launch->entry, true);
	return 0;
}

/* The name is the package's, which is known now. */
static int reserve_own_name(struct launch *launch)
{
	return slots_reserve(launch->launcher->slots, eun_package_get_name(launch->package),
			     &launch->entry, &launch->err);
}

static int check_wanted(struct launch *launch)
{
	if (launch->launcher->is_stopping)
		return eun_error_set(&launch->err, -ESHUTDOWN, EUN_REASON_UNREACHABLE,
				     "the agent stops");
	if (launch->is_abandoned)
		return eun_error_set(&launch->err, -ECANCELED, EUN_REASON_TIMEOUT,
				     "the client left before the start was done");
	return 0;
}

static void on_loaded(struct job *job)
{
	struct launch *launch = EUB_CONTAINER_OF(job, struct launch, job);
	bool is_parsed_only = !launch->entry;
	struct job_pool *jobs = launch->launcher->jobs;

	if (launch->result == 0)
		launch->result = check_wanted(launch);
	if (launch->result == 0)
		launch->result = is_parsed_only ? reserve_own_name(launch) : open_slot(launch);
	if (launch->result < 0)
		fail(launch);
	else if (is_parsed_only)
		job_start(jobs, &launch->job, JOB_PROMPT, do_load, on_loaded);
	else
		job_start(jobs, &launch->job, JOB_PROMPT, do_complete, on_completed);
}

int launch_start(struct launcher *launcher, struct spec *spec, const struct launch_options *options,
		 struct launch **ret_launch, struct eun_error *err)
{
	_cleanup_(launch_freep) struct launch *launch = calloc(1, sizeof(*launch));
	int r;

	if (!launch)
		return eub_error_no_memory(err);
	launch->launcher = launcher;
	launch->options = *options;
	if (options->name) {
		r = slots_reserve(launcher->slots, options->name, &launch->entry, err);
		if (r < 0)
			return r;
	}
	launch->options.name = NULL; /* it is the entry's */
	launch->spec = *spec;
	*spec = SPEC_INIT;
	job_start(launcher->jobs, &launch->job, JOB_PROMPT, do_load, on_loaded);
	*ret_launch = EUB_TAKE_PTR(launch);
	return 0;
}

void launch_abandon(struct launch *launch)
{
	launch->is_abandoned = true;
}
