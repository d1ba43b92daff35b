/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": collects the names nearest to one that was not found. */
#pragma once

#include <eunomia/error.h>

#include <stdbool.h>
#include <stddef.h>

#define EUB_NEAR_MATCHES 3

struct eub_near {
	const char *wanted;
	struct {
		size_t distance;
		char name[128];
	} best[EUB_NEAR_MATCHES];
	size_t n_best;
};

#define EUB_NEAR_INIT(wanted_) ((struct eub_near){ .wanted = (wanted_) })

void eub_near_offer(struct eub_near *near, const char *name);
/* Sets @err's hint to "did you mean 'a', 'b'?" when something was near enough. Return: whether
 * anything was. */
bool eub_near_hint(const struct eub_near *near, struct eun_error *err);
