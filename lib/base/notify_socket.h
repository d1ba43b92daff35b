/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notification protocol of systemd (sd_notify(3), "Notes": a datagram of VAR=VALUE lines to the
 * socket in $NOTIFY_SOCKET), spoken directly. sd_notify() waits without a bound when a few
 * datagrams are not read, which a loop must not; and for a client that says three words, loading
 * libsystemd and the five libraries that it brings costs more than all else that it does.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <sys/un.h>

struct eub_notify_socket {
	int fd; /* -EBADF: nobody is to be told */
	struct sockaddr_un address;
	unsigned int address_length;
};

#define EUB_NOTIFY_SOCKET_INIT                                                                     \
	{                                                                                          \
		.fd = -EBADF                                                                       \
	}

/* Whether a service manager listens: $NOTIFY_SOCKET is set. */
bool eub_notify_is_wanted(void);
/* Opens what $NOTIFY_SOCKET names, a path or "@name" in the abstract namespace. Without it, or if
 * it is nothing of the kind, nothing will be sent. */
void eub_notify_open(struct eub_notify_socket *notify);
void eub_notify_close(struct eub_notify_socket *notify);
/* Sends "READY=1" and the like; never waits: what systemd has no room for is lost. */
void eub_notify_send(const struct eub_notify_socket *notify, const char *state);
