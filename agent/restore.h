/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an earlier agent left, at the start of this one: slots on disk, pins in the BPF file system.
 * Loop thread.
 */
#pragma once

#include "launch.h"
#include "log.h"

#include <eunomia/error.h>

#include <stdbool.h>
#include <stddef.h>

struct restore {
	struct launcher *launcher;
	struct log *log;
	void (*on_done)(void *userdata); /* told once, later */
	void *userdata;
	size_t n_pending;
	bool has_failed; /* a slot is left for the next start, perhaps with its pins */
};

/**
 * restore_begin() - take over, start afresh or set aside each slot there is
 *
 * The first four members are set by the owner before. Each slot ends in one of: running or paused
 * as it was, running afresh, gone, set aside; what went wrong is in the log, and the others are not
 * affected. Pins that nobody knows are removed.
 */
void restore_begin(struct restore *restore);
