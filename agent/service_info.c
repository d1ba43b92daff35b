/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agent.Info: who the agent is, what the kernel offers, which limits hold, which trackers are
 * installed. Every string is copied, so that the generated destructor can release the message, also
 * one that is half built.
 */
#include "service_internal.h"

#include "info.h"
#include "keep.h"
#include "state_aside.h"
#include "unmet.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <eunomia/package.h>
#include <eunomia/version.h>

#include "eunomia/v1/eunomia.pb-c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static int add_feature(Eunomia__V1__InfoReply *reply, const char *name, bool is_available,
		       const char *detail)
{
	Eunomia__V1__Feature *message = malloc(sizeof(*message));
	Eunomia__V1__Feature **grown =
	    reallocarray(reply->features, reply->n_features + 1, sizeof(Eunomia__V1__Feature *));

	if (grown)
		reply->features = grown;
	if (!message || !grown) {
		free(message);
		return -ENOMEM;
	}
	eunomia__v1__feature__init(message);
	grown[reply->n_features++] = message;
	message->available = is_available;
	message->name = strdup(name);
	message->detail = strdup(detail);
	return message->name && message->detail ? 0 : -ENOMEM;
}

/* What the kernel offers, and what the agent's own folders do. */
static int add_features(Eunomia__V1__InfoReply *reply, const struct keep *keep)
{
	struct info_feature feature;
	int r = 0;

	for (size_t i = 0; r == 0 && info_probe(i, &feature); i++)
		r = add_feature(reply, feature.name, feature.is_available, feature.detail);
	if (r == 0)
		r = add_feature(reply, "keep-state", keep->state, keep->no_state);
	if (r == 0)
		r = add_feature(reply, "keep-pins", keep->pins, keep->no_pins);
	return r;
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
		grown =
		    reallocarray(reply->limits, reply->n_limits + 1, sizeof(Eunomia__V1__Limit *));
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
	r = eun_tracker_list(service->config->trackers_dir, &reply->trackers, &reply->n_trackers);
	if (r < 0 && r != -ENOMEM) {
		log_warning(service->log, "cannot list '%s': %s, continuing without",
			    service->config->trackers_dir, strerror(-r));
		return 0;
	}
	return r;
}

static int add_folders(Eunomia__V1__InfoReply *reply, const struct config *config)
{
	reply->state_dir = strdup(config->state_dir);
	reply->bpffs_dir = strdup(config->bpffs_dir);
	reply->trackers_dir = strdup(config->trackers_dir);
	reply->trackers_conf_dir = strdup(config->trackers_conf_dir);
	return reply->state_dir && reply->bpffs_dir && reply->trackers_dir &&
		       reply->trackers_conf_dir
		   ? 0
		   : -ENOMEM;
}

/* Moves @items, whose array stays, to the reply. */
static int take_aside(Eunomia__V1__InfoReply *reply, struct state_aside *items, size_t n)
{
	reply->set_aside = calloc(n + 1, sizeof(Eunomia__V1__SetAside *));
	for (size_t i = 0; reply->set_aside && i < n; i++) {
		Eunomia__V1__SetAside *message = malloc(sizeof(*message));

		if (!message)
			return -ENOMEM;
		eunomia__v1__set_aside__init(message);
		message->slot = EUB_TAKE_PTR(items[i].slot);
		message->time = EUB_TAKE_PTR(items[i].time);
		message->reason = EUB_TAKE_PTR(items[i].reason);
		message->folder = EUB_TAKE_PTR(items[i].path);
		reply->set_aside[reply->n_set_aside++] = message;
	}
	return reply->set_aside ? 0 : -ENOMEM;
}

static int add_aside(Eunomia__V1__InfoReply *reply, const struct service *service)
{
	const struct state *state = service->slots->keep->state;
	struct state_aside *items = NULL;
	size_t n = 0;
	int r = state ? state_list_aside(state, &items, &n) : 0;

	if (r < 0 && r != -ENOMEM) {
		log_warning(service->log, "cannot list slots in quarantine: %s, continuing without",
			    strerror(-r));
		return 0;
	}
	if (n > 0)
		r = take_aside(reply, items, n);
	state_free_aside(items, n);
	return r;
}

/* As many are told of as somebody may want to hear of; the log has all. */
#define UNMET_TOLD_MAX 64

static int add_unmet(Eunomia__V1__InfoReply *reply, const struct unmet_list *list)
{
	size_t n = EUB_MIN(list->n, (size_t)UNMET_TOLD_MAX);

	reply->unmet_declarations = calloc(n + 1, sizeof(Eunomia__V1__UnmetDeclaration *));
	for (size_t i = 0; reply->unmet_declarations && i < n; i++) {
		Eunomia__V1__UnmetDeclaration *message = malloc(sizeof(*message));

		if (!message)
			return -ENOMEM;
		eunomia__v1__unmet_declaration__init(message);
		reply->unmet_declarations[reply->n_unmet_declarations++] = message;
		message->slot = strdup(list->items[i].slot);
		message->reason = strdup(list->items[i].reason);
		message->waits = list->items[i].waits;
		if (!message->slot || !message->reason)
			return -ENOMEM;
	}
	return reply->unmet_declarations ? 0 : -ENOMEM;
}

void service_info(struct rpc_call *call, const ProtobufCMessage *message EUB_UNUSED)
{
	const struct service *service = service_of(call);
	Eunomia__V1__InfoReply *reply = malloc(sizeof(*reply));

	if (!reply) {
		service_fail_no_memory(call);
		return;
	}
	eunomia__v1__info_reply__init(reply);
	if (add_agent(reply, service) < 0 || add_features(reply, service->slots->keep) < 0 ||
	    add_limits(reply, service->config) < 0 || add_folders(reply, service->config) < 0 ||
	    add_aside(reply, service) < 0 || add_unmet(reply, service->unmet) < 0) {
		service_fail_no_memory(call);
	} else {
		(void)rpc_call_send(call, &reply->base); /* one reply is below any mark */
		rpc_call_finish(call);
	}
	eunomia__v1__info_reply__free_unpacked(reply, NULL);
}
