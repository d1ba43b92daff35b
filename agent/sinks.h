/* SPDX-License-Identifier: Apache-2.0 */
/* The way of an event from the engine to every sink, through its slot's budget. Loop thread. */
#pragma once

#include "pump.h"
#include "slots.h"
#include "watch.h"

#include <eunomia/event.h>
#include <eunomia/slot.h>

#include <stdint.h>

struct sink_journal;

struct sinks {
	struct pump *pump; /* borrowed, as all below */
	struct watch *watch;
	struct sink_journal *journal;
	struct slot_entry *cut_entry; /* whose budget cut events that no sink knows of; or NULL */
};

/* The engine's callbacks; @userdata is the struct sinks. */
void sinks_on_event(struct eun_slot *slot, const struct eun_event *event, void *userdata);
void sinks_on_lost(struct eun_slot *slot, uint64_t count, const char *reason, void *userdata);
/* Hands on what was gathered: at the end of a turn. */
void sinks_flush(struct sinks *sinks);
