/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and calls that go right, that are ended early, and floods. */
#include "fixture.h"

#include "base/clock.h"
#include "rpc/decode.h"
#include "rpc/frame.h"
#include "rpc/internal.h"
#include "rpc/limits.h"

#include <stdio.h>

static void assert_reply_name(const struct rpc_peer_stream *stream, const char *name)
{
	struct rpc_frame frame;
	ProtobufCMessage *message;

	assert_int_equal(rpc_frame_parse(stream->body.data, stream->body.len, SIZE_MAX, &frame), 1);
	message = rpc_decode(&eunomia__v1__slot_reply__descriptor, frame.data, frame.n_bytes);
	assert_non_null(message);
	assert_string_equal(((Eunomia__V1__SlotReply *)message)->slot->name, name);
	(void)rpc_message_free(message);
}

static void exchange_everything(struct fixture *f)
{
	struct rpc_peer_stream *get = fixture_get(f, "opensnoop");
	struct rpc_peer_stream *stream = fixture_stream(f, 100);
	struct rpc_peer_stream *failing = fixture_get(f, "reason/not-found");

	rpc_peer_run(&f->peer);
	assert_int_equal(get->http_status, 200);
	assert_int_equal(get->grpc_status, RPC_OK);
	assert_true(get->is_closed);
	assert_reply_name(get, "opensnoop");
	assert_int_equal(stream->grpc_status, RPC_OK);
	assert_int_equal(fixture_count_messages(&stream->body), 100);
	assert_int_equal(failing->grpc_status, RPC_NOT_FOUND);
	fixture_assert_message(failing, "failed with 100% 'not-found' \xc3\xa9");
	assert_int_equal(rpc_session_get_n_calls(f->session), 0);
	assert_int_equal(f->peer.session_result, 0);
}

static void test_calls_at_once(void **state)
{
	exchange_everything(*state);
}

static void test_calls_byte_by_byte(void **state)
{
	struct fixture *f = *state;

	f->peer.chunk_bytes = 1;
	exchange_everything(f);
}

static void test_calls_in_random_pieces(void **state)
{
	struct fixture *f = *state;

	f->peer.chunk_bytes = 70;
	for (f->peer.seed = 1; f->service.n_done < 60;)
		exchange_everything(f);
}

static void test_every_status(void **state)
{
	struct fixture *f = *state;

	for (int status = RPC_CANCELLED; status < _RPC_STATUS_MAX; status++) {
		struct rpc_peer_stream *stream;
		char name[16];

		(void)snprintf(name, sizeof(name), "status/%d", status);
		stream = fixture_get(f, name);
		rpc_peer_run(&f->peer);
		assert_int_equal(stream->grpc_status, status);
		fixture_assert_message(stream, "as asked for");
	}
}

static void test_status_out_of_range(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *stream = fixture_get(f, "status/4294967295");

	rpc_peer_run(&f->peer);
	assert_int_equal(stream->grpc_status, 4294967); /* the peer keeps seven digits */
	assert_true(stream->is_closed);
}

static void test_details_come_back(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *stream = fixture_get(f, "reason/verifier");
	struct eun_error err = EUN_ERROR_INIT;

	rpc_peer_run(&f->peer);
	assert_int_equal(stream->grpc_status, RPC_FAILED_PRECONDITION);
	rpc_error_decode_details(stream->details.data, stream->details.len, &err);
	assert_int_equal(err.reason, EUN_REASON_VERIFIER);
	assert_string_equal(err.subject, "the-subject");
	assert_string_equal(err.hint, "do something about verifier");
	assert_string_equal(err.log, "0: R1=ctx()\n1: invalid access\n");
	assert_string_equal(err.message, "failed with 100% 'verifier' \xc3\xa9");
	eun_error_done(&err);
}

static void test_handler_that_gives_no_reply(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *stream = fixture_get(f, "silent");

	rpc_peer_run(&f->peer);
	assert_int_equal(stream->grpc_status, RPC_INTERNAL);
}

static void test_authorize_refuses(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *stream;

	f->service.is_closed_to_all = true;
	stream = fixture_get(f, "opensnoop");
	rpc_peer_run(&f->peer);
	assert_int_equal(stream->grpc_status, RPC_PERMISSION_DENIED);
	fixture_assert_message(stream, "you may not");
	assert_int_equal(f->service.n_begun, 0);
}

