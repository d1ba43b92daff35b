/* SPDX-License-Identifier: Apache-2.0 */
/* What this kernel offers to trackers, by looking and trying. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define INFO_DETAIL_MAX 128

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
