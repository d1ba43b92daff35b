/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/list.h"
#include "engine/checkpoint.h"
#include "object/kernel_btf.h"

#include <eunomia/engine.h>

struct eun_engine {
	struct eun_engine_options options;
	struct eun__kernel_btf *kernel_btf; /* thread-safe; everything else is one thread's */
	int epoll_fd;
	struct eub_list slots; /* in the order of adding */
	size_t n_slots;
	/*
	 * Sources whose descriptor tells of a wake-up only once (perf buffers): whoever polls the
	 * engine's descriptor has used that up, so each dispatch reads them all.
	 */
	struct eub_list edge_sources;
	struct eun__checkpoints checkpoints;
	uint64_t last_wake_ns; /* of eun_engine_poll() */
	bool is_busy;	       /* eun_engine_poll() left records, or holds them formally unread */
};

struct eun__source;

/* Reads a source at the next dispatch; nothing if it does already. Return: 0; -errno. */
int eun__engine_watch(struct eun_engine *engine, struct eun__source *source, struct eun_error *err);
/* Nothing if it is not watched. */
void eun__engine_unwatch(struct eun_engine *engine, struct eun__source *source);
