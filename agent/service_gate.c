/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trackers.Pause and Resume. A gate is moved on the loop: one store. A slot with a hook that has no
 * gate attaches and detaches, which takes the kernel its time: a job, and the slot is busy
 * meanwhile. The operation outlives a call whose client goes first.
 */
#include "service_internal.h"

#include "base/cleanup.h"

#include "eunomia/v1/eunomia.pb-c.h"

#include <stdlib.h>

/* A pause or resume of a slot with a hook that has no gate: the kernel's part takes its time. */
struct gate_op {
	struct job job;
	struct rpc_call *call; /* NULL: the client has gone */
	struct service_audit audit;
	struct slot_entry *entry; /* busy, so it stays */
	enum slot_gate gate;
	int result;
	struct eun_error err;
};

static void on_gate_call_done(struct rpc_call *call)
{
	struct gate_op *op = rpc_call_get_userdata(call);

	if (op)
		op->call = NULL;
}

static const struct rpc_call_ops gate_ops = { .on_done = on_gate_call_done };

/* Tells the client, who may have gone, and the log. */
static void finish_gate(struct rpc_call *call, const struct service_audit *audit,
			struct slot_entry *entry, enum slot_gate gate, int result,
			struct eun_error *err)
{
	if (result < 0) {
		service_fail_audited(call, audit, err);
		return;
	}
	slot_note_gate(entry, gate);
	service_audit_end(audit, NULL);
	service_reply_slot(call, entry);
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

	if (op->call)
		rpc_call_set_ops(op->call, &gate_ops, NULL);
	finish_gate(op->call, &op->audit, entry, op->gate, op->result, &op->err);
	eun_error_done(&op->err);
	free(op);
	slot_set_busy(entry, false);
}

static void start_gate_job(struct rpc_call *call, const struct service_audit *audit,
			   struct slot_entry *entry, enum slot_gate gate)
{
	struct gate_op *op = calloc(1, sizeof(*op));

	if (!op) {
		service_fail_no_memory(call);
		return;
	}
	op->call = call;
	op->audit = *audit;
	op->entry = entry;
	op->gate = gate;
	rpc_call_set_ops(call, &gate_ops, op);
	slot_set_busy(entry, true);
	job_start(audit->service->jobs, &op->job, JOB_PROMPT, do_gate_job, on_gate_job_done);
}

static void move_gate(struct rpc_call *call, const ProtobufCMessage *message, const char *method,
		      enum slot_gate gate)
{
	const Eunomia__V1__SlotRequest *request = (const Eunomia__V1__SlotRequest *)message;
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct service *service = service_of(call);
	struct service_audit audit;
	struct slot_entry *entry;

	service_audit_begin(&audit, call, method, request->name);
	if (service_check_running(service, &err) < 0 ||
	    slots_get(service->slots, request->name, &entry, &err) < 0)
		service_fail_audited(call, &audit, &err);
	else if (slot_needs_job(entry))
		start_gate_job(call, &audit, entry, gate);
	else
		finish_gate(call, &audit, entry, gate, slot_move_gate(entry, gate, &err), &err);
}

void service_pause(struct rpc_call *call, const ProtobufCMessage *message)
{
	move_gate(call, message, "Pause", SLOT_GATE_CLOSE);
}

void service_resume(struct rpc_call *call, const ProtobufCMessage *message)
{
	move_gate(call, message, "Resume", SLOT_GATE_OPEN);
}
