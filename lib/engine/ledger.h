/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sinks have taken of a slot's events, in memory that outlives the process (the slot's
 * pinned page): the position and the counts of each ring, and the counts of the slot as a whole.
 * One process writes at a time. It may be killed between any two stores: whoever reads then finds
 * each part as it was before the change or after it. Nothing found here is trusted.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct eun__ledger_page;

/* Of one ring. */
struct eun__progress {
	uint64_t position; /* the first record that was not taken */
	uint64_t next_seq; /* one more than the seq of the last event before it; 0: none */
	uint64_t events;   /* before it, as the next */
	uint64_t bytes;
	uint64_t decode_errors;
};

/* Who writes to a ring from a position on. */
struct eun__ledger_writer {
	uint64_t from_seq;
	uint64_t generation; /* 0: nobody */
};

/* Of a slot: perf buffers, and rings that are gone. */
struct eun__ledger_counts {
	uint64_t events;
	uint64_t bytes;
	uint64_t decode_errors;
	uint64_t perf_lost;
	uint64_t counted_lost;	/* of what trackers count themselves: already told */
	uint64_t unloaded_lost; /* of that: by generations that are gone */
};

struct eun__ledger {
	struct eun__ledger_page *page; /* borrowed; NULL: none, nothing is kept */
	size_t n_rings;		       /* that there is room for */
};

/**
 * eun__ledger_init() - use a ledger; memory of zeros is an empty one
 * @memory: 8-aligned, borrowed; NULL: everything is forgotten
 * @size:   bytes; too few for one ring is as NULL
 *
 * Completes what the process before us was killed in.
 */
void eun__ledger_init(struct eun__ledger *ledger, void *memory, size_t size);
/* Return: 0; -ENOENT. */
int eun__ledger_find(const struct eun__ledger *ledger, uint32_t ring,
		     struct eun__progress *ret_progress);
/**
 * eun__ledger_put() - write how far a ring was taken
 * @ring: the kernel's id of its map, not 0
 *
 * Return: 0; -ENOSPC if there is no room for a further ring.
 */
int eun__ledger_put(struct eun__ledger *ledger, uint32_t ring,
		    const struct eun__progress *progress);
/* Notes that events below @next_seq were handed up, taken or not. Nothing if the ring is unknown.
 */
void eun__ledger_note_seen(struct eun__ledger *ledger, uint32_t ring, uint64_t next_seq);
/* What was noted last, 0 if nothing was. */
uint64_t eun__ledger_get_seen(const struct eun__ledger *ledger, uint32_t ring);
/* Notes that another generation writes from now on, @from_seq being where. The last two are kept.
 * Nothing if the ring is unknown. */
void eun__ledger_note_writer(struct eun__ledger *ledger, uint32_t ring, uint64_t generation,
			     uint64_t from_seq);
/* The last one, and the one before it; zeros where there was none. */
void eun__ledger_get_writers(const struct eun__ledger *ledger, uint32_t ring,
			     struct eun__ledger_writer *ret_last,
			     struct eun__ledger_writer *ret_before);
/* The ring is gone; what was counted for it is the slot's from now on. */
void eun__ledger_fold(struct eun__ledger *ledger, uint32_t ring);
void eun__ledger_get_counts(const struct eun__ledger *ledger,
			    struct eun__ledger_counts *ret_counts);
void eun__ledger_put_counts(struct eun__ledger *ledger, const struct eun__ledger_counts *counts);
/* Consumers that listen to the slot now, and will come back after a restart. */
uint32_t eun__ledger_get_n_streams(const struct eun__ledger *ledger);
void eun__ledger_set_n_streams(struct eun__ledger *ledger, uint32_t n);
