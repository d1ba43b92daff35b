/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the server half meets nghttp2: its options, its callbacks, and the header fields it sends.
 *
 * nghttp2 is not re-entrant, so callbacks only record what came, submit frames, and mark calls
 * ready; handlers run from rpc_session_dispatch() in session.c after nghttp2 has returned.
 *
 * nghttp2's own checks of HTTP messages are off: they reset streams whose :authority is a socket's
 * path, empty or missing, as several gRPC clients send it over Unix sockets (grpc/grpc-java#12664,
 * hyperium/h2#442), before any callback could answer. request.c does the checks that matter here.
 *
 * Streams take turns, DATA frame by DATA frame: RFC 9218 with every stream marked incremental,
 * whatever the client asks for. Otherwise an endless event stream would starve later ones.
 */
#include "rpc/internal.h"

#include <assert.h>

#define ANSWER_FIELDS_MAX 6
#define NUMBER_SIZE	  10 /* digits of the largest 32-bit number */

EUB_DEFINE_CLEANUP(nghttp2_option *, nghttp2_option_del);

static struct rpc_call *find_call(nghttp2_session *http2, int32_t stream_id)
{
	return nghttp2_session_get_stream_user_data(http2, stream_id);
}

static int on_begin_headers(nghttp2_session *http2, const nghttp2_frame *frame, void *userdata)
{
	const nghttp2_extpri taking_turns = { .urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY, .inc = 1 };
	struct rpc_session *session = userdata;
	int32_t id = frame->hd.stream_id;
	struct rpc_call *call;

	if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	call = rpc_call_new(session, id);
	if (!call)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (nghttp2_session_set_stream_user_data(http2, id, call) < 0 ||
	    nghttp2_session_change_extpri_stream_priority(http2, id, &taking_turns, 1) < 0) {
		(void)nghttp2_session_set_stream_user_data(http2, id, NULL); /* it may be unset */
		(void)rpc_call_free(call);
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	}
	return 0;
}

static int on_header(nghttp2_session *http2, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags,
		     void *userdata)
{
	struct rpc_call *call = find_call(http2, frame->hd.stream_id);

	(void)flags;
	(void)userdata;
	if (!call || call->is_malformed)
		return 0;
	if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		call->is_malformed = rpc_request_add_field(call, (const char *)name, name_n,
							   (const char *)value, value_n) < 0;
	else if (name_n > 0 &&
		 name[0] == ':') /* gRPC has no request trailers: others are ignored */
		call->is_malformed = true;
	return 0;
}

static int on_frame_recv(nghttp2_session *http2, const nghttp2_frame *frame, void *userdata)
{
	struct rpc_call *call = find_call(http2, frame->hd.stream_id);
	bool is_headers = frame->hd.type == NGHTTP2_HEADERS;

	(void)userdata;
	if (!call || (!is_headers && frame->hd.type != NGHTTP2_DATA))
		return 0;
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		call->is_half_closed = true;
	else if (is_headers && call->has_headers)
		call->is_malformed = true; /* trailers end the stream, RFC 9113 8.1 */
	if (is_headers)
		call->has_headers = true;
	rpc_call_mark_ready(call);
	return 0;
}

static int on_data_chunk(nghttp2_session *http2, uint8_t flags, int32_t stream_id,
			 const uint8_t *data, size_t n, void *userdata)
{
	struct rpc_call *call = find_call(http2, stream_id);

	(void)flags;
	(void)userdata;
	if (call)
		rpc_request_add_body(call, data, n);
	return 0;
}

static int on_stream_close(nghttp2_session *http2, int32_t stream_id, uint32_t error,
			   void *userdata)
{
	struct rpc_call *call = find_call(http2, stream_id);

	(void)error; /* the end of a call is the same for its handler, however it came */
	(void)userdata;
	if (!call)
		return 0;
	call->is_closed = true;
	rpc_call_mark_ready(call);
	return 0;
}

static int on_frame_send(nghttp2_session *http2, const nghttp2_frame *frame, void *userdata)
{
	struct rpc_call *call = find_call(http2, frame->hd.stream_id);

	(void)userdata;
	if (!call || frame->hd.type != NGHTTP2_HEADERS ||
	    !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) || call->is_half_closed)
		return 0;
	/* The answer came before the request was whole: ask to send no more, RFC 9113 8.1. */
	return nghttp2_submit_rst_stream(http2, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
					 NGHTTP2_NO_ERROR) < 0
		   ? NGHTTP2_ERR_CALLBACK_FAILURE
		   : 0;
}

struct field_list {
	nghttp2_nv fields[ANSWER_FIELDS_MAX];
	size_t n;
};

/* nghttp2 copies names and values when the frame is submitted, so they may be locals. */
static void add_field(struct field_list *list, const char *name, const void *value, size_t n)
{
	assert(list->n < ANSWER_FIELDS_MAX);
	list->fields[list->n++] = (nghttp2_nv){
		.name = (uint8_t *)(uintptr_t)name,
		.namelen = strlen(name),
		.value = (uint8_t *)(uintptr_t)value,
		.valuelen = n,
	};
}

static void add_number(struct field_list *list, const char *name, unsigned int value,
		       struct eub_buf *digits)
{
	eub_buf_append_u64(digits, value);
	add_field(list, name, digits->data, digits->len);
}

static void add_trailers(struct field_list *list, const struct rpc_call *call,
			 struct eub_buf *digits)
{
	add_number(list, "grpc-status", call->status, digits);
	if (call->message.len > 0)
		add_field(list, "grpc-message", call->message.data, call->message.len);
	if (call->details.len > 0)
		add_field(list, "grpc-status-details-bin", call->details.data, call->details.len);
}

