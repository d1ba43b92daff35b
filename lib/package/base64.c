/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See base64.h. Generation 3 writes one long padded line, generations 0 to 2 wrap it after 72 or 76
 * characters, and some tools leave the padding out; all of these are one text to the decoder. The
 * size of the result is known from the number of digits before memory is allocated.
 */
#include "package/base64.h"

#include "base/buf.h"
#include "base/error.h"
#include "package/internal.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum {
	CLASS_INVALID = 0x80,
	CLASS_BLANK,
	CLASS_PADDING,
};

/* The value of each byte as a base64 digit, or a class. */
struct digits {
	uint8_t of[256];
};

static void digits_init(struct digits *digits)
{
	memset(digits->of, CLASS_INVALID, sizeof(digits->of));
	for (uint8_t i = 0; i < 64; i++)
		digits->of[(unsigned char)alphabet[i]] = i;
	digits->of['='] = CLASS_PADDING;
	digits->of['\n'] = CLASS_BLANK;
	digits->of['\r'] = CLASS_BLANK;
	digits->of['\t'] = CLASS_BLANK;
	digits->of[' '] = CLASS_BLANK;
}

struct decoder {
	uint8_t *out;
	size_t n_out;
	uint32_t bits;	    /* digits that are not written out yet */
	unsigned int n;	    /* how many digits, 0..3 */
	unsigned int n_pad; /* '=' seen */
};

static int fail_at(struct eun_error *err, size_t offset, const char *what)
{
	return eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE,
			     "base64 is damaged at offset %zu: %s", offset, what);
}

static void add_digit(struct decoder *decoder, uint8_t digit)
{
	decoder->bits = decoder->bits << 6 | digit;
	if (++decoder->n < 4)
		return;
	decoder->out[decoder->n_out++] = (uint8_t)(decoder->bits >> 16);
	decoder->out[decoder->n_out++] = (uint8_t)(decoder->bits >> 8);
	decoder->out[decoder->n_out++] = (uint8_t)decoder->bits;
	decoder->bits = 0;
	decoder->n = 0;
}

/* Writes the one or two bytes of the last, incomplete group of four. */
static int finish(struct decoder *decoder, size_t offset, struct eun_error *err)
{
	unsigned int n_spare = decoder->n == 2 ? 4 : 2;

	if (decoder->n_pad > 0 && (decoder->n < 2 || decoder->n + decoder->n_pad != 4))
		return fail_at(err, offset, "padding does not complete a group of four");
	if (decoder->n == 0)
		return 0;
	if (decoder->n == 1)
		return fail_at(err, offset, "it ends within a byte");
	if (decoder->bits & ((1u << n_spare) - 1))
		return fail_at(err, offset, "bits are left over after the last byte");
	decoder->bits >>= n_spare;
	if (decoder->n == 3)
		decoder->out[decoder->n_out++] = (uint8_t)(decoder->bits >> 8);
	decoder->out[decoder->n_out++] = (uint8_t)decoder->bits;
	return 0;
}

static int decode(struct decoder *decoder, const struct digits *digits, const char *text, size_t n,
		  struct eun_error *err)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t digit = digits->of[(unsigned char)text[i]];

		if (digit < 64 && decoder->n_pad == 0)
			add_digit(decoder, digit);
		else if (digit < 64)
			return fail_at(err, i, "text after the padding");
		else if (digit == CLASS_PADDING)
			decoder->n_pad++;
		else if (digit == CLASS_INVALID)
			return fail_at(err, i, "a character outside the alphabet");
	}
	return finish(decoder, n, err);
}

static size_t count_digits(const struct digits *digits, const char *text, size_t n)
{
	size_t n_digits = 0;

	for (size_t i = 0; i < n; i++)
		n_digits += digits->of[(unsigned char)text[i]] < 64;
	return n_digits;
}

int eun__base64_decode(const char *text, size_t n, size_t max, void **ret_data, size_t *ret_size,
		       struct eun_error *err)
{
	_cleanup_(eub_freep) uint8_t *out = NULL;
	struct decoder decoder = { 0 };
	struct digits digits;
	size_t n_digits;
	size_t size;
	int r;

	digits_init(&digits);
	n_digits = count_digits(&digits, text, n);
	size = n_digits / 4 * 3 + n_digits % 4 * 3 / 4;
	if (size > max)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "base64 of %zu bytes is over the limit of %zu", size, max);
	out = malloc(EUB_MAX(size, (size_t)1));
	if (!out)
		return eub_error_no_memory(err);
	decoder.out = out;
	r = decode(&decoder, &digits, text, n, err);
	if (r < 0)
		return r;
	*ret_data = EUB_TAKE_PTR(out);
	*ret_size = decoder.n_out;
	return 0;
}

void eun__base64_append(struct eub_buf *buf, const void *data, size_t n)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < n; i += 3) {
		size_t left = EUB_MIN(n - i, (size_t)3);
		uint32_t bits = (uint32_t)p[i] << 16;
		char group[4] = { '=', '=', '=', '=' };

		if (left > 1)
			bits |= (uint32_t)p[i + 1] << 8;
		if (left > 2)
			bits |= p[i + 2];
		/* n bytes fill n + 1 digits; the rest of the group is padding. */
		for (size_t digit = 0; digit <= left; digit++)
			group[digit] = alphabet[bits >> (18 - 6 * digit) & 63];
		eub_buf_append(buf, group, sizeof(group));
	}
}
