/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scalar kinds of a decode plan, each written by one function of a table. Values are copied out
 * of the record byte by byte or with memcpy, since the record has no alignment. Except for floating
 * point, which BPF programs hardly have, nothing here goes through printf.
 */
#include "event/value.h"

#include "base/macro.h"
#include "base/str.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define U128_DIGITS 39
#define IPV6_GROUPS 8

__extension__ typedef unsigned __int128 u128;

static const char hex_digits[] = "0123456789abcdef";

static void append_quote(const struct eun__value *value, struct eub_buf *buf)
{
	if (value->style == EUN__STYLE_JSON)
		eub_buf_append_char(buf, '"');
}

/*
 * A bitfield, or an integer of an odd number of bytes. Bits are numbered as the compiler lays them
 * out: from the lowest on little-endian machines, from the highest on others.
 */
static u128 load_bits(const struct eun__step *step, const uint8_t *data)
{
	unsigned int n_bits = step->n_bits ? step->n_bits : step->size * 8;
	u128 result = 0;

	for (uint32_t i = 0; i < step->size; i++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		int at = (int)(i * 8) - step->shift;
#else
		int at = (int)(step->shift + n_bits) - (int)(i * 8) - 8;
#endif
		u128 byte = data[i];

		result |= at >= 0 ? byte << at : byte >> -at;
	}
	if (n_bits < 128)
		result &= ((u128)1 << n_bits) - 1;
	if (step->is_signed && n_bits > 0 && n_bits < 128 && (result >> (n_bits - 1)) != 0)
		result |= ~(u128)0 << n_bits;
	return result;
}

/* The low 64 bits of the value, sign-extended if it is signed. */
static uint64_t load_int(const struct eun__step *step, const uint8_t *data)
{
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
	} raw;

	switch (step->n_bits ? 0 : step->size) {
	case 1:
		return step->is_signed ? (uint64_t)(int8_t)data[0] : data[0];
	case 2:
		memcpy(&raw.u16, data, sizeof(raw.u16));
		return step->is_signed ? (uint64_t)(int16_t)raw.u16 : raw.u16;
	case 4:
		memcpy(&raw.u32, data, sizeof(raw.u32));
		return step->is_signed ? (uint64_t)(int32_t)raw.u32 : raw.u32;
	case 8:
		memcpy(&raw.u64, data, sizeof(raw.u64));
		return raw.u64;
	default:
		return (uint64_t)load_bits(step, data);
	}
}

static void append_int(const struct eun__value *value, struct eub_buf *buf)
{
	uint64_t n = load_int(value->step, value->data);

	if (value->step->is_signed)
		eub_buf_append_i64(buf, (int64_t)n);
	else
		eub_buf_append_u64(buf, n);
}

/* Quoted in JSON: no reader of JSON keeps so many digits in a number. */
static void append_wide(const struct eun__value *value, struct eub_buf *buf)
{
	u128 n = load_bits(value->step, value->data);
	bool is_negative = value->step->is_signed && (n >> 127) != 0;
	char digits[U128_DIGITS];
	char *p = digits + sizeof(digits);

	append_quote(value, buf);
	if (is_negative) {
		eub_buf_append_char(buf, '-');
		n = 0 - n;
	}
	do {
		*--p = (char)('0' + (char)(n % 10));
		n /= 10;
	} while (n > 0);
	eub_buf_append(buf, p, (size_t)(digits + sizeof(digits) - p));
	append_quote(value, buf);
}

static void append_bool(const struct eun__value *value, struct eub_buf *buf)
{
	eub_buf_append_str(buf, load_bits(value->step, value->data) ? "true" : "false");
}

static int compare_enumerator(const void *key, const void *element)
{
	uint64_t wanted = *(const uint64_t *)key;
	uint64_t found = ((const struct eun__enumerator *)element)->value;

	return wanted < found ? -1 : wanted > found;
}

static void append_enum(const struct eun__value *value, struct eub_buf *buf)
{
	const struct eun__step *step = value->step;
	const struct eun_schema *schema = value->schema;
	uint64_t n = load_int(step, value->data);
	const struct eun__enumerator *found = NULL;
	size_t quote = value->style == EUN__STYLE_JSON ? 0 : 1;

	if (step->count > 0)
		found = bsearch(&n, schema->enumerators + step->first, step->count, sizeof(*found),
				compare_enumerator);
	if (found) {
		eub_buf_append(buf, schema->strings.data + found->text + quote,
			       found->text_len - 2 * quote);
		return;
	}
	append_quote(value, buf);
	eub_buf_append_str(buf, "<UNKNOWN_VARIANT>(");
	append_int(value, buf);
	eub_buf_append_char(buf, ')');
	append_quote(value, buf);
}

/*
 * The shortest digits that read back as the same number. printf() writes the radix character of
 * the locale, which JSON does not want: every byte that is not of a number's own becomes a point.
 */
static void append_number(struct eub_buf *buf, double number, bool is_single)
{
	static const char own[] = "0123456789+-e";
	int digits = is_single ? 6 : 15;
	int max_digits = is_single ? 9 : 17;
	bool is_whole = true;
	char text[48];

	for (; digits <= max_digits; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, number);
		if (is_single ? strtof(text, NULL) == (float)number : strtod(text, NULL) == number)
			break;
	}
	for (const char *p = text; *p; p++) {
		bool is_own = strchr(own, *p) != NULL;

		if (!is_own || *p == 'e')
			is_whole = false;
		if (is_own || strchr(own, p[1]))
			eub_buf_append(buf, is_own ? p : ".", 1);
	}
	if (is_whole)
		eub_buf_append_str(buf, ".0");
}

