/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When events are in good hands: commits the engine's checkpoints. One is taken when events were
 * handed up, and committed when every sink has taken what it was given before. Loop thread.
 */
#pragma once

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct eun_engine;

/*
 * A sink that is waited for: embedded in it. Both counts only grow, in a unit of the sink's own:
 * what it was given so far, and what of that has arrived or will never.
 */
struct delivery_sink {
	struct eub_list link; /* in delivery.sinks, or alone */
	uint64_t (*get_given)(struct delivery_sink *sink);
	uint64_t (*get_taken)(struct delivery_sink *sink);
	uint64_t mark; /* what it was given at the checkpoint */
	bool is_late;  /* not waited for until it has taken that */
};

struct delivery {
	struct eun_engine *engine;
	struct eub_list sinks;
	uv_timer_t timer; /* one-shot, while a checkpoint is pending */
	bool is_pending;
	uint64_t taken_at_ns; /* the checkpoint that is pending */
	/* Some were committed; may be NULL. */
	void (*on_committed)(void *userdata);
	void *userdata;
};

/* The owner of the loop closes the timer. @engine is borrowed. Return: 0; -errno of libuv. */
int delivery_init(struct delivery *delivery, uv_loop_t *loop, struct eun_engine *engine);
/* From the next checkpoint on. Its functions are set; it stays where it is until it is removed. */
void delivery_add(struct delivery *delivery, struct delivery_sink *sink);
/* It is waited for no more. May be called twice. */
void delivery_remove(struct delivery_sink *sink);
/* Commits what can be: to be called when the sinks had their turn to write, before the loop sleeps.
 */
void delivery_advance(struct delivery *delivery);
