/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See health.h. The object owns its names; a watch is owned by its call and leaves the list in
 * on_done. A watch of a name that does not exist waits for it (SERVICE_UNKNOWN), as the
 * specification asks. A watcher that does not read gets the latest state when it reads again, not
 * every state in between, so it costs no memory.
 */
#include "rpc/health.h"

#include "base/list.h"
#include "base/str.h"
#include "grpc/health/v1/health.pb-c.h"
#include "rpc/limits.h"

#include <assert.h>

#define REQUEST_BYTES 1024

struct health_name {
	struct eub_list link;
	enum rpc_health_state state;
	char name[RPC_HEALTH_MAX_NAME_BYTES + 1];
};

struct health_watch {
	struct eub_list link;
	struct rpc_health *health;
	struct rpc_call *call;
	bool is_waiting; /* the call's queue is full; on_writable sends the state */
	char name[RPC_HEALTH_MAX_NAME_BYTES + 1];
};

struct rpc_health {
	struct eub_list names;
	struct eub_list watches;
	size_t n_names;
	size_t n_watches;
	bool is_stopping;
};

static const Grpc__Health__V1__HealthCheckResponse__ServingStatus wire_states[] = {
	[RPC_HEALTH_GONE] =
	    GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN,
	[RPC_HEALTH_SERVING] = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING,
	[RPC_HEALTH_NOT_SERVING] =
	    GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING,
};
static_assert(EUB_ARRAY_SIZE(wire_states) == _RPC_HEALTH_STATE_MAX, "one value per state");

int rpc_health_new(struct rpc_health **ret_health)
{
	struct rpc_health *health = calloc(1, sizeof(*health));

	if (!health)
		return -ENOMEM;
	eub_list_init(&health->names);
	eub_list_init(&health->watches);
	*ret_health = health;
	return 0;
}

static void remove_name(struct rpc_health *health, struct health_name *entry)
{
	eub_list_remove(&entry->link);
	health->n_names--;
	free(entry);
}

struct rpc_health *rpc_health_free(struct rpc_health *health)
{
	if (!health)
		return NULL;
	assert(eub_list_is_empty(&health->watches));
	EUB_LIST_FOREACH (entry, &health->names, struct health_name, link)
		remove_name(health, entry);
	free(health);
	return NULL;
}

static struct health_name *find_name(struct rpc_health *health, const char *name)
{
	EUB_LIST_FOREACH (entry, &health->names, struct health_name, link)
		if (eub_streq(entry->name, name))
			return entry;
	return NULL;
}

static int add_name(struct rpc_health *health, const char *name, enum rpc_health_state state)
{
	struct health_name *entry;

	if (health->n_names >= RPC_HEALTH_MAX_NAMES)
		return -ENOSPC;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->state = state;
	memcpy(entry->name, name, strlen(name));
	eub_list_append(&health->names, &entry->link);
	health->n_names++;
	return 0;
}

static enum rpc_health_state get_state(struct rpc_health *health, const char *name)
{
	const struct health_name *entry = find_name(health, name);

	if (!entry)
		return RPC_HEALTH_GONE;
	return health->is_stopping ? RPC_HEALTH_NOT_SERVING : entry->state;
}

static bool send_state(struct rpc_call *call, enum rpc_health_state state)
{
	Grpc__Health__V1__HealthCheckResponse response;

	grpc__health__v1__health_check_response__init(&response);
	response.status = wire_states[state];
	return rpc_call_send(call, &response.base);
}

static void send_watch(struct health_watch *watch)
{
	if (!watch->is_waiting)
		watch->is_waiting = !send_state(watch->call, get_state(watch->health, watch->name));
}

