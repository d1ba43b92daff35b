/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": collects the names nearest to one that was not found. */
#pragma once

#include "object/limits.h"

#include <eunomia/error.h>

#include <stddef.h>

struct eun__near {
	const char *wanted;
	struct {
		size_t distance;
		char name[128];
	} best[EUN__NEAR_MATCHES];
	size_t n_best;
};

#define EUN__NEAR_INIT(wanted_) ((struct eun__near){ .wanted = (wanted_) })

void eun__near_offer(struct eun__near *near, const char *name);
/* Sets @err's hint to "did you mean 'a', 'b'?" when something was near enough. */
void eun__near_hint(const struct eun__near *near, struct eun_error *err);
