/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event map of a slot with its reader. Generations that go on with the map share the source;
 * which of them wrote a record is told by its position: a swap notes where the new one began.
 */
#pragma once

#include "base/list.h"
#include "engine/checkpoint.h"
#include "engine/export.h"
#include "engine/limits.h"
#include "event/reader.h"

#include <stdbool.h>

/* Who writes from a position on. */
struct eun__writer {
	uint64_t from_seq;
	uint32_t generation;
	const struct eun_schema *schema; /* of that generation's exports */
};

struct eun__source {
	struct eub_list link;	   /* in the slot's sources, or alone */
	struct eub_list edge_link; /* in the engine's edge_sources, or alone */
	struct eun_slot *slot;
	struct eun__reader *reader;
	uint32_t ring;	      /* the kernel's id of the map */
	unsigned int n_users; /* generations */
	bool is_watched;      /* registered in the engine */
	struct eun__tally_ring
	    tally; /* in the slot's once its reading began; never of perf buffers */
	struct eun__writer writer;
	struct eun__writer next[EUN__WRITERS_MAX]; /* in the order of from_seq */
	size_t n_next;
	uint64_t n_full; /* of the reader's info, when last looked at */
	bool was_full;	 /* at that look; not yet asked for losses again */
};

/**
 * eun__source_new() - open the reader of a loaded generation's event map
 *
 * With one user. Its events are @generation's.
 *
 * Return: 0; -ENOMEM; as the readers of event/reader.h.
 */
int eun__source_new(struct eun_slot *slot, const struct eun__export *export, uint32_t generation,
		    struct eun__source **ret_source, struct eun_error *err);
struct eun__source *eun__source_ref(struct eun__source *source);
/* The last user's closes it; it must not be registered in an engine. NULL is allowed. Returns NULL.
 */
struct eun__source *eun__source_unref(struct eun__source *source);
/* The kernel's id of a map. Return: 0; -errno of bpf(2). */
int eun__source_get_ring_id(int map_fd, uint32_t *ret_ring);
/* Records that begin from now on are another generation's. Engine's thread, just before the switch.
 */
void eun__source_set_writer(struct eun__source *source, uint32_t generation,
			    const struct eun_schema *schema);
/* Goes on where the process before us was, or counts from here. Before it is first read; engine's
 * thread. Nothing if it was done already. */
void eun__source_begin(struct eun__source *source);
/* Nothing is read from it any more: its events are the slot's. Engine's thread. */
void eun__source_end(struct eun__source *source);
/* Forgets writers whose records were all read. */
void eun__source_settle(struct eun__source *source);
/**
 * eun__source_read() - hand up records of one event map
 *
 * Return: the number of records.
 */
unsigned int eun__source_read(struct eun__source *source, unsigned int budget, bool hold);
