/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes after a client's connection preface, to a session with the test service, health and
 * reflection behind it. The first byte says how the bytes are cut and when answers are taken.
 * Every call that began must have ended in the end.
 */
#include "fuzz.h"
#include "rpc_service.h"

#include <assert.h>
#include <nghttp2/nghttp2.h>
#include <stdbool.h>

#define PUMP_BYTES 8192
#define PUMPS_MAX  32

static void take_answers(struct rpc_session *session)
{
	for (int i = 0; i < PUMPS_MAX && rpc_session_wants_write(session); i++) {
		struct eub_buf out = EUB_BUF_INIT;

		(void)rpc_session_pump(session, &out, PUMP_BYTES); /* wants_write tells */
		eub_buf_done(&out);
	}
}

static void feed(struct rpc_session *session, const uint8_t *data, size_t size, uint8_t how)
{
	size_t piece = how & 0x3f ? (size_t)(how & 0x3f) * 4 : size;
	bool pumps = how & 0x40;

	while (size > 0) {
		size_t n = EUB_MIN(piece, size);

		if (rpc_session_feed(session, data, n) < 0)
			return;
		if (pumps)
			take_answers(session);
		data += n;
		size -= n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t preface[] = NGHTTP2_CLIENT_MAGIC "\0\0\0\4\0\0\0\0";
	struct rpc_test_service service;
	struct rpc_session *session = NULL;

	if (size == 0 || rpc_test_service_init(&service) < 0)
		return 0;
	if (rpc_session_new(&service.server, NULL, &session) == 0) {
		/* The array's terminator is the last byte of the SETTINGS frame. */
		assert(rpc_session_feed(session, preface, sizeof(preface)) == 0);
		feed(session, data + 1, size - 1, data[0]);
		if (data[0] & 0x80)
			rpc_session_tick(session, UINT64_MAX);
		take_answers(session);
		rpc_session_goaway(session);
		take_answers(session);
		rpc_session_free(session);
	}
	assert(service.n_begun == service.n_done);
	rpc_test_service_done(&service);
	return 0;
}
