/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See inflate.h. The stream is unpacked into memory of at most the limit; where the manifest gives
 * no size the memory doubles from a guess, so that a small stream costs little and a bomb stops at
 * the limit. zlib's own checksum (Adler-32) finds damage within the stream.
 */
#define ZLIB_CONST
#include "package/inflate.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/macro.h"
#include "package/internal.h"

#include <limits.h>
#include <stdint.h>
#include <zlib.h>

#define FIRST_GUESS 8192 /* bytes; BPF objects pack to about half */

/* The answer of inflate() when it neither ended the stream nor wants more room. */
static int stream_error(const z_stream *stream, int answer, struct eun_error *err)
{
	if (answer == Z_MEM_ERROR)
		return eub_error_no_memory(err);
	if (answer == Z_BUF_ERROR || answer == Z_OK)
		return eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE,
				     "the zlib stream ends early, after %lu unpacked bytes",
				     stream->total_out);
	return eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE, "the zlib stream is damaged: %s",
			     stream->msg ? stream->msg : "unknown form");
}

static int over_limit(size_t declared, size_t max, struct eun_error *err)
{
	if (declared > 0)
		return eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE,
				     "unpacks to more than the declared %zu bytes", declared);
	return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
			     "unpacks to more than the limit of %zu bytes", max);
}

/* Grows *@out so that it has room beyond what is written, but never over @limit. */
static int make_room(z_stream *stream, uint8_t **out, size_t *cap, size_t limit)
{
	size_t wanted = EUB_MIN(*cap * 2, limit);
	uint8_t *larger = realloc(*out, wanted);

	if (!larger)
		return -ENOMEM;
	*out = larger;
	stream->next_out = larger + stream->total_out;
	stream->avail_out = (uInt)(wanted - stream->total_out);
	*cap = wanted;
	return 0;
}

static int run(z_stream *stream, uint8_t **out, size_t cap, size_t declared, size_t max,
	       struct eun_error *err)
{
	size_t limit = declared > 0 ? declared : max;

	for (;;) {
		uint8_t beyond;
		int answer = inflate(stream, Z_NO_FLUSH);

		if (answer == Z_STREAM_END)
			return 0;
		if (stream->avail_out > 0 || (answer != Z_OK && answer != Z_BUF_ERROR))
			return stream_error(stream, answer, err);
		if (cap < limit) {
			if (make_room(stream, out, &cap, limit) < 0)
				return eub_error_no_memory(err);
			continue;
		}
		/* Full to the limit; only the end of the stream may follow. */
		stream->next_out = &beyond;
		stream->avail_out = 1;
		answer = inflate(stream, Z_NO_FLUSH);
		if (stream->avail_out == 0)
			return over_limit(declared, max, err);
		return answer == Z_STREAM_END ? 0 : stream_error(stream, answer, err);
	}
}

static int check_end(const z_stream *stream, size_t declared, struct eun_error *err)
{
	if (stream->avail_in > 0)
		return eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE,
				     "%u bytes follow the zlib stream", stream->avail_in);
	if (declared > 0 && stream->total_out != declared)
		return eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE,
				     "unpacks to %lu bytes, %zu are declared", stream->total_out,
				     declared);
	return 0;
}

int eun__inflate(const void *data, size_t size, size_t declared, size_t max, void **ret_data,
		 size_t *ret_size, struct eun_error *err)
{
	size_t cap = declared > 0 ? declared : EUB_MIN((size_t)FIRST_GUESS, max);
	_cleanup_(eub_freep) uint8_t *out = NULL;
	z_stream stream = { 0 };
	int r;

	if (size > UINT_MAX || declared > max || max > UINT_MAX)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "%zu bytes are over the limit of %zu", EUB_MAX(size, declared),
				     max);
	out = malloc(cap);
	if (!out || inflateInit(&stream) != Z_OK)
		return eub_error_no_memory(err);
	stream.next_in = data;
	stream.avail_in = (uInt)size;
	stream.next_out = out;
	stream.avail_out = (uInt)cap;
	r = run(&stream, &out, cap, declared, max, err);
	if (r == 0)
		r = check_end(&stream, declared, err);
	(void)inflateEnd(&stream); /* fails only for a stream that was never begun */
	if (r < 0)
		return r;
	*ret_size = stream.total_out;
	*ret_data = EUB_TAKE_PTR(out);
	return 0;
}

int eun__deflate(const void *data, size_t size, void **ret_data, size_t *ret_size,
		 struct eun_error *err)
{
	uLongf packed_size = compressBound(size);
	_cleanup_(eub_freep) Bytef *packed = malloc(packed_size);

	if (!packed)
		return eub_error_no_memory(err);
	/* The room suffices by compressBound(), so only memory can be lacking. */
	if (compress2(packed, &packed_size, data, size, Z_BEST_COMPRESSION) != Z_OK)
		return eub_error_no_memory(err);
	*ret_data = EUB_TAKE_PTR(packed);
	*ret_size = packed_size;
	return 0;
}
