/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods of eunomia.v1: message -> slots, engine -> message. Their table is proto/methods.def.
 * Loop thread.
 */
#pragma once

#include "config.h"
#include "job.h"
#include "log.h"
#include "peer.h"
#include "slots.h"
#include "watch.h"

#include "rpc/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct eun_engine;
struct launcher;
struct probations;
struct rpc_health;
struct rpc_reflection;
struct unmet_list;

struct service {
	struct eun_engine *engine;
	struct slots *slots;
	struct watch *watch;
	struct job_pool *jobs;
	struct launcher *launcher;
	struct probations *probations;
	const struct config *config;
	const struct unmet_list *unmet;
	struct log *log;
	uint64_t started_wall_ns;
	size_t n_starts;  /* under way */
	bool is_stopping; /* changing calls are refused */
	uv_timer_t trim;  /* one-shot: after the last start, caches are given back */
	struct rpc_health *health;
	struct rpc_reflection *reflection;
	struct rpc_service services[3];
	struct rpc_server server; /* what sessions are made for */
};

/* The pointers are set by the owner before, who also closes the timer. Return: 0; -errno of libuv.
 */
int service_init(struct service *service, uv_loop_t *loop);

/* After the last session. */
void service_done(struct service *service);
/* The health of a slot: it serves, or it is gone. */
void service_note_slot(struct service *service, const char *name, bool is_serving);
/* Refuses changing calls from now on; whoever watches health is told. */
void service_begin_stop(struct service *service);
