/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the trailers that carry a failure: grpc-status-details-bin (base64 and decoded),
 * grpc-message and grpc-timeout. What they give must be text that can be sent on.
 */
#include "fuzz.h"

#include "base/str.h"
#include "rpc/limits.h"
#include "rpc/metadata.h"
#include "rpc/status.h"

#include <assert.h>

static void check_details(const void *data, size_t size)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct eub_buf buf = EUB_BUF_INIT;

	rpc_error_decode_details(data, size, &err);
	assert((unsigned int)err.reason < _EUN_REASON_MAX);
	rpc_error_encode_details(&err, &buf);
	assert(!buf.has_failed && buf.len <= RPC_MAX_DETAILS_BYTES);
	eub_buf_done(&buf);
	eun_error_done(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct eub_buf bytes = EUB_BUF_INIT;
	struct eub_buf text = EUB_BUF_INIT;
	struct eub_buf encoded = EUB_BUF_INIT;
	uint64_t ns;

	check_details(data, size);
	if (rpc_metadata_decode_base64((const char *)data, size, &bytes) == 0)
		check_details(bytes.data, bytes.len);
	(void)rpc_metadata_parse_timeout((const char *)data, size, &ns);
	rpc_metadata_decode_percent((const char *)data, size, &text);
	eub_buf_append_char(&text, '\0');
	rpc_metadata_append_percent(&encoded, text.data, RPC_MAX_MESSAGE_TEXT_BYTES);
	assert(encoded.len <= RPC_MAX_MESSAGE_TEXT_BYTES);
	for (size_t i = 0; i < encoded.len; i++)
		assert(encoded.data[i] >= 0x20 && encoded.data[i] <= 0x7e);
	eub_buf_done(&bytes);
	eub_buf_done(&text);
	eub_buf_done(&encoded);
	return 0;
}
