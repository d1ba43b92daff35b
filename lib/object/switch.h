/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switch word and what stands beside it: the slot's page, an array map of one value that is
 * mapped into the engine and that every gate of the slot reads. Storing an index in it makes all
 * hooks of the slot run that generation from one instant on: no system call, nothing patched.
 *
 * Pinned, the page outlives the process, and is the truth for the one that comes after: which
 * generations are loaded (generation_at), which of them runs (index), or would (open_index).
 */
#pragma once

#include "object/limits.h"
#include "object/ring_count.h"

#include <eunomia/error.h>

#include <stdint.h>

/* An index at which no gate has a program: gates return their neutral verdict and count it. */
#define EUN__SWITCH_CLOSED UINT32_MAX
/* Of the layout below; a page of another version is not adopted. */
#define EUN__PAGE_VERSION  1
#define EUN__LEDGER_BYTES  3840 /* the page is full */

/*
 * The map's value. The counters have a cache line of their own: while a gate is closed, or a ring
 * is full, they are written by every CPU, and the word beside them is read by every event.
 */
struct eun__page {
	uint32_t index;
	uint32_t padding[15];
	uint64_t skipped;
	uint64_t lost; /* what programs count that cannot count themselves: ring_count.h */
	uint64_t padding2[6];
	uint32_t version;
	uint32_t open_index;	  /* what index is while the switch is open */
	uint32_t next_generation; /* the number that the next one gets */
	uint32_t padding3;
	uint32_t generation_at[EUN__GATE_ENTRIES]; /* by index; 0: no complete generation there */
	uint64_t started_wall_ns;		   /* when the slot began to run */
	uint64_t started_mono_ns;		   /* of this boot, as the page */
	uint32_t padding4[8];
	uint8_t ledger[EUN__LEDGER_BYTES]; /* lib/engine keeps its counts here; 64-aligned */
};

struct eun__switch;

/* A closed switch. Return: 0; -errno of bpf(2) or mmap(2), -ENOMEM. */
int eun__switch_new(struct eun__switch **ret_switch, struct eun_error *err);
/* The switch that is pinned at @path. Return: 0; -ENOENT; -ESTALE (its layout is another
 * version's); -errno of bpf(2) or mmap(2), -ENOMEM. */
int eun__switch_adopt(const char *path, struct eun__switch **ret_switch, struct eun_error *err);
/* NULL is allowed. Returns NULL. Gates that hold the map keep it alive. */
struct eun__switch *eun__switch_free(struct eun__switch *sw);
int eun__switch_get_map_fd(const struct eun__switch *sw);
/* One aligned store with release order. */
void eun__switch_set(struct eun__switch *sw, uint32_t index);
uint32_t eun__switch_get(const struct eun__switch *sw);
/* Where programs count what finds no room in a ring; and how much they have. */
struct eun__ring_counter eun__switch_get_counter(const struct eun__switch *sw);
uint64_t eun__switch_get_lost(const struct eun__switch *sw);
/* Invocations that found the gate closed, since the switch was made. */
uint64_t eun__switch_get_skipped(const struct eun__switch *sw);

/*
 * The generation at @index runs from now on, or, while the switch is closed, when it opens. A
 * process killed between the two stores of it leaves the one or the other.
 */
void eun__switch_select(struct eun__switch *sw, uint32_t index);
void eun__switch_open(struct eun__switch *sw);
void eun__switch_close(struct eun__switch *sw);
/* The index that runs, or would. */
uint32_t eun__switch_get_selected(const struct eun__switch *sw);
/* The mapped value: other fields than the first are the engine thread's alone. */
struct eun__page *eun__switch_get_page(const struct eun__switch *sw);
