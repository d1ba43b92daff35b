/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call that changes a slot: it waits in line while the slot is busy, is written to the audit log
 * once, and outlives its client. Loop thread.
 *
 *   service_call_begin() ... run() ... service_call_succeed() or service_call_fail()
 */
#pragma once

#include "service_internal.h"
#include "slots.h"

#include <stdbool.h>

struct service_call;

/* The slot is free: begins what was asked for, and ends the call now or later. */
typedef void (*service_call_fn)(struct service_call *call, struct slot_entry *entry);

struct service_call {
	struct slot_waiter waiter;
	struct rpc_call *rpc;		 /* NULL: the client has gone */
	const ProtobufCMessage *request; /* valid while there is a client */
	struct service_audit audit;
	service_call_fn run;
	bool takes_waiting; /* a slot that waits for its target will do */
	bool is_waiting;    /* in line */
};

/**
 * service_call_begin() - run @run on the slot named @name when it is free
 * @method: static, for the audit line
 *
 * A call whose client goes while it waits is not run.
 */
void service_call_begin(struct rpc_call *rpc, const ProtobufCMessage *request, const char *method,
			const char *name, service_call_fn run);
/* The same, also for a slot that waits for its target, and has no eun_slot. */
void service_call_begin_any(struct rpc_call *rpc, const ProtobufCMessage *request,
			    const char *method, const char *name, service_call_fn run);
/* End the call, and free @call. The reply, if another than the slot's state, was sent before. */
void service_call_succeed(struct service_call *call, const struct slot_entry *entry);
void service_call_finish(struct service_call *call);
void service_call_fail(struct service_call *call, const struct eun_error *err);
