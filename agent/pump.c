/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waking up dominates the cost of an event at moderate rates. So the pump has two ways:
 *
 *   resting: the engine's descriptor is polled; an event wakes the agent and goes out at once.
 *   busy:    events came shortly after others. Rings are drained with EUN_DISPATCH_HOLD, so that
 *            the kernel sends no wake-ups, and looked at again by a timer after EventDelayUs=.
 *
 * A lonely event costs one wake-up; an idle agent none. In either way a turn takes at most
 * EventBudget= events of a slot, then other work of the loop has its go.
 */
#include "pump.h"

#include "base/clock.h"

#include <eunomia/engine.h>

/* Events that are at least this many delays apart are lonely. */
#define LONELY_DELAYS 4

static void on_readable(uv_poll_t *poll, int status, int events);
static void on_timer(uv_timer_t *timer);

static uint64_t delay_ms(const struct pump *pump)
{
	return (pump->config->event_delay_us + 999) / 1000;
}

/* Return: events handed up. */
static unsigned int dispatch(struct pump *pump, unsigned int flags)
{
	unsigned int n =
	    eun_engine_dispatch(pump->engine, (unsigned int)pump->config->event_budget, flags);

	if (n > 0)
		pump->on_turn(pump->userdata);
	return n;
}

static void rest(struct pump *pump)
{
	(void)uv_poll_start(&pump->poll, UV_READABLE, on_readable); /* was possible before */
}

/* Looks again by the timer: at once if the budget left something, else after the delay. */
static void stay_busy(struct pump *pump, unsigned int n)
{
	bool is_behind = n >= pump->config->event_budget;

	(void)uv_poll_stop(&pump->poll); /* cannot fail */
	(void)uv_timer_start(&pump->timer, on_timer, is_behind ? 0 : delay_ms(pump), 0);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct pump *pump = poll->data;
	uint64_t now_ns = eub_clock_mono_ns();
	bool is_lonely =
	    now_ns - pump->last_turn_ns > LONELY_DELAYS * pump->config->event_delay_us * 1000;
	unsigned int n;

	(void)status;
	(void)events; /* an error on the descriptor is no different from nothing to read */
	pump->last_turn_ns = now_ns;
	n = dispatch(pump, is_lonely ? 0 : EUN_DISPATCH_HOLD);
	if (n >= pump->config->event_budget || (n > 0 && !is_lonely))
		stay_busy(pump, n);
}

static void on_timer(uv_timer_t *timer)
{
	struct pump *pump = timer->data;
	unsigned int n = dispatch(pump, EUN_DISPATCH_HOLD);

	pump->last_turn_ns = eub_clock_mono_ns();
	/* Nothing new: let go of what was held, so that the next event wakes the agent. */
	if (n == 0)
		n = dispatch(pump, 0);
	if (n > 0)
		stay_busy(pump, n);
	else
		rest(pump);
}

int pump_init(struct pump *pump, uv_loop_t *loop)
{
	int r = uv_timer_init(loop, &pump->timer);

	if (r < 0)
		return r;
	r = uv_poll_init(loop, &pump->poll, eun_engine_fd(pump->engine));
	if (r < 0)
		return r;
	pump->timer.data = pump;
	pump->poll.data = pump;
	return uv_poll_start(&pump->poll, UV_READABLE, on_readable);
}
