/* SPDX-License-Identifier: Apache-2.0 */
/* The door to libsystemd. Messages are rare, so each is a call of sd_notify(3) of its own. */
#include "notify.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <systemd/sd-daemon.h>

bool notify_is_wanted(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && *path;
}

void notify_send(const char *format, ...)
{
	struct eub_buf buf = EUB_BUF_INIT;
	_cleanup_(eub_freep) char *message = NULL;
	va_list args;

	va_start(args, format);
	eub_buf_vprintf(&buf, format, args);
	va_end(args);
	message = eub_buf_take_string(&buf);
	/* Telling is a courtesy: if systemd does not listen, nothing can be done about it. */
	if (message)
		(void)sd_notify(0, message);
}
