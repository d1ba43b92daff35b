/* SPDX-License-Identifier: Apache-2.0 */
/* One test service, one session, and a client in memory. */
#pragma once

/* clang-format off: cmocka.h needs these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "rpc_peer.h"
#include "rpc_service.h"

#include "eunomia/v1/eunomia.pb-c.h"

#define PATH_GET    "/eunomia.v1.Trackers/Get"
#define PATH_START  "/eunomia.v1.Trackers/Start"
#define PATH_STREAM "/eunomia.v1.Events/Stream"

struct fixture {
	struct rpc_test_service service;
	struct rpc_session *session;
	struct rpc_peer peer;
};

/* cmocka setup and teardown; teardown checks that every call that began was ended. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Trackers.Get of @name. */
struct rpc_peer_stream *fixture_get(struct fixture *f, const char *name);
struct rpc_peer_stream *fixture_stream(struct fixture *f, uint64_t limit);
/* The frames in a body. */
size_t fixture_count_messages(const struct eub_buf *body);
void fixture_assert_message(const struct rpc_peer_stream *stream, const char *expected);
