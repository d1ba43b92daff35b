/* SPDX-License-Identifier: Apache-2.0 */
/* Clients: one struct conn each, between a socket and its rpc_session. Loop thread. */
#pragma once

#include "config.h"
#include "log.h"
#include "peer.h"

#include "base/list.h"
#include "rpc/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#define CONN_READ_BYTES 16384

struct conn_set {
	uv_loop_t *loop;
	const struct rpc_server *server;
	const struct config *config;
	const struct peer_policy *policy;
	struct log *log;
	void (*on_changed)(void *userdata); /* a client came or went */
	void (*on_flushed)(void *userdata); /* before the loop sleeps: what could be written, was */
	void *userdata;
	struct eub_list conns;
	struct eub_list dirty; /* those with something to write */
	size_t n_conns;
	size_t n_refused; /* since the last line in the log that said so */
	bool is_ending;
	uv_prepare_t prepare;		   /* writes out, before the loop sleeps */
	uv_idle_t idle;			   /* keeps the loop awake while much is left to write */
	char read_buffer[CONN_READ_BYTES]; /* of whichever client is being read */
};

/* All pointers are borrowed and outlive the set; the owner of the loop closes the handles. Return:
 * 0; -errno of libuv. */
int conn_set_init(struct conn_set *set, uv_loop_t *loop, const struct rpc_server *server,
		  const struct config *config, const struct peer_policy *policy, struct log *log);
/* Takes one client from a listening socket. */
void conn_set_accept(struct conn_set *set, uv_stream_t *server);
/* Tells clients to begin no more calls. */
void conn_set_shutdown(struct conn_set *set);
/* Clients are closed as soon as their calls are over and written. */
void conn_set_end(struct conn_set *set);
/* Closes clients at once; the loop must run until it is empty afterwards. */
void conn_set_close(struct conn_set *set);

/* The process behind a session of this set. */
const struct peer *conn_get_peer(const struct rpc_session *session);
/* For rpc_server.on_dirty. */
void conn_on_dirty(struct rpc_session *session);
