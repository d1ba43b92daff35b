/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding of messages from outside, within a bound on memory. */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

/**
 * rpc_decode() - decode a message that an untrusted peer sent
 *
 * The result takes at most RPC_DECODE_FACTOR times @n and RPC_DECODE_BASE_BYTES. Enum values and
 * the UTF-8 of strings are not checked.
 *
 * Return: the message, to be released with protobuf_c_message_free_unpacked(.., NULL), or NULL if
 * the bytes are no such message or would take too much memory.
 */
ProtobufCMessage *rpc_decode(const ProtobufCMessageDescriptor *type, const void *data, size_t n);
/* Releases what rpc_decode() gave; NULL is allowed. Returns NULL. */
ProtobufCMessage *rpc_message_free(ProtobufCMessage *message);
