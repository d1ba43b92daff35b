/* SPDX-License-Identifier: Apache-2.0 */
/* What a request may look like, and what becomes of those that look otherwise. */
#include "fixture.h"

#include "rpc/limits.h"

#include <stdio.h>
#include <string.h>

static const struct rpc_peer_field good[] = {
	{ ":method", "POST" }, { ":scheme", "http" },
	{ ":path", PATH_GET }, { ":authority", "localhost" },
	{ "te", "trailers" },  { "content-type", "application/grpc" },
};
enum { METHOD, SCHEME, PATH, AUTHORITY, TE, CONTENT_TYPE };

static const char body[] = "\0\0\0\0\3\n\1a";
#define BODY_BYTES (sizeof(body) - 1)

/* The good request with one field replaced, or left out if @value is NULL. */
static struct rpc_peer_stream *send_with(struct fixture *f, size_t index, const char *value)
{
	struct rpc_peer_field fields[EUB_ARRAY_SIZE(good)];
	size_t n = 0;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(good); i++) {
		if (i == index && !value)
			continue;
		fields[n] = good[i];
		if (i == index)
			fields[n].value = value;
		n++;
	}
	return rpc_peer_open(&f->peer, fields, n, body, BODY_BYTES, false);
}

/* The good request with one more field at the end. */
static struct rpc_peer_stream *send_plus(struct fixture *f, const char *name, const char *value)
{
	struct rpc_peer_field fields[EUB_ARRAY_SIZE(good) + 1];

	memcpy(fields, good, sizeof(good));
	fields[EUB_ARRAY_SIZE(good)] = (struct rpc_peer_field){ name, value };
	return rpc_peer_open(&f->peer, fields, EUB_ARRAY_SIZE(fields), body, BODY_BYTES, false);
}

static struct rpc_peer_stream *send_body(struct fixture *f, const void *data, size_t n)
{
	return rpc_peer_open(&f->peer, good, EUB_ARRAY_SIZE(good), data, n, n == 0);
}

static void assert_ok(struct fixture *f, const struct rpc_peer_stream *stream)
{
	rpc_peer_run(&f->peer);
	assert_int_equal(stream->grpc_status, RPC_OK);
	assert_int_equal(stream->http_status, 200);
}

static void assert_status(struct fixture *f, const struct rpc_peer_stream *stream,
			  enum rpc_status status)
{
	rpc_peer_run(&f->peer);
	assert_int_equal(stream->grpc_status, status);
	assert_true(stream->is_closed);
	assert_int_equal(f->peer.session_result, 0);
}

static void assert_malformed(struct fixture *f, const struct rpc_peer_stream *stream)
{
	rpc_peer_run(&f->peer);
	assert_true(stream->is_closed);
	assert_int_equal(stream->error, NGHTTP2_PROTOCOL_ERROR);
	assert_int_equal(stream->http_status, 0);
	/* Other calls on the connection go on. */
	assert_ok(f, fixture_get(f, "a"));
}

static void test_any_authority(void **state)
{
	static const char *const values[] = {
		"localhost",
		"",
		"/run/eunomia/control.sock",
		"unix:/run/eunomia/control.sock",
		"%2Frun%2Feunomia%2Fcontrol.sock",
		"a b",
		"localhost:80",
		NULL,
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(values); i++)
		assert_ok(f, send_with(f, AUTHORITY, values[i]));
}

static void test_te_may_be_missing(void **state)
{
	struct fixture *f = *state;

	assert_ok(f, send_with(f, TE, NULL));
	assert_malformed(f, send_with(f, TE, "gzip"));
}

static void test_content_types(void **state)
{
	static const char *const bad[] = { "application/json", "application/grpc+json",
					   "application/grpcx", "", NULL };
	struct fixture *f = *state;

	assert_ok(f, send_with(f, CONTENT_TYPE, "application/grpc+proto"));
	assert_ok(f, send_with(f, CONTENT_TYPE, "application/grpc; charset=utf-8"));
	for (size_t i = 0; i < EUB_ARRAY_SIZE(bad); i++) {
		const struct rpc_peer_stream *stream = send_with(f, CONTENT_TYPE, bad[i]);

		rpc_peer_run(&f->peer);
		assert_int_equal(stream->http_status, 415);
		assert_true(stream->is_closed);
	}
}

