/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer half of a call, and its life.
 *
 * A call begins with its header fields and is owned by its session. Its answer goes forward through
 * enum rpc_answer. Messages wait, already framed, in one queue, which nghttp2 empties as fast as
 * flow control and rpc_session_pump() allow. on_done is called when the stream is closed, when the
 * deadline passes or when the session ends, whichever is first; the struct itself goes when nghttp2
 * has forgotten the stream, since nghttp2 keeps a pointer to it until then.
 *
 * A failure to get memory resets the stream: the peer sees INTERNAL_ERROR, other calls go on.
 */
#include "rpc/decode.h"
#include "rpc/frame.h"
#include "rpc/internal.h"
#include "rpc/metadata.h"

#include <assert.h>

static const struct rpc_call_ops no_ops;

struct rpc_call *rpc_call_new(struct rpc_session *session, int32_t stream_id)
{
	struct rpc_call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->session = session;
	call->stream_id = stream_id;
	call->deadline_ns = UINT64_MAX;
	call->timeout_ns = UINT64_MAX;
	call->content_length = UINT64_MAX;
	call->http_status = RPC_HTTP_OK;
	call->ops = &no_ops;
	eub_list_init(&call->ready_link);
	eub_list_append(&session->calls, &call->link);
	session->n_calls++;
	return call;
}

void rpc_call_unhold(struct rpc_call *call, size_t n)
{
	assert(n <= call->held_bytes && n <= call->session->held_bytes);
	call->held_bytes -= n;
	call->session->held_bytes -= n;
}

static void drop_input(struct rpc_call *call)
{
	rpc_call_unhold(call, rpc_queue_get_size(&call->input));
	rpc_queue_done(&call->input);
}

void rpc_call_release(struct rpc_call *call)
{
	if (call->is_released)
		return;
	call->is_released = true;
	if (call->ops->on_done)
		call->ops->on_done(call);
	call->ops = &no_ops;
	call->request = rpc_message_free(call->request);
	drop_input(call);
	rpc_call_unhold(call, call->held_bytes);
}

struct rpc_call *rpc_call_free(struct rpc_call *call)
{
	if (!call)
		return NULL;
	rpc_call_release(call);
	rpc_queue_done(&call->output);
	eub_buf_done(&call->message);
	eub_buf_done(&call->details);
	eub_list_remove(&call->link);
	eub_list_remove(&call->ready_link);
	call->session->n_calls--;
	free(call);
	return NULL;
}

void rpc_call_mark_ready(struct rpc_call *call)
{
	if (eub_list_is_empty(&call->ready_link))
		eub_list_append(&call->session->ready, &call->ready_link);
}

static size_t get_high_water(const struct rpc_call *call)
{
	size_t bytes = call->session->server->high_water_bytes;

	return bytes > 0 ? bytes : RPC_HIGH_WATER_BYTES;
}

void rpc_call_notice_low_water(struct rpc_call *call)
{
	if (call->wants_writable && rpc_queue_get_size(&call->output) <= get_high_water(call) / 2)
		rpc_call_mark_ready(call);
}

void rpc_call_tell_writable(struct rpc_call *call)
{
	if (!call->wants_writable || call->answer >= RPC_ANSWER_FINISHING ||
	    rpc_queue_get_size(&call->output) > get_high_water(call) / 2)
		return;
	call->wants_writable = false;
	if (call->ops->on_writable)
		call->ops->on_writable(call);
}

void rpc_call_reset(struct rpc_call *call, uint32_t http2_error)
{
	struct rpc_session *session = call->session;

	if (call->is_closed)
		return;
	call->answer = RPC_ANSWER_FINISHED;
	drop_input(call);
	call->n_pulled_bytes += rpc_queue_get_size(&call->output);
	rpc_queue_done(&call->output);
	if (nghttp2_submit_rst_stream(session->http2, NGHTTP2_FLAG_NONE, call->stream_id,
				      http2_error) < 0)
		session->failure = -ENOMEM;
	rpc_session_mark_dirty(session);
}

/* Submits header fields; on failure the call is reset. Return: 0; -ENOMEM. */
static int begin_answer(struct rpc_call *call, enum rpc_answer_form form)
{
	if (rpc_http2_submit_answer(call, form) < 0) {
		rpc_call_reset(call, NGHTTP2_INTERNAL_ERROR);
		return -ENOMEM;
	}
	call->answer = form == RPC_ANSWER_WITH_BODY ? RPC_ANSWER_BEGUN : RPC_ANSWER_FINISHED;
	rpc_session_mark_dirty(call->session);
	return 0;
}

/* Makes nghttp2 look at the queue again. */
static void wake_output(struct rpc_call *call)
{
	struct rpc_session *session = call->session;

	if (!call->is_deferred)
		return;
	call->is_deferred = false;
	if (nghttp2_session_resume_data(session->http2, call->stream_id) < 0)
		session->failure = -ENOMEM;
	rpc_session_mark_dirty(session);
}

void rpc_call_refuse_http(struct rpc_call *call)
{
	drop_input(call);
	(void)begin_answer(call, RPC_ANSWER_HTTP_ERROR); /* reset on failure */
}