static void test_large_messages_both_ways(void **state)
{
	enum { BYTES = 3 << 20 };
	struct fixture *f = *state;
	Eunomia__V1__StartRequest request;
	struct rpc_peer_stream *stream;
	char name[] = "big/3000000";

	eunomia__v1__start_request__init(&request);
	request.name = name;
	request.package.len = BYTES;
	request.package.data = calloc(1, BYTES);
	assert_non_null(request.package.data);
	stream = rpc_peer_call(&f->peer, PATH_START, &request.base);
	free(request.package.data);
	rpc_peer_run(&f->peer);
	assert_int_equal(stream->grpc_status, RPC_OK);
	assert_int_equal(f->service.last_request_bytes, BYTES);
	assert_true(stream->body.len > 3000000);
}

static void test_deadline_passes(void **state)
{
	struct fixture *f = *state;
	const struct rpc_peer_field fields[] = {
		{ ":method", "POST" }, { ":scheme", "http" },
		{ ":path", PATH_GET }, { "content-type", "application/grpc" },
		{ "te", "trailers" },  { "grpc-timeout", "100m" },
	};
	static const char park[] = "\0\0\0\0\6\n\4park";
	struct rpc_peer_stream *stream;
	uint64_t now_ns;

	eub_clock_set_for_test(1000);
	stream =
	    rpc_peer_open(&f->peer, fields, EUB_ARRAY_SIZE(fields), park, sizeof(park) - 1, false);
	rpc_peer_run(&f->peer);
	assert_non_null(f->service.last);
	now_ns = rpc_session_get_deadline_ns(f->session);
	assert_int_equal(now_ns, 100001000);
	eub_clock_set_for_test(0);
	rpc_session_tick(f->session, now_ns - 1);
	assert_non_null(f->service.last);
	rpc_session_tick(f->session, now_ns);
	assert_null(f->service.last); /* told at once, whether or not the peer reads */
	assert_int_equal(rpc_session_get_deadline_ns(f->session), UINT64_MAX);
	rpc_peer_run(&f->peer);
	assert_int_equal(stream->grpc_status, RPC_DEADLINE_EXCEEDED);
}

static void test_deadline_of_a_stream_that_is_not_read(void **state)
{
	struct fixture *f = *state;
	const struct rpc_peer_field fields[] = {
		{ ":method", "POST" },	  { ":scheme", "http" },
		{ ":path", PATH_STREAM }, { "content-type", "application/grpc" },
		{ "grpc-timeout", "1S" },
	};
	/* limit: 100,000,000 */
	static const char endless[] = "\0\0\0\0\5\x18\x80\xc2\xd7\x2f";
	struct eub_buf out = EUB_BUF_INIT;

	(void)rpc_peer_open(&f->peer, fields, EUB_ARRAY_SIZE(fields), endless, sizeof(endless) - 1,
			    false);
	(void)rpc_peer_send_all(&f->peer);
	while (rpc_session_wants_write(f->session))
		assert_int_equal(rpc_session_pump(f->session, &out, 4096), 0);
	assert_true(out.len < (1 << 20) + 16384); /* the peer's window, and no more */
	rpc_session_tick(f->session, UINT64_MAX - 1);
	assert_int_equal(f->service.n_done, 1);
	eub_buf_done(&out);
}

static void test_client_cancels(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *stream = fixture_get(f, "park");

	rpc_peer_run(&f->peer);
	assert_non_null(f->service.last);
	assert_int_equal(nghttp2_submit_rst_stream(f->peer.http2, 0, stream->id, NGHTTP2_CANCEL),
			 0);
	rpc_peer_run(&f->peer);
	assert_null(f->service.last);
	assert_int_equal(f->service.n_done, 1);
	assert_int_equal(rpc_session_get_n_calls(f->session), 0);
}

static void test_session_freed_with_calls(void **state)
{
	struct fixture *f = *state;

	(void)fixture_get(f, "park");
	(void)fixture_stream(f, 0);
	rpc_peer_run(&f->peer);
	assert_int_equal(rpc_session_get_n_calls(f->session), 2);
	/* The teardown frees the session and finds on_done called for both. */
}

static void test_back_pressure(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *stream = fixture_stream(f, 1000000);

	(void)rpc_peer_send_all(&f->peer);
	/* Nothing was pumped: the generator stopped at its high-water mark. */
	assert_in_range(rpc_call_get_queued_bytes(f->service.last), RPC_HIGH_WATER_BYTES,
			RPC_HIGH_WATER_BYTES + 64);
	rpc_peer_run(&f->peer);
	assert_int_equal(stream->grpc_status, RPC_OK);
	assert_int_equal(fixture_count_messages(&stream->body), 1000000);
}