static void test_methods_other_than_post(void **state)
{
	struct fixture *f = *state;
	const struct rpc_peer_stream *stream = send_with(f, METHOD, "GET");

	rpc_peer_run(&f->peer);
	assert_int_equal(stream->http_status, 405);
	assert_true(stream->is_closed);
}

static void test_unknown_paths(void **state)
{
	static const char *const paths[] = { "/", "*", "/eunomia.v1.Trackers/", "relative",
					     "/eunomia.v1.Trackers/Getx" };
	struct fixture *f = *state;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(paths); i++) {
		const struct rpc_peer_stream *stream = send_with(f, PATH, paths[i]);
		char message[64];

		(void)snprintf(message, sizeof(message), "unknown method '%s'", paths[i]);
		assert_status(f, stream, RPC_UNIMPLEMENTED);
		fixture_assert_message(stream, message);
	}
	assert_malformed(f, send_with(f, PATH, ""));
}

static void test_required_fields(void **state)
{
	struct fixture *f = *state;

	assert_malformed(f, send_with(f, METHOD, NULL));
	assert_malformed(f, send_with(f, SCHEME, NULL));
	assert_malformed(f, send_with(f, PATH, NULL));
}

static void test_malformed_fields(void **state)
{
	static const struct rpc_peer_field bad[] = {
		{ ":method", "POST" }, /* pseudo field after others, and twice */
		{ ":protocol", "websocket" },
		{ "content-type", "application/grpc" },
		{ "connection", "close" },
		{ "transfer-encoding", "chunked" },
		{ "a b", "c" },
		{ "a", "line\nfeed" },
		{ "content-length", "12x" },
		{ "content-length", "" },
		{ "content-length", "99999999999999999999999" },
		{ "content-length", "7" }, /* the body has 8 bytes */
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(bad); i++)
		assert_malformed(f, send_plus(f, bad[i].name, bad[i].value));
	assert_ok(f, send_plus(f, "content-length", "8"));
}

static void test_bad_timeout(void **state)
{
	struct fixture *f = *state;

	assert_status(f, send_plus(f, "grpc-timeout", "soon"), RPC_INVALID_ARGUMENT);
	assert_ok(f, send_plus(f, "grpc-timeout", "99999999H"));
}

static void test_too_much_metadata(void **state)
{
	struct fixture *f = *state;
	char value[RPC_MAX_HEADER_BYTES + 1];

	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	assert_status(f, send_plus(f, "x-large", value), RPC_RESOURCE_EXHAUSTED);
	value[RPC_MAX_HEADER_BYTES / 2] = '\0';
	assert_ok(f, send_plus(f, "x-large", value));
}

static void test_trailers_of_the_request(void **state)
{
	struct fixture *f = *state;
	const nghttp2_nv good_trailer = { (uint8_t *)(uintptr_t) "x-end",
					  (uint8_t *)(uintptr_t) "1", 5, 1, 0 };
	struct rpc_peer_stream *stream =
	    rpc_peer_open(&f->peer, good, EUB_ARRAY_SIZE(good), body, BODY_BYTES, true);

	rpc_peer_run(&f->peer);
	assert_int_equal(nghttp2_submit_headers(f->peer.http2, NGHTTP2_FLAG_END_STREAM, stream->id,
						NULL, &good_trailer, 1, NULL),
			 0);
	assert_ok(f, stream);
	stream = rpc_peer_open(&f->peer, good, EUB_ARRAY_SIZE(good), body, BODY_BYTES, true);
	rpc_peer_run(&f->peer);
	assert_int_equal(nghttp2_submit_headers(f->peer.http2, NGHTTP2_FLAG_NONE, stream->id, NULL,
						&good_trailer, 1, NULL),
			 0);
	assert_malformed(f, stream);
}

