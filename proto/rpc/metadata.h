/* SPDX-License-Identifier: Apache-2.0 */
/* Values of gRPC's header fields and trailers (PROTOCOL-HTTP2.md), between bytes and C. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * rpc_metadata_parse_timeout() - read a grpc-timeout: one to eight digits and a unit (HMSmun)
 *
 * Return: 0; -EINVAL.
 */
int rpc_metadata_parse_timeout(const char *value, size_t n, uint64_t *ret_ns);
/* Appends @timeout_ms as a grpc-timeout; over 99,999,999 ms in whole seconds, rounded up. */
void rpc_metadata_append_timeout(struct eub_buf *buf, uint32_t timeout_ms);
/* "application/grpc" or "application/grpc+proto", with or without parameters. */
bool rpc_metadata_is_grpc(const char *content_type, size_t n);

/* Appends UTF-8 @text percent-encoded as a grpc-message; at most @max_bytes, whole characters. */
void rpc_metadata_append_percent(struct eub_buf *buf, const char *text, size_t max_bytes);
/* Appends the text of a grpc-message; what is no valid escape stays as it is. */
void rpc_metadata_decode_percent(const char *value, size_t n, struct eub_buf *buf);

/* Appends @n bytes as base64 (RFC 4648) without padding, the form of "-bin" fields. */
void rpc_metadata_append_base64(struct eub_buf *buf, const void *data, size_t n);
/**
 * rpc_metadata_decode_base64() - append the bytes of a "-bin" field, padded or not
 *
 * Return: 0; -EINVAL if it is no base64 (@buf may hold a beginning).
 */
int rpc_metadata_decode_base64(const char *value, size_t n, struct eub_buf *buf);
