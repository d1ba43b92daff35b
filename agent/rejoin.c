/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot waits until as many clients came back as its page says there were, but not for ever: some
 * were perhaps killed too. After WAIT_MS, or when a ring of the slot is half full, its events go to
 * whoever is there. Who comes later is told what it has missed.
 *
 * Meanwhile the slot is busy, as soon as whoever put it in is done with it: a swap or a stop hands
 * up what the rings hold, so those wait in line.
 */
#include "rejoin.h"

#include "slots.h"

#include "base/clock.h"

#include <eunomia/slot.h>

#include <stdlib.h>

#define WAIT_MS		    5000
#define LOOK_MS		    10
#define FULL_ENOUGH_PERCENT 50

struct rejoin_slot {
	struct eub_list link; /* in rejoin.slots */
	struct slot_entry *entry;
	struct slot_waiter waiter;
	bool has_turn;	    /* it made the slot busy */
	uint32_t n_missing; /* clients, > 0 */
	uint64_t until_ns;
};

static struct rejoin_slot *find(const struct rejoin *rejoin, const struct slot_entry *entry)
{
	EUB_LIST_FOREACH (slot, &rejoin->slots, struct rejoin_slot, link)
		if (slot->entry == entry)
			return slot;
	return NULL;
}

static void on_turn(struct slot_waiter *waiter, struct slot_entry *entry)
{
	struct rejoin_slot *slot = EUB_CONTAINER_OF(waiter, struct rejoin_slot, waiter);

	slot->has_turn = entry;
	if (entry)
		slot_set_busy(entry, true);
}

/* May serve others that wait for the slot. */
static void remove_slot(struct rejoin *rejoin, struct rejoin_slot *slot)
{
	struct slot_entry *entry = slot->entry;
	bool had_turn = slot->has_turn;

	eub_list_remove(&slot->link);
	slot_unwait(&slot->waiter);
	free(slot);
	if (eub_list_is_empty(&rejoin->slots))
		(void)uv_timer_stop(&rejoin->timer); /* cannot fail */
	if (had_turn)
		slot_set_busy(entry, false);
}

static void let_go(struct rejoin *rejoin, struct rejoin_slot *slot)
{
	eun_slot_hold(slot->entry->slot, false);
	eub_list_remove(&slot->link);
	if (rejoin->on_released)
		rejoin->on_released(slot->entry, rejoin->userdata);
	remove_slot(rejoin, slot);
}

static void on_timer(uv_timer_t *timer)
{
	struct rejoin *rejoin = timer->data;
	uint64_t now_ns = eub_clock_mono_ns();

	EUB_LIST_FOREACH (slot, &rejoin->slots, struct rejoin_slot, link)
		if (now_ns >= slot->until_ns ||
		    eun_slot_get_ring_fill(slot->entry->slot) >= FULL_ENOUGH_PERCENT)
			let_go(rejoin, slot);
}

int rejoin_init(struct rejoin *rejoin, uv_loop_t *loop)
{
	eub_list_init(&rejoin->slots);
	rejoin->timer.data = rejoin;
	return uv_timer_init(loop, &rejoin->timer);
}

void rejoin_done(struct rejoin *rejoin)
{
	if (!rejoin->slots.next)
		return;
	EUB_LIST_FOREACH (slot, &rejoin->slots, struct rejoin_slot, link)
		remove_slot(rejoin, slot);
}

/* Events of a perf buffer are lost to whoever was away, however long they wait. */
static bool has_ring(const struct slot_entry *entry)
{
	struct eun_slot_ring ring;

	for (size_t i = 0; i < entry->n_schemas; i++)
		if (eun_slot_get_ring(entry->slot, entry->schemas[i].schema, &ring) == 0 &&
		    ring.ring != 0)
			return true;
	return false;
}

void rejoin_begin(struct rejoin *rejoin, struct slot_entry *entry)
{
	uint32_t n = eun_slot_get_n_listeners(entry->slot);
	struct rejoin_slot *slot;

	if (n == 0 || !has_ring(entry))
		return;
	slot = malloc(sizeof(*slot));
	if (!slot)
		return; /* who comes back is told what it missed */
	*slot = (struct rejoin_slot){
		.entry = entry,
		.waiter.on_turn = on_turn,
		.n_missing = n,
		.until_ns = eub_clock_mono_ns() + WAIT_MS * UINT64_C(1000000),
	};
	eub_list_append(&rejoin->slots, &slot->link);
	eun_slot_hold(entry->slot, true);
	slot_wait(entry, &slot->waiter);
	(void)uv_timer_start(&rejoin->timer, on_timer, LOOK_MS, LOOK_MS); /* was initialised */
}

void rejoin_note(struct rejoin *rejoin, const struct slot_entry *entry)
{
	struct rejoin_slot *slot = find(rejoin, entry);

	if (slot && --slot->n_missing == 0)
		let_go(rejoin, slot);
}

void rejoin_forget(struct rejoin *rejoin, const struct slot_entry *entry)
{
	struct rejoin_slot *slot = find(rejoin, entry);

	if (!slot)
		return;
	slot->has_turn = false; /* whoever stops it decides what may be done to it now */
	remove_slot(rejoin, slot);
}

bool rejoin_is_waiting(const struct rejoin *rejoin, const struct slot_entry *entry)
{
	return find(rejoin, entry);
}