static void test_pump_in_small_steps(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *stream = fixture_stream(f, 20000);

	f->peer.pump_bytes = 1;
	rpc_peer_run(&f->peer);
	assert_int_equal(fixture_count_messages(&stream->body), 20000);
}

static void test_streams_take_turns(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *first = fixture_stream(f, 1000000);
	struct rpc_peer_stream *second = fixture_stream(f, 10);

	f->peer.pump_bytes = 4096;
	while (!second->is_closed) {
		struct eub_buf out = EUB_BUF_INIT;

		(void)rpc_peer_send_all(&f->peer);
		assert_int_equal(rpc_session_pump(f->session, &out, 4096), 0);
		assert_int_equal(
		    nghttp2_session_mem_recv(f->peer.http2, (uint8_t *)out.data, out.len),
		    (ssize_t)out.len);
		eub_buf_done(&out);
	}
	assert_false(first->is_closed);
	assert_true(first->body.len < 1 << 20);
}

static void test_goaway_in_two_steps(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *running = fixture_get(f, "park");
	struct rpc_call *call;

	rpc_peer_run(&f->peer);
	call = f->service.last;
	rpc_session_shutdown(f->session);
	rpc_peer_run(&f->peer);
	assert_int_equal(f->peer.n_goaway, 1);
	assert_int_equal(f->peer.goaway_last_id, INT32_MAX);
	rpc_session_goaway(f->session);
	rpc_peer_run(&f->peer);
	assert_int_equal(f->peer.n_goaway, 2);
	assert_int_equal(f->peer.goaway_last_id, running->id);
	assert_false(rpc_session_is_over(f->session));
	rpc_call_finish_status(call, RPC_UNAVAILABLE, "the agent stops");
	rpc_peer_run(&f->peer);
	assert_int_equal(running->grpc_status, RPC_UNAVAILABLE);
	assert_true(rpc_session_is_over(f->session));
}

static void test_dirty_is_told_once(void **state)
{
	struct fixture *f = *state;
	unsigned int before;

	(void)fixture_get(f, "park");
	rpc_peer_run(&f->peer);
	before = f->service.n_dirty;
	rpc_call_finish_status(f->service.last, RPC_ABORTED, "a");
	assert_int_equal(f->service.n_dirty, before + 1);
	assert_true(rpc_session_wants_write(f->session));
	rpc_session_shutdown(f->session);
	assert_int_equal(f->service.n_dirty, before + 1);
	rpc_peer_run(&f->peer);
	assert_false(rpc_session_wants_write(f->session));
}

static void test_sending_after_the_end_is_dropped(void **state)
{
	struct fixture *f = *state;
	struct rpc_call *call;

	(void)fixture_get(f, "park");
	rpc_peer_run(&f->peer);
	call = f->service.last;
	rpc_call_finish_status(call, RPC_ABORTED, "first");
	assert_false(rpc_call_send_encoded(call, "", 0));
	rpc_call_finish_status(call, RPC_INTERNAL, "second");
	rpc_peer_run(&f->peer);
	assert_int_equal(f->peer.streams[0].grpc_status, RPC_ABORTED);
}

static void test_encoded_once_sent_to_many(void **state)
{
	struct fixture *f = *state;
	struct rpc_peer_stream *streams[8];
	struct rpc_call *calls[8];

	for (size_t i = 0; i < EUB_ARRAY_SIZE(streams); i++) {
		streams[i] = fixture_get(f, "park");
		rpc_peer_run(&f->peer);
		calls[i] = f->service.last;
	}
	for (size_t i = 0; i < EUB_ARRAY_SIZE(calls); i++) {
		assert_true(rpc_call_send_encoded(calls[i], "\n\0", 2));
		assert_int_equal(rpc_call_get_queued_bytes(calls[i]), 2 + RPC_FRAME_PREFIX_BYTES);
		rpc_call_finish(calls[i]);
	}
	rpc_peer_run(&f->peer);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(streams); i++) {
		assert_int_equal(streams[i]->grpc_status, RPC_OK);
		assert_memory_equal(streams[i]->body.data, "\0\0\0\0\2\n\0", 7);
	}
}

