/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each allocation of the room fails once: a recorded conversation is played again and again, to the
 * session and to the client, with the n-th allocation failing. Nothing may crash or leak (the
 * sanitizers look), every call that began must end, and failures must be told.
 */
#include "fixture.h"

#include "base/fd.h"
#include "grpc/health/v1/health.pb-c.h"
#include "rpc/client.h"
#include "rpc/decode.h"

#include <string.h>
#include <sys/socket.h>

#define ALLOCATIONS_MAX 10000

/* The linker sends every call of these from our code here (--wrap). */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strndup(const char *s, size_t n);

static long allocations_left = -1; /* until one fails; -1: none does */

static bool must_fail(void)
{
	if (allocations_left < 0)
		return false;
	return allocations_left-- == 0;
}

void *__wrap_malloc(size_t n)
{
	return must_fail() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return must_fail() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return must_fail() ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return must_fail() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return must_fail() ? NULL : __real_strndup(s, n);
}

struct recording {
	struct eub_buf from_client;
};

static void ask_everything(struct fixture *f)
{
	Grpc__Health__V1__HealthCheckRequest watch;

	grpc__health__v1__health_check_request__init(&watch);
	(void)fixture_get(f, "opensnoop");
	(void)fixture_get(f, "reason/verifier");
	(void)fixture_get(f, "big/100000");
	(void)fixture_get(f, "park");
	(void)fixture_stream(f, 3000);
	(void)rpc_peer_call(&f->peer, "/grpc.health.v1.Health/Watch", &watch.base);
	(void)rpc_peer_call(&f->peer, "/a.B/C", &watch.base);
}

static int setup(void **state)
{
	struct recording *recording = calloc(1, sizeof(*recording));
	void *fixture = NULL;
	struct fixture *f;
	const uint8_t *data;
	ssize_t n;

	assert_non_null(recording);
	assert_int_equal(fixture_setup(&fixture), 0);
	f = fixture;
	ask_everything(f);
	while ((n = nghttp2_session_mem_send(f->peer.http2, &data)) > 0)
		eub_buf_append(&recording->from_client, data, (size_t)n);
	assert_int_equal(fixture_teardown(&fixture), 0);
	*state = recording;
	return 0;
}

static int teardown(void **state)
{
	struct recording *recording = *state;

	eub_buf_done(&recording->from_client);
	free(recording);
	return 0;
}

/* What a server does with the recorded bytes. */
static void play_session(struct rpc_test_service *service, const struct recording *recording)
{
	struct rpc_session *session = NULL;

	if (rpc_session_new(&service->server, NULL, &session) < 0)
		return;
	(void)rpc_session_feed(session, recording->from_client.data, recording->from_client.len);
	while (rpc_session_wants_write(session)) {
		struct eub_buf out = EUB_BUF_INIT;

		(void)rpc_session_pump(session, &out, 4096); /* wants_write tells */
		eub_buf_done(&out);
	}
	rpc_session_tick(session, UINT64_MAX);
	rpc_session_free(session);
}

static void test_session(void **state)
{
	bool has_failed = true;
	long n;

	for (n = 0; has_failed && n < ALLOCATIONS_MAX; n++) {
		struct rpc_test_service service;

		assert_int_equal(rpc_test_service_init(&service), 0);
		allocations_left = n;
		play_session(&service, *state);
		has_failed = allocations_left < 0;
		allocations_left = -1;
		assert_int_equal(service.n_begun, service.n_done);
		rpc_test_service_done(&service);
	}
	assert_false(has_failed);
	assert_true(n > 5);
}

static void test_objects(void **state)
{
	bool has_failed = true;
	long n;

	(void)state;
	for (n = 0; has_failed && n < ALLOCATIONS_MAX; n++) {
		struct rpc_test_service service;
		int r;

		allocations_left = n;
		r = rpc_test_service_init(&service);
		has_failed = allocations_left < 0;
		allocations_left = -1;
		assert_int_equal(r, has_failed ? -ENOMEM : 0);
		if (r == 0)
			rpc_test_service_done(&service);
	}
	assert_false(has_failed);
	assert_true(n > 5);
}

/* SETTINGS; for stream 1 HEADERS (":status: 200"), a SlotReply, and "grpc-status: 0". */
static const char answer[] = "\0\0\0\4\0\0\0\0\0"
			     "\0\0\1\1\4\0\0\0\1\x88"
			     "\0\0\x0a\0\0\0\0\0\1\0\0\0\0\5\n\3\n\1s"
			     "\0\0\x0f\1\5\0\0\0\1\0\x0bgrpc-status\1"
			     "0";

static int play_client(int fd)
{
	Eunomia__V1__SlotRequest request;
	ProtobufCMessage *reply = NULL;
	struct rpc_client *client = NULL;
	struct eun_error err = EUN_ERROR_INIT;
	int r = rpc_client_new(fd, &client, &err);

	eunomia__v1__slot_request__init(&request);
	if (r == 0)
		r = rpc_client_call(client, PATH_GET, &request.base,
				    &eunomia__v1__slot_reply__descriptor, 10000, &reply, &err);
	assert_true((r < 0) == (err.code < 0));
	assert_true((r == 0) == (reply != NULL));
	(void)rpc_message_free(reply);
	(void)rpc_client_free(client);
	eun_error_done(&err);
	return r;
}

static void test_client(void **state)
{
	bool has_failed = true;
	long n;
	int r = -1;

	(void)state;
	for (n = 0; has_failed && n < ALLOCATIONS_MAX; n++) {
		int fds[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
		assert_int_equal(eub_write_all(fds[1], answer, sizeof(answer) - 1), 0);
		allocations_left = n;
		r = play_client(fds[0]);
		has_failed = allocations_left < 0;
		allocations_left = -1;
		assert_int_equal(close(fds[1]), 0);
		assert_true(has_failed || r == 0);
	}
	assert_int_equal(r, 0);
	assert_true(n > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_client),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
