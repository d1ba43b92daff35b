/* SPDX-License-Identifier: Apache-2.0 */
/* For when no agent runs, nor will: the end of what one left attached. */
#pragma once

#include "options.h"

#include <eunomia/error.h>

/**
 * end_trackers() - detach all that an agent with these options left in the kernel
 *
 * Prints a line for each slot. What is kept of slots stays: the next agent starts them afresh.
 * Without a BPF file system there is nothing to end. A configuration file with a mistake is told on
 * standard error and left out.
 *
 * Return: 0; -EBUSY: an agent runs, whose trackers they are; as options_configure(); other -errno:
 * the first thing that could not be ended, after trying the others.
 */
int end_trackers(const struct options *options, struct eun_error *err);
