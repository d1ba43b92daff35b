/* SPDX-License-Identifier: Apache-2.0 */
/* Moves events from the engine to the sinks: when to look, and how long to wait. Loop thread. */
#pragma once

#include "config.h"

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct eun_engine;

struct pump {
	struct eun_engine *engine;
	const struct config *config;
	void (*on_turn)(void *userdata); /* after each dispatch that handed up events */
	void *userdata;
	uv_poll_t poll;	  /* of the engine's descriptor; stopped while the timer runs */
	uv_timer_t timer; /* one-shot */
	/* The present measure of rate: since when, and what came since. */
	uint64_t window_ns;
	uint64_t n_events;
	uint64_t n_bytes;
};

/* Pointers are set by the owner before, who also closes the handles. Return: 0; -errno of libuv. */
int pump_init(struct pump *pump, uv_loop_t *loop);
/* To be told of each event: @n_bytes of a record. */
void pump_count(struct pump *pump, size_t n_bytes);
