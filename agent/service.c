/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods, one small function each: decode the request, do it, encode the answer. The table is
 * made of proto/methods.def, so a method without a handler does not compile.
 *
 * A handler that needs a job keeps the call in the job's object and sets the call's on_done, which
 * takes the call out again when the client goes first.
 */
#include "service_internal.h"

#include "conn.h"
#include "service_slot.h"

#include "base/cleanup.h"

#include "eunomia/v1/eunomia.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct service *service_of(struct rpc_call *call)
{
	return rpc_call_get_service(call)->userdata;
}

void service_fail_no_memory(struct rpc_call *call)
{
	rpc_call_finish_status(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
}

void service_audit_begin(struct service_audit *audit, struct rpc_call *call, const char *method,
			 const char *slot)
{
	*audit = (struct service_audit){ .service = service_of(call), .method = method };
	audit->peer = *conn_get_peer(rpc_call_get_session(call));
	(void)snprintf(audit->slot, sizeof(audit->slot), "%s", slot);
}

void service_audit_end(const struct service_audit *audit, const struct eun_error *err)
{
	const char *reason = err ? eun_reason_to_string(err->reason) : "ok";
	char uid[16], pid[16];

	(void)snprintf(uid, sizeof(uid), "%u", (unsigned int)audit->peer.uid);
	(void)snprintf(pid, sizeof(pid), "%d", (int)audit->peer.pid);
	log_write(audit->service->log, LOG_LEVEL_NOTICE, LOG_ID_CALL_AUDITED,
		  LOG_FIELDS({ "EUNOMIA_PEER_UID", uid }, { "EUNOMIA_PEER_PID", pid },
			     { "EUNOMIA_METHOD", audit->method }, { "EUNOMIA_SLOT", audit->slot },
			     { "EUNOMIA_REASON", reason }),
		  "uid %s pid %s: %s '%s': %s", uid, pid, audit->method, audit->slot, reason);
}

void service_reply_slot(struct rpc_call *call, const struct slot_entry *entry)
{
	Eunomia__V1__SlotReply reply;

	if (!call)
		return;
	eunomia__v1__slot_reply__init(&reply);
	reply.agent_started_unix_ns = service_of(call)->started_wall_ns;
	reply.slot = service_slot_message_new(entry);
	if (!reply.slot) {
		service_fail_no_memory(call);
		return;
	}
	(void)rpc_call_send(call, &reply.base); /* one reply is below any mark */
	eunomia__v1__slot__free_unpacked(reply.slot, NULL);
	rpc_call_finish(call);
}

int service_check_running(const struct service *service, struct eun_error *err)
{
	if (!service->is_stopping)
		return 0;
	return eun_error_set(err, -ESHUTDOWN, EUN_REASON_UNREACHABLE, "the agent stops");
}

void service_fail_audited(struct rpc_call *call, const struct service_audit *audit,
			  struct eun_error *err)
{
	service_audit_end(audit, err);
	if (call)
		rpc_call_finish_error(call, err);
}

static void service_get(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Eunomia__V1__SlotRequest *request = (const Eunomia__V1__SlotRequest *)message;
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct slot_entry *entry;

	if (slots_get_any(service_of(call)->slots, request->name, &entry, &err) < 0)
		rpc_call_finish_error(call, &err);
	else
		service_reply_slot(call, entry);
}

static int add_slots(Eunomia__V1__ListReply *reply, struct slots *slots)
{
	size_t n = slots->n_phase[SLOT_PHASE_WAITING] + slots->n_phase[SLOT_PHASE_RUNNING] +
		   slots->n_phase[SLOT_PHASE_PAUSED];

	if (n == 0)
		return 0;
	reply->slots = calloc(n, sizeof(Eunomia__V1__Slot *));
	if (!reply->slots)
		return -ENOMEM;
	EUB_LIST_FOREACH (entry, &slots->entries, struct slot_entry, link) {
		if (entry->phase == SLOT_PHASE_STARTING)
			continue;
		reply->slots[reply->n_slots] = service_slot_message_new(entry);
		if (!reply->slots[reply->n_slots])
			return -ENOMEM;
		reply->n_slots++;
	}
	return 0;
}

static void service_list(struct rpc_call *call, const ProtobufCMessage *message EUB_UNUSED)
{
	Eunomia__V1__ListReply *reply = malloc(sizeof(*reply));

	if (!reply) {
		service_fail_no_memory(call);
		return;
	}
	eunomia__v1__list_reply__init(reply);
	if (add_slots(reply, service_of(call)->slots) < 0) {
		service_fail_no_memory(call);
	} else {
		(void)rpc_call_send(call, &reply->base); /* one reply is below any mark */
		rpc_call_finish(call);
	}
	eunomia__v1__list_reply__free_unpacked(reply, NULL);
}

static void service_stream(struct rpc_call *call, const ProtobufCMessage *message)
{
	watch_open(service_of(call)->watch, call, (const Eunomia__V1__StreamRequest *)message);
}

/* Handlers by the schema's names. */
#define HANDLER_Swap	 service_swap
#define HANDLER_Rollback service_rollback
#define HANDLER_History	 service_history
#define HANDLER_Enable	 service_enable
#define HANDLER_Disable	 service_disable
#define HANDLER_Start	 service_start
#define HANDLER_Stop	 service_stop
#define HANDLER_Pause	 service_pause
#define HANDLER_Resume	 service_resume
#define HANDLER_List	 service_list
#define HANDLER_Get	 service_get
#define HANDLER_Stream	 service_stream
#define HANDLER_Info	 service_info

static const struct rpc_method methods[] = {
#define X(_service, _method, _path, _request, _reply, _kind, _role, _max_bytes)                    \
	{ .path = (_path),                                                                         \
	  .kind = (_kind),                                                                         \
	  .role = PEER_##_role,                                                                    \
	  .request = &_request##__descriptor,                                                      \
	  .max_request_bytes = (_max_bytes),                                                       \
	  .on_request = HANDLER_##_method },
#include "methods.def"
#undef X
};

struct rpc_service service_get_own(struct service *service)
{
	return (struct rpc_service){ .methods = methods,
				     .n_methods = EUB_ARRAY_SIZE(methods),
				     .userdata = service };
}
