/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocking client against a real session: a thread serves the other end of a socket pair. Peers
 * that misbehave are bytes written beforehand.
 */
#include "fixture.h"

#include "base/fd.h"
#include "base/str.h"
#include "rpc/client.h"
#include "rpc/decode.h"
#include "rpc/limits.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

struct server {
	struct rpc_test_service service;
	int fd;
	pthread_t thread;
	struct rpc_client *client;
	size_t max_calls_before_goaway; /* 0: never */
};

static void flush(struct rpc_session *session, int fd)
{
	while (rpc_session_wants_write(session)) {
		struct eub_buf out = EUB_BUF_INIT;
		size_t n = 0;

		if (rpc_session_pump(session, &out, 65536) < 0)
			out.len = 0;
		while (n < out.len) {
			ssize_t sent = send(fd, out.data + n, out.len - n, MSG_NOSIGNAL);

			if (sent < 0)
				break;
			n += (size_t)sent;
		}
		eub_buf_done(&out);
		if (n == 0)
			return;
	}
}

static void *serve(void *userdata)
{
	struct server *server = userdata;
	struct rpc_session *session = NULL;
	static const size_t chunk = 65536;
	char *bytes = malloc(chunk);
	ssize_t n;

	if (!bytes || rpc_session_new(&server->service.server, NULL, &session) < 0)
		abort();
	while (!rpc_session_is_over(session) && (n = recv(server->fd, bytes, chunk, 0)) > 0) {
		(void)rpc_session_feed(session, bytes, (size_t)n);
		if (server->max_calls_before_goaway > 0 &&
		    server->service.n_begun >= server->max_calls_before_goaway)
			rpc_session_goaway(session);
		flush(session, server->fd);
	}
	session = rpc_session_free(session);
	free(bytes);
	(void)shutdown(server->fd, SHUT_RDWR);
	return NULL;
}

