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
#include "info.h"
#include "service_slot.h"
#include "trackers.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <eunomia/engine.h>
#include <eunomia/version.h>

#include "eunomia/v1/eunomia.pb-c.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define TRIM_AFTER_MS 10000

static struct service *get_service(struct rpc_call *call)
{
	return rpc_call_get_service(call)->userdata;
}

static void fail_no_memory(struct rpc_call *call)
{
	rpc_call_finish_status(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
}

void service_audit_begin(struct service_audit *audit, struct rpc_call *call, const char *method,
			 const char *slot)
{
	*audit = (struct service_audit){ .service = get_service(call), .method = method };
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
	reply.slot = service_slot_message_new(entry);
	if (!reply.slot) {
		fail_no_memory(call);
		return;
	}
	(void)rpc_call_send(call, &reply.base); /* one reply is below any mark */
	eunomia__v1__slot__free_unpacked(reply.slot, NULL);
	rpc_call_finish(call);
}

static int check_running(const struct service *service, struct eun_error *err)
{
	if (!service->is_stopping)
		return 0;
	return eun_error_set(err, -ESHUTDOWN, EUN_REASON_UNREACHABLE, "the agent stops");
}

static void finish_audited(struct rpc_call *call, const struct service_audit *audit,
			   struct eun_error *err)
{
	service_audit_end(audit, err);
	if (call)
		rpc_call_finish_error(call, err);
}

static void handle_Start(struct rpc_call *call, const ProtobufCMessage *message)
{
	service_start(call, message);
}

static void handle_Stop(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Eunomia__V1__SlotRequest *request = (const Eunomia__V1__SlotRequest *)message;
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct service *service = get_service(call);
	struct service_audit audit;
	struct slot_entry *entry;

	service_audit_begin(&audit, call, "Stop", request->name);
	if (check_running(service, &err) < 0 ||
	    slots_get(service->slots, request->name, &entry, &err) < 0) {
		finish_audited(call, &audit, &err);
		return;
	}
	slots_stop(entry);
	service_audit_end(&audit, NULL);
	service_reply_slot(call, entry);
}

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
		finish_audited(call, audit, err);
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
		fail_no_memory(call);
		return;
	}
	op->call = call;
	op->audit = *audit;
	op->entry = entry;
	op->gate = gate;
	rpc_call_set_ops(call, &gate_ops, op);
	slot_set_busy(entry, true);
	job_start(audit->service->jobs, &op->job, do_gate_job, on_gate_job_done);
}

static void move_gate(struct rpc_call *call, const ProtobufCMessage *message, const char *method,
		      enum slot_gate gate)
{
	const Eunomia__V1__SlotRequest *request = (const Eunomia__V1__SlotRequest *)message;
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct service *service = get_service(call);
	struct service_audit audit;
	struct slot_entry *entry;

	service_audit_begin(&audit, call, method, request->name);
	if (check_running(service, &err) < 0 ||
	    slots_get(service->slots, request->name, &entry, &err) < 0)
		finish_audited(call, &audit, &err);
	else if (slot_needs_job(entry))
		start_gate_job(call, &audit, entry, gate);
	else
		finish_gate(call, &audit, entry, gate, slot_move_gate(entry, gate, &err), &err);
}

static void handle_Pause(struct rpc_call *call, const ProtobufCMessage *message)
{
	move_gate(call, message, "Pause", SLOT_GATE_CLOSE);
}

static void handle_Resume(struct rpc_call *call, const ProtobufCMessage *message)
{
	move_gate(call, message, "Resume", SLOT_GATE_OPEN);
}

static void handle_Get(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Eunomia__V1__SlotRequest *request = (const Eunomia__V1__SlotRequest *)message;
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct slot_entry *entry;

	if (slots_get(get_service(call)->slots, request->name, &entry, &err) < 0)
		rpc_call_finish_error(call, &err);
	else
		service_reply_slot(call, entry);
}