static void test_too_many_streams_are_refused(void **state)
{
	struct fixture *f = *state;
	unsigned int refused = 0;

	for (int i = 0; i < RPC_MAX_STREAMS + 10; i++)
		(void)fixture_get(f, "park");
	rpc_peer_run(&f->peer);
	for (int i = 0; i < RPC_MAX_STREAMS + 10; i++)
		refused += f->peer.streams[i].error == NGHTTP2_REFUSED_STREAM;
	/* nghttp2's client holds requests back once it has seen the server's limit. */
	assert_int_equal(f->service.n_begun, RPC_MAX_STREAMS);
	assert_true(refused <= 10);
	assert_int_equal(rpc_session_get_n_calls(f->session), RPC_MAX_STREAMS);
}

static void append_frame(struct eub_buf *bytes, uint8_t type, uint8_t flags, uint32_t id,
			 const void *payload, size_t n)
{
	const unsigned char head[] = { (unsigned char)(n >> 16),
				       (unsigned char)(n >> 8),
				       (unsigned char)n,
				       type,
				       flags,
				       (unsigned char)(id >> 24),
				       (unsigned char)(id >> 16),
				       (unsigned char)(id >> 8),
				       (unsigned char)id };

	eub_buf_append(bytes, head, sizeof(head));
	eub_buf_append(bytes, payload, n);
}

/* Bytes of a client that opens streams as fast as it can, and resets each if @resets. */
static void append_flood(struct eub_buf *bytes, unsigned int n_streams, bool resets)
{
	/* HPACK, static table only: POST, http, path and content-type as literals. */
	static const char block[] = "\x83\x86\x04\x18/eunomia.v1.Trackers/Get\x5f\x10"
				    "application/grpc";

	eub_buf_append(bytes, NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN);
	append_frame(bytes, NGHTTP2_SETTINGS, 0, 0, "", 0);
	for (uint32_t id = 1; id < 2 * n_streams; id += 2) {
		append_frame(bytes, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, id, block,
			     sizeof(block) - 1);
		if (resets)
			append_frame(bytes, NGHTTP2_RST_STREAM, 0, id, "\0\0\0\x8", 4);
	}
}

/* A client that resets its streams as fast as it opens them (CVE-2023-44487) is cut off. */
static void test_rapid_reset(void **state)
{
	struct fixture *f = *state;
	struct eub_buf bytes = EUB_BUF_INIT;
	size_t offset = 0;

	append_flood(&bytes, 10000, true);
	while (offset < bytes.len && !rpc_session_is_over(f->session)) {
		struct eub_buf out = EUB_BUF_INIT;
		size_t n = EUB_MIN(bytes.len - offset, (size_t)4096);

		(void)rpc_session_feed(f->session, bytes.data + offset, n); /* is_over tells */
		(void)rpc_session_pump(f->session, &out, 1 << 20);
		eub_buf_done(&out);
		offset += n;
	}
	assert_true(rpc_session_is_over(f->session));
	assert_true(offset < bytes.len / 2);
	eub_buf_done(&bytes);
}

static void test_ten_thousand_streams_unread(void **state)
{
	struct fixture *f = *state;
	struct eub_buf bytes = EUB_BUF_INIT;

	append_flood(&bytes, 10000, false);
	rpc_peer_feed(&f->peer, bytes.data, bytes.len);
	assert_int_equal(f->peer.session_result, -EPROTO);
	assert_true(rpc_session_is_over(f->session));
	assert_true(rpc_session_get_n_calls(f->session) <= RPC_MAX_STREAMS);
	eub_buf_done(&bytes);
}

static void test_ten_thousand_streams_read(void **state)
{
	struct fixture *f = *state;
	struct eub_buf bytes = EUB_BUF_INIT;

	append_flood(&bytes, 10000, false);
	for (size_t offset = 0; offset < bytes.len; offset += 4096) {
		struct eub_buf out = EUB_BUF_INIT;

		assert_int_equal(rpc_session_feed(f->session, bytes.data + offset,
						  EUB_MIN(bytes.len - offset, (size_t)4096)),
				 0);
		assert_int_equal(rpc_session_pump(f->session, &out, 1 << 20), 0);
		assert_true(rpc_session_get_n_calls(f->session) <= RPC_MAX_STREAMS);
		eub_buf_done(&out);
	}
	eub_buf_done(&bytes);
}