static int setup(void **state)
{
	struct server *server = calloc(1, sizeof(*server));
	int fds[2];

	assert_non_null(server);
	assert_int_equal(rpc_test_service_init(&server->service), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	server->fd = fds[1];
	assert_int_equal(rpc_client_new(fds[0], &server->client, NULL), 0);
	*state = server;
	return 0;
}

static void start(struct server *server)
{
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static int teardown(void **state)
{
	struct server *server = *state;

	server->client = rpc_client_free(server->client);
	if (server->thread)
		assert_int_equal(pthread_join(server->thread, NULL), 0);
	assert_int_equal(server->service.n_begun, server->service.n_done);
	assert_int_equal(close(server->fd), 0);
	rpc_test_service_done(&server->service);
	free(server);
	return 0;
}

static int get(struct server *server, const char *name, int timeout_ms, struct eun_error *err)
{
	Eunomia__V1__SlotRequest request;
	ProtobufCMessage *reply = NULL;
	int r;

	eunomia__v1__slot_request__init(&request);
	request.name = (char *)(uintptr_t)name;
	r = rpc_client_call(server->client, PATH_GET, &request.base,
			    &eunomia__v1__slot_reply__descriptor, timeout_ms, &reply, err);
	if (r == 0)
		assert_string_equal(((Eunomia__V1__SlotReply *)reply)->slot->name, name);
	(void)rpc_message_free(reply);
	return r;
}

static int open_stream(struct server *server, uint64_t limit, struct eun_error *err)
{
	Eunomia__V1__StreamRequest request;

	eunomia__v1__stream_request__init(&request);
	request.limit = limit;
	return rpc_client_open_stream(server->client, PATH_STREAM, &request.base,
				      &eunomia__v1__stream_reply__descriptor, err);
}

static void test_calls(void **state)
{
	struct server *server = *state;

	start(server);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(get(server, "opensnoop", i % 2 ? -1 : 10000, NULL), 0);
}

static void test_large_reply(void **state)
{
	struct server *server = *state;
	struct eun_error err = EUN_ERROR_INIT;

	start(server);
	assert_int_equal(get(server, "big/8000000", 60000, NULL), 0);
	assert_int_equal(get(server, "big/17000000", 60000, &err), -EMSGSIZE);
	assert_int_equal(err.reason, EUN_REASON_TOO_LARGE);
	eun_error_done(&err);
	assert_int_equal(get(server, "after", -1, NULL), 0);
}

static void test_failures(void **state)
{
	struct server *server = *state;

	start(server);
	for (int reason = EUN_REASON_INTERNAL; reason < _EUN_REASON_MAX; reason++) {
		struct eun_error err = EUN_ERROR_INIT;
		char name[64];

		(void)snprintf(name, sizeof(name), "reason/%s",
			       eun_reason_to_string((enum eun_reason)reason));
		assert_true(get(server, name, -1, &err) < 0);
		assert_int_equal(err.reason, reason);
		assert_true(eub_has_prefix(err.message, "failed with 100% '"));
		assert_string_equal(err.subject, "the-subject");
		assert_non_null(err.log);
		eun_error_done(&err);
	}
	assert_int_equal(get(server, "reason/not-found", -1, NULL), -ENOENT);
}

static void test_unknown_method(void **state)
{
	struct server *server = *state;
	Eunomia__V1__ListRequest request;
	ProtobufCMessage *reply = NULL;
	struct eun_error err = EUN_ERROR_INIT;

	start(server);
	eunomia__v1__list_request__init(&request);
	assert_int_equal(rpc_client_call(server->client, "/a.B/C", &request.base,
					 &eunomia__v1__list_reply__descriptor, -1, &reply, &err),
			 -EOPNOTSUPP);
	assert_int_equal(err.reason, EUN_REASON_UNSUPPORTED);
	assert_string_equal(err.message, "unknown method '/a.B/C'");
	eun_error_done(&err);
}

static void test_timeout(void **state)
{
	struct server *server = *state;
	struct eun_error err = EUN_ERROR_INIT;

	start(server);
	assert_int_equal(get(server, "park", 20, &err), -ETIMEDOUT);
	assert_int_equal(err.reason, EUN_REASON_TIMEOUT);
	eun_error_done(&err);
	assert_int_equal(get(server, "after", -1, NULL), 0);
}

static void test_stream(void **state)
{
	enum { N = 200000 };
	struct server *server = *state;
	uint64_t expected = 0;
	ProtobufCMessage *message;
	int r;

	start(server);
	assert_int_equal(open_stream(server, N, NULL), 0);
	while ((r = rpc_client_next(server->client, 10000, &message, NULL)) == 1) {
		const Eunomia__V1__StreamReply *reply = (const Eunomia__V1__StreamReply *)message;

		assert_int_equal(reply->kind_case, EUNOMIA__V1__STREAM_REPLY__KIND_LOST);
		assert_int_equal(reply->lost->count, expected++);
		(void)rpc_message_free(message);
	}
	assert_int_equal(r, 0);
	assert_int_equal(expected, N);
	assert_int_equal(rpc_client_next(server->client, 0, &message, NULL), 0);
}

static void test_stream_is_given_up(void **state)
{
	struct server *server = *state;
	ProtobufCMessage *message;

	start(server);
	assert_int_equal(open_stream(server, 100000000, NULL), 0);
	assert_int_equal(rpc_client_next(server->client, 10000, &message, NULL), 1);
	(void)rpc_message_free(message);
	assert_int_equal(get(server, "other", -1, NULL), 0);
}

static void test_stream_times_out_and_goes_on(void **state)
{
	struct server *server = *state;
	ProtobufCMessage *message;

	start(server);
	assert_int_equal(open_stream(server, 0, NULL), 0);
	assert_int_equal(rpc_client_next(server->client, 10000, &message, NULL), 1);
	(void)rpc_message_free(message);
	assert_int_equal(rpc_client_next(server->client, 0, &message, NULL), -ETIMEDOUT);
	assert_int_equal(rpc_client_next(server->client, 1, &message, NULL), -ETIMEDOUT);
}

static void test_goaway(void **state)
{
	struct server *server = *state;
	struct eun_error err = EUN_ERROR_INIT;
	int r = 0;

	server->max_calls_before_goaway = 3;
	start(server);
	for (int i = 0; i < 10 && r == 0; i++)
		r = get(server, "opensnoop", -1, &err);
	assert_true(r < 0);
	assert_int_equal(err.reason, EUN_REASON_UNREACHABLE);
	assert_true(err.hint[0]);
	assert_in_range(server->service.n_begun, 3, 4);
	eun_error_done(&err);
}

/* The other end is bytes that are there already, and then the end of the stream. */
static int call_against(struct server *server, const void *bytes, size_t n, struct eun_error *err)
{
	assert_int_equal(eub_write_all(server->fd, bytes, n), 0);
	assert_int_equal(shutdown(server->fd, SHUT_WR), 0);
	return get(server, "opensnoop", 10000, err);
}

static void test_server_closes(void **state)
{
	struct server *server = *state;
	struct eun_error err = EUN_ERROR_INIT;

	assert_int_equal(call_against(server, "", 0, &err), -ECONNRESET);
	assert_int_equal(err.reason, EUN_REASON_UNREACHABLE);
	assert_string_equal(err.hint, "is eunomiad running? systemctl status eunomiad");
	eun_error_done(&err);
	assert_int_equal(get(server, "again", -1, &err), -ENOTCONN);
	eun_error_done(&err);
}

static void test_server_closes_within_a_frame(void **state)
{
	/* SETTINGS, then the beginning of a HEADERS frame. */
	static const char bytes[] = "\0\0\0\4\0\0\0\0\0"
				    "\0\0\x10\1\4\0\0\0\1half";

	assert_int_equal(call_against(*state, bytes, sizeof(bytes) - 1, NULL), -ECONNRESET);
}

static void test_server_speaks_http1(void **state)
{
	static const char bytes[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	struct eun_error err = EUN_ERROR_INIT;

	assert_int_equal(call_against(*state, bytes, sizeof(bytes) - 1, &err), -EPROTO);
	assert_int_equal(err.reason, EUN_REASON_UNREACHABLE);
	eun_error_done(&err);
}

static void test_server_resets(void **state)
{
	/* SETTINGS, then RST_STREAM of stream 1 with CANCEL. */
	static const char bytes[] = "\0\0\0\4\0\0\0\0\0"
				    "\0\0\4\3\0\0\0\0\1\0\0\0\x8";
	struct server *server = *state;
	struct eun_error err = EUN_ERROR_INIT;

	/* The reset is answered only to a stream that exists: let the request leave first. */
	assert_int_equal(open_stream(server, 1, NULL), 0);
	assert_int_equal(eub_write_all(server->fd, bytes, sizeof(bytes) - 1), 0);
	assert_int_equal(rpc_client_next(server->client, 10000, NULL, &err), -ECANCELED);
	eun_error_done(&err);
}

static void test_server_answers_in_http(void **state)
{
	/* SETTINGS, then HEADERS of stream 1: ":status: 503" as a literal, END_STREAM. */
	static const char bytes[] = "\0\0\0\4\0\0\0\0\0"
				    "\0\0\5\1\5\0\0\0\1\x48\x03"
				    "503";
	struct server *server = *state;
	struct eun_error err = EUN_ERROR_INIT;

	assert_int_equal(open_stream(server, 1, NULL), 0);
	assert_int_equal(eub_write_all(server->fd, bytes, sizeof(bytes) - 1), 0);
	assert_int_equal(rpc_client_next(server->client, 10000, NULL, &err), -ECONNRESET);
	assert_int_equal(err.reason, EUN_REASON_UNREACHABLE);
	eun_error_done(&err);
}

static int connect_to(const char *path, struct eun_error *err)
{
	struct rpc_client *client = NULL;
	int r = rpc_client_connect(path, &client, err);

	(void)rpc_client_free(client);
	return r;
}

static void test_connect_errors(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char folder[] = "/tmp/eunomia-rpc-XXXXXX";
	char long_path[200];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
	assert_int_equal(connect_to(address.sun_path, &err), -ENOENT);
	assert_int_equal(err.reason, EUN_REASON_UNREACHABLE);
	assert_non_null(strstr(err.message, address.sun_path));
	eun_error_done(&err);

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(close(fd), 0); /* the file stays */
	assert_int_equal(connect_to(address.sun_path, &err), -ECONNREFUSED);
	assert_int_equal(err.reason, EUN_REASON_UNREACHABLE);
	assert_non_null(strstr(err.message, "left by an agent that ended"));
	assert_string_equal(err.hint, "is eunomiad running? systemctl status eunomiad");
	eun_error_done(&err);
	assert_int_equal(unlink(address.sun_path), 0);
	assert_int_equal(rmdir(folder), 0);

	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(connect_to(long_path, &err), -ENAMETOOLONG);
	eun_error_done(&err);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_calls),
		TEST(test_large_reply),
		TEST(test_failures),
		TEST(test_unknown_method),
		TEST(test_timeout),
		TEST(test_stream),
		TEST(test_stream_is_given_up),
		TEST(test_stream_times_out_and_goes_on),
		TEST(test_goaway),
		TEST(test_server_closes),
		TEST(test_server_closes_within_a_frame),
		TEST(test_server_speaks_http1),
		TEST(test_server_resets),
		TEST(test_server_answers_in_http),
		cmocka_unit_test(test_connect_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
