/* SPDX-License-Identifier: Apache-2.0 */
/* A datagram socket that stands for one of systemd's in tests. */
#pragma once

#include "agent_test.h"

#include <sys/socket.h>
#include <sys/un.h>

struct datagram_peer {
	struct test_folder folder;
	char *path;
	int fd;
};

static inline void datagram_peer_open(struct datagram_peer *peer)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	test_folder_make(&peer->folder);
	peer->path = test_path(&peer->folder, "socket");
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", peer->path);
	peer->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(peer->fd >= 0);
	assert_int_equal(bind(peer->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
}

static inline void datagram_peer_close(struct datagram_peer *peer)
{
	(void)close(peer->fd);
	assert_int_equal(unlink(peer->path), 0);
	assert_int_equal(rmdir(peer->folder.path), 0);
	free(peer->path);
}

/* Waits for one datagram, terminated. Return: its length. */
static inline size_t datagram_peer_receive(const struct datagram_peer *peer, char *buf, size_t size)
{
	ssize_t n = recv(peer->fd, buf, size - 1, 0);

	assert_true(n >= 0);
	buf[n] = '\0';
	return (size_t)n;
}
