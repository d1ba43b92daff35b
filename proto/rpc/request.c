/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request half of a call: header fields, then messages. Since nghttp2's checks are off
 * (http2.c), the rules of RFC 9113 8.2 and 8.3 that concern a request stand here. A malformed
 * request is reset with PROTOCOL_ERROR; one that is HTTP but no gRPC gets a bare HTTP status
 * (PROTOCOL-HTTP2.md: 415); everything else gets a gRPC status. A missing "te: trailers" is
 * tolerated: its purpose is to find proxies that drop trailers, and a Unix socket has none.
 *
 * Bytes are charged to the session (held_bytes) from their arrival to the end of the call, so that
 * a client cannot make it hold more than RPC_MAX_HELD_BYTES however many calls it begins.
 */
#include "rpc/decode.h"
#include "rpc/frame.h"
#include "rpc/internal.h"
#include "rpc/metadata.h"

#include "base/clock.h"

#include <assert.h>
#include <stdio.h>

#define HTTP_METHOD_NOT_ALLOWED	    405
#define HTTP_UNSUPPORTED_MEDIA_TYPE 415
/* RFC 9113 6.5.2: what a field counts beside its bytes. */
#define FIELD_OVERHEAD_BYTES	    32
#define PATH_SHOWN_MAX		    128

/* Notes why the call will be refused once its header fields are complete; the first reason wins. */
static void refuse(struct rpc_call *call, enum rpc_status status, const char *message)
{
	if (call->status != RPC_OK)
		return;
	call->status = status;
	rpc_metadata_append_percent(&call->message, message, RPC_MAX_MESSAGE_TEXT_BYTES);
}

static bool value_is(const char *value, size_t n, const char *expected)
{
	return n == strlen(expected) && memcmp(value, expected, n) == 0;
}

static int take_method(struct rpc_call *call, const char *value, size_t n)
{
	if (!value_is(value, n, "POST"))
		call->http_status = HTTP_METHOD_NOT_ALLOWED;
	return 0;
}

static int take_path(struct rpc_call *call, const char *value, size_t n)
{
	const struct rpc_server *server = call->session->server;
	char message[PATH_SHOWN_MAX + 64];

	for (size_t i = 0; i < server->n_services; i++) {
		const struct rpc_service *service = &server->services[i];

		for (size_t j = 0; j < service->n_methods; j++) {
			if (!value_is(value, n, service->methods[j].path))
				continue;
			call->service = service;
			call->method = &service->methods[j];
			return 0;
		}
	}
	(void)snprintf(message, sizeof(message), "unknown method '%.*s'",
		       (int)EUB_MIN(n, (size_t)PATH_SHOWN_MAX), value);
	refuse(call, RPC_UNIMPLEMENTED, message);
	return n == 0 ? -EPROTO : 0;
}

static int take_anything(struct rpc_call *call, const char *value, size_t n)
{
	(void)call;
	(void)value;
	(void)n;
	return 0;
}

static int take_content_type(struct rpc_call *call, const char *value, size_t n)
{
	if (!rpc_metadata_is_grpc(value, n) && call->http_status == RPC_HTTP_OK)
		call->http_status = HTTP_UNSUPPORTED_MEDIA_TYPE;
	return 0;
}

static int take_te(struct rpc_call *call, const char *value, size_t n)
{
	(void)call;
	return value_is(value, n, "trailers") ? 0 : -EPROTO;
}

static int take_timeout(struct rpc_call *call, const char *value, size_t n)
{
	if (rpc_metadata_parse_timeout(value, n, &call->timeout_ns) < 0)
		refuse(call, RPC_INVALID_ARGUMENT, "grpc-timeout is no timeout");
	return 0;
}

static int take_encoding(struct rpc_call *call, const char *value, size_t n)
{
	call->has_unknown_encoding = !value_is(value, n, "identity");
	return 0;
}

static int take_content_length(struct rpc_call *call, const char *value, size_t n)
{
	uint64_t length = 0;

	for (size_t i = 0; i < n; i++) {
		if (value[i] < '0' || value[i] > '9' ||
		    eub_mul_overflow(length, UINT64_C(10), &length) ||
		    eub_add_overflow(length, (uint64_t)(value[i] - '0'), &length))
			return -EPROTO;
	}
	call->content_length = length;
	return n == 0 ? -EPROTO : 0;
}

/* Fields that only make sense between two HTTP/1 hops, RFC 9113 8.2.2. */
static int take_forbidden(struct rpc_call *call, const char *value, size_t n)
{
	(void)call;
	(void)value;
	(void)n;
	return -EPROTO;
}

