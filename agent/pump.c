/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waking up dominates the cost of an event at moderate rates. So the pump has two ways:
 *
 *   resting: the engine's descriptor is polled; an event wakes the agent and goes out at once.
 *   busy:    BUSY_EVENTS came within EventDelayUs=. Rings are drained with EUN_DISPATCH_HOLD, so
 *            that the kernel sends no wake-ups, and looked at again by a timer after that time, or
 *            sooner if at the present rate a ring could fill up meanwhile.
 *
 * So an event that is not one of many is never delayed, and an idle agent does not wake up. In
 * either way a turn takes at most EventBudget= events of a slot, then other work of the loop has
 * its go.
 */
#include "pump.h"

#include "base/clock.h"
#include "base/macro.h"

#include <eunomia/engine.h>

#define BUSY_EVENTS    8
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
	    eun_engine_dispatch(pump->engine, (unsigned int)pump->config->event_budget,
				flags | EUN_DISPATCH_UNCOMMITTED); /* delivery.h commits */

	if (n > 0)
		pump->on_turn(pump->userdata);
	return n;
}

static uint64_t get_delay_ns(const struct pump *pump)
{
	return pump->config->event_delay_us * 1000;
}

/* Are @n events within @since_ns so many that batches pay? */
static bool is_load(const struct pump *pump, uint64_t n, uint64_t since_ns)
{
	return n * get_delay_ns(pump) > BUSY_EVENTS * since_ns;
}

/* Begins a measure of rate. Return: ns since the one before began. */
static uint64_t begin_window(struct pump *pump, uint64_t now_ns)
{
	uint64_t since_ns = EUB_MIN(now_ns - pump->window_ns, SINCE_MAX_NS);

	pump->window_ns = now_ns;
	pump->n_events = 0;
	pump->n_bytes = 0;
	return since_ns;
}

static void rest(struct pump *pump)
{
	(void)uv_poll_start(&pump->poll, UV_READABLE, on_readable); /* was possible before */
}

/*
 * Looks again by the timer, in time before GATHERED_BYTES more are there if @n_bytes came within
 * @since_ns.
 */
static void stay_busy(struct pump *pump, uint64_t n_bytes, uint64_t since_ns)
{
	uint64_t gather_ns = since_ns * GATHERED_BYTES / (n_bytes + 1);
	uint64_t delay_ns = EUB_MIN(get_delay_ns(pump) + 999999, gather_ns);

	(void)uv_poll_stop(&pump->poll); /* cannot fail */
	(void)uv_timer_start(&pump->timer, on_timer, delay_ns / 1000000, 0);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct pump *pump = poll->data;
	uint64_t now_ns = eub_clock_mono_ns();

	(void)status;
	(void)events; /* an error on the descriptor is no different from nothing to read */
	if (now_ns - pump->window_ns >= get_delay_ns(pump))
		(void)begin_window(pump, now_ns);
	pump->n_events += dispatch(pump, 0);
	if (pump->n_events >= BUSY_EVENTS && get_delay_ns(pump) > 0)
		stay_busy(pump, pump->n_bytes, now_ns - pump->window_ns);
}

static void on_timer(uv_timer_t *timer)
{
	struct pump *pump = timer->data;
	uint64_t since_ns = begin_window(pump, eub_clock_mono_ns());
	unsigned int n = dispatch(pump, EUN_DISPATCH_HOLD);

	if (is_load(pump, n, since_ns)) {
		stay_busy(pump, pump->n_bytes, since_ns);
		return;
	}
	/* Let go of what was held, so that the next event wakes the agent. */
	(void)dispatch(pump, 0);
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
