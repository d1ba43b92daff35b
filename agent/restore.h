/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an earlier agent left, at the start of this one: slots on disk, pins in the BPF file system.
 * Loop thread.
 */
#pragma once

#include "later.h"
#include "launch.h"
#include "log.h"

#include <eunomia/error.h>

#include <stdbool.h>
#include <stddef.h>

struct restore {
	struct launcher *launcher;
	struct log *log;
	struct later *later;
	void (*on_done)(void *userdata); /* told once for each pass, later */
	void *userdata;
	size_t n_pending;
	bool is_retry;	 /* the first pass is over */
	bool has_failed; /* a slot is left for the next start, perhaps with its pins */
};

/**
 * restore_begin() - take over, start afresh or set aside each slot there is
 *
 * The members up to @userdata are set by the owner before. Each slot ends in one of: running or
 * paused as it was, running afresh, gone, set aside, waiting for an interface or a cgroup; what
 * went wrong is in the log, and the others are not affected. Pins that nobody knows are removed.
 */
void restore_begin(struct restore *restore);
/* Another pass, over the slots that wait. */
void restore_retry(struct restore *restore);
