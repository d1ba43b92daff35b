/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One checkpoint is pending at a time. While it is, further events go to the sinks and belong to
 * the next one; so the memory is constant, and a busy agent commits once a turn of its loop or
 * less. In the common case the sockets take everything at once: then the checkpoint is taken and
 * committed in the same turn as its events were written, and nothing wakes the agent for it.
 *
 * The journal's thread and a client whose socket is full take longer. Whoever looks next finds them
 * done, at the latest a timer after PATIENCE_MS. A sink that is behind by then is late: the
 * checkpoint is committed all the same, and those that follow do not wait for it until it has
 * caught up. So a stopped client holds up nothing: what it cannot be told after a crash is its own
 * loss, and it is told that (docs/events.md, "Exactly once").
 */
#include "delivery.h"

#include "base/clock.h"

#include <eunomia/engine.h>

#define PATIENCE_MS 1000
#define NS_PER_MS   UINT64_C(1000000)

static void on_timer(uv_timer_t *timer)
{
	delivery_advance(timer->data);
}

int delivery_init(struct delivery *delivery, uv_loop_t *loop, struct eun_engine *engine)
{
	*delivery = (struct delivery){ .engine = engine };
	eub_list_init(&delivery->sinks);
	delivery->timer.data = delivery;
	return uv_timer_init(loop, &delivery->timer);
}

void delivery_add(struct delivery *delivery, struct delivery_sink *sink)
{
	sink->mark = 0;
	sink->is_late = false;
	eub_list_append(&delivery->sinks, &sink->link);
}

void delivery_remove(struct delivery_sink *sink)
{
	eub_list_remove(&sink->link);
}

static void set_marks(struct delivery *delivery)
{
	delivery->is_pending = true;
	delivery->taken_at_ns = eub_clock_mono_ns();
	EUB_LIST_FOREACH (sink, &delivery->sinks, struct delivery_sink, link)
		if (!sink->is_late)
			sink->mark = sink->get_given(sink);
}

/* Whether every sink that is waited for has come to its mark. */
static bool is_taken(struct delivery *delivery)
{
	bool are_all_done = true;

	EUB_LIST_FOREACH (sink, &delivery->sinks, struct delivery_sink, link) {
		bool is_done = sink->get_taken(sink) >= sink->mark;

		if (is_done)
			sink->is_late = false;
		are_all_done = are_all_done && (is_done || sink->is_late);
	}
	return are_all_done;
}

static uint64_t get_age_ms(const struct delivery *delivery)
{
	return (eub_clock_mono_ns() - delivery->taken_at_ns) / NS_PER_MS;
}

static void give_up_waiting(struct delivery *delivery)
{
	EUB_LIST_FOREACH (sink, &delivery->sinks, struct delivery_sink, link)
		sink->is_late = sink->is_late || sink->get_taken(sink) < sink->mark;
}

static void arm(struct delivery *delivery)
{
	uint64_t age_ms = get_age_ms(delivery);

	if (!uv_is_active((uv_handle_t *)&delivery->timer))
		(void)uv_timer_start(&delivery->timer, on_timer,
				     age_ms < PATIENCE_MS ? PATIENCE_MS - age_ms : 0, 0);
}

/* Return: whether there was one that could be committed. */
static bool commit_one(struct delivery *delivery)
{
	if (!delivery->is_pending) {
		if (!eun_engine_checkpoint(delivery->engine))
			return false;
		set_marks(delivery);
	}
	if (get_age_ms(delivery) >= PATIENCE_MS)
		give_up_waiting(delivery);
	if (!is_taken(delivery)) {
		arm(delivery);
		return false;
	}
	eun_engine_commit(delivery->engine);
	delivery->is_pending = false;
	return true;
}

void delivery_advance(struct delivery *delivery)
{
	bool is_any_committed = false;

	while (commit_one(delivery))
		is_any_committed = true;
	if (is_any_committed && delivery->on_committed)
		delivery->on_committed(delivery->userdata);
}
