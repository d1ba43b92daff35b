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

struct service {
	struct eun_engine *engine;
	struct slots *slots;
	struct watch *watch;
	struct job_pool *jobs;
	const struct config *config;
	struct log *log;
	uint64_t started_wall_ns;
	size_t n_starts;  /* under way */
	bool is_stopping; /* changing calls are refused */
	uv_timer_t trim;  /* one-shot: after the last start, caches are given back */
};

/* The pointers are set by the owner before, who also closes the timer. Return: 0; -errno of libuv.
 */
int service_init(struct service *service, uv_loop_t *loop);

/* The rows for rpc_server.services; rpc_service.userdata is a struct service. */
const struct rpc_method *service_get_methods(size_t *ret_n);
/* For rpc_server.authorize; @peer of the session. */
int service_authorize(const struct service *service, const struct peer *peer,
		      const struct rpc_method *method, struct eun_error *err);
