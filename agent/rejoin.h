/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a restart, the events of a slot that was found running wait in its rings until the clients
 * that listened before are back: what is handed up without them they would miss. Loop thread.
 */
#pragma once

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct slot_entry;

struct rejoin {
	struct eub_list slots; /* those that wait */
	uv_timer_t timer;      /* repeats while there are any */
	/* The events of @entry, which may be any slot's that waited, are handed up again. */
	void (*on_released)(struct slot_entry *entry, void *userdata);
	void *userdata;
};

/* The callback is set by the owner before, who also closes the timer. Return: 0; -errno of libuv.
 */
int rejoin_init(struct rejoin *rejoin, uv_loop_t *loop);
/* Forgets all of them, and leaves their events where they are. Nothing if it is all zeros. */
void rejoin_done(struct rejoin *rejoin);
/* Holds the events of a slot that has just begun, if somebody listened to it before the restart. */
void rejoin_begin(struct rejoin *rejoin, struct slot_entry *entry);
/* Somebody who knows where the slot's events ended listens again. */
void rejoin_note(struct rejoin *rejoin, const struct slot_entry *entry);
/* The slot is stopped. */
void rejoin_forget(struct rejoin *rejoin, const struct slot_entry *entry);
bool rejoin_is_waiting(const struct rejoin *rejoin, const struct slot_entry *entry);
