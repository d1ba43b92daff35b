/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protobuf-c's decoder has two weaknesses that matter for bytes from outside. Amplification: a
 * megabyte of empty submessages becomes 70; so each decode runs on an allocator with a budget.
 * Recursion without a bound: so no message of the schema contains itself (a unit test sees to it).
 * The allocator zeroes, since decoders before 1.5.1 could release fields that were never set.
 */
#include "rpc/decode.h"

#include "base/macro.h"
#include "rpc/limits.h"

#include <stdlib.h>

static void *budget_alloc(void *userdata, size_t n)
{
	size_t *left = userdata;

	if (n > *left)
		return NULL;
	*left -= n;
	return calloc(1, n);
}

static void budget_free(void *userdata, void *p)
{
	(void)userdata; /* what is released within one decode is not given back: it is little */
	free(p);
}

ProtobufCMessage *rpc_decode(const ProtobufCMessageDescriptor *type, const void *data, size_t n)
{
	size_t budget;
	ProtobufCAllocator allocator = {
		.alloc = budget_alloc,
		.free = budget_free,
		.allocator_data = &budget,
	};

	if (eub_mul_overflow(n, (size_t)RPC_DECODE_FACTOR, &budget) ||
	    eub_add_overflow(budget, (size_t)RPC_DECODE_BASE_BYTES, &budget))
		return NULL;
	return protobuf_c_message_unpack(type, &allocator, n, data);
}

ProtobufCMessage *rpc_message_free(ProtobufCMessage *message)
{
	if (message)
		protobuf_c_message_free_unpacked(message, NULL);
	return NULL;
}