static int submit_trailers(struct rpc_call *call)
{
	char digits[NUMBER_SIZE];
	struct eub_buf status = EUB_BUF_FIXED(digits, sizeof(digits));
	struct field_list list = { .n = 0 };

	add_trailers(&list, call, &status);
	return nghttp2_submit_trailer(call->session->http2, call->stream_id, list.fields, list.n);
}

static ssize_t read_output(nghttp2_session *http2, int32_t stream_id, uint8_t *buf, size_t size,
			   uint32_t *data_flags, nghttp2_data_source *source, void *userdata)
{
	struct rpc_call *call = source->ptr;
	size_t n = EUB_MIN(size, rpc_queue_get_size(&call->output));

	(void)http2;
	(void)stream_id;
	(void)userdata;
	if (n > 0) {
		memcpy(buf, rpc_queue_get_data(&call->output), n);
		rpc_queue_consume(&call->output, n);
		call->n_pulled_bytes += n;
		rpc_call_notice_low_water(call);
	}
	if (rpc_queue_get_size(&call->output) > 0)
		return (ssize_t)n;
	if (call->answer == RPC_ANSWER_FINISHING) {
		*data_flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
		if (submit_trailers(call) < 0)
			return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
		call->answer = RPC_ANSWER_FINISHED;
	} else if (n == 0) {
		call->is_deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	return (ssize_t)n;
}

int rpc_http2_submit_answer(struct rpc_call *call, enum rpc_answer_form form)
{
	static const char type[] = "application/grpc";
	static const char encoding[] = "identity";
	nghttp2_data_provider provider = { .source.ptr = call, .read_callback = read_output };
	char status_digits[NUMBER_SIZE];
	char http_digits[NUMBER_SIZE];
	struct eub_buf status = EUB_BUF_FIXED(status_digits, sizeof(status_digits));
	struct eub_buf http = EUB_BUF_FIXED(http_digits, sizeof(http_digits));
	struct field_list list = { .n = 0 };

	add_number(&list, ":status", call->http_status, &http);
	if (form != RPC_ANSWER_HTTP_ERROR) {
		add_field(&list, "content-type", type, sizeof(type) - 1);
		add_field(&list, "grpc-accept-encoding", encoding, sizeof(encoding) - 1);
	}
	if (form == RPC_ANSWER_TRAILERS_ONLY)
		add_trailers(&list, call, &status);
	return nghttp2_submit_response(call->session->http2, call->stream_id, list.fields, list.n,
				       form == RPC_ANSWER_WITH_BODY ? &provider : NULL);
}

static int new_callbacks(nghttp2_session_callbacks **ret_callbacks)
{
	if (nghttp2_session_callbacks_new(ret_callbacks) < 0)
		return -ENOMEM;
	nghttp2_session_callbacks_set_on_begin_headers_callback(*ret_callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(*ret_callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(*ret_callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(*ret_callbacks, on_data_chunk);
	nghttp2_session_callbacks_set_on_stream_close_callback(*ret_callbacks, on_stream_close);
	nghttp2_session_callbacks_set_on_frame_send_callback(*ret_callbacks, on_frame_send);
	return 0;
}

static int new_options(nghttp2_option **ret_option)
{
	nghttp2_option *option;

	if (nghttp2_option_new(&option) < 0)
		return -ENOMEM;
	nghttp2_option_set_no_http_messaging(option, 1);
	nghttp2_option_set_no_closed_streams(option, 1);
	nghttp2_option_set_max_outbound_ack(option, RPC_MAX_OUTBOUND_ACKS);
	nghttp2_option_set_max_settings(option, RPC_MAX_SETTINGS);
#if RPC_HAVE_STREAM_RESET_RATE_LIMIT
	nghttp2_option_set_stream_reset_rate_limit(option, RPC_RESET_BURST, RPC_RESET_RATE);
#endif
#if RPC_HAVE_MAX_CONTINUATIONS
	nghttp2_option_set_max_continuations(option, RPC_MAX_CONTINUATIONS);
#endif
	*ret_option = option;
	return 0;
}

static int submit_preface(nghttp2_session *http2, uint32_t max_streams)
{
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, max_streams },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, RPC_STREAM_WINDOW_BYTES },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, RPC_MAX_HEADER_BYTES },
		{ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
	};

	if (nghttp2_submit_settings(http2, NGHTTP2_FLAG_NONE, settings, EUB_ARRAY_SIZE(settings)) <
	    0)
		return -ENOMEM;
	if (nghttp2_session_set_local_window_size(http2, NGHTTP2_FLAG_NONE, 0,
						  RPC_SESSION_WINDOW_BYTES) < 0)
		return -ENOMEM;
	return 0;
}

int rpc_http2_new(struct rpc_session *session, nghttp2_session **ret_http2)
{
	_cleanup_(nghttp2_option_delp) nghttp2_option *option = NULL;
	nghttp2_session_callbacks *callbacks;
	nghttp2_session *http2 = NULL;
	uint32_t max_streams = session->server->max_streams;
	int r;

	r = new_options(&option);
	if (r < 0)
		return r;
	r = new_callbacks(&callbacks);
	if (r < 0)
		return r;
	r = nghttp2_session_server_new2(&http2, callbacks, session, option);
	nghttp2_session_callbacks_del(callbacks);
	if (r < 0)
		return -ENOMEM;
	r = submit_preface(http2, max_streams > 0 ? max_streams : RPC_MAX_STREAMS);
	if (r < 0) {
		nghttp2_session_del(http2);
		return r;
	}
	*ret_http2 = http2;
	return 0;
}
