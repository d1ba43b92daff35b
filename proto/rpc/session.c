/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP/2 server connection without I/O. It owns the nghttp2 session and the calls.
 *
 * nghttp2 is not re-entrant and its callbacks only record; so feed and pump alternate between
 * nghttp2 and dispatch(), where handlers run. A handler may do everything to calls, of this and of
 * other sessions, but must not feed, pump or free this session (asserted). What it submits is
 * announced once by on_dirty, or, within feed and pump, left to their callers.
 *
 * A session that failed (memory, bytes that are no HTTP/2) stays dead: failure is set once and
 * returned from then on.
 */
#include "rpc/internal.h"

#include <assert.h>

int rpc_session_new(const struct rpc_server *server, void *userdata,
		    struct rpc_session **ret_session)
{
	struct rpc_session *session = calloc(1, sizeof(*session));
	int r;

	if (!session)
		return -ENOMEM;
	session->server = server;
	session->userdata = userdata;
	eub_list_init(&session->calls);
	eub_list_init(&session->ready);
	r = rpc_http2_new(session, &session->http2);
	if (r < 0) {
		free(session);
		return r;
	}
	*ret_session = session;
	return 0;
}

struct rpc_session *rpc_session_free(struct rpc_session *session)
{
	if (!session)
		return NULL;
	assert(!session->is_busy);
	session->is_busy = true;
	/* Handlers first, while every call they may know of still exists. */
	EUB_LIST_FOREACH (call, &session->calls, struct rpc_call, link)
		rpc_call_release(call);
	nghttp2_session_del(session->http2); /* does not call on_stream_close */
	EUB_LIST_FOREACH (call, &session->calls, struct rpc_call, link)
		(void)rpc_call_free(call);
	free(session);
	return NULL;
}

void *rpc_session_get_userdata(const struct rpc_session *session)
{
	return session->userdata;
}

const struct rpc_server *rpc_session_get_server(const struct rpc_session *session)
{
	return session->server;
}

size_t rpc_session_get_n_calls(const struct rpc_session *session)
{
	return session->n_calls;
}

bool rpc_session_wants_write(const struct rpc_session *session)
{
	return session->failure == 0 && nghttp2_session_want_write(session->http2) != 0;
}

bool rpc_session_is_over(const struct rpc_session *session)
{
	return session->failure != 0 || (!nghttp2_session_want_read(session->http2) &&
					 !nghttp2_session_want_write(session->http2));
}

void rpc_session_mark_dirty(struct rpc_session *session)
{
	if (session->is_busy || session->is_dirty)
		return;
	session->is_dirty = true;
	if (session->server->on_dirty)
		session->server->on_dirty(session);
}

static void dispatch_call(struct rpc_call *call)
{
	if (call->is_closed) {
		(void)rpc_call_free(call);
		return;
	}
	if (!call->is_begun) {
		call->is_begun = true;
		rpc_request_begin(call);
	}
	rpc_call_tell_writable(call);
	rpc_request_advance(call);
}

/* Runs the handlers of all that nghttp2's callbacks have recorded. */
static void dispatch(struct rpc_session *session)
{
	while (!eub_list_is_empty(&session->ready)) {
		struct rpc_call *call =
		    EUB_LIST_ENTRY(session->ready.next, struct rpc_call, ready_link);

		eub_list_remove(&call->ready_link);
		dispatch_call(call);
	}
}

static void enter(struct rpc_session *session)
{
	assert(!session->is_busy);
	session->is_busy = true;
}

static void leave(struct rpc_session *session)
{
	session->is_busy = false;
	if (rpc_session_wants_write(session))
		rpc_session_mark_dirty(session);
}

static int fail(struct rpc_session *session, ssize_t http2_error)
{
	if (session->failure == 0)
		session->failure = http2_error == NGHTTP2_ERR_NOMEM ? -ENOMEM : -EPROTO;
	return session->failure;
}

/* A peer that makes us queue refusals and acknowledgements without reading them is cut off. */
static int check_outbound(struct rpc_session *session)
{
	if (nghttp2_session_get_outbound_queue_size(session->http2) <= RPC_MAX_OUTBOUND_FRAMES)
		return 0;
	return fail(session, NGHTTP2_ERR_FLOODED);
}

int rpc_session_feed(struct rpc_session *session, const void *data, size_t n)
{
	const uint8_t *p = data;

	enter(session);
	while (n > 0 && session->failure == 0) {
		size_t slice = EUB_MIN(n, (size_t)RPC_FEED_SLICE_BYTES);
		ssize_t taken = nghttp2_session_mem_recv(session->http2, p, slice);

		if (taken < 0) {
			(void)fail(session, taken);
			break;
		}
		dispatch(session);
		(void)check_outbound(session); /* the failure is looked at by the loop */
		p += taken;
		n -= (size_t)taken;
	}
	leave(session);
	return session->failure;
}

int rpc_session_pump(struct rpc_session *session, struct eub_buf *out, size_t max_bytes)
{
	size_t start = out->len;

	enter(session);
	session->is_dirty = false;
	while (session->failure == 0 && out->len - start < max_bytes) {
		const uint8_t *data;
		ssize_t n = nghttp2_session_mem_send(session->http2, &data);

		if (n < 0)
			(void)fail(session, n);
		if (n > 0) {
			eub_buf_append(out, data, (size_t)n);
			session->n_pumped_bytes += (size_t)n;
		}
		if (out->has_failed)
			session->failure = -ENOMEM;
		if (n == 0 && eub_list_is_empty(&session->ready))
			break;
		dispatch(session);
	}
	session->is_busy = false;
	return session->failure;
}

void rpc_session_note_written(struct rpc_session *session, size_t n)
{
	session->n_written_bytes += n;
}

uint64_t rpc_session_get_deadline_ns(const struct rpc_session *session)
{
	uint64_t earliest_ns = UINT64_MAX;

	EUB_LIST_FOREACH (call, &session->calls, const struct rpc_call, link)
		earliest_ns = EUB_MIN(earliest_ns, call->deadline_ns);
	return earliest_ns;
}

void rpc_session_tick(struct rpc_session *session, uint64_t now_ns)
{
	enter(session);
	EUB_LIST_FOREACH (call, &session->calls, struct rpc_call, link)
		if (call->deadline_ns <= now_ns)
			rpc_call_expire(call);
	leave(session);
}

void rpc_session_shutdown(struct rpc_session *session)
{
	if (nghttp2_submit_shutdown_notice(session->http2) < 0)
		(void)fail(session, NGHTTP2_ERR_NOMEM);
	rpc_session_mark_dirty(session);
}

void rpc_session_goaway(struct rpc_session *session)
{
	int32_t last = nghttp2_session_get_last_proc_stream_id(session->http2);

	if (nghttp2_submit_goaway(session->http2, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL,
				  0) < 0)
		(void)fail(session, NGHTTP2_ERR_NOMEM);
	rpc_session_mark_dirty(session);
}
