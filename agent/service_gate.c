/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trackers.Pause, Resume and Stop. A gate is moved on the loop: one store. A slot with a hook that
 * has no gate attaches and detaches, which takes the kernel its time: a job, and the slot is busy
 * meanwhile.
 */
#include "service_call.h"

#include "slot_end.h"

#include "base/cleanup.h"
#include "base/error.h"

#include "eunomia/v1/eunomia.pb-c.h"

#include <stdlib.h>

/* A pause or resume of a slot with a hook that has no gate. */
struct gate_op {
	struct job job;
	struct service_call *call;
	struct slot_entry *entry; /* busy, so it stays */
	enum slot_gate gate;
	int result;
	struct eun_error err;
};

static void finish_gate(struct service_call *call, struct slot_entry *entry, enum slot_gate gate,
			int result, const struct eun_error *err)
{
	if (result < 0) {
		service_call_fail(call, err);
		return;
	}
	slot_note_gate(entry, gate);
	service_call_succeed(call, entry);
}

static void do_gate_job(struct job *job)
{
	struct gate_op *op = EUB_CONTAINER_OF(job, struct gate_op, job);

	op->result = slot_move_gate(op->entry, op->gate, &op->err);
}

static void on_gate_job_done(struct job *job)
{
	struct gate_op *op = EUB_CONTAINER_OF(job, struct gate_op, job);
	struct slot_entry *entry = op->entry;

	finish_gate(op->call, entry, op->gate, op->result, &op->err);
	eun_error_done(&op->err);
	free(op);
	slot_set_busy(entry, false);
}

static void start_gate_job(struct service_call *call, struct slot_entry *entry, enum slot_gate gate)
{
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct gate_op *op = calloc(1, sizeof(*op));

	if (!op) {
		(void)eub_error_no_memory(&err);
		service_call_fail(call, &err);
		return;
	}
	op->call = call;
	op->entry = entry;
	op->gate = gate;
	slot_set_busy(entry, true);
	job_start(call->audit.service->jobs, &op->job, JOB_PROMPT, do_gate_job, on_gate_job_done);
}

static void move_gate(struct service_call *call, struct slot_entry *entry, enum slot_gate gate)
{
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;

	if (slot_needs_job(entry))
		start_gate_job(call, entry, gate);
	else
		finish_gate(call, entry, gate, slot_move_gate(entry, gate, &err), &err);
}

static void run_pause(struct service_call *call, struct slot_entry *entry)
{
	move_gate(call, entry, SLOT_GATE_CLOSE);
}

static void run_resume(struct service_call *call, struct slot_entry *entry)
{
	move_gate(call, entry, SLOT_GATE_OPEN);
}

static void on_ended(struct slot_entry *entry, void *userdata)
{
	service_call_succeed(userdata, entry);
}

static void run_stop(struct service_call *call, struct slot_entry *entry)
{
	slot_end(entry, SLOT_END_STOP, on_ended, call);
}

static const char *name_of(const ProtobufCMessage *request)
{
	return ((const Eunomia__V1__SlotRequest *)request)->name;
}

void service_pause(struct rpc_call *rpc, const ProtobufCMessage *request)
{
	service_call_begin(rpc, request, "Pause", name_of(request), run_pause);
}

void service_resume(struct rpc_call *rpc, const ProtobufCMessage *request)
{
	service_call_begin(rpc, request, "Resume", name_of(request), run_resume);
}

void service_stop(struct rpc_call *rpc, const ProtobufCMessage *request)
{
	service_call_begin_any(rpc, request, "Stop", name_of(request), run_stop);
}
