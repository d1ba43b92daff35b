/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A swap or a rollback of a slot, from the request to the end of what was replaced; whoever asked
 * for it (a call, a declared tracker that changed, probation). Loop thread; the blocking parts are
 * jobs, during which the slot is busy.
 */
#pragma once

#include "spec.h"
#include "state_slot.h"

#include <eunomia/error.h>
#include <eunomia/swap.h>

#include <stdbool.h>
#include <stdint.h>

struct slot_entry;
struct slot_swap;

struct slot_swap_request {
	/*
	 * What to run, moved into the swap. Without a package: the running one, with its settings
	 * changed by those given here, and its arguments and types unless others are given.
	 */
	struct spec spec;
	uint32_t rollback_to;	      /* with is_rollback: a loaded generation; 0: the one before */
	bool is_rollback;	      /* spec is not looked at */
	uint32_t expected_generation; /* 0: any */
	enum eun_map_policy maps;
	bool is_dry_run;
	enum state_origin origin;
};

/*
 * Told once, on the loop: it was committed, or was a dry run (@err is NULL, slot_swap_get_swap()
 * can be asked), or failed and the slot is as it was. It goes on by itself afterwards.
 */
typedef void (*slot_swap_fn)(struct slot_swap *swap, const struct eun_error *err, void *userdata);

/**
 * slot_swap_begin() - start it
 * @entry:   running or paused, and not busy
 * @request: its spec is moved
 * @on_done: NULL allowed
 *
 * Return: 0, then @on_done will be told; -ENOMEM.
 */
int slot_swap_begin(struct slot_entry *entry, struct slot_swap_request *request,
		    slot_swap_fn on_done, void *userdata, struct eun_error *err);
/* Events of the slot were committed: a swap that waited for that goes on. */
void slot_swap_note_committed(struct slot_entry *entry);
struct slot_entry *slot_swap_get_entry(const struct slot_swap *swap);
/* In @on_done without an error only. */
const struct eun_swap *slot_swap_get_swap(const struct slot_swap *swap);
/* From slot_swap_begin() to the switch. */
uint64_t slot_swap_get_prepare_ns(const struct slot_swap *swap);
