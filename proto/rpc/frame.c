/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See frame.h. Messages are encoded straight into the buffer that they are sent from. Compressed
 * messages are recognised, never made: a Unix socket is faster than any compressor.
 */
#include "rpc/frame.h"

static int append_prefix(struct eub_buf *buf, size_t n)
{
	unsigned char prefix[RPC_FRAME_PREFIX_BYTES] = {
		0,
		(unsigned char)(n >> 24),
		(unsigned char)(n >> 16),
		(unsigned char)(n >> 8),
		(unsigned char)n,
	};
	int r;

	if (n > UINT32_MAX)
		return -EMSGSIZE;
	r = eub_buf_reserve(buf, n + sizeof(prefix));
	if (r < 0)
		return r;
	eub_buf_append(buf, prefix, sizeof(prefix));
	return 0;
}

int rpc_frame_parse(const char *data, size_t n, size_t max_bytes, struct rpc_frame *ret_frame)
{
	const unsigned char *p = (const unsigned char *)data;
	size_t length;

	if (n == 0)
		return 0;
	if (p[0] > 1)
		return -EPROTO;
	if (n < RPC_FRAME_PREFIX_BYTES)
		return 0;
	length = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
	*ret_frame = (struct rpc_frame){
		.is_compressed = p[0] == 1,
		.n_bytes = length,
		.data = data + RPC_FRAME_PREFIX_BYTES,
	};
	if (length > max_bytes)
		return -EMSGSIZE;
	return n - RPC_FRAME_PREFIX_BYTES >= length;
}

int rpc_frame_append(struct eub_buf *buf, const ProtobufCMessage *message)
{
	size_t n = protobuf_c_message_get_packed_size(message);
	int r = append_prefix(buf, n);

	if (r < 0)
		return r;
	buf->len += protobuf_c_message_pack(message, (uint8_t *)buf->data + buf->len);
	return 0;
}

int rpc_frame_append_encoded(struct eub_buf *buf, const void *data, size_t n)
{
	int r = append_prefix(buf, n);

	if (r < 0)
		return r;
	eub_buf_append(buf, data, n);
	return 0;
}