void rpc_call_finish_refused(struct rpc_call *call)
{
	drop_input(call);
	if (call->answer == RPC_ANSWER_NONE && call->status != RPC_OK) {
		(void)begin_answer(call, RPC_ANSWER_TRAILERS_ONLY); /* reset on failure */
		return;
	}
	if (call->answer == RPC_ANSWER_NONE && begin_answer(call, RPC_ANSWER_WITH_BODY) < 0)
		return;
	call->answer = RPC_ANSWER_FINISHING;
	wake_output(call);
}

static bool is_open(const struct rpc_call *call)
{
	return !call->is_closed && !call->is_released && call->answer < RPC_ANSWER_FINISHING;
}

/* What remains of rpc_call_send() when the message was framed, or could not be (@r < 0). */
static bool after_append(struct rpc_call *call, int r)
{
	if (r < 0 ||
	    (call->answer == RPC_ANSWER_NONE && begin_answer(call, RPC_ANSWER_WITH_BODY))) {
		rpc_call_reset(call, NGHTTP2_INTERNAL_ERROR);
		return false;
	}
	call->has_sent = true;
	wake_output(call);
	if (rpc_queue_get_size(&call->output) >= get_high_water(call))
		call->wants_writable = true;
	return !call->wants_writable;
}

bool rpc_call_send(struct rpc_call *call, const ProtobufCMessage *message)
{
	return is_open(call) && after_append(call, rpc_frame_append(&call->output.buf, message));
}

bool rpc_call_send_encoded(struct rpc_call *call, const void *data, size_t n)
{
	return is_open(call) &&
	       after_append(call, rpc_frame_append_encoded(&call->output.buf, data, n));
}

size_t rpc_call_get_queued_bytes(const struct rpc_call *call)
{
	return rpc_queue_get_size(&call->output);
}

uint64_t rpc_call_get_sent_bytes(const struct rpc_call *call)
{
	return call->n_pulled_bytes + rpc_queue_get_size(&call->output);
}

/*
 * Where in the session's output a call's bytes end is known only at the time that they are pulled.
 * So the end of the output at each look is noted; what had been pulled by then is written when that
 * much of the output is, which the next look may find.
 */
uint64_t rpc_call_get_written_bytes(struct rpc_call *call)
{
	const struct rpc_session *session = call->session;

	if (session->n_written_bytes < call->pumped_mark)
		return call->n_written_bytes;
	call->n_written_bytes = call->pulled_mark;
	call->pulled_mark = call->n_pulled_bytes;
	call->pumped_mark = session->n_pumped_bytes;
	if (session->n_written_bytes >= call->pumped_mark)
		call->n_written_bytes = call->pulled_mark;
	return call->n_written_bytes;
}

void rpc_call_finish_status(struct rpc_call *call, enum rpc_status status, const char *message)
{
	if (!is_open(call))
		return;
	call->status = status;
	eub_buf_clear(&call->message);
	rpc_metadata_append_percent(&call->message, message, RPC_MAX_MESSAGE_TEXT_BYTES);
	rpc_call_finish_refused(call);
}

void rpc_call_finish(struct rpc_call *call)
{
	if (call->method->kind == RPC_UNARY && !call->has_sent)
		rpc_call_finish_status(call, RPC_INTERNAL, "the method gave no reply");
	else
		rpc_call_finish_status(call, RPC_OK, "");
}

void rpc_call_finish_error(struct rpc_call *call, const struct eun_error *err)
{
	struct eub_buf details = EUB_BUF_INIT;

	if (!is_open(call))
		return;
	rpc_error_encode_details(err, &details);
	if (!details.has_failed)
		rpc_metadata_append_base64(&call->details, details.data, details.len);
	eub_buf_done(&details);
	/* The status alone tells enough when there is no memory for more. */
	if (call->details.has_failed)
		eub_buf_done(&call->details);
	rpc_call_finish_status(call, rpc_status_from_reason(err->reason), err->message);
}

void rpc_call_expire(struct rpc_call *call)
{
	call->deadline_ns = UINT64_MAX;
	/* Trailers cannot overtake messages that the peer does not take. */
	if (call->answer < RPC_ANSWER_FINISHING && rpc_queue_get_size(&call->output) == 0)
		rpc_call_finish_status(call, RPC_DEADLINE_EXCEEDED, "deadline exceeded");
	else
		rpc_call_reset(call, NGHTTP2_CANCEL);
	rpc_call_release(call);
}

struct rpc_session *rpc_call_get_session(const struct rpc_call *call)
{
	return call->session;
}

const struct rpc_method *rpc_call_get_method(const struct rpc_call *call)
{
	return call->method;
}

const struct rpc_service *rpc_call_get_service(const struct rpc_call *call)
{
	return call->service;
}

void rpc_call_set_ops(struct rpc_call *call, const struct rpc_call_ops *ops, void *userdata)
{
	call->ops = ops;
	call->userdata = userdata;
}

void *rpc_call_get_userdata(const struct rpc_call *call)
{
	return call->userdata;
}
