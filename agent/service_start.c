/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trackers.Start: request -> launch -> answer. The operation outlives a call whose client goes
 * first; a slot whose client has gone before it runs is undone, since nobody knows that it exists.
 * Once it runs, it stays.
 */
#include "service_internal.h"

#include "launch.h"
#include "spec_message.h"

#include "base/cleanup.h"
#include "base/error.h"

#include "eunomia/v1/eunomia.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct start_op {
	struct rpc_call *call; /* NULL: the client has gone */
	struct launch *launch;
	struct service_audit audit;
};

static void on_client_gone(struct rpc_call *call)
{
	struct start_op *op = rpc_call_get_userdata(call);

	if (!op)
		return;
	op->call = NULL;
	launch_abandon(op->launch);
}

static const struct rpc_call_ops start_ops = { .on_done = on_client_gone };

/* The name may have been the package's own, which the request did not tell. */
static void note_name(struct service_audit *audit, const struct slot_entry *entry,
		      const struct eun_error *err)
{
	const char *name = entry ? entry->name : audit->slot[0] ? audit->slot : err->subject;

	if (name != audit->slot)
		(void)snprintf(audit->slot, sizeof(audit->slot), "%.*s", EUN_SLOT_NAME_MAX - 1,
			       name);
}

static void on_launched(struct slot_entry *entry, const struct eun_error *err, void *userdata)
{
	struct start_op *op = userdata;
	struct service *service = op->audit.service;

	service->n_starts--;
	service_arm_trim(service);
	note_name(&op->audit, entry, err);
	service_audit_end(&op->audit, entry ? NULL : err);
	if (op->call)
		rpc_call_set_ops(op->call, &start_ops, NULL);
	if (entry)
		service_reply_slot(op->call, entry);
	else if (op->call)
		rpc_call_finish_error(op->call, err);
	free(op);
}

/* What the request does not bound is bounded as the configuration says. */
static int get_budget(const Eunomia__V1__StartRequest *request, const struct config *config,
		      struct budget_limits *ret_limits, struct eun_error *err)
{
	const Eunomia__V1__Budget *given = request->budget;
	struct budget_limits limits = { .events_per_second = config->slot_events_per_second,
					.bytes_per_second = config->slot_bytes_per_second };

	if (given)
		limits = (struct budget_limits){ .events_per_second = given->events_per_second,
						 .bytes_per_second = given->bytes_per_second };
	*ret_limits = limits;
	return budget_check(&limits, err);
}

static int launch(struct start_op *op, const Eunomia__V1__StartRequest *request,
		  struct eun_error *err)
{
	struct service *service = op->audit.service;
	struct launch_options options = { .name = request->name[0] ? request->name : NULL,
					  .origin = STATE_ORIGIN_START,
					  .is_enabled = request->enable,
					  .on_done = on_launched,
					  .userdata = op };
	_cleanup_(spec_done) struct spec spec = SPEC_INIT;
	int r = get_budget(request, service->config, &options.budget, err);

	if (r == 0)
		r = spec_from_message(&spec, request, service->config, SPEC_PACKAGE_NEEDED, err);
	if (r == 0)
		r = launch_start(service->launcher, &spec, &options, &op->launch, err);
	return r;
}

static int check_may_start(const struct service *service, struct eun_error *err)
{
	if (service->n_starts >= service->config->max_pending_starts)
		return eun_error_set(err, -EBUSY, EUN_REASON_TOO_LARGE,
				     "%zu starts are under way already (MaxPendingStarts=)",
				     service->n_starts);
	return service_check_running(service, err);
}

void service_start(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Eunomia__V1__StartRequest *request = (const Eunomia__V1__StartRequest *)message;
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct service *service = service_of(call);
	struct start_op *op = calloc(1, sizeof(*op));

	if (!op) {
		service_fail_no_memory(call);
		return;
	}
	op->call = call;
	service_audit_begin(&op->audit, call, "Start",
			    request->name[0] ? request->name : request->tracker);
	if (check_may_start(service, &err) < 0 || launch(op, request, &err) < 0) {
		service_fail_audited(call, &op->audit, &err);
		free(op);
		return;
	}
	service->n_starts++;
	rpc_call_set_ops(call, &start_ops, op);
}