static int add_slots(Eunomia__V1__ListReply *reply, struct slots *slots)
{
	size_t n = slots->n_phase[SLOT_PHASE_RUNNING] + slots->n_phase[SLOT_PHASE_PAUSED];

	if (n == 0)
		return 0;
	reply->slots = calloc(n, sizeof(reply->slots[0]));
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

static void handle_List(struct rpc_call *call, const ProtobufCMessage *message EUB_UNUSED)
{
	Eunomia__V1__ListReply *reply = malloc(sizeof(*reply));

	if (!reply) {
		fail_no_memory(call);
		return;
	}
	eunomia__v1__list_reply__init(reply);
	if (add_slots(reply, get_service(call)->slots) < 0) {
		fail_no_memory(call);
	} else {
		(void)rpc_call_send(call, &reply->base); /* one reply is below any mark */
		rpc_call_finish(call);
	}
	eunomia__v1__list_reply__free_unpacked(reply, NULL);
}

static void handle_Stream(struct rpc_call *call, const ProtobufCMessage *message)
{
	watch_open(get_service(call)->watch, call, (const Eunomia__V1__StreamRequest *)message);
}

static int add_features(Eunomia__V1__InfoReply *reply)
{
	struct info_feature feature;
	size_t n = 0;

	while (info_probe(n, &feature)) {
		Eunomia__V1__Feature *message = malloc(sizeof(*message));
		Eunomia__V1__Feature **grown =
		    reallocarray(reply->features, n + 1, sizeof(reply->features[0]));

		if (grown)
			reply->features = grown;
		if (!grown || !message) {
			free(message);
			return -ENOMEM;
		}
		eunomia__v1__feature__init(message);
		reply->features[n++] = message;
		reply->n_features = n;
		message->available = feature.is_available;
		message->name = strdup(feature.name);
		message->detail = strdup(feature.detail);
		if (!message->name || !message->detail)
			return -ENOMEM;
	}
	return 0;
}

/* Every key of section [Limits]. */
static int add_limits(Eunomia__V1__InfoReply *reply, const struct config *config)
{
	const struct config_key *key;

	for (size_t i = 0; (key = config_get_key(i)); i++) {
		Eunomia__V1__Limit *message;
		Eunomia__V1__Limit **grown;

		if (!eub_streq(key->section, "Limits"))
			continue;
		grown = reallocarray(reply->limits, reply->n_limits + 1, sizeof(reply->limits[0]));
		if (!grown)
			return -ENOMEM;
		reply->limits = grown;
		message = malloc(sizeof(*message));
		if (!message)
			return -ENOMEM;
		eunomia__v1__limit__init(message);
		reply->limits[reply->n_limits++] = message;
		message->name = strdup(key->name);
		message->unit = strdup(eub_has_suffix(key->name, "Bytes") ? "bytes" : "");
		message->value = config_get_number(config, key);
		if (!message->name || !message->unit)
			return -ENOMEM;
	}
	return 0;
}

static int add_agent(Eunomia__V1__InfoReply *reply, const struct service *service)
{
	struct utsname uts;
	int r;

	if (uname(&uts) < 0)
		return -errno;
	reply->pid = (uint32_t)getpid();
	reply->started_unix_ns = service->started_wall_ns;
	reply->version = strdup(eun_version());
	reply->kernel_release = strdup(uts.release);
	reply->machine = strdup(uts.machine);
	if (!reply->version || !reply->kernel_release || !reply->machine)
		return -ENOMEM;
	r = trackers_list(service->config->trackers_dir, &reply->trackers, &reply->n_trackers);
	if (r < 0 && r != -ENOMEM) {
		log_warning(service->log, "cannot list '%s': %s, continuing without",
			    service->config->trackers_dir, strerror(-r));
		return 0;
	}
	return r;
}

static void handle_Info(struct rpc_call *call, const ProtobufCMessage *message EUB_UNUSED)
{
	const struct service *service = get_service(call);
	Eunomia__V1__InfoReply *reply = malloc(sizeof(*reply));

	if (!reply) {
		fail_no_memory(call);
		return;
	}
	eunomia__v1__info_reply__init(reply);
	if (add_agent(reply, service) < 0 || add_features(reply) < 0 ||
	    add_limits(reply, service->config) < 0) {
		fail_no_memory(call);
	} else {
		(void)rpc_call_send(call, &reply->base); /* one reply is below any mark */
		rpc_call_finish(call);
	}
	eunomia__v1__info_reply__free_unpacked(reply, NULL);
}

static const struct rpc_method methods[] = {
#define X(_service, _method, _path, _request, _reply, _kind, _role, _max_bytes)                    \
	{ .path = (_path),                                                                         \
	  .kind = (_kind),                                                                         \
	  .role = PEER_##_role,                                                                    \
	  .request = &_request##__descriptor,                                                      \
	  .max_request_bytes = (_max_bytes),                                                       \
	  .on_request = handle_##_method },
#include "methods.def"
#undef X
};

const struct rpc_method *service_get_methods(size_t *ret_n)
{
	*ret_n = EUB_ARRAY_SIZE(methods);
	return methods;
}

int service_authorize(const struct service *service, const struct peer *peer,
		      const struct rpc_method *method, struct eun_error *err)
{
	struct service_audit audit = { .service = service, .peer = *peer };
	int r = peer_authorize(peer, (enum peer_role)method->role, service->config, err);

	/* A refused change is as worth knowing as one that was made. */
	if (r < 0 && method->role == PEER_CONTROL) {
		audit.method = strrchr(method->path, '/') + 1;
		service_audit_end(&audit, err);
	}
	return r;
}

static void on_trim_due(uv_timer_t *timer)
{
	const struct service *service = timer->data;

	eun_engine_trim(service->engine);
	(void)malloc_trim(0); /* whether something was given back does not matter */
}

void service_arm_trim(struct service *service)
{
	if (!service->is_stopping)
		(void)uv_timer_start(&service->trim, on_trim_due, TRIM_AFTER_MS, 0);
}

int service_init(struct service *service, uv_loop_t *loop)
{
	service->trim.data = service;
	return uv_timer_init(loop, &service->trim);
}
