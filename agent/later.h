/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trying again what failed for the want of something that may come: after a second, then after ever
 * longer times, up to a minute. Loop thread.
 */
#pragma once

#include <stdint.h>
#include <uv.h>

#define LATER_FIRST_MS 1000
#define LATER_MOST_MS  60000

struct later {
	uv_timer_t timer; /* runs while something waits; closed by the owner */
	uint64_t delay_ms;
	void (*on_retry)(void *userdata); /* set by the owner before */
	void *userdata;
};

/* Return: 0; -errno of libuv. */
int later_init(struct later *later, uv_loop_t *loop);
/* Something waits: on_retry is called once, later. Many may note it for one call. */
void later_note(struct later *later);
/* Times are short again. */
void later_reset(struct later *later);
