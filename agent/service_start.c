/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trackers.Start: parse the package, reserve the slot's name, load, put in, answer.
 *
 * Parsing and loading run as one job if the request names the slot; if the name is the package's
 * own, it is known only after parsing, so the job comes back to the loop to reserve it and is
 * started once more. The operation owns copies of all it needs of the request, because the client
 * may go while the job runs; a slot whose client has gone is undone, since nobody knows that it
 * exists. Once the slot is in, it stays.
 */
#include "service_internal.h"

#include "agent_limits.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fd.h"

#include <eunomia/engine.h>

#include "eunomia/v1/eunomia.pb-c.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct start_op {
	struct job job;
	struct service *service;
	struct rpc_call *call; /* NULL: the client has gone */
	struct service_audit audit;
	struct slot_entry *entry; /* the reserved name; NULL: not yet known */
	struct eub_buf bytes;	  /* of the package; empty if path is set */
	char *path;		  /* of an installed tracker's file; or NULL */
	char *tracker;		  /* its name; or NULL */
	struct eun_setting *settings;
	char **texts; /* what settings, args and types point to: n_texts strings */
	size_t n_texts;
	struct eun_slot_options options;
	/* Made by the job. */
	struct eun_package *package;
	struct eun_slot *slot;
	int result;
	struct eun_error err;
};

static struct start_op *start_op_free(struct start_op *op)
{
	if (!op)
		return NULL;
	op->service->n_starts--;
	for (size_t i = 0; i < op->n_texts; i++)
		free(op->texts[i]);
	free(op->texts);
	free(op->settings);
	eub_buf_done(&op->bytes);
	free(op->path);
	free(op->tracker);
	op->package = eun_package_free(op->package);
	eun_error_done(&op->err);
	free(op);
	return NULL;
}
EUB_DEFINE_CLEANUP(struct start_op *, start_op_free);

/* Appends a copy of @text, for which there is room. Return: the copy; NULL: out of memory. */
static char *keep_text(struct start_op *op, const char *text)
{
	char *copy = strdup(text);

	if (copy)
		op->texts[op->n_texts++] = copy;
	return copy;
}

/* Copies settings, arguments and types; the options point to the copies. */
static int copy_lists(struct start_op *op, const Eunomia__V1__StartRequest *request,
		      struct eun_error *err)
{
	size_t n_texts = 2 * request->n_settings + request->n_args + request->n_types;

	if (request->n_settings > LIMIT_START_LIST || request->n_args > LIMIT_START_LIST ||
	    request->n_types > LIMIT_START_LIST)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "more than %d settings, arguments or types", LIMIT_START_LIST);
	if (n_texts == 0)
		return 0;
	op->texts = calloc(n_texts, sizeof(op->texts[0]));
	op->settings = calloc(request->n_settings + 1, sizeof(op->settings[0]));
	if (!op->texts || !op->settings)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < request->n_args; i++)
		if (!keep_text(op, request->args[i]))
			return eub_error_no_memory(err);
	for (size_t i = 0; i < request->n_types; i++)
		if (!keep_text(op, request->types[i]))
			return eub_error_no_memory(err);
	for (size_t i = 0; i < request->n_settings; i++) {
		op->settings[i].key = keep_text(op, request->settings[i]->key);
		op->settings[i].value = keep_text(op, request->settings[i]->value);
		if (!op->settings[i].key || !op->settings[i].value)
			return eub_error_no_memory(err);
	}
	op->options.args = (const char *const *)op->texts;
	op->options.n_args = request->n_args;
	op->options.types = (const char *const *)op->texts + request->n_args;
	op->options.n_types = request->n_types;
	op->options.settings = op->settings;
	op->options.n_settings = request->n_settings;
	return 0;
}

static int find_tracker(struct start_op *op, struct eun_error *err)
{
	int r = eun_tracker_find(op->service->config->trackers_dir, op->tracker, &op->path, err);

	if (r == -ENOENT && !err->hint[0])
		eun_error_set_hint(err, "'eunomiactl info' lists the installed trackers");
	return r;
}

/* Either the bytes of a package or the name of an installed tracker. */
static int copy_source(struct start_op *op, const Eunomia__V1__StartRequest *request,
		       struct eun_error *err)
{
	bool has_tracker = request->tracker[0] != '\0';

	if (has_tracker == (request->package.len > 0))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "a start needs a package or the name of a tracker, and not "
				     "both");
	if (!has_tracker) {
		eub_buf_append(&op->bytes, request->package.data, request->package.len);
		return op->bytes.has_failed ? eub_error_no_memory(err) : 0;
	}
	op->tracker = strdup(request->tracker);
	if (!op->tracker)
		return eub_error_no_memory(err);
	return find_tracker(op, err);
}

/* Return: 0; a negative errno with @err filled. */
static int start_op_new(struct rpc_call *call, const Eunomia__V1__StartRequest *request,
			struct start_op **ret_op, struct eun_error *err)
{
	struct service *service = rpc_call_get_service(call)->userdata;
	_cleanup_(start_op_freep) struct start_op *op = NULL;
	int r;

