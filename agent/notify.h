/* SPDX-License-Identifier: Apache-2.0 */
/* Tells systemd how the agent is: readiness, status line, watchdog. Loop thread. */
#pragma once

#include "base/notify_socket.h"

#include <uv.h>

struct notify {
	struct eub_notify_socket socket;
	uv_timer_t watchdog;
	uv_timer_t debounce; /* one-shot: runs only while a status line waits */
	char status[128];
};

/**
 * notify_init() - look at $NOTIFY_SOCKET and $WATCHDOG_USEC
 *
 * Without them, nothing is sent and no timer runs.
 *
 * Return: 0; -errno of libuv.
 */
int notify_init(struct notify *notify, uv_loop_t *loop);
/* Nothing is sent any more. The owner of the loop closes the timers. */
void notify_done(struct notify *notify);

void notify_ready(struct notify *notify);
void notify_reloading(struct notify *notify);
void notify_stopping(struct notify *notify);
/* Why the agent does not start: @code a negative errno. Needs no notify_init() before. */
void notify_failed(int code, const char *message);
/* Shown by systemctl status; sent at most twice a second, the last one wins. */
void notify_status(struct notify *notify, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
