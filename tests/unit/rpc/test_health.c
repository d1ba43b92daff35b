/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "grpc/health/v1/health.pb-c.h"
#include "rpc/limits.h"

#include <stdio.h>
#include <string.h>

#define PATH_CHECK "/grpc.health.v1.Health/Check"
#define PATH_WATCH "/grpc.health.v1.Health/Watch"

/* Encoded HealthCheckResponses in their frames. */
#define SERVING	    "\0\0\0\0\2\x08\1"
#define NOT_SERVING "\0\0\0\0\2\x08\2"
#define UNKNOWN	    "\0\0\0\0\2\x08\3"

static struct rpc_peer_stream *ask(struct fixture *f, const char *path, const char *service)
{
	Grpc__Health__V1__HealthCheckRequest request;

	grpc__health__v1__health_check_request__init(&request);
	request.service = (char *)(uintptr_t)service;
	return rpc_peer_call(&f->peer, path, &request.base);
}

static void assert_body(struct fixture *f, const struct rpc_peer_stream *stream,
			const char *expected, size_t n)
{
	rpc_peer_run(&f->peer);
	assert_int_equal(stream->body.len, n);
	assert_memory_equal(stream->body.data, expected, n);
}

static void test_check(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *stream = ask(f, PATH_CHECK, "");

	assert_body(f, stream, SERVING, 7);
	assert_int_equal(stream->grpc_status, RPC_OK);
	stream = ask(f, PATH_CHECK, "nobody");
	rpc_peer_run(&f->peer);
	assert_int_equal(stream->grpc_status, RPC_NOT_FOUND);
}

static void test_watch_follows(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *stream = ask(f, PATH_WATCH, "slot");

	assert_body(f, stream, UNKNOWN, 7);
	assert_int_equal(rpc_health_set(f->service.health, "slot", RPC_HEALTH_SERVING), 0);
	assert_int_equal(rpc_health_set(f->service.health, "slot", RPC_HEALTH_SERVING), 0);
	assert_int_equal(rpc_health_set(f->service.health, "other", RPC_HEALTH_SERVING), 0);
	assert_body(f, stream, UNKNOWN SERVING, 14);
	assert_int_equal(rpc_health_set(f->service.health, "slot", RPC_HEALTH_NOT_SERVING), 0);
	assert_int_equal(rpc_health_set(f->service.health, "slot", RPC_HEALTH_GONE), 0);
	assert_body(f, stream, UNKNOWN SERVING NOT_SERVING UNKNOWN, 28);
	assert_false(stream->is_closed);
}

static void test_shutdown_ends_watches(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *stream = ask(f, PATH_WATCH, "");
	struct rpc_peer_stream *late;

	rpc_peer_run(&f->peer);
	rpc_health_shutdown(f->service.health);
	assert_body(f, stream, SERVING NOT_SERVING, 14);
	assert_int_equal(stream->grpc_status, RPC_OK);
	late = ask(f, PATH_WATCH, "");
	assert_body(f, late, NOT_SERVING, 7);
	assert_int_equal(late->grpc_status, RPC_OK);
}

static void test_watch_is_cancelled(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *stream = ask(f, PATH_WATCH, "");

	rpc_peer_run(&f->peer);
	assert_int_equal(nghttp2_submit_rst_stream(f->peer.http2, 0, stream->id, NGHTTP2_CANCEL),
			 0);
	rpc_peer_run(&f->peer);
	assert_int_equal(rpc_health_set(f->service.health, "", RPC_HEALTH_NOT_SERVING), 0);
	assert_int_equal(rpc_session_get_n_calls(f->session), 0);
}

/* A watcher that does not read costs its queue, then only its latest state. */
static void test_watcher_that_does_not_read(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *stream = ask(f, PATH_WATCH, "");
	size_t n;

	rpc_peer_run(&f->peer);
	for (int i = 0; i < 100001; i++)
		assert_int_equal(
		    rpc_health_set(f->service.health, "",
				   i % 2 ? RPC_HEALTH_SERVING : RPC_HEALTH_NOT_SERVING),
		    0);
	rpc_peer_run(&f->peer);
	n = fixture_count_messages(&stream->body);
	assert_in_range(n, 2, RPC_HIGH_WATER_BYTES / 7 + 3);
	assert_memory_equal(stream->body.data + stream->body.len - 7, NOT_SERVING, 7);
}

static void test_limits(void **state)
{
	struct fixture *f = *state;
	char name[RPC_HEALTH_MAX_NAME_BYTES + 2];
	struct rpc_peer_stream *stream;
	int r = 0;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(rpc_health_set(f->service.health, name, RPC_HEALTH_SERVING), -EINVAL);
	stream = ask(f, PATH_WATCH, name);
	rpc_peer_run(&f->peer);
	assert_int_equal(stream->grpc_status, RPC_INVALID_ARGUMENT);
	for (int i = 0; i < RPC_HEALTH_MAX_NAMES && r == 0; i++) {
		(void)snprintf(name, sizeof(name), "slot-%d", i);
		r = rpc_health_set(f->service.health, name, RPC_HEALTH_SERVING);
	}
	assert_int_equal(r, -ENOSPC); /* "" is one of them */
	assert_int_equal(rpc_health_set(f->service.health, "slot-1", RPC_HEALTH_GONE), 0);
	assert_int_equal(rpc_health_set(f->service.health, name, RPC_HEALTH_SERVING), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_check),
		TEST(test_watch_follows),
		TEST(test_shutdown_ends_watches),
		TEST(test_watch_is_cancelled),
		TEST(test_watcher_that_does_not_read),
		TEST(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
