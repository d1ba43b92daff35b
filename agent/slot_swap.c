/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps, and where each runs:
 *
 *   read      job   the package: parsed, or fetched from the state folder
 *   note      loop  the record gets the new generation
 *   prepare   job   package and record are written (the intention), the generation is loaded
 *   commit    loop  one store; whoever asked is told
 *   settle    job   the record is written, then wait until nothing of the old runs any more
 *   drain     loop  last events of generations that go, once every sink has them
 *   unload    job   they are unloaded, their packages removed
 *
 * A rollback begins at prepare and has nothing to unload. A crash between any two steps leaves the
 * old or the new generation: the slot's pinned page says which, and the record knows both, since it
 * is written before the new one can run and after the old one is gone.
 *
 * The slot is busy throughout, so nobody else touches its record; jobs get bytes, not the record.
 */
#include "slot_swap.h"

#include "fault.h"
#include "keep.h"
#include "slots.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"

#include <eunomia/engine.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct slot_swap {
	struct job job;
	struct slot_entry *entry; /* busy, so it stays */
	struct slot_swap_request request;
	slot_swap_fn on_done;
	void *userdata;
	uint64_t begin_ns;
	uint64_t prepare_ns;
	struct eun_package *package; /* from read to prepare */
	struct spec_view *view;
	uint32_t number;	 /* of the generation in the record; 0: nothing to take back */
	struct keep_image image; /* of the record, for the next job to write */
	uint32_t removed[STATE_HISTORY_MAX]; /* generations whose packages go */
	size_t n_removed;
	struct eun_swap *swap;
	int result;
	struct eun_error err;
};

static const struct keep *keep_of(const struct slot_swap *swap)
{
	return swap->entry->slots->keep;
}

static void slot_swap_end(struct slot_swap *swap)
{
	struct slot_entry *entry = swap->entry;

	spec_done(&swap->request.spec);
	swap->view = spec_view_free(swap->view);
	swap->package = eun_package_free(swap->package);
	keep_image_done(&swap->image);
	eun_error_done(&swap->err);
	free(swap);
	slot_set_busy(entry, false);
}

static void go_on(struct slot_swap *swap, enum job_kind kind, job_fn work_fn, job_fn done_fn)
{
	job_start(swap->entry->slots->jobs, &swap->job, kind, work_fn, done_fn);
}

static void tell(struct slot_swap *swap, const struct eun_error *err)
{
	if (swap->on_done)
		swap->on_done(swap, err, swap->userdata);
}

/* Makes the bytes of the record that the next job writes. */
static int note_record(struct slot_swap *swap)
{
	keep_image_done(&swap->image);
	return keep_image_init(&swap->image, swap->entry->record);
}

/* unload */

static void do_unload(struct job *job)
{
	struct slot_swap *swap = EUB_CONTAINER_OF(job, struct slot_swap, job);

	swap->swap = eun_swap_free(swap->swap);
	(void)fault_point("swap-before-forget");
	/* What cannot be written or removed now is put right at the next start of the agent. */
	if (swap->n_removed > 0)
		(void)keep_write(keep_of(swap), &swap->image, NULL);
	for (size_t i = 0; i < swap->n_removed; i++)
		(void)keep_remove_package(keep_of(swap), swap->entry->name, swap->removed[i]);
}

static void on_unloaded(struct job *job)
{
	slot_swap_end(EUB_CONTAINER_OF(job, struct slot_swap, job));
}

static void unload(struct slot_swap *swap)
{
	(void)note_record(swap); /* without memory the record keeps saying more than there is */
	go_on(swap, JOB_PATIENT, do_unload, on_unloaded);
}

/* drain */

/* Packages are kept of what could run again. */
static void note_removed(struct slot_swap *swap)
{
	struct state_slot *record = swap->entry->record;

	for (size_t i = 0; i < record->n_generations; i++) {
		struct state_generation *generation = &record->generations[i];

		if (!generation->is_stored ||
		    eun_slot_find_loaded(swap->entry->slot, generation->number))
			continue;
		generation->is_stored = false;
		swap->removed[swap->n_removed++] = generation->number;
	}
}

static void drain(struct slot_swap *swap)
{
	struct slots *slots = swap->entry->slots;

	eun_swap_drain(swap->swap);
	if (slots->listener.on_drained)
		slots->listener.on_drained(slots->listener.userdata);
	slot_forget_schemas(swap->entry);
	note_removed(swap);
	unload(swap);
}

