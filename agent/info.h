/* SPDX-License-Identifier: Apache-2.0 */
/* What this kernel offers to trackers, by looking and trying. */
#pragma once

#include "log.h"

#include <stdbool.h>
#include <stddef.h>

#define INFO_DETAIL_MAX 256

struct info_feature {
	const char *name; /* "kernel-btf", ... */
	bool is_available;
	char detail[INFO_DETAIL_MAX]; /* why not, or a remark; "" */
};

/**
 * info_probe() - find out about one feature
 * @i: from 0
 *
 * A few system calls each; nothing stays loaded.
 *
 * Return: false when @i is past the last feature.
 */
bool info_probe(size_t i, struct info_feature *ret_feature);
/* Writes one line with the names of what the kernel lacks; none if it has everything. */
void info_log_missing(struct log *log);
