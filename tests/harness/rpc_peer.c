/* SPDX-License-Identifier: Apache-2.0 */
/* See rpc_peer.h. */
#include "rpc_peer.h"

#include "rpc/frame.h"
#include "rpc/metadata.h"

#include <assert.h>
#include <stdlib.h>

#define FIELDS_MAX	   400
#define PUMP_DEFAULT_BYTES 65536

static struct rpc_peer_stream *find_stream(struct rpc_peer *peer, int32_t id)
{
	for (size_t i = 0; i < RPC_PEER_STREAMS_MAX; i++)
		if (peer->streams[i].id == id)
			return &peer->streams[i];
	return NULL;
}

static bool name_is(const uint8_t *name, size_t n, const char *expected)
{
	return n == strlen(expected) && memcmp(name, expected, n) == 0;
}

static int on_header(nghttp2_session *http2, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags,
		     void *userdata)
{
	struct rpc_peer_stream *stream = find_stream(userdata, frame->hd.stream_id);
	char number[8] = "";

	(void)http2;
	(void)flags;
	if (!stream || stream->id == 0)
		return 0;
	memcpy(number, value, EUB_MIN(value_n, sizeof(number) - 1));
	if (name_is(name, name_n, ":status"))
		stream->http_status = (int)strtol(number, NULL, 10);
	else if (name_is(name, name_n, "grpc-status"))
		stream->grpc_status = (int)strtol(number, NULL, 10);
	else if (name_is(name, name_n, "grpc-message"))
		rpc_metadata_decode_percent((const char *)value, value_n, &stream->message);
	else if (name_is(name, name_n, "grpc-status-details-bin"))
		assert(rpc_metadata_decode_base64((const char *)value, value_n, &stream->details) ==
		       0);
	return 0;
}

static int on_frame_recv(nghttp2_session *http2, const nghttp2_frame *frame, void *userdata)
{
	struct rpc_peer *peer = userdata;
	struct rpc_peer_stream *stream = find_stream(peer, frame->hd.stream_id);

	(void)http2;
	if (frame->hd.type == NGHTTP2_GOAWAY) {
		peer->n_goaway++;
		peer->goaway_last_id = frame->goaway.last_stream_id;
		peer->goaway_error = frame->goaway.error_code;
	} else if (stream && stream->id && frame->hd.flags & NGHTTP2_FLAG_END_STREAM &&
		   (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS)) {
		stream->is_answered = true;
	}
	return 0;
}

static int on_data_chunk(nghttp2_session *http2, uint8_t flags, int32_t stream_id,
			 const uint8_t *data, size_t n, void *userdata)
{
	struct rpc_peer_stream *stream = find_stream(userdata, stream_id);

	(void)http2;
	(void)flags;
	if (stream)
		eub_buf_append(&stream->body, data, n);
	return 0;
}

static int on_stream_close(nghttp2_session *http2, int32_t stream_id, uint32_t error,
			   void *userdata)
{
	struct rpc_peer_stream *stream = find_stream(userdata, stream_id);

	(void)http2;
	if (stream) {
		stream->is_closed = true;
		stream->error = error;
	}
	return 0;
}

static ssize_t read_request(nghttp2_session *http2, int32_t stream_id, uint8_t *buf, size_t size,
			    uint32_t *data_flags, nghttp2_data_source *source, void *userdata)
{
	struct rpc_peer_stream *stream = source->ptr;
	size_t n = EUB_MIN(size, stream->request.len - stream->n_sent);

	(void)http2;
	(void)stream_id;
	(void)userdata;
	if (n > 0)
		memcpy(buf, stream->request.data + stream->n_sent, n);
	stream->n_sent += n;
	if (stream->n_sent == stream->request.len && !stream->keeps_open)
		*data_flags |= NGHTTP2_DATA_FLAG_EOF;
	else if (n == 0)
		return NGHTTP2_ERR_DEFERRED;
	return (ssize_t)n;
}

int rpc_peer_init(struct rpc_peer *peer, struct rpc_session *session, uint32_t window_bytes)
{
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window_bytes ? window_bytes : 1u << 20 },
	};
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;
	int r;

	*peer = (struct rpc_peer){ .session = session };
	if (nghttp2_session_callbacks_new(&callbacks) < 0)
		return -ENOMEM;
	if (nghttp2_option_new(&option) < 0) {
		nghttp2_session_callbacks_del(callbacks);
		return -ENOMEM;
	}
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_option_set_no_http_messaging(option, 1);
	r = nghttp2_session_client_new2(&peer->http2, callbacks, peer, option);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(option);
	if (r < 0 || nghttp2_submit_settings(peer->http2, NGHTTP2_FLAG_NONE, settings, 1) < 0 ||
	    nghttp2_session_set_local_window_size(peer->http2, NGHTTP2_FLAG_NONE, 0, 1 << 24) < 0)
		return -ENOMEM;
	return 0;
}

