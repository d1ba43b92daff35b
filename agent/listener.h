/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket: passed by systemd, or bound by the agent itself. */
#pragma once

#include "config.h"
#include "log.h"

#include <eunomia/error.h>

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

struct listener;
typedef void (*listener_fn)(uv_stream_t *server, void *userdata);

struct listener {
	uv_pipe_t pipe;
	bool is_open;
	bool is_bound; /* the path is ours to remove */
	dev_t device;  /* of the bound socket's path, so that only ours is removed */
	ino_t inode;
	char *path;
	struct log *log;
	listener_fn on_connection;
	void *userdata;
};

/**
 * listener_open() - listen for clients
 * @group:         owner of a socket that is bound here; (gid_t)-1: left as it is
 * @on_connection: accepts with uv_accept()
 *
 * A path where somebody listens is -EADDRINUSE; one where nobody does any more is taken over. At no
 * moment can somebody connect whom SocketMode= does not let.
 *
 * Return: 0; -EADDRINUSE, -ENAMETOOLONG, -ENOTSOCK; -errno of bind(2), chown(2), listen(2).
 */
int listener_open(struct listener *listener, uv_loop_t *loop, const struct config *config,
		  gid_t group, struct log *log, listener_fn on_connection, void *userdata,
		  struct eun_error *err);
/* Stops listening, removes the path; twice is allowed. The loop must run before @listener goes. */
void listener_close(struct listener *listener);
