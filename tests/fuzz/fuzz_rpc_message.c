/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as each message that a peer may send, through the decoder with a budget. What is
 * accepted is encoded and decoded again. The first byte chooses the message.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "eunomia/v1/eunomia.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "rpc/decode.h"

#include <assert.h>

static const ProtobufCMessageDescriptor *const types[] = {
	&eunomia__v1__start_request__descriptor,
	&eunomia__v1__slot_request__descriptor,
	&eunomia__v1__list_request__descriptor,
	&eunomia__v1__stream_request__descriptor,
	&eunomia__v1__info_request__descriptor,
	&grpc__health__v1__health_check_request__descriptor,
	&grpc__reflection__v1__server_reflection_request__descriptor,
	/* What a client takes. */
	&eunomia__v1__slot_reply__descriptor,
	&eunomia__v1__list_reply__descriptor,
	&eunomia__v1__stream_reply__descriptor,
	&eunomia__v1__info_reply__descriptor,
	&google__rpc__status__descriptor,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const ProtobufCMessageDescriptor *type;
	ProtobufCMessage *message;
	ProtobufCMessage *again;
	struct eub_buf buf = EUB_BUF_INIT;
	size_t n;

	if (size == 0)
		return 0;
	type = types[data[0] % EUB_ARRAY_SIZE(types)];
	message = rpc_decode(type, data + 1, size - 1);
	if (!message)
		return 0;
	n = protobuf_c_message_get_packed_size(message);
	assert(eub_buf_reserve(&buf, n + 1) == 0);
	assert(protobuf_c_message_pack(message, (uint8_t *)buf.data) == n);
	/* Unknown fields are written back as they came, even where they do not parse again. */
	again = rpc_decode(type, buf.data, n);
	(void)rpc_message_free(again);
	(void)rpc_message_free(message);
	eub_buf_done(&buf);
	return 0;
}