void rpc_peer_done(struct rpc_peer *peer)
{
	nghttp2_session_del(peer->http2);
	for (size_t i = 0; i < RPC_PEER_STREAMS_MAX; i++) {
		eub_buf_done(&peer->streams[i].message);
		eub_buf_done(&peer->streams[i].details);
		eub_buf_done(&peer->streams[i].body);
		eub_buf_done(&peer->streams[i].request);
	}
}

struct rpc_peer_stream *rpc_peer_open(struct rpc_peer *peer, const struct rpc_peer_field *fields,
				      size_t n_fields, const void *body, size_t n_body,
				      bool keeps_open)
{
	struct rpc_peer_stream *stream = find_stream(peer, 0);
	nghttp2_data_provider provider = { .source.ptr = stream, .read_callback = read_request };
	nghttp2_nv nva[FIELDS_MAX];

	assert(stream && n_fields <= FIELDS_MAX);
	for (size_t i = 0; i < n_fields; i++)
		nva[i] = (nghttp2_nv){
			.name = (uint8_t *)(uintptr_t)fields[i].name,
			.namelen = strlen(fields[i].name),
			.value = (uint8_t *)(uintptr_t)fields[i].value,
			.valuelen = strlen(fields[i].value),
		};
	eub_buf_append(&stream->request, body, n_body);
	stream->keeps_open = keeps_open;
	stream->grpc_status = -1;
	stream->id = nghttp2_submit_request(peer->http2, NULL, nva, n_fields,
					    n_body > 0 || keeps_open ? &provider : NULL, NULL);
	assert(stream->id > 0);
	return stream;
}

struct rpc_peer_stream *rpc_peer_call(struct rpc_peer *peer, const char *path,
				      const ProtobufCMessage *request)
{
	const struct rpc_peer_field fields[] = {
		{ ":method", "POST" },	  { ":scheme", "http" },
		{ ":path", path },	  { ":authority", "localhost" },
		{ "te", "trailers" },	  { "content-type", "application/grpc" },
		{ "user-agent", "peer" },
	};
	struct eub_buf body = EUB_BUF_INIT;
	struct rpc_peer_stream *stream;

	if (rpc_frame_append(&body, request) < 0)
		return NULL;
	stream = rpc_peer_open(peer, fields, EUB_ARRAY_SIZE(fields), body.data, body.len, false);
	eub_buf_done(&body);
	return stream;
}

void rpc_peer_send(struct rpc_peer *peer, struct rpc_peer_stream *stream, const void *data,
		   size_t n, bool keeps_open)
{
	eub_buf_append(&stream->request, data, n);
	stream->keeps_open = keeps_open;
	(void)nghttp2_session_resume_data(peer->http2, stream->id); /* it may not be deferred */
}

static size_t next_piece(struct rpc_peer *peer, size_t n)
{
	size_t piece = peer->chunk_bytes > 0 ? peer->chunk_bytes : n;

	if (peer->seed != 0)
		piece = 1 + (size_t)rand_r(&peer->seed) % piece;
	return EUB_MIN(piece, n);
}

void rpc_peer_feed(struct rpc_peer *peer, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0 && peer->session_result == 0) {
		size_t piece = next_piece(peer, n);
		/* A copy of exact size, so that reading beyond a piece is seen by ASan. */
		char *copy = malloc(piece);

		assert(copy);
		memcpy(copy, p, piece);
		peer->session_result = rpc_session_feed(peer->session, copy, piece);
		free(copy);
		p += piece;
		n -= piece;
	}
}

bool rpc_peer_send_all(struct rpc_peer *peer)
{
	struct eub_buf bytes = EUB_BUF_INIT;
	const uint8_t *data;
	ssize_t n;

	while ((n = nghttp2_session_mem_send(peer->http2, &data)) > 0)
		eub_buf_append(&bytes, data, (size_t)n);
	n = (ssize_t)bytes.len;
	rpc_peer_feed(peer, bytes.data, bytes.len);
	eub_buf_done(&bytes);
	return n > 0 && peer->session_result == 0;
}

static bool receive_from_session(struct rpc_peer *peer)
{
	struct eub_buf bytes = EUB_BUF_INIT;
	size_t n_taken = 0;
	int r = rpc_session_pump(peer->session, &bytes,
				 peer->pump_bytes > 0 ? peer->pump_bytes : PUMP_DEFAULT_BYTES);

	if (r < 0 && peer->session_result == 0)
		peer->session_result = r;
	while (n_taken < bytes.len) {
		size_t piece = next_piece(peer, bytes.len - n_taken);
		ssize_t n = nghttp2_session_mem_recv(peer->http2,
						     (const uint8_t *)bytes.data + n_taken, piece);

		assert(n == (ssize_t)piece);
		n_taken += piece;
	}
	eub_buf_done(&bytes);
	return n_taken > 0;
}

void rpc_peer_run(struct rpc_peer *peer)
{
	bool is_moving = true;

	while (is_moving) {
		is_moving = rpc_peer_send_all(peer);
		is_moving |= receive_from_session(peer);
	}
}