/* What clients or the journal have not got yet must be found again if the agent is killed now. */
static void on_settled(struct job *job)
{
	struct slot_swap *swap = EUB_CONTAINER_OF(job, struct slot_swap, job);

	if (eun_swap_is_handed_on(swap->swap))
		drain(swap);
	else
		swap->entry->settled = swap;
}

void slot_swap_note_committed(struct slot_entry *entry)
{
	struct slot_swap *swap = entry->settled;

	if (!swap || !eun_swap_is_handed_on(swap->swap))
		return;
	entry->settled = NULL;
	drain(swap);
}

/* settle */

static void do_settle(struct job *job)
{
	struct slot_swap *swap = EUB_CONTAINER_OF(job, struct slot_swap, job);

	(void)fault_point("swap-after-switch");
	/* The page is the truth; a record that could not be written is corrected from it. */
	(void)keep_write(keep_of(swap), &swap->image, NULL);
	eun_swap_settle(swap->swap);
}

/* commit */

static void undo(struct slot_swap *swap)
{
	if (swap->number > 0) {
		swap->removed[swap->n_removed++] = swap->number;
		state_slot_drop_last(swap->entry->record);
	}
	unload(swap);
}

static void fail(struct slot_swap *swap)
{
	tell(swap, &swap->err);
	undo(swap);
}

/* The history tells of each generation how it came to run the last time. */
static void note_way_back(const struct slot_swap *swap, uint32_t number)
{
	struct state_generation *generation = state_slot_find(swap->entry->record, number);

	if (generation)
		generation->origin = swap->request.origin;
}

static int commit(struct slot_swap *swap)
{
	struct slot_entry *entry = swap->entry;
	struct eun_swap_info info;
	int r = fault_point("swap-before-switch");

	if (r < 0)
		return eun_error_set(&swap->err, r, EUN_REASON_IO, "the switch failed: %s",
				     strerror(-r));
	swap->prepare_ns = eub_clock_mono_ns() - swap->begin_ns;
	r = eun_swap_commit(swap->swap, &swap->err);
	if (r < 0)
		return r;
	eun_swap_get_info(swap->swap, &info);
	entry->record->current = info.new_generation;
	if (swap->request.is_rollback)
		note_way_back(swap, info.new_generation);
	(void)slot_note_swap(entry, swap->swap, state_origin_to_string(swap->request.origin));
	return 0;
}

static void on_prepared(struct job *job)
{
	struct slot_swap *swap = EUB_CONTAINER_OF(job, struct slot_swap, job);

	if (swap->result == 0 && !swap->request.is_dry_run)
		swap->result = commit(swap);
	if (swap->result < 0) {
		fail(swap);
		return;
	}
	swap->prepare_ns =
	    swap->request.is_dry_run ? eub_clock_mono_ns() - swap->begin_ns : swap->prepare_ns;
	tell(swap, NULL);
	if (swap->request.is_dry_run) {
		undo(swap);
		return;
	}
	(void)note_record(swap); /* without memory it is written at the next change */
	go_on(swap, JOB_PATIENT, do_settle, on_settled);
}

/* prepare */

static int write_intention(struct slot_swap *swap)
{
	int r = fault_point("swap-before-intention");

	if (r < 0)
		return eun_error_set(&swap->err, r, EUN_REASON_IO,
				     "the new generation cannot be noted: %s", strerror(-r));
	if (swap->request.is_dry_run)
		return 0;
	r = keep_write_package(keep_of(swap), &swap->image, swap->number,
			       &swap->request.spec.package, &swap->err);
	return r < 0 ? r : keep_write(keep_of(swap), &swap->image, &swap->err);
}

static int load(struct slot_swap *swap)
{
	struct eun_slot_options slot_options = *spec_view_get(swap->view);
	struct eun_swap_options options = {
		.size = sizeof(options),
		.expected_generation = swap->request.expected_generation,
		.generation = swap->number,
		.maps = swap->request.maps,
		.is_dry_run = swap->request.is_dry_run,
		.keep = swap->entry->slots->keep_generations,
		.slot = &slot_options,
	};
	int r;

	slot_options.max_ring_bytes = swap->entry->slots->max_ring_bytes;
	r = eun_swap_new(swap->entry->slot, swap->package, &options, &swap->swap, &swap->err);

	if (r < 0)
		return r;
	swap->package = NULL; /* the swap's now */
	r = fault_point("swap-prepared");
	return r < 0 ? eun_error_set(&swap->err, r, EUN_REASON_IO,
				     "the new generation was prepared, but: %s", strerror(-r))
		     : 0;
}

