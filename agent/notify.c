/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sd_notify(3) with two habits of ours. An idle agent must not wake up: the watchdog timer runs
 * only if systemd asked for one, and the status line is sent by a one-shot timer that a change
 * arms.
 */
#include "notify.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#define STATUS_DELAY_MS 500

static void send_state(const struct notify *notify, const char *state)
{
	/* Telling is a courtesy: if systemd does not listen, nothing can be done about it. */
	if (notify->is_wanted)
		(void)sd_notify(0, state);
}

static void on_watchdog(uv_timer_t *timer)
{
	send_state(timer->data, "WATCHDOG=1");
}

static void on_status_due(uv_timer_t *timer)
{
	const struct notify *notify = timer->data;
	char state[sizeof(notify->status) + 16];

	(void)snprintf(state, sizeof(state), "STATUS=%s", notify->status);
	send_state(notify, state);
}

/* The watchdog's interval in ms; 0 if there is none or it is meant for another process. */
static uint64_t get_watchdog_ms(void)
{
	uint64_t usec;

	return sd_watchdog_enabled(0, &usec) > 0 ? usec / 1000 : 0;
}

int notify_init(struct notify *notify, uv_loop_t *loop)
{
	uint64_t watchdog_ms = get_watchdog_ms();
	int r;

	*notify = (struct notify){ .is_wanted = getenv("NOTIFY_SOCKET") != NULL };
	r = uv_timer_init(loop, &notify->watchdog);
	if (r < 0)
		return r;
	r = uv_timer_init(loop, &notify->debounce);
	if (r < 0)
		return r;
	notify->watchdog.data = notify;
	notify->debounce.data = notify;
	if (notify->is_wanted && watchdog_ms >= 2)
		r = uv_timer_start(&notify->watchdog, on_watchdog, watchdog_ms / 2,
				   watchdog_ms / 2);
	return r;
}

void notify_done(struct notify *notify)
{
	notify->is_wanted = false;
}

void notify_ready(struct notify *notify)
{
	send_state(notify, "READY=1");
}

void notify_reloading(struct notify *notify)
{
	char state[64];

	/* Type=notify-reload wants the time, so that it can tell this reload from an earlier. */
	(void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%llu",
		       (unsigned long long)(eub_clock_mono_ns() / 1000));
	send_state(notify, state);
}

void notify_stopping(struct notify *notify)
{
	send_state(notify, "STOPPING=1");
}

void notify_status(struct notify *notify, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(notify->status, sizeof(notify->status), format, args);
	va_end(args);
	/* A timer that is running already will take this text along. */
	if (notify->is_wanted && !uv_is_active((uv_handle_t *)&notify->debounce))
		(void)uv_timer_start(&notify->debounce, on_status_due, STATUS_DELAY_MS, 0);
}
