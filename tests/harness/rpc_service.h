/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server of eunomia.v1 for tests of the wire, without an engine: what a call does is told by the
 * slot name in its request. Health and reflection are the real ones.
 *
 *   Trackers.*   "reason/NAME"  fails with that reason, subject, hint and log
 *                "status/N"     fails with that gRPC status
 *                "big/N"        answers with a note of N bytes
 *                "park"         does not answer; the test finds the call in last
 *                "silent"       finishes without a reply
 *                other          answers with a slot of that name
 *   Events.Stream  limit N: N messages Lost{count: 0, 1, ...}, as fast as the peer takes them
 *                  limit 0: one message, then nothing
 */
#pragma once

#include "rpc/health.h"
#include "rpc/reflection.h"
#include "rpc/server.h"

enum {
	RPC_TEST_APP,
	RPC_TEST_HEALTH,
	RPC_TEST_REFLECTION,
	_RPC_TEST_SERVICE_MAX,
};

struct rpc_test_service {
	struct rpc_server server;
	struct rpc_service services[_RPC_TEST_SERVICE_MAX];
	struct rpc_health *health;
	struct rpc_reflection *reflection;
	struct rpc_call *last; /* the last call that began, unless it is over; or NULL */
	unsigned int n_begun;  /* requests that reached a handler */
	unsigned int n_done;   /* of these, on_done was called */
	unsigned int n_dirty;
	bool is_closed_to_all;	   /* authorize refuses everything */
	size_t last_request_bytes; /* of Start's package */
};

/* Return: 0; -errno. */
int rpc_test_service_init(struct rpc_test_service *test);
void rpc_test_service_done(struct rpc_test_service *test);
