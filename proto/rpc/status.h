/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC status codes, and the one table that maps reasons of failure to them. Codes: gRPC's
 * doc/statuscodes.md.
 */
#pragma once

#include <eunomia/error.h>

#include "base/buf.h"

#include <stddef.h>

enum rpc_status {
	RPC_OK = 0,
	RPC_CANCELLED = 1,
	RPC_UNKNOWN = 2,
	RPC_INVALID_ARGUMENT = 3,
	RPC_DEADLINE_EXCEEDED = 4,
	RPC_NOT_FOUND = 5,
	RPC_ALREADY_EXISTS = 6,
	RPC_PERMISSION_DENIED = 7,
	RPC_RESOURCE_EXHAUSTED = 8,
	RPC_FAILED_PRECONDITION = 9,
	RPC_ABORTED = 10,
	RPC_OUT_OF_RANGE = 11,
	RPC_UNIMPLEMENTED = 12,
	RPC_INTERNAL = 13,
	RPC_UNAVAILABLE = 14,
	RPC_DATA_LOSS = 15,
	RPC_UNAUTHENTICATED = 16,
	_RPC_STATUS_MAX,
};

/* "NOT_FOUND"; "UNKNOWN" for values out of range. */
const char *rpc_status_to_string(enum rpc_status status);
enum rpc_status rpc_status_from_reason(enum eun_reason reason);
/* The reason to assume when a peer sent a bare status. */
enum eun_reason rpc_status_to_reason(enum rpc_status status);
/* The -errno that goes with it; 0 for RPC_OK. */
int rpc_status_to_errno(enum rpc_status status);

/* Appends an encoded google.rpc.Status with an eunomia.v1.ErrorDetail made of @err. */
void rpc_error_encode_details(const struct eun_error *err, struct eub_buf *out);
/* Reads what rpc_error_encode_details() wrote; bytes that are something else change nothing. */
void rpc_error_decode_details(const void *data, size_t n, struct eun_error *err);
