/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the service share. */
#pragma once

#include "service.h"

#include "rpc/server.h"

/* A changing call, as the audit line tells of it. */
struct service_audit {
	struct service *service;
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

/* Logs the failure of a changing call and ends it. @call may be NULL: the client has gone. */
void service_fail_audited(struct rpc_call *call, const struct service_audit *audit,
			  struct eun_error *err);
void service_fail_no_memory(struct rpc_call *call);
/* Return: 0; -ESHUTDOWN when the agent stops. */
int service_check_running(const struct service *service, struct eun_error *err);
/* The service that a call of eunomia.v1 is for. */
struct service *service_of(struct rpc_call *call);
/* The methods of eunomia.v1, for rpc_server.services. */
struct rpc_service service_get_own(struct service *service);

/* Handlers in files of their own. */
void service_start(struct rpc_call *call, const ProtobufCMessage *message);
void service_pause(struct rpc_call *rpc, const ProtobufCMessage *request);
void service_resume(struct rpc_call *rpc, const ProtobufCMessage *request);
void service_stop(struct rpc_call *rpc, const ProtobufCMessage *request);
void service_swap(struct rpc_call *rpc, const ProtobufCMessage *message);
void service_rollback(struct rpc_call *rpc, const ProtobufCMessage *message);
void service_history(struct rpc_call *rpc, const ProtobufCMessage *message);
void service_enable(struct rpc_call *rpc, const ProtobufCMessage *request);
void service_disable(struct rpc_call *rpc, const ProtobufCMessage *request);
void service_info(struct rpc_call *call, const ProtobufCMessage *message);
/* Gives caches back after a time without starts. */
void service_arm_trim(struct service *service);