static void append_float(const struct eun__value *value, struct eub_buf *buf)
{
	bool is_single = value->step->size == sizeof(float);
	double number;

	if (is_single) {
		float single;

		memcpy(&single, value->data, sizeof(single));
		number = (double)single;
	} else {
		memcpy(&number, value->data, sizeof(number));
	}
	if (isfinite(number))
		append_number(buf, number, is_single);
	else if (value->style == EUN__STYLE_JSON)
		eub_buf_append_str(buf, "null");
	else
		eub_buf_append_str(buf, isnan(number) ? "nan" : number > 0 ? "inf" : "-inf");
}

static void append_string(const struct eun__value *value, struct eub_buf *buf)
{
	const char *s = (const char *)value->data;
	size_t n = strnlen(s, EUB_MIN((size_t)value->step->size, value->n));

	switch (value->style) {
	case EUN__STYLE_JSON:
		eub_append_json_string(buf, s, n);
		return;
	case EUN__STYLE_TEXT:
		eub_append_printable(buf, s, n);
		return;
	case EUN__STYLE_PLAIN:
	case _EUN__STYLE_MAX:
	default:
		eub_buf_append(buf, s, n);
	}
}

static void append_dotted(struct eub_buf *buf, const uint8_t *data)
{
	for (unsigned int i = 0; i < 4; i++) {
		if (i > 0)
			eub_buf_append_char(buf, '.');
		eub_buf_append_u64(buf, data[i]);
	}
}

static void append_ipv4(const struct eun__value *value, struct eub_buf *buf)
{
	append_quote(value, buf);
	append_dotted(buf, value->data);
	append_quote(value, buf);
}

/* Finds the longest run of at least two zero groups. Return: its length; 0 if there is none. */
static unsigned int find_zeros(const unsigned int *groups, unsigned int *ret_start)
{
	unsigned int best = 1;
	unsigned int run = 0;

	for (unsigned int i = 0; i < IPV6_GROUPS; i++) {
		run = groups[i] == 0 ? run + 1 : 0;
		if (run > best) {
			best = run;
			*ret_start = i + 1 - run;
		}
	}
	return best > 1 ? best : 0;
}

static void append_group(struct eub_buf *buf, unsigned int group)
{
	bool has_started = false;

	for (unsigned int shift = 16; shift > 0; shift -= 4) {
		unsigned int digit = (group >> (shift - 4)) & 15;

		has_started = has_started || digit != 0 || shift == 4;
		if (has_started)
			eub_buf_append_char(buf, hex_digits[digit]);
	}
}

static bool is_mapped_ipv4(const uint8_t *data)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(data, prefix, sizeof(prefix)) == 0;
}

/* The text form of RFC 5952; mapped IPv4 addresses as ::ffff:192.0.2.1 (its section 5). */
static void append_colons(struct eub_buf *buf, const uint8_t *data)
{
	unsigned int groups[IPV6_GROUPS];
	unsigned int start = IPV6_GROUPS;
	unsigned int n_zeros;

	if (is_mapped_ipv4(data)) {
		eub_buf_append_str(buf, "::ffff:");
		append_dotted(buf, data + 12);
		return;
	}
	for (size_t i = 0; i < IPV6_GROUPS; i++)
		groups[i] = (unsigned int)data[2 * i] << 8 | data[2 * i + 1];
	n_zeros = find_zeros(groups, &start);
	for (unsigned int i = 0; i < IPV6_GROUPS; i++) {
		if (i == start) {
			eub_buf_append(buf, "::", 2);
			i += n_zeros - 1;
			continue;
		}
		if (i > 0 && i != start + n_zeros)
			eub_buf_append_char(buf, ':');
		append_group(buf, groups[i]);
	}
}

static void append_ipv6(const struct eun__value *value, struct eub_buf *buf)
{
	append_quote(value, buf);
	append_colons(buf, value->data);
	append_quote(value, buf);
}

static void append_ip(const struct eun__value *value, struct eub_buf *buf)
{
	append_quote(value, buf);
	if (is_mapped_ipv4(value->data))
		append_dotted(buf, value->data + 12);
	else
		append_colons(buf, value->data);
	append_quote(value, buf);
}

static void append_bytes(const struct eun__value *value, struct eub_buf *buf)
{
	append_quote(value, buf);
	for (uint32_t i = 0; i < value->step->size; i++) {
		eub_buf_append_char(buf, hex_digits[value->data[i] >> 4]);
		eub_buf_append_char(buf, hex_digits[value->data[i] & 15]);
	}
	append_quote(value, buf);
}

/* A literal is all key. */
static void append_nothing(const struct eun__value *value EUB_UNUSED,
			   struct eub_buf *buf EUB_UNUSED)
{
}

typedef void (*append_fn)(const struct eun__value *value, struct eub_buf *buf);

static const append_fn append_kinds[] = {
	[EUN__STEP_LITERAL] = append_nothing, [EUN__STEP_INT] = append_int,
	[EUN__STEP_WIDE] = append_wide,	      [EUN__STEP_BOOL] = append_bool,
	[EUN__STEP_ENUM] = append_enum,	      [EUN__STEP_FLOAT] = append_float,
	[EUN__STEP_STRING] = append_string,   [EUN__STEP_IPV4] = append_ipv4,
	[EUN__STEP_IPV6] = append_ipv6,	      [EUN__STEP_IP] = append_ip,
	[EUN__STEP_BYTES] = append_bytes,
};
static_assert(EUB_ARRAY_SIZE(append_kinds) == _EUN__STEP_MAX, "one function per kind");

void eun__value_append(const struct eun__value *value, struct eub_buf *buf)
{
	append_kinds[value->step->kind](value, buf);
}