int rpc_health_set(struct rpc_health *health, const char *name, enum rpc_health_state state)
{
	struct health_name *entry = find_name(health, name);
	int r = 0;

	assert((unsigned int)state < _RPC_HEALTH_STATE_MAX);
	if (strlen(name) > RPC_HEALTH_MAX_NAME_BYTES)
		return -EINVAL;
	if ((entry ? entry->state : RPC_HEALTH_GONE) == state)
		return 0;
	if (!entry)
		r = add_name(health, name, state);
	else if (state == RPC_HEALTH_GONE)
		remove_name(health, entry);
	else
		entry->state = state;
	if (r < 0)
		return r;
	EUB_LIST_FOREACH (watch, &health->watches, struct health_watch, link)
		if (eub_streq(watch->name, name))
			send_watch(watch);
	return 0;
}

void rpc_health_shutdown(struct rpc_health *health)
{
	health->is_stopping = true;
	EUB_LIST_FOREACH (watch, &health->watches, struct health_watch, link) {
		send_watch(watch);
		rpc_call_finish(watch->call);
	}
}

static const char *get_requested_name(const ProtobufCMessage *request)
{
	return ((const Grpc__Health__V1__HealthCheckRequest *)request)->service;
}

static void on_check(struct rpc_call *call, const ProtobufCMessage *request)
{
	struct rpc_health *health = rpc_call_get_service(call)->userdata;
	enum rpc_health_state state = get_state(health, get_requested_name(request));

	if (state == RPC_HEALTH_GONE) {
		rpc_call_finish_status(call, RPC_NOT_FOUND, "no service of that name");
		return;
	}
	(void)send_state(call, state); /* one message waits for nobody */
	rpc_call_finish(call);
}

static void on_watch_writable(struct rpc_call *call)
{
	struct health_watch *watch = rpc_call_get_userdata(call);

	watch->is_waiting = false;
	send_watch(watch);
}

static void on_watch_done(struct rpc_call *call)
{
	struct health_watch *watch = rpc_call_get_userdata(call);

	eub_list_remove(&watch->link);
	watch->health->n_watches--;
	free(watch);
}

static void on_watch(struct rpc_call *call, const ProtobufCMessage *request)
{
	static const struct rpc_call_ops ops = {
		.on_writable = on_watch_writable,
		.on_done = on_watch_done,
	};
	struct rpc_health *health = rpc_call_get_service(call)->userdata;
	const char *name = get_requested_name(request);
	struct health_watch *watch;

	if (strlen(name) > RPC_HEALTH_MAX_NAME_BYTES) {
		rpc_call_finish_status(call, RPC_INVALID_ARGUMENT, "the name is too long");
		return;
	}
	watch = health->n_watches < RPC_HEALTH_MAX_WATCHES ? calloc(1, sizeof(*watch)) : NULL;
	if (!watch) {
		rpc_call_finish_status(call, RPC_RESOURCE_EXHAUSTED, "too many watches");
		return;
	}
	watch->health = health;
	watch->call = call;
	memcpy(watch->name, name, strlen(name));
	eub_list_append(&health->watches, &watch->link);
	health->n_watches++;
	rpc_call_set_ops(call, &ops, watch);
	send_watch(watch);
	if (health->is_stopping)
		rpc_call_finish(call);
}

static const struct rpc_method methods[] = {
	{
	    .path = "/grpc.health.v1.Health/Check",
	    .kind = RPC_UNARY,
	    .request = &grpc__health__v1__health_check_request__descriptor,
	    .max_request_bytes = REQUEST_BYTES,
	    .on_request = on_check,
	},
	{
	    .path = "/grpc.health.v1.Health/Watch",
	    .kind = RPC_SERVER_STREAM,
	    .request = &grpc__health__v1__health_check_request__descriptor,
	    .max_request_bytes = REQUEST_BYTES,
	    .on_request = on_watch,
	},
};

struct rpc_service rpc_health_get_service(struct rpc_health *health)
{
	return (struct rpc_service){
		.methods = methods,
		.n_methods = EUB_ARRAY_SIZE(methods),
		.userdata = health,
	};
}
