/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a slot that is to be gone for good begins on disk, since what is on disk is what comes
 * back. A disk that fails must not keep a tracker attached: then the slot is stopped all the same,
 * and the log says that it will be back.
 */
#include "slot_end.h"

#include "keep.h"
#include "slots.h"

#include "base/macro.h"

#include <eunomia/engine.h>

#include <stdlib.h>

struct ending {
	struct job job;
	struct slot_entry *entry; /* busy, so it stays */
	slot_ended_fn on_ended;
	void *userdata;
	struct eun_error err;
};

static void tell(struct slot_entry *entry, slot_ended_fn on_ended, void *userdata)
{
	if (on_ended)
		on_ended(entry, userdata);
}

static void log_kept(const struct slot_entry *entry, const struct eun_error *err)
{
	log_write(entry->slots->log, LOG_LEVEL_WARNING, LOG_ID_STATE_FAILED,
		  LOG_FIELDS({ "EUNOMIA_SLOT", entry->name }),
		  "slot '%s' is stopped, but will be back with the next start of the agent: %s, "
		  "continuing",
		  entry->name, err->message);
}

static void do_remove(struct job *job)
{
	struct ending *ending = EUB_CONTAINER_OF(job, struct ending, job);

	(void)keep_remove(ending->entry->slots->keep, ending->entry->record, &ending->err);
}

static void on_removed(struct job *job)
{
	struct ending *ending = EUB_CONTAINER_OF(job, struct ending, job);
	struct slot_entry *entry = ending->entry;

	if (ending->err.code < 0)
		log_kept(entry, &ending->err);
	slots_stop(entry);
	slot_set_busy(entry, false); /* those who wait learn that it is gone */
	tell(entry, ending->on_ended, ending->userdata);
	eun_error_done(&ending->err);
	free(ending);
}

static void stop(struct slot_entry *entry, slot_ended_fn on_ended, void *userdata)
{
	struct ending *ending = NULL;

	if (entry->record && entry->slots->keep)
		ending = calloc(1, sizeof(*ending));
	if (!ending) { /* nothing is kept, or no memory: then it comes back, which is better than
			  not to stop */
		slots_stop(entry);
		slot_set_busy(entry, false);
		tell(entry, on_ended, userdata);
		return;
	}
	ending->entry = entry;
	ending->on_ended = on_ended;
	ending->userdata = userdata;
	slot_set_busy(entry, true);
	job_start(entry->slots->jobs, &ending->job, JOB_PROMPT, do_remove, on_removed);
}

void slot_end(struct slot_entry *entry, enum slot_end how, slot_ended_fn on_ended, void *userdata)
{
	switch (how) {
	case SLOT_END_STOP:
		stop(entry, on_ended, userdata);
		return;
	case SLOT_END_PARK:
		slots_stop(entry);
		break;
	case SLOT_END_LEAVE:
		slots_leave(entry);
		break;
	}
	tell(entry, on_ended, userdata);
}

enum slot_end slot_end_with_agent(const struct slot_entry *entry, bool keeps)
{
	if (!entry->slot) /* it waits, and goes on waiting with the next agent */
		return SLOT_END_PARK;
	if (keeps)
		return eun_slot_survives(entry->slot, NULL) ? SLOT_END_LEAVE : SLOT_END_PARK;
	return entry->record && entry->record->is_enabled ? SLOT_END_PARK : SLOT_END_STOP;
}
