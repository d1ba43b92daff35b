/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of HTTP/2: the request's header fields, and callbacks that collect the answer
 * in struct rpc_exchange. Frames of streams that are no longer of interest (a call that timed out)
 * are ignored. nghttp2's checks of HTTP messages stay on here.
 */
#include "rpc/client_internal.h"
#include "rpc/metadata.h"

#include "base/str.h"

#include <assert.h>

#define REQUEST_FIELDS_MAX 8
#define USER_AGENT	   "grpc-c-eunomia/" EUNOMIA_VERSION

EUB_DEFINE_CLEANUP(nghttp2_option *, nghttp2_option_del);

static void take_http_status(struct rpc_exchange *exchange, const char *value, size_t n)
{
	unsigned int status = 0;

	/* nghttp2 has checked that these are three digits. */
	for (size_t i = 0; i < n && i < 3; i++)
		status = status * 10 + (unsigned int)(value[i] - '0');
	exchange->http_status = status;
}

static void take_status(struct rpc_exchange *exchange, const char *value, size_t n)
{
	unsigned int status = 0;

	for (size_t i = 0; i < n; i++) {
		if (value[i] < '0' || value[i] > '9' || i > 2)
			return;
		status = status * 10 + (unsigned int)(value[i] - '0');
	}
	exchange->has_status = n > 0;
	exchange->status = status < _RPC_STATUS_MAX ? (enum rpc_status)status : RPC_UNKNOWN;
}

static void take_message(struct rpc_exchange *exchange, const char *value, size_t n)
{
	eub_buf_clear(&exchange->message);
	rpc_metadata_decode_percent(value, n, &exchange->message);
}

static void take_details(struct rpc_exchange *exchange, const char *value, size_t n)
{
	eub_buf_clear(&exchange->details);
	if (rpc_metadata_decode_base64(value, n, &exchange->details) < 0)
		eub_buf_clear(&exchange->details); /* the status alone is told then */
}

static const struct field_rule {
	const char *name;
	void (*take)(struct rpc_exchange *exchange, const char *value, size_t n);
} rules[] = {
	{ ":status", take_http_status },
	{ "grpc-status", take_status },
	{ "grpc-message", take_message },
	{ "grpc-status-details-bin", take_details },
};

static struct rpc_exchange *find_exchange(struct rpc_client *client, int32_t stream_id)
{
	struct rpc_exchange *exchange = &client->exchange;

	return stream_id != 0 && stream_id == exchange->stream_id ? exchange : NULL;
}

static int on_header(nghttp2_session *http2, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags,
		     void *userdata)
{
	struct rpc_exchange *exchange = find_exchange(userdata, frame->hd.stream_id);

	(void)http2;
	(void)flags;
	if (!exchange)
		return 0;
	exchange->header_bytes += name_n + value_n;
	if (exchange->header_bytes > RPC_CLIENT_MAX_HEADER_BYTES)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(rules); i++)
		if (name_n == strlen(rules[i].name) && memcmp(name, rules[i].name, name_n) == 0)
			rules[i].take(exchange, (const char *)value, value_n);
	return 0;
}

