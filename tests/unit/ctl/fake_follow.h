/* SPDX-License-Identifier: Apache-2.0 */
/* Slots of the fake agent that change from look to look. */
#pragma once

#include <stddef.h>

/* What the agent answers to Trackers.Get. */
enum fake_look {
	FAKE_LOOK_NONE,	   /* the slot has no script */
	FAKE_LOOK_RUNNING, /* since the agent that answers started */
	FAKE_LOOK_OLD,	   /* running, and the agent that answers is another than the next one */
	FAKE_LOOK_PAUSED,
	FAKE_LOOK_WAITING,
	FAKE_LOOK_BUSY,
	FAKE_LOOK_GONE,
	FAKE_LOOK_DROP, /* the connection breaks */
	FAKE_LOOK_TERM, /* running, and this process gets SIGTERM */
};

/* The look of @name after @step others; moves on. */
enum fake_look fake_follow_look(const char *name, size_t *step);
