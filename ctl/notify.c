/* SPDX-License-Identifier: Apache-2.0 */
/* Messages are rare, so each has a socket of its own. */
#include "notify.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/notify_socket.h"

void notify_send(const char *format, ...)
{
	struct eub_buf buf = EUB_BUF_INIT;
	_cleanup_(eub_freep) char *message = NULL;
	struct eub_notify_socket notify;
	va_list args;

	va_start(args, format);
	eub_buf_vprintf(&buf, format, args);
	va_end(args);
	message = eub_buf_take_string(&buf);
	if (!message)
		return;
	eub_notify_open(&notify);
	eub_notify_send(&notify, message);
	eub_notify_close(&notify);
}