static int on_frame_recv(nghttp2_session *http2, const nghttp2_frame *frame, void *userdata)
{
	struct rpc_exchange *exchange = find_exchange(userdata, frame->hd.stream_id);
	bool can_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;

	(void)http2;
	if (exchange && can_end && frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		exchange->is_over = true;
	return 0;
}

static int on_data_chunk(nghttp2_session *http2, uint8_t flags, int32_t stream_id,
			 const uint8_t *data, size_t n, void *userdata)
{
	struct rpc_exchange *exchange = find_exchange(userdata, stream_id);

	(void)http2;
	(void)flags;
	if (!exchange)
		return 0;
	eub_buf_append(&exchange->input.buf, data, n);
	return exchange->input.buf.has_failed ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_stream_close(nghttp2_session *http2, int32_t stream_id, uint32_t error,
			   void *userdata)
{
	struct rpc_exchange *exchange = find_exchange(userdata, stream_id);

	(void)http2;
	if (!exchange)
		return 0;
	exchange->http2_error = error;
	exchange->is_over = true;
	exchange->stream_id = 0;
	return 0;
}

static ssize_t read_request(nghttp2_session *http2, int32_t stream_id, uint8_t *buf, size_t size,
			    uint32_t *data_flags, nghttp2_data_source *source, void *userdata)
{
	struct rpc_exchange *exchange = find_exchange(userdata, stream_id);
	size_t n;

	(void)http2;
	(void)source;
	if (!exchange)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	n = EUB_MIN(size, rpc_queue_get_size(&exchange->request));
	if (n > 0) {
		memcpy(buf, rpc_queue_get_data(&exchange->request), n);
		rpc_queue_consume(&exchange->request, n);
	}
	if (rpc_queue_get_size(&exchange->request) == 0)
		*data_flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

static nghttp2_nv make_field(const char *name, const char *value)
{
	return (nghttp2_nv){
		.name = (uint8_t *)(uintptr_t)name,
		.namelen = strlen(name),
		.value = (uint8_t *)(uintptr_t)value,
		.valuelen = strlen(value),
	};
}

int rpc_client_http2_submit(struct rpc_client *client, const char *path, int timeout_ms)
{
	nghttp2_data_provider provider = { .read_callback = read_request };
	char digits[16];
	struct eub_buf timeout = EUB_BUF_FIXED(digits, sizeof(digits));
	nghttp2_nv fields[REQUEST_FIELDS_MAX] = {
		make_field(":method", "POST"),
		make_field(":scheme", "http"),
		make_field(":path", path),
		make_field(":authority", "localhost"),
		make_field("content-type", "application/grpc"),
		make_field("te", "trailers"),
		make_field("user-agent", USER_AGENT),
	};
	size_t n_fields = REQUEST_FIELDS_MAX - 1;
	int32_t id;

	if (timeout_ms >= 0) {
		rpc_metadata_append_timeout(&timeout, (uint32_t)timeout_ms);
		eub_buf_append_char(&timeout, '\0');
		fields[n_fields++] = make_field("grpc-timeout", digits);
	}
	id = nghttp2_submit_request(client->http2, NULL, fields, n_fields, &provider, NULL);
	if (id < 0)
		return -ENOMEM;
	client->exchange.stream_id = id;
	return 0;
}

static int new_callbacks(nghttp2_session_callbacks **ret_callbacks)
{
	if (nghttp2_session_callbacks_new(ret_callbacks) < 0)
		return -ENOMEM;
	nghttp2_session_callbacks_set_on_header_callback(*ret_callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(*ret_callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(*ret_callbacks, on_data_chunk);
	nghttp2_session_callbacks_set_on_stream_close_callback(*ret_callbacks, on_stream_close);
	return 0;
}

int rpc_client_http2_new(struct rpc_client *client)
{
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, RPC_SESSION_WINDOW_BYTES },
	};
	_cleanup_(nghttp2_option_delp) nghttp2_option *option = NULL;
	nghttp2_session_callbacks *callbacks;
	int r;

	if (nghttp2_option_new(&option) < 0)
		return -ENOMEM;
	nghttp2_option_set_no_closed_streams(option, 1);
	r = new_callbacks(&callbacks);
	if (r < 0)
		return r;
	r = nghttp2_session_client_new2(&client->http2, callbacks, client, option);
	nghttp2_session_callbacks_del(callbacks);
	if (r < 0 ||
	    nghttp2_submit_settings(client->http2, NGHTTP2_FLAG_NONE, settings,
				    EUB_ARRAY_SIZE(settings)) < 0 ||
	    nghttp2_session_set_local_window_size(client->http2, NGHTTP2_FLAG_NONE, 0,
						  RPC_SESSION_WINDOW_BYTES) < 0)
		return -ENOMEM; /* rpc_client_free() releases the session */
	return 0;
}

/* gRPC's PROTOCOL-HTTP2.md, "Errors", and http-grpc-status-mapping.md. */
static enum rpc_status status_from_http2(uint32_t error)
{
	switch (error) {
	case NGHTTP2_REFUSED_STREAM:
		return RPC_UNAVAILABLE;
	case NGHTTP2_CANCEL:
		return RPC_CANCELLED;
	case NGHTTP2_ENHANCE_YOUR_CALM:
		return RPC_RESOURCE_EXHAUSTED;
	case NGHTTP2_INADEQUATE_SECURITY:
		return RPC_PERMISSION_DENIED;
	default:
		return RPC_INTERNAL;
	}
}

static enum rpc_status status_from_http(unsigned int status)
{
	switch (status) {
	case 400:
		return RPC_INTERNAL;
	case 401:
		return RPC_UNAUTHENTICATED;
	case 403:
		return RPC_PERMISSION_DENIED;
	case 404:
		return RPC_UNIMPLEMENTED;
	case 429:
	case 502:
	case 503:
	case 504:
		return RPC_UNAVAILABLE;
	default:
		return RPC_UNKNOWN;
	}
}

enum rpc_status rpc_client_http2_get_failure(const struct rpc_exchange *exchange,
					     const char **ret_message)
{
	if (exchange->http_status != 0 && exchange->http_status != 200) {
		*ret_message = "the server answered in HTTP, but not in gRPC";
		return status_from_http(exchange->http_status);
	}
	if (exchange->http2_error == NGHTTP2_REFUSED_STREAM) {
		*ret_message = "the server takes no more calls";
		return RPC_UNAVAILABLE;
	}
	*ret_message = "the server ended the call without a status";
	return status_from_http2(exchange->http2_error);
}