/* Fields of a request that mean something here; each may come once. Pseudo fields come first. */
static const struct field_rule {
	const char *name;
	int (*take)(struct rpc_call *call, const char *value, size_t n);
	bool is_required;
} rules[] = {
	{ ":method", take_method, true },
	{ ":path", take_path, true },
	{ ":scheme", take_anything, true },
	{ ":authority", take_anything, false },
	{ "content-type", take_content_type, false },
	{ "te", take_te, false },
	{ "grpc-timeout", take_timeout, false },
	{ "grpc-encoding", take_encoding, false },
	{ "content-length", take_content_length, false },
	{ "connection", take_forbidden, false },
	{ "keep-alive", take_forbidden, false },
	{ "proxy-connection", take_forbidden, false },
	{ "transfer-encoding", take_forbidden, false },
	{ "upgrade", take_forbidden, false },
};
#define CONTENT_TYPE_RULE 4
#define SEEN_REGULAR	  (1u << 31) /* bit of rpc_call.seen_fields: pseudo fields are over */
static_assert(EUB_ARRAY_SIZE(rules) < 31, "one bit each");

static const struct field_rule *find_rule(const char *name, size_t n)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(rules); i++)
		if (value_is(name, n, rules[i].name))
			return &rules[i];
	return NULL;
}

int rpc_request_add_field(struct rpc_call *call, const char *name, size_t name_n, const char *value,
			  size_t value_n)
{
	const struct field_rule *rule;
	bool is_pseudo = name_n > 0 && name[0] == ':';

	call->header_bytes += name_n + value_n + FIELD_OVERHEAD_BYTES;
	if (call->header_bytes > RPC_MAX_HEADER_BYTES) {
		refuse(call, RPC_RESOURCE_EXHAUSTED, "too many bytes of metadata");
		return 0;
	}
	if (!nghttp2_check_header_name((const uint8_t *)name, name_n) ||
	    !nghttp2_check_header_value((const uint8_t *)value, value_n))
		return -EPROTO;
	if (is_pseudo && call->seen_fields & SEEN_REGULAR)
		return -EPROTO;
	if (!is_pseudo)
		call->seen_fields |= SEEN_REGULAR;
	rule = find_rule(name, name_n);
	if (!rule)
		return is_pseudo ? -EPROTO : 0;
	if (call->seen_fields & 1u << (rule - rules))
		return -EPROTO;
	call->seen_fields |= 1u << (rule - rules);
	return rule->take(call, value, value_n);
}

static bool has_required_fields(const struct rpc_call *call)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(rules); i++)
		if (rules[i].is_required && !(call->seen_fields & 1u << i))
			return false;
	return true;
}

static void authorize(struct rpc_call *call)
{
	const struct rpc_server *server = call->session->server;
	struct eun_error err = EUN_ERROR_INIT;

	if (server->authorize && server->authorize(call->session, call->method, &err) < 0)
		rpc_call_finish_error(call, &err);
	eun_error_done(&err);
}

void rpc_request_begin(struct rpc_call *call)
{
	uint64_t now_ns;

	/* A request cut by the limit on its fields is not judged by what may be missing. */
	if (call->header_bytes <= RPC_MAX_HEADER_BYTES) {
		if (!has_required_fields(call))
			call->is_malformed = true;
		if (!(call->seen_fields & 1u << CONTENT_TYPE_RULE))
			(void)take_content_type(call, "", 0); /* refuses it, cannot fail */
	}
	if (call->is_malformed || call->status != RPC_OK)
		return;
	if (call->http_status != RPC_HTTP_OK) {
		rpc_call_refuse_http(call);
		return;
	}
	now_ns = eub_clock_mono_ns();
	if (call->timeout_ns < UINT64_MAX - now_ns)
		call->deadline_ns = now_ns + call->timeout_ns;
	authorize(call);
}

/* Is more waiting than a client that reads its answers could have waiting? */
static bool is_flooding(const struct rpc_call *call)
{
	return call->method->kind == RPC_BIDI_STREAM &&
	       rpc_queue_get_size(&call->input) > RPC_MAX_UNHANDLED_BYTES;
}

