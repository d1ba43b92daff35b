/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the service share. */
#pragma once

#include "service.h"

#include "rpc/server.h"

/* A changing call, as the audit line tells of it. */
struct service_audit {
	const struct service *service;
	struct peer peer;
	const char *method; /* static: "Start" */
	char slot[EUN_SLOT_NAME_MAX];
};

/* Notes who calls, before the call may go away. @slot may be any bytes from the wire. */
void service_audit_begin(struct service_audit *audit, struct rpc_call *call, const char *method,
			 const char *slot);
/* Logs the outcome. @err: NULL on success. */
void service_audit_end(const struct service_audit *audit, const struct eun_error *err);

/* Ends @call with the slot's full state. @call may be NULL: the client has gone. */
void service_reply_slot(struct rpc_call *call, const struct slot_entry *entry);

/* Trackers.Start: see service_start.c. */
void service_start(struct rpc_call *call, const ProtobufCMessage *request);
/* Gives caches back after a time without starts. */
void service_arm_trim(struct service *service);
