/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "rpc/frame.h"

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(rpc_test_service_init(&f->service), 0);
	assert_int_equal(rpc_session_new(&f->service.server, f, &f->session), 0);
	assert_int_equal(rpc_peer_init(&f->peer, f->session, 0), 0);
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	f->session = rpc_session_free(f->session);
	assert_int_equal(f->service.n_done, f->service.n_begun);
	assert_null(f->service.last);
	rpc_peer_done(&f->peer);
	rpc_test_service_done(&f->service);
	free(f);
	return 0;
}

struct rpc_peer_stream *fixture_get(struct fixture *f, const char *name)
{
	Eunomia__V1__SlotRequest request;

	eunomia__v1__slot_request__init(&request);
	request.name = (char *)(uintptr_t)name;
	return rpc_peer_call(&f->peer, PATH_GET, &request.base);
}

struct rpc_peer_stream *fixture_stream(struct fixture *f, uint64_t limit)
{
	Eunomia__V1__StreamRequest request;

	eunomia__v1__stream_request__init(&request);
	request.limit = limit;
	return rpc_peer_call(&f->peer, PATH_STREAM, &request.base);
}

size_t fixture_count_messages(const struct eub_buf *body)
{
	struct rpc_frame frame;
	size_t offset = 0;
	size_t n = 0;

	while (rpc_frame_parse(body->data + offset, body->len - offset, SIZE_MAX, &frame) == 1) {
		offset += RPC_FRAME_PREFIX_BYTES + frame.n_bytes;
		n++;
	}
	assert_int_equal(offset, body->len);
	return n;
}

void fixture_assert_message(const struct rpc_peer_stream *stream, const char *expected)
{
	assert_int_equal(stream->message.len, strlen(expected));
	assert_memory_equal(stream->message.data, expected, strlen(expected));
}