	if (service->is_stopping)
		return eun_error_set(err, -ESHUTDOWN, EUN_REASON_UNREACHABLE, "the agent stops");
	if (service->n_starts >= service->config->max_pending_starts)
		return eun_error_set(err, -EBUSY, EUN_REASON_TOO_LARGE,
				     "%zu starts are under way already (MaxPendingStarts=)",
				     service->n_starts);
	op = calloc(1, sizeof(*op));
	if (!op)
		return eub_error_no_memory(err);
	op->service = service;
	service->n_starts++;
	op->options.size = sizeof(op->options);
	op->options.ring_bytes = request->ring_bytes;
	r = copy_source(op, request, err);
	if (r == 0)
		r = copy_lists(op, request, err);
	if (r == 0 && request->name[0])
		r = slots_reserve(service->slots, request->name, &op->entry, err);
	if (r < 0)
		return r;
	op->call = call;
	*ret_op = EUB_TAKE_PTR(op);
	return 0;
}

static int parse_package(struct start_op *op)
{
	const char *name = op->tracker ? op->tracker : op->entry ? op->entry->name : NULL;
	int r;

	if (op->path) {
		r = eub_read_file(op->path, LIMIT_TRACKER_FILE_BYTES, &op->bytes);
		if (r < 0)
			return eun_error_set(&op->err, r, EUN_REASON_IO, "cannot read '%s': %s",
					     op->path, strerror(-r));
	}
	/* A bare object file has no name of its own. */
	r = eun_package_parse(op->bytes.data, op->bytes.len, name, &op->package, &op->err);
	eub_buf_done(&op->bytes);
	return r;
}

/* On a thread. Loads only once the name is reserved. */
static void do_start(struct job *job)
{
	struct start_op *op = EUB_CONTAINER_OF(job, struct start_op, job);

	op->result = op->package ? 0 : parse_package(op);
	if (op->result < 0 || !op->entry)
		return;
	op->options.name = op->entry->name;
	op->result =
	    eun_slot_new(op->service->engine, op->package, &op->options, &op->slot, &op->err);
	if (op->result == 0)
		op->package = NULL; /* the slot's now */
}

/* On a thread. */
static void undo_start(struct job *job)
{
	struct start_op *op = EUB_CONTAINER_OF(job, struct start_op, job);

	op->slot = eun_slot_free(op->slot);
}

static void on_undone(struct job *job)
{
	(void)start_op_free(EUB_CONTAINER_OF(job, struct start_op, job));
}

static void on_call_done(struct rpc_call *call)
{
	struct start_op *op = rpc_call_get_userdata(call);

	if (op)
		op->call = NULL;
}

static const struct rpc_call_ops start_ops = { .on_done = on_call_done };

/* The end of a start that failed; frees @op, at once or after detaching. */
static void fail_start(struct start_op *op)
{
	struct rpc_call *call = EUB_TAKE_PTR(op->call);

	service_audit_end(&op->audit, &op->err);
	slots_abandon(EUB_TAKE_PTR(op->entry), &op->err);
	if (call) {
		rpc_call_set_ops(call, &start_ops, NULL);
		rpc_call_finish_error(call, &op->err);
	}
	if (op->slot)
		job_start(op->service->jobs, &op->job, JOB_PATIENT, undo_start, on_undone);
	else
		(void)start_op_free(op);
}

static void finish_start(struct start_op *op)
{
	struct slot_entry *entry = EUB_TAKE_PTR(op->entry);
	struct rpc_call *call = EUB_TAKE_PTR(op->call);

	service_audit_end(&op->audit, NULL);
	rpc_call_set_ops(call, &start_ops, NULL);
	service_reply_slot(call, entry);
	(void)start_op_free(op);
}

static int reserve_own_name(struct start_op *op)
{
	const char *name = eun_package_get_name(op->package);

	(void)snprintf(op->audit.slot, sizeof(op->audit.slot), "%s", name);
	return slots_reserve(op->service->slots, name, &op->entry, &op->err);
}

static void on_started(struct job *job)
{
	struct start_op *op = EUB_CONTAINER_OF(job, struct start_op, job);
	struct service *service = op->service;

	service_arm_trim(service);
	if (op->result == 0 && service->is_stopping)
		op->result =
		    eun_error_set(&op->err, -ESHUTDOWN, EUN_REASON_UNREACHABLE, "the agent stops");
	if (op->result == 0 && !op->call)
		op->result = eun_error_set(&op->err, -ECANCELED, EUN_REASON_TIMEOUT,
					   "the client left before the start was done");
	if (op->result == 0 && !op->entry) {
		op->result = reserve_own_name(op);
		if (op->result == 0) {
			job_start(service->jobs, &op->job, JOB_PROMPT, do_start, on_started);
			return;
		}
	}
	if (op->result == 0)
		op->result = slots_begin(op->entry, op->slot, &op->err);
	if (op->result < 0) {
		fail_start(op);
		return;
	}
	op->slot = NULL; /* the table's now */
	finish_start(op);
}

void service_start(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Eunomia__V1__StartRequest *request = (const Eunomia__V1__StartRequest *)message;
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct service_audit audit;
	struct start_op *op = NULL;
	int r;

	service_audit_begin(&audit, call, "Start",
			    request->name[0] ? request->name : request->tracker);
	r = start_op_new(call, request, &op, &err);
	if (r < 0) {
		service_audit_end(&audit, &err);
		rpc_call_finish_error(call, &err);
		return;
	}
	assert(op);
	op->audit = audit;
	rpc_call_set_ops(call, &start_ops, op);
	job_start(op->service->jobs, &op->job, JOB_PROMPT, do_start, on_started);
}
