/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The object belongs to the line while it waits, then to @run and to whom that hands it, and is
 * freed by the function that ends it. The client's going only takes its rpc_call away.
 */
#include "service_call.h"

#include "base/cleanup.h"

#include <stdlib.h>

static void on_client_gone(struct rpc_call *rpc)
{
	struct service_call *call = rpc_call_get_userdata(rpc);

	if (!call)
		return;
	call->rpc = NULL;
	call->request = NULL;
	if (!call->is_waiting)
		return;
	slot_unwait(&call->waiter);
	free(call);
}

static const struct rpc_call_ops ops = { .on_done = on_client_gone };

void service_call_finish(struct service_call *call)
{
	if (call->rpc)
		rpc_call_set_ops(call->rpc, &ops, NULL);
	free(call);
}

void service_call_succeed(struct service_call *call, const struct slot_entry *entry)
{
	service_audit_end(&call->audit, NULL);
	service_reply_slot(call->rpc, entry);
	service_call_finish(call);
}

void service_call_fail(struct service_call *call, const struct eun_error *err)
{
	service_audit_end(&call->audit, err);
	if (call->rpc)
		rpc_call_finish_error(call->rpc, err);
	service_call_finish(call);
}

static int find_slot(const struct service_call *call, const char *name,
		     struct slot_entry **ret_entry, struct eun_error *err)
{
	struct slots *slots = call->audit.service->slots;

	return call->takes_waiting ? slots_get_any(slots, name, ret_entry, err)
				   : slots_get(slots, name, ret_entry, err);
}

/* The agent may have begun to stop, or somebody else the slot, while the call waited. */
static void on_turn(struct slot_waiter *waiter, struct slot_entry *entry)
{
	struct service_call *call = EUB_CONTAINER_OF(waiter, struct service_call, waiter);
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct service *service = call->audit.service;

	call->is_waiting = false;
	if (service_check_running(service, &err) < 0 ||
	    find_slot(call, call->audit.slot, &entry, &err) < 0)
		service_call_fail(call, &err);
	else
		call->run(call, entry);
}

static void begin(struct rpc_call *rpc, const ProtobufCMessage *request, const char *method,
		  const char *name, service_call_fn run, bool takes_waiting)
{
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct service_call *call = calloc(1, sizeof(*call));
	struct service *service = service_of(rpc);
	struct slot_entry *entry;

	if (!call) {
		service_fail_no_memory(rpc);
		return;
	}
	call->rpc = rpc;
	call->request = request;
	call->run = run;
	call->takes_waiting = takes_waiting;
	call->waiter.on_turn = on_turn;
	eub_list_init(&call->waiter.link);
	service_audit_begin(&call->audit, rpc, method, name);
	rpc_call_set_ops(rpc, &ops, call);
	if (service_check_running(service, &err) < 0 || find_slot(call, name, &entry, &err) < 0) {
		service_call_fail(call, &err);
	} else if (entry->is_busy) {
		call->is_waiting = true;
		slot_wait(entry, &call->waiter);
	} else {
		call->run(call, entry);
	}
}

void service_call_begin(struct rpc_call *rpc, const ProtobufCMessage *request, const char *method,
			const char *name, service_call_fn run)
{
	begin(rpc, request, method, name, run, false);
}

void service_call_begin_any(struct rpc_call *rpc, const ProtobufCMessage *request,
			    const char *method, const char *name, service_call_fn run)
{
	begin(rpc, request, method, name, run, true);
}
