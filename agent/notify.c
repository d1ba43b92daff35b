/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An idle agent must not wake up: the watchdog timer runs only if systemd asked for one, and the
 * status line is sent by a one-shot timer that a change arms.
 */
#include "notify.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#define STATUS_DELAY_MS	  500
#define FAILURE_BYTES_MAX 1000

static void on_watchdog(uv_timer_t *timer)
{
	const struct notify *notify = timer->data;

	eub_notify_send(&notify->socket, "WATCHDOG=1");
}

static void on_status_due(uv_timer_t *timer)
{
	const struct notify *notify = timer->data;
	char state[sizeof(notify->status) + 16];

	(void)snprintf(state, sizeof(state), "STATUS=%s", notify->status);
	eub_notify_send(&notify->socket, state);
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

	*notify = (struct notify){ .socket = EUB_NOTIFY_SOCKET_INIT };
	r = uv_timer_init(loop, &notify->watchdog);
	if (r < 0)
		return r;
	r = uv_timer_init(loop, &notify->debounce);
	if (r < 0)
		return r;
	notify->watchdog.data = notify;
	notify->debounce.data = notify;
	eub_notify_open(&notify->socket);
	if (notify->socket.fd >= 0 && watchdog_ms >= 2)
		r = uv_timer_start(&notify->watchdog, on_watchdog, watchdog_ms / 2,
				   watchdog_ms / 2);
	return r;
}

void notify_done(struct notify *notify)
{
	eub_notify_close(&notify->socket);
}

void notify_ready(struct notify *notify)
{
	eub_notify_send(&notify->socket, "READY=1");
}

void notify_reloading(struct notify *notify)
{
	char state[64];

	/* Type=notify-reload wants the time, so that it can tell this reload from an earlier. */
	(void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%llu",
		       (unsigned long long)(eub_clock_mono_ns() / 1000));
	eub_notify_send(&notify->socket, state);
}

void notify_stopping(struct notify *notify)
{
	eub_notify_send(&notify->socket, "STOPPING=1");
}

void notify_failed(int code, const char *message)
{
	struct eub_notify_socket notify;
	char memory[4 * FAILURE_BYTES_MAX + 64]; /* a byte takes at most four */
	struct eub_buf state = EUB_BUF_FIXED(memory, sizeof(memory));

	eub_buf_printf(&state, "ERRNO=%d\nSTATUS=", -code);
	/* A line feed would begin another variable. */
	eub_append_printable(&state, message, strnlen(message, FAILURE_BYTES_MAX));
	eub_buf_append_char(&state, '\0');
	eub_notify_open(&notify);
	eub_notify_send(&notify, memory);
	eub_notify_close(&notify);
}

void notify_status(struct notify *notify, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(notify->status, sizeof(notify->status), format, args);
	va_end(args);
	/* A timer that is running already will take this text along. */
	if (notify->socket.fd >= 0 && !uv_is_active((uv_handle_t *)&notify->debounce))
		(void)uv_timer_start(&notify->debounce, on_status_due, STATUS_DELAY_MS, 0);
}