void rpc_request_add_body(struct rpc_call *call, const void *data, size_t n)
{
	struct rpc_session *session = call->session;

	call->n_body_bytes += n;
	if (call->answer >= RPC_ANSWER_FINISHING || call->status != RPC_OK || !call->method)
		return;
	rpc_call_mark_ready(call);
	if (n > RPC_MAX_HELD_BYTES - session->held_bytes) {
		refuse(call, RPC_RESOURCE_EXHAUSTED,
		       "this connection has too many bytes of requests under way");
		return;
	}
	if (is_flooding(call)) {
		refuse(call, RPC_RESOURCE_EXHAUSTED, "requests come, their answers are not read");
		return;
	}
	eub_buf_append(&call->input.buf, data, n);
	if (call->input.buf.has_failed) {
		refuse(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	session->held_bytes += n;
	call->held_bytes += n;
}

static void finish_unframed(struct rpc_call *call, int error, const struct rpc_frame *frame)
{
	char message[128];

	if (error == -EMSGSIZE) {
		(void)snprintf(message, sizeof(message),
			       "the request has %zu bytes, the limit of this method is %zu",
			       frame->n_bytes, call->method->max_request_bytes);
		rpc_call_finish_status(call, RPC_RESOURCE_EXHAUSTED, message);
		return;
	}
	rpc_call_finish_status(call, RPC_INTERNAL, "the request is not framed as gRPC");
}

/* The message in @frame, or NULL and the call is finished with the reason. */
static ProtobufCMessage *decode_message(struct rpc_call *call, const struct rpc_frame *frame)
{
	ProtobufCMessage *message = NULL;

	if (frame->is_compressed && call->has_unknown_encoding)
		rpc_call_finish_status(call, RPC_UNIMPLEMENTED,
				       "compressed requests are not taken: use identity");
	else if (frame->is_compressed)
		rpc_call_finish_status(call, RPC_INTERNAL,
				       "a message is marked as compressed, without grpc-encoding");
	else if (call->request)
		rpc_call_finish_status(call, RPC_UNIMPLEMENTED, "more than one request message");
	else
		message = rpc_decode(call->method->request, frame->data, frame->n_bytes);
	if (!message) /* changes nothing if it is finished */
		rpc_call_finish_status(call, RPC_INTERNAL,
				       "the request cannot be decoded as its message type");
	return message;
}

/*
 * Takes the next whole message from the input. Return: true if there may be another.
 */
static bool take_message(struct rpc_call *call)
{
	ProtobufCMessage *message;
	struct rpc_frame frame = { .data = NULL };
	int r = rpc_frame_parse(rpc_queue_get_data(&call->input), rpc_queue_get_size(&call->input),
				call->method->max_request_bytes, &frame);

	if (r < 0)
		finish_unframed(call, r, &frame);
	if (r <= 0)
		return false;
	message = decode_message(call, &frame);
	if (!message)
		return false;
	rpc_queue_consume(&call->input, RPC_FRAME_PREFIX_BYTES + frame.n_bytes);
	if (call->method->kind != RPC_BIDI_STREAM) {
		call->request = message; /* on_request is called when the request is whole */
		return true;
	}
	rpc_call_unhold(call, RPC_FRAME_PREFIX_BYTES + frame.n_bytes);
	call->method->on_request(call, message);
	(void)rpc_message_free(message);
	return true;
}

static bool is_open(const struct rpc_call *call)
{
	return call->answer < RPC_ANSWER_FINISHING;
}

/* Whoever sends on and on without reading the answers has to wait: the answers' memory is ours. */
static bool must_wait(const struct rpc_call *call)
{
	return call->method->kind == RPC_BIDI_STREAM && call->wants_writable;
}

static void end_request(struct rpc_call *call)
{
	const struct rpc_method *method = call->method;

	if (call->content_length != UINT64_MAX && call->content_length != call->n_body_bytes)
		rpc_call_reset(call, NGHTTP2_PROTOCOL_ERROR); /* malformed, RFC 9113 8.1.1 */
	else if (rpc_queue_get_size(&call->input) > 0)
		rpc_call_finish_status(call, RPC_INTERNAL, "the request ends within a message");
	else if (method->kind != RPC_BIDI_STREAM && !call->request)
		rpc_call_finish_status(call, RPC_UNIMPLEMENTED, "no request message");
	else if (method->kind != RPC_BIDI_STREAM)
		method->on_request(call, call->request);
	else if (method->on_half_close)
		method->on_half_close(call);
	else
		rpc_call_finish(call);
}

void rpc_request_advance(struct rpc_call *call)
{
	if (!is_open(call))
		return;
	if (call->is_malformed) {
		rpc_call_reset(call, NGHTTP2_PROTOCOL_ERROR);
		return;
	}
	if (call->status != RPC_OK) {
		rpc_call_finish_refused(call);
		return;
	}
	while (is_open(call) && !must_wait(call) && take_message(call))
		;
	if (is_open(call) && !must_wait(call) && call->is_half_closed && !call->is_half_handled) {
		call->is_half_handled = true;
		end_request(call);
	}
}
