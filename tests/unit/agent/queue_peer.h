/* SPDX-License-Identifier: Apache-2.0 */
/* A journal queue whose sender thread hands each entry to the test. */
#pragma once

#include "journal.h"
#include "journal_queue.h"

#include "agent_test.h"

#include <sys/socket.h>

struct queue_peer {
	struct journal_queue *queue;
	int fds[2]; /* of the test, of the sender */
	/* The entry received last. */
	char entry[8192];
	struct iovec fields[64];
	size_t n_fields;
};

static inline int queue_peer_send(void *userdata, const void *entry, size_t n)
{
	const struct queue_peer *peer = userdata;

	return send(peer->fds[1], entry, n, 0) < 0 ? -1 : 0;
}

static inline void queue_peer_open(struct queue_peer *peer)
{
	const struct journal_queue_options options = {
		.max_bytes = 1 << 20, .max_entries = 1000, .send = queue_peer_send, .userdata = peer
	};

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, peer->fds), 0);
	assert_int_equal(journal_queue_new(&options, &peer->queue), 0);
}

static inline void queue_peer_close(struct queue_peer *peer)
{
	(void)shutdown(peer->fds[0], SHUT_RD); /* a send that waits fails */
	peer->queue = journal_queue_free(peer->queue, 60000);
	(void)close(peer->fds[0]);
	(void)close(peer->fds[1]);
}

/* Waits for one entry. */
static inline void queue_peer_receive(struct queue_peer *peer)
{
	ssize_t n = recv(peer->fds[0], peer->entry, sizeof(peer->entry), 0);

	assert_true(n > 0);
	assert_int_equal(journal_split(peer->entry, (size_t)n, peer->fields, 64, &peer->n_fields),
			 0);
}

/* Does the entry received last have a field of this whole text? */
static inline bool queue_peer_has(const struct queue_peer *peer, const char *field)
{
	for (size_t i = 0; i < peer->n_fields; i++)
		if (peer->fields[i].iov_len == strlen(field) &&
		    memcmp(peer->fields[i].iov_base, field, strlen(field)) == 0)
			return true;
	return false;
}

/* Does it have a field that begins with this text? */
static inline bool queue_peer_has_begin(const struct queue_peer *peer, const char *begin)
{
	for (size_t i = 0; i < peer->n_fields; i++)
		if (peer->fields[i].iov_len >= strlen(begin) &&
		    memcmp(peer->fields[i].iov_base, begin, strlen(begin)) == 0)
			return true;
	return false;
}
