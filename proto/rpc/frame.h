/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's length-prefixed messages (PROTOCOL-HTTP2.md): a byte that tells whether the message is
 * compressed, four bytes of length, big endian, and the message.
 */
#pragma once

#include "base/buf.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#define RPC_FRAME_PREFIX_BYTES 5

struct rpc_frame {
	bool is_compressed;
	size_t n_bytes;	  /* the message's length, also when it is not whole yet */
	const char *data; /* the message; borrowed */
};

/**
 * rpc_frame_parse() - look for a message at the start of @data
 *
 * Return: 1 and a whole frame; 0 if more bytes are needed; -EMSGSIZE, and ret_frame->n_bytes, if it
 * is longer than @max_bytes; -EPROTO if these bytes are no frame.
 */
int rpc_frame_parse(const char *data, size_t n, size_t max_bytes, struct rpc_frame *ret_frame);
/* Return: 0; -ENOMEM; -EMSGSIZE over 4 GiB. @buf is unchanged on failure, save its has_failed. */
int rpc_frame_append(struct eub_buf *buf, const ProtobufCMessage *message);
/* As rpc_frame_append() for @n bytes of an encoded message. */
int rpc_frame_append_encoded(struct eub_buf *buf, const void *data, size_t n);
