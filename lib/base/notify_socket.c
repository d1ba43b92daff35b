/* SPDX-License-Identifier: Apache-2.0 */
/* One socket, not connected: systemd may be executed anew, and its socket be another. */
#include "base/notify_socket.h"

#include "base/cleanup.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

bool eub_notify_is_wanted(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && *path;
}

void eub_notify_open(struct eub_notify_socket *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;

	*notify = (struct eub_notify_socket)EUB_NOTIFY_SOCKET_INIT;
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

void eub_notify_close(struct eub_notify_socket *notify)
{
	eub_closep(&notify->fd);
	notify->fd = -EBADF;
}

void eub_notify_send(const struct eub_notify_socket *notify, const char *state)
{
	/* Telling is a courtesy: if systemd does not listen, nothing can be done about it. */
	if (notify->fd >= 0)
		(void)sendto(notify->fd, state, strlen(state), MSG_NOSIGNAL,
			     (const struct sockaddr *)&notify->address, notify->address_length);
}