static void do_prepare(struct job *job)
{
	struct slot_swap *swap = EUB_CONTAINER_OF(job, struct slot_swap, job);

	swap->result = write_intention(swap);
	if (swap->result == 0)
		swap->result = load(swap);
}

static void do_rollback(struct job *job)
{
	struct slot_swap *swap = EUB_CONTAINER_OF(job, struct slot_swap, job);

	swap->result = eun_rollback_new(swap->entry->slot, swap->request.rollback_to,
					swap->request.expected_generation, &swap->swap, &swap->err);
}

/* note */

static int note_generation(struct slot_swap *swap)
{
	struct state_slot *record = swap->entry->record;
	struct state_generation *generation;
	int r;

	if (swap->request.is_dry_run)
		return 0;
	r = state_slot_add(record, &swap->request.spec, swap->request.origin, &generation);
	if (r < 0)
		return r;
	swap->number = generation->number;
	generation->is_stored = keep_of(swap)->state;
	r = state_generation_name(generation, eun_package_get_name(swap->package),
				  eun_package_get_version(swap->package));
	return r < 0 ? r : note_record(swap);
}

static void on_package_read(struct job *job)
{
	struct slot_swap *swap = EUB_CONTAINER_OF(job, struct slot_swap, job);

	if (swap->result == 0 && (note_generation(swap) < 0 ||
				  spec_view_new(&swap->request.spec, NULL, NULL, &swap->view) < 0))
		swap->result = eub_error_no_memory(&swap->err);
	if (swap->result < 0)
		fail(swap);
	else
		go_on(swap, JOB_PROMPT, do_prepare, on_prepared);
}

/* read */

static int read_running_package(struct slot_swap *swap)
{
	const struct state_slot *record = swap->entry->record;

	if (!keep_of(swap)->state) {
		eun_error_set_hint(&swap->err, "give the package: eunomiactl swap %s SOURCE",
				   swap->entry->name);
		return eun_error_set(
		    &swap->err, -ENOENT, EUN_REASON_NOT_FOUND,
		    "the agent keeps no packages: its state folder cannot be used");
	}
	return state_load_package(keep_of(swap)->state, swap->entry->name, record->current,
				  &swap->request.spec.package, &swap->err);
}

static void do_read(struct job *job)
{
	struct slot_swap *swap = EUB_CONTAINER_OF(job, struct slot_swap, job);

	swap->result = spec_read_package(&swap->request.spec, &swap->err);
	if (swap->result == 0 && swap->request.spec.package.len == 0)
		swap->result = read_running_package(swap);
	if (swap->result == 0)
		swap->result = spec_parse_package(&swap->request.spec, &swap->package, &swap->err);
}

/* What was not said anew stays as it is in the running generation. */
static int complete_spec(struct slot_swap *swap, struct eun_error *err)
{
	const struct state_slot *record = swap->entry->record;
	const struct state_generation *running = state_slot_find(record, record->current);

	if (swap->request.spec.package.len > 0 || swap->request.spec.package_path || !running)
		return 0;
	return spec_complete(&swap->request.spec, &running->spec, err);
}

int slot_swap_begin(struct slot_entry *entry, struct slot_swap_request *request,
		    slot_swap_fn on_done, void *userdata, struct eun_error *err)
{
	struct slot_swap *swap = calloc(1, sizeof(*swap));
	int r;

	if (!swap)
		return eub_error_no_memory(err);
	assert(!entry->is_busy);
	swap->begin_ns = eub_clock_mono_ns();
	swap->entry = entry;
	swap->request = *request;
	request->spec = SPEC_INIT;
	swap->on_done = on_done;
	swap->userdata = userdata;
	r = request->is_rollback ? 0 : complete_spec(swap, err);
	if (r < 0) {
		spec_done(&swap->request.spec);
		free(swap);
		return r;
	}
	slot_set_busy(entry, true);
	if (request->is_rollback)
		go_on(swap, JOB_PROMPT, do_rollback, on_prepared);
	else
		go_on(swap, JOB_PROMPT, do_read, on_package_read);
	return 0;
}

struct slot_entry *slot_swap_get_entry(const struct slot_swap *swap)
{
	return swap->entry;
}

const struct eun_swap *slot_swap_get_swap(const struct slot_swap *swap)
{
	return swap->swap;
}

uint64_t slot_swap_get_prepare_ns(const struct slot_swap *swap)
{
	return swap->prepare_ns;
}
