/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trackers.Enable and Disable: whether a slot comes back after a reboot. Answered when that is on
 * disk for good, which only the disk's own time bounds; so it is a job, and the slot is busy
 * meanwhile. What was written before without syncing is synced first.
 */
#include "service_call.h"

#include "keep.h"

#include "base/cleanup.h"
#include "base/error.h"

#include "eunomia/v1/eunomia.pb-c.h"

#include <errno.h>
#include <stdlib.h>

struct enable_op {
	struct job job;
	struct service_call *call;
	struct slot_entry *entry; /* busy, so it stays */
	bool is_enabled;	  /* what it shall be */
	struct keep_image image;
	int result;
	struct eun_error err;
};

static void do_write(struct job *job)
{
	struct enable_op *op = EUB_CONTAINER_OF(job, struct enable_op, job);
	const struct keep *keep = op->entry->slots->keep;

	op->result = state_make_durable(keep->state, op->image.name, &op->err);
	if (op->result == 0)
		op->result = keep_write(keep, &op->image, &op->err);
}

static void finish(struct enable_op *op)
{
	struct slot_entry *entry = op->entry;

	if (op->result == 0) {
		entry->record->is_enabled = op->is_enabled;
		service_call_succeed(op->call, entry);
	} else {
		service_call_fail(op->call, &op->err);
	}
	keep_image_done(&op->image);
	eun_error_done(&op->err);
	free(op);
	slot_set_busy(entry, false);
}

static void on_written(struct job *job)
{
	finish(EUB_CONTAINER_OF(job, struct enable_op, job));
}

/* The record as it will be; it becomes so when it is on disk. */
static int make_image(struct enable_op *op)
{
	struct state_slot *record = op->entry->record;
	bool before = record->is_enabled;
	int r;

	record->is_enabled = op->is_enabled;
	r = keep_image_init(&op->image, record);
	record->is_enabled = before;
	op->image.durability = STATE_DURABLE; /* also that it is enabled no more */
	return r;
}

static int check_state(const struct slot_entry *entry, struct eun_error *err)
{
	const struct keep *keep = entry->slots->keep;

	if (keep->state)
		return 0;
	eun_error_set_hint(err, "set StateDir= to a folder that can be written, and restart the "
				"agent");
	return eun_error_set(err, -EOPNOTSUPP, EUN_REASON_UNSUPPORTED,
			     "slots are not kept over a reboot: %s", keep->no_state);
}

static void set_enabled(struct service_call *call, struct slot_entry *entry, bool is_enabled)
{
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct enable_op *op = NULL;

	if (check_state(entry, &err) == 0) {
		op = calloc(1, sizeof(*op));
		if (!op)
			(void)eub_error_no_memory(&err);
	}
	if (!op) {
		service_call_fail(call, &err);
		return;
	}
	op->call = call;
	op->entry = entry;
	op->is_enabled = is_enabled;
	slot_set_busy(entry, true);
	op->result = make_image(op) < 0 ? eub_error_no_memory(&op->err) : 0;
	if (op->result < 0)
		finish(op);
	else
		job_start(call->audit.service->jobs, &op->job, JOB_PROMPT, do_write, on_written);
}

static void run_enable(struct service_call *call, struct slot_entry *entry)
{
	set_enabled(call, entry, true);
}

static void run_disable(struct service_call *call, struct slot_entry *entry)
{
	set_enabled(call, entry, false);
}

static const char *name_of(const ProtobufCMessage *request)
{
	return ((const Eunomia__V1__SlotRequest *)request)->name;
}

void service_enable(struct rpc_call *rpc, const ProtobufCMessage *request)
{
	service_call_begin_any(rpc, request, "Enable", name_of(request), run_enable);
}

void service_disable(struct rpc_call *rpc, const ProtobufCMessage *request)
{
	service_call_begin_any(rpc, request, "Disable", name_of(request), run_disable);
}
