/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waking up dominates the cost of an event at moderate rates. So the pump has two ways:
 *
 *   resting: the engine's descriptor is polled; an event wakes the agent and goes out at once.
 *   busy:    events came shortly after others. Rings are drained with EUN_DISPATCH_HOLD, so that
 *            the kernel sends no wake-ups, and looked at again by a timer.
 *
 * The timer's delay is EventDelayUs=, or less if at the rate of the last turn so much would gather
 * that a ring could fill up. A lonely event costs one wake-up; an idle agent none. In either way a
 * turn takes at most EventBudget= events of a slot, then other work of the loop has its go.
 */
#include "pump.h"

#include "base/clock.h"
#include "base/macro.h"

#include <eunomia/engine.h>

/* Events that are at least this many delays apart are lonely. */
#define LONELY_DELAYS  4
/* Bytes that may gather while the timer runs: an eighth of a ring of 256 kB, the usual size. */
#define GATHERED_BYTES 32768
/* Longer is all the same, and short enough to be multiplied. */
#define SINCE_MAX_NS   UINT64_C(10000000000)

static void on_readable(uv_poll_t *poll, int status, int events);
static void on_timer(uv_timer_t *timer);

void pump_count(struct pump *pump, size_t n_bytes)
{
	pump->n_bytes += n_bytes;
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

/* Begins the measure of a turn. Return: ns since the one before. */
static uint64_t begin_turn(struct pump *pump)
{
	uint64_t now_ns = eub_clock_mono_ns();
	uint64_t since_ns = EUB_MIN(now_ns - pump->last_turn_ns, SINCE_MAX_NS);

	pump->last_turn_ns = now_ns;
	pump->n_bytes = 0;
	return since_ns;
}

/* How long it takes, at the rate of the last @since_ns, until GATHERED_BYTES have gathered. */
static uint64_t get_delay_ms(const struct pump *pump, uint64_t since_ns)
{
	uint64_t wanted_ms = (pump->config->event_delay_us + 999) / 1000;
	uint64_t gather_ns = since_ns * GATHERED_BYTES / (pump->n_bytes + 1);

	return EUB_MIN(wanted_ms, gather_ns / 1000000);
}

static void rest(struct pump *pump)
{
	(void)uv_poll_start(&pump->poll, UV_READABLE, on_readable); /* was possible before */
}

/* Looks again by the timer: at once if the budget left something, else after the delay. */
static void stay_busy(struct pump *pump, unsigned int n, uint64_t since_ns)
{
	bool is_behind = n >= pump->config->event_budget;
	uint64_t delay_ms = is_behind ? 0 : get_delay_ms(pump, since_ns);

	(void)uv_poll_stop(&pump->poll); /* cannot fail */
	(void)uv_timer_start(&pump->timer, on_timer, delay_ms, 0);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct pump *pump = poll->data;
	uint64_t since_ns = begin_turn(pump);
	bool is_lonely = since_ns > LONELY_DELAYS * pump->config->event_delay_us * 1000;
	unsigned int n;

	(void)status;
	(void)events; /* an error on the descriptor is no different from nothing to read */
	n = dispatch(pump, is_lonely ? 0 : EUN_DISPATCH_HOLD);
	if (n >= pump->config->event_budget || (n > 0 && !is_lonely))
		stay_busy(pump, n, since_ns);
}

static void on_timer(uv_timer_t *timer)
{
	struct pump *pump = timer->data;
	uint64_t since_ns = begin_turn(pump);
	unsigned int n = dispatch(pump, EUN_DISPATCH_HOLD);

	/* Nothing new: let go of what was held, so that the next event wakes the agent. */
	if (n == 0)
		n = dispatch(pump, 0);
	if (n > 0)
		stay_busy(pump, n, since_ns);
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
