/* SPDX-License-Identifier: Apache-2.0 */
/* What client.c (socket, waiting) and client_http2.c (frames) share. */
#pragma once

#include "rpc/client.h"
#include "rpc/queue.h"
#include "rpc/status.h"

#include <nghttp2/nghttp2.h>
#include <stdbool.h>

/* The call or stream under way. */
struct rpc_exchange {
	int32_t stream_id; /* 0: none */
	const ProtobufCMessageDescriptor *reply;
	struct rpc_queue request; /* framed, not sent yet */
	struct rpc_queue input;	  /* framed, not taken yet */
	size_t header_bytes;	  /* of the answer, trailers included */
	unsigned int http_status; /* 0 until known */
	bool has_status;
	enum rpc_status status;
	struct eub_buf message; /* text of grpc-message */
	struct eub_buf details; /* encoded google.rpc.Status */
	bool is_unary;		/* the answer is awaited, not a stream */
	bool is_over;		/* the server sends no more */
	uint32_t http2_error;	/* of the stream's end */
};

struct rpc_client {
	int fd;
	nghttp2_session *http2;
	struct rpc_queue output; /* bytes for the socket */
	bool is_dead;		 /* the connection broke: no call will work */
	char *read_buf;		 /* RPC_CLIENT_READ_BYTES */
	struct rpc_exchange exchange;
};

/* Return: 0; -ENOMEM. */
int rpc_client_http2_new(struct rpc_client *client);
/* Submits the exchange's request. Return: 0; -ENOMEM. */
int rpc_client_http2_submit(struct rpc_client *client, const char *path, int timeout_ms);
/* The reason that a call failed without a gRPC status. */
enum rpc_status rpc_client_http2_get_failure(const struct rpc_exchange *exchange,
					     const char **ret_message);
