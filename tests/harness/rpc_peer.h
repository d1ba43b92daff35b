/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP/2 client in memory, joined to a struct rpc_session by byte buffers. It sends whatever a
 * test asks for, right or wrong, and records what comes back for each stream.
 */
#pragma once

#include "base/buf.h"
#include "rpc/server.h"

#include <nghttp2/nghttp2.h>

#define RPC_PEER_STREAMS_MAX 128

struct rpc_peer_stream {
	int32_t id; /* 0: unused */
	int http_status;
	int grpc_status;	/* -1 until known */
	struct eub_buf message; /* of grpc-message, decoded */
	struct eub_buf details;
	struct eub_buf body;
	struct eub_buf request;
	size_t n_sent;	  /* bytes of request given to nghttp2 */
	bool keeps_open;  /* the request does not end after its bytes */
	bool is_answered; /* END_STREAM came */
	bool is_closed;
	uint32_t error; /* of RST_STREAM or the like */
};

struct rpc_peer {
	nghttp2_session *http2;
	struct rpc_session *session; /* borrowed */
	struct rpc_peer_stream streams[RPC_PEER_STREAMS_MAX];
	size_t chunk_bytes; /* bytes are handed over in pieces of this size; 0: at once */
	unsigned int seed;  /* if not 0, in pieces of random size up to chunk_bytes */
	size_t pump_bytes;  /* bound of each pump; 0: 64 kB */
	unsigned int n_goaway;
	int32_t goaway_last_id;
	uint32_t goaway_error;
	int session_result; /* first failure of feed or pump */
};

struct rpc_peer_field {
	const char *name;
	const char *value;
};

/* Return: 0; -ENOMEM. @window_bytes: of streams; 0 for the default. */
int rpc_peer_init(struct rpc_peer *peer, struct rpc_session *session, uint32_t window_bytes);
void rpc_peer_done(struct rpc_peer *peer);
/* Opens a stream with these fields and no other; the body is sent as it is. NULL: no memory. */
struct rpc_peer_stream *rpc_peer_open(struct rpc_peer *peer, const struct rpc_peer_field *fields,
				      size_t n_fields, const void *body, size_t n_body,
				      bool keeps_open);
/* A well-formed call of @path with one message. */
struct rpc_peer_stream *rpc_peer_call(struct rpc_peer *peer, const char *path,
				      const ProtobufCMessage *request);
/* Sends more of the body. */
void rpc_peer_send(struct rpc_peer *peer, struct rpc_peer_stream *stream, const void *data,
		   size_t n, bool keeps_open);
/* Hands over what the peer wants to send, and reads nothing. Return: was there anything? */
bool rpc_peer_send_all(struct rpc_peer *peer);
/* Hands bytes over in both directions until neither side has any. */
void rpc_peer_run(struct rpc_peer *peer);
/* Gives @n bytes to the session, in the pieces that the peer is set to. */
void rpc_peer_feed(struct rpc_peer *peer, const void *data, size_t n);
