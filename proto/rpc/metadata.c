/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See metadata.h. All values come from or go to a peer: readers take any bytes, writers make only
 * what HTTP/2 allows in a field (visible ASCII and blanks).
 */
#include "rpc/metadata.h"

#include "base/str.h"

#define NS_PER_S	    UINT64_C(1000000000)
#define TIMEOUT_DIGITS_MAX  8
#define TIMEOUT_VALUE_MAX   99999999
#define PERCENT_ESCAPE_SIZE 3

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Nanoseconds of a grpc-timeout unit; 0 if there is no such unit. */
static uint64_t timeout_unit_ns(char unit)
{
	switch (unit) {
	case 'H':
		return 3600 * NS_PER_S;
	case 'M':
		return 60 * NS_PER_S;
	case 'S':
		return NS_PER_S;
	case 'm':
		return 1000000;
	case 'u':
		return 1000;
	case 'n':
		return 1;
	default:
		return 0;
	}
}

int rpc_metadata_parse_timeout(const char *value, size_t n, uint64_t *ret_ns)
{
	uint64_t number = 0;
	uint64_t unit_ns;

	if (n < 2 || n > TIMEOUT_DIGITS_MAX + 1)
		return -EINVAL;
	unit_ns = timeout_unit_ns(value[n - 1]);
	if (unit_ns == 0)
		return -EINVAL;
	for (size_t i = 0; i < n - 1; i++) {
		if (value[i] < '0' || value[i] > '9')
			return -EINVAL;
		number = number * 10 + (uint64_t)(value[i] - '0');
	}
	/* 99,999,999 hours are more ns than 64 bits hold. */
	if (eub_mul_overflow(number, unit_ns, ret_ns))
		*ret_ns = UINT64_MAX;
	return 0;
}

void rpc_metadata_append_timeout(struct eub_buf *buf, uint32_t timeout_ms)
{
	if (timeout_ms <= TIMEOUT_VALUE_MAX) {
		eub_buf_append_u64(buf, timeout_ms);
		eub_buf_append_char(buf, 'm');
	} else {
		eub_buf_append_u64(buf, ((uint64_t)timeout_ms + 999) / 1000);
		eub_buf_append_char(buf, 'S');
	}
}

bool rpc_metadata_is_grpc(const char *content_type, size_t n)
{
	static const char *const known[] = { "application/grpc", "application/grpc+proto" };
	const char *parameters = memchr(content_type, ';', n);
	size_t length = parameters ? (size_t)(parameters - content_type) : n;

	while (length > 0 && content_type[length - 1] == ' ')
		length--;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(known); i++)
		if (strlen(known[i]) == length && memcmp(known[i], content_type, length) == 0)
			return true;
	return false;
}

static bool is_plain_percent(unsigned char c)
{
	return c >= 0x20 && c <= 0x7e && c != '%';
}

void rpc_metadata_append_percent(struct eub_buf *buf, const char *text, size_t max_bytes)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t left = strlen(text);
	size_t used = 0;

	while (left > 0) {
		size_t length = EUB_MAX(eub_utf8_length(text, left), (size_t)1);
		bool is_plain = is_plain_percent((unsigned char)*text);

		used += is_plain ? 1 : PERCENT_ESCAPE_SIZE * length;
		if (used > max_bytes)
			return;
		left -= length;
		for (; length > 0; length--, text++) {
			unsigned char c = (unsigned char)*text;
			char escape[PERCENT_ESCAPE_SIZE] = { '%', hex[c >> 4], hex[c & 15] };

			eub_buf_append(buf, is_plain ? text : escape,
				       is_plain ? 1 : sizeof(escape));
		}
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

void rpc_metadata_decode_percent(const char *value, size_t n, struct eub_buf *buf)
{
	for (size_t i = 0; i < n; i++) {
		int high = i + 2 < n && value[i] == '%' ? hex_value(value[i + 1]) : -1;
		int low = high >= 0 ? hex_value(value[i + 2]) : -1;

		if (low < 0) {
			eub_buf_append_char(buf, value[i]);
			continue;
		}
		eub_buf_append_char(buf, (char)(high << 4 | low));
		i += 2;
	}
}

void rpc_metadata_append_base64(struct eub_buf *buf, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (; n > 0; p += 3) {
		size_t take = EUB_MIN(n, (size_t)3);
		uint32_t bits = (uint32_t)p[0] << 16;
		char digits[4];

		if (take > 1)
			bits |= (uint32_t)p[1] << 8;
		if (take > 2)
			bits |= p[2];
		for (unsigned int i = 0; i < sizeof(digits); i++)
			digits[i] = base64_digits[bits >> (18 - 6 * i) & 63];
		eub_buf_append(buf, digits, take + 1);
		n -= take;
	}
}

int rpc_metadata_decode_base64(const char *value, size_t n, struct eub_buf *buf)
{
	uint32_t bits = 0;
	unsigned int n_bits = 0;

	for (unsigned int i = 0; i < 2 && n > 0 && value[n - 1] == '='; i++)
		n--;
	if (n % 4 == 1)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		const char *digit = value[i] ? strchr(base64_digits, value[i]) : NULL;

		if (!digit)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)(digit - base64_digits);
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			eub_buf_append_char(buf, (char)(bits >> n_bits));
			bits &= (1u << n_bits) - 1;
		}
	}
	return 0;
}
