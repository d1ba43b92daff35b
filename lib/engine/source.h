/* SPDX-License-Identifier: Apache-2.0 */
/* One event map of a slot with its reader. */
#pragma once

#include "base/list.h"
#include "engine/export.h"
#include "event/reader.h"

#include <stdbool.h>

struct eun__source {
	struct eub_list edge_link; /* in the engine's edge_sources, or alone */
	struct eun_slot *slot;
	const struct eun_schema *schema; /* of the slot's exports */
	struct eun__reader *reader;
	uint64_t n_full; /* of the reader's info, when last looked at */
	bool was_full;	 /* at that look; not yet asked for losses again */
};

/* Opens the reader of @export's map. Return: 0; as the readers of event/reader.h. */
int eun__source_open(struct eun__source *source, struct eun_slot *slot,
		     const struct eun__export *export, struct eun_error *err);
/**
 * eun__source_read() - hand up records of one event map
 *
 * Return: the number of records.
 */
unsigned int eun__source_read(struct eun__source *source, unsigned int budget, bool hold);
