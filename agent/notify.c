/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notification protocol of systemd (sd_notify(3), "Notes": a datagram of VAR=VALUE lines to the
 * socket in $NOTIFY_SOCKET), spoken directly: sd_notify() waits without a bound when a few
 * datagrams are not read, and the loop, with every client of it, would wait along.
 *
 * An idle agent must not wake up: the watchdog timer runs only if systemd asked for one, and the
 * status line is sent by a one-shot timer that a change arms.
 */
#include "notify.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#define STATUS_DELAY_MS	  500
#define FAILURE_BYTES_MAX 1000

static void send_state(const struct notify *notify, const char *state)
{
	/* Telling is a courtesy: if systemd does not listen, nothing can be done about it. */
	if (notify->fd >= 0)
		(void)sendto(notify->fd, state, strlen(state), MSG_NOSIGNAL,
			     (const struct sockaddr *)&notify->address, notify->address_length);
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

/* Takes a path, or "@name" for the abstract namespace. */
static void open_socket(struct notify *notify, const char *path)
{
	size_t length = path ? strlen(path) : 0;

	if (length < 2 || length >= sizeof(notify->address.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return;
	notify->address.sun_family = AF_UNIX;
	memcpy(notify->address.sun_path, path, length);
	if (path[0] == '@')
		notify->address.sun_path[0] = '\0';
	notify->address_length =
	    (unsigned int)(offsetof(struct sockaddr_un, sun_path) + length +
			   (path[0] == '/' ? 1 : 0)); /* paths count with their terminator */
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
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

	*notify = (struct notify){ .fd = -EBADF };
	r = uv_timer_init(loop, &notify->watchdog);
	if (r < 0)
		return r;
	r = uv_timer_init(loop, &notify->debounce);
	if (r < 0)
		return r;
	notify->watchdog.data = notify;
	notify->debounce.data = notify;
	open_socket(notify, getenv("NOTIFY_SOCKET"));
	if (notify->fd >= 0 && watchdog_ms >= 2)
		r = uv_timer_start(&notify->watchdog, on_watchdog, watchdog_ms / 2,
				   watchdog_ms / 2);
	return r;
}

void notify_done(struct notify *notify)
{
	eub_closep(&notify->fd);
	notify->fd = -EBADF;
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

void notify_failed(int code, const char *message)
{
	struct notify notify = { .fd = -EBADF };
	char memory[4 * FAILURE_BYTES_MAX + 64]; /* a byte takes at most four */
	struct eub_buf state = EUB_BUF_FIXED(memory, sizeof(memory));

	eub_buf_printf(&state, "ERRNO=%d\nSTATUS=", -code);
	/* A line feed would begin another variable. */
	eub_append_printable(&state, message, strnlen(message, FAILURE_BYTES_MAX));
	eub_buf_append_char(&state, '\0');
	open_socket(&notify, getenv("NOTIFY_SOCKET"));
	send_state(&notify, memory);
	notify_done(&notify);
}

void notify_status(struct notify *notify, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(notify->status, sizeof(notify->status), format, args);
	va_end(args);
	/* A timer that is running already will take this text along. */
	if (notify->fd >= 0 && !uv_is_active((uv_handle_t *)&notify->debounce))
		(void)uv_timer_start(&notify->debounce, on_status_due, STATUS_DELAY_MS, 0);
}