static void test_bodies(void **state)
{
	struct fixture *f = *state;

	/* compressed, though no encoding was named */
	assert_status(f, send_body(f, "\1\0\0\0\3\n\1a", 8), RPC_INTERNAL);
	/* neither compressed nor not */
	assert_status(f, send_body(f, "\2\0\0\0\3\n\1a", 8), RPC_INTERNAL);
	/* two messages */
	assert_status(f, send_body(f, "\0\0\0\0\3\n\1a\0\0\0\0\3\n\1a", 16), RPC_UNIMPLEMENTED);
	/* the message is no SlotRequest */
	assert_status(f, send_body(f, "\0\0\0\0\2\n\7", 7), RPC_INTERNAL);
	/* ends within the prefix, within the message */
	assert_status(f, send_body(f, "\0\0\0", 3), RPC_INTERNAL);
	assert_status(f, send_body(f, "\0\0\0\0\3\n", 6), RPC_INTERNAL);
	assert_int_equal(f->service.n_begun, 0);
}

static void test_no_message(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *stream = send_body(f, "", 0);

	rpc_peer_run(&f->peer);
	rpc_peer_send(&f->peer, stream, "", 0, false);
	assert_status(f, stream, RPC_UNIMPLEMENTED);
}

static void test_oversized_message(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *stream;

	/* 2 GB announced; the refusal comes before they are sent. */
	stream = rpc_peer_open(&f->peer, good, EUB_ARRAY_SIZE(good), "\0\x80\0\0\0abc", 8, true);
	rpc_peer_run(&f->peer);
	assert_int_equal(stream->grpc_status, RPC_RESOURCE_EXHAUSTED);
	fixture_assert_message(
	    stream, "the request has 2147483648 bytes, the limit of this method is 65536");
	assert_true(stream->is_closed);
	assert_int_equal(stream->error, NGHTTP2_NO_ERROR);
	assert_int_equal(rpc_session_get_n_calls(f->session), 0);
}

static void test_compressed_message(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_field fields[EUB_ARRAY_SIZE(good) + 1];
	struct rpc_peer_stream *stream;

	memcpy(fields, good, sizeof(good));
	fields[EUB_ARRAY_SIZE(good)] = (struct rpc_peer_field){ "grpc-encoding", "gzip" };
	stream =
	    rpc_peer_open(&f->peer, fields, EUB_ARRAY_SIZE(fields), "\1\0\0\0\3\n\1a", 8, false);
	assert_status(f, stream, RPC_UNIMPLEMENTED);
	/* A message that is not compressed is taken whatever encoding was named. */
	assert_ok(f, send_plus(f, "grpc-encoding", "gzip"));
	assert_ok(f, send_plus(f, "grpc-encoding", "identity"));
}

/* Uploads that together are more than a session may hold. */
static void test_held_bytes_are_bounded(void **state)
{
	enum { PART = 10 << 20, N = 4 };
	static const unsigned char prefix[] = { 0, 1, 0, 0, 0 }; /* 16 MiB announced */
	struct fixture *f = *state;
	struct rpc_peer_field fields[EUB_ARRAY_SIZE(good)];
	struct rpc_peer_stream *streams[N];
	char *zeros = calloc(1, PART);
	int n_refused = 0;

	assert_non_null(zeros);
	memcpy(fields, good, sizeof(good));
	fields[PATH].value = PATH_START;
	for (int i = 0; i < N; i++) {
		streams[i] = rpc_peer_open(&f->peer, fields, EUB_ARRAY_SIZE(fields), prefix,
					   sizeof(prefix), true);
		rpc_peer_send(&f->peer, streams[i], zeros, PART, true);
		rpc_peer_run(&f->peer);
	}
	for (int i = 0; i < N; i++)
		n_refused += streams[i]->grpc_status == RPC_RESOURCE_EXHAUSTED;
	assert_int_equal(n_refused, 1);
	free(zeros);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_any_authority),
		TEST(test_te_may_be_missing),
		TEST(test_content_types),
		TEST(test_methods_other_than_post),
		TEST(test_unknown_paths),
		TEST(test_required_fields),
		TEST(test_malformed_fields),
		TEST(test_bad_timeout),
		TEST(test_too_much_metadata),
		TEST(test_trailers_of_the_request),
		TEST(test_bodies),
		TEST(test_no_message),
		TEST(test_oversized_message),
		TEST(test_compressed_message),
		TEST(test_held_bytes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