static void test_garbage_ends_the_session(void **state)
{
	static const char http1[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct fixture *f = *state;

	assert_int_equal(rpc_session_feed(f->session, http1, sizeof(http1) - 1), -EPROTO);
	assert_true(rpc_session_is_over(f->session));
	assert_int_equal(rpc_session_feed(f->session, "x", 1), -EPROTO);
}

static void test_ping_flood(void **state)
{
	static const unsigned char ping[] = { 0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct fixture *f = *state;
	int r = 0;

	rpc_peer_run(&f->peer);
	for (int i = 0; i < 100000 && r == 0; i++)
		r = rpc_session_feed(f->session, ping, sizeof(ping));
	assert_int_equal(r, -EPROTO);
}

static void test_half_a_frame_then_close(void **state)
{
	struct fixture *f = *state;
	const uint8_t *data;
	ssize_t n;

	(void)fixture_get(f, "opensnoop");
	n = nghttp2_session_mem_send(f->peer.http2, &data); /* preface */
	rpc_peer_feed(&f->peer, data, (size_t)n);
	(void)nghttp2_session_mem_send(f->peer.http2, &data); /* SETTINGS are lost */
	n = nghttp2_session_mem_send(f->peer.http2, &data);
	rpc_peer_feed(&f->peer, data, (size_t)n / 2);
	assert_int_equal(f->service.n_begun, 0);
}

/* Sent, pulled into the session's output, with the transport: in this order, never too much. */
static void test_written_bytes(void **state)
{
	static const uint8_t message[100];
	struct fixture *f = *state;
	struct rpc_call *call;
	struct eub_buf out = EUB_BUF_INIT;
	uint64_t first, all;

	(void)fixture_stream(f, 0);
	rpc_peer_run(&f->peer);
	call = f->service.last;
	assert_non_null(call);
	first = rpc_call_get_sent_bytes(call);
	assert_true(first > 0);
	assert_int_equal(rpc_call_get_written_bytes(call), 0); /* nobody said so */
	(void)rpc_call_send_encoded(call, message, sizeof(message));
	all = rpc_call_get_sent_bytes(call);
	assert_int_equal(all, first + 5 + sizeof(message));
	rpc_session_note_written(f->session, f->session->n_pumped_bytes - 1);
	assert_int_equal(rpc_call_get_written_bytes(call), 0);
	rpc_session_note_written(f->session, 1); /* all but what is queued */
	assert_int_equal(rpc_call_get_written_bytes(call), first);
	assert_int_equal(rpc_session_pump(f->session, &out, 65536), 0);
	assert_int_equal(rpc_call_get_written_bytes(call), first);
	rpc_session_note_written(f->session, out.len - 1);
	assert_int_equal(rpc_call_get_written_bytes(call), first);
	rpc_session_note_written(f->session, 1);
	assert_int_equal(rpc_call_get_written_bytes(call), all);
	eub_buf_done(&out);
}

/* What a call lost with its end is nobody's to wait for. */
static void test_written_bytes_of_a_reset_call(void **state)
{
	static const uint8_t message[100];
	struct fixture *f = *state;
	struct rpc_call *call;
	uint64_t sent;

	(void)fixture_stream(f, 0);
	rpc_peer_run(&f->peer);
	call = f->service.last;
	assert_non_null(call);
	(void)rpc_call_send_encoded(call, message, sizeof(message));
	sent = rpc_call_get_sent_bytes(call);
	rpc_call_reset(call, NGHTTP2_CANCEL);
	rpc_session_note_written(f->session, f->session->n_pumped_bytes);
	assert_true(rpc_call_get_written_bytes(call) >= sent);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_written_bytes),
		TEST(test_written_bytes_of_a_reset_call),
		TEST(test_calls_at_once),
		TEST(test_calls_byte_by_byte),
		TEST(test_calls_in_random_pieces),
		TEST(test_every_status),
		TEST(test_status_out_of_range),
		TEST(test_details_come_back),
		TEST(test_handler_that_gives_no_reply),
		TEST(test_authorize_refuses),
		TEST(test_large_messages_both_ways),
		TEST(test_deadline_passes),
		TEST(test_deadline_of_a_stream_that_is_not_read),
		TEST(test_client_cancels),
		TEST(test_session_freed_with_calls),
		TEST(test_back_pressure),
		TEST(test_pump_in_small_steps),
		TEST(test_streams_take_turns),
		TEST(test_goaway_in_two_steps),
		TEST(test_dirty_is_told_once),
		TEST(test_sending_after_the_end_is_dropped),
		TEST(test_encoded_once_sent_to_many),
		TEST(test_too_many_streams_are_refused),
		TEST(test_ten_thousand_streams_unread),
		TEST(test_ten_thousand_streams_read),
		TEST(test_rapid_reset),
		TEST(test_garbage_ends_the_session),
		TEST(test_ping_flood),
		TEST(test_half_a_frame_then_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
