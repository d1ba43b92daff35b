/* SPDX-License-Identifier: Apache-2.0 */
/* See str.h. The escapers copy the longest harmless run at once: they run once per event member. */
#include "base/str.h"

#include <assert.h>

#define EDIT_MAX 64

bool eub_has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s);
	size_t m = strlen(suffix);

	return n >= m && eub_streq(s + n - m, suffix);
}

static int digit_value(char c, unsigned int base)
{
	int value = -1;

	if (c >= '0' && c <= '9')
		value = c - '0';
	else if (c >= 'a' && c <= 'f')
		value = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		value = c - 'A' + 10;
	return value < (int)base ? value : -1;
}

int eub_parse_u64(const char *s, uint64_t *ret_value)
{
	unsigned int base = 10;
	uint64_t value = 0;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	}
	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		int digit = digit_value(*s, base);

		if (digit < 0)
			return -EINVAL;
		if (eub_mul_overflow(value, base, &value) ||
		    eub_add_overflow(value, (uint64_t)digit, &value))
			return -ERANGE;
	}
	*ret_value = value;
	return 0;
}

int eub_parse_i64(const char *s, int64_t *ret_value)
{
	bool is_negative = *s == '-';
	uint64_t limit = (uint64_t)INT64_MAX + is_negative;
	uint64_t value;
	int r;

	if (*s == '-' || *s == '+')
		s++;
	r = eub_parse_u64(s, &value);
	if (r < 0)
		return r;
	if (value > limit)
		return -ERANGE;
	*ret_value = (int64_t)(is_negative ? 0 - value : value);
	return 0;
}

size_t eub_utf8_length(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	size_t length;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	/* RFC 3629 section 4: the second byte of these leads has a narrower range. */
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (n < length || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* U+EF80..U+EFFF, which the JSON form uses for stray bytes: ee be 80 .. ee bf bf. */
static bool is_stray_range(const unsigned char *p)
{
	return p[0] == 0xee && (p[1] == 0xbe || p[1] == 0xbf);
}

static bool is_plain_json(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != 0x7f;
}

/* U+0080..U+009F, which terminals take for commands. */
static bool is_c1(const unsigned char *p, size_t length)
{
	return length == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

static void append_json_escape(struct eub_buf *buf, unsigned char c)
{
	static const char short_forms[256] = {
		['"'] = '"', ['\\'] = '\\', ['\n'] = 'n', ['\t'] = 't', ['\r'] = 'r'
	};
	static const char hex[] = "0123456789abcdef";
	char escape[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	if (short_forms[c]) {
		escape[1] = short_forms[c];
		eub_buf_append(buf, escape, 2);
		return;
	}
	if (c >= 0x80)
		memcpy(escape + 2, "ef", 2);
	eub_buf_append(buf, escape, sizeof(escape));
}

void eub_append_json_string(struct eub_buf *buf, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t done = 0;
	size_t i = 0;

	eub_buf_append_char(buf, '"');
	while (i < n) {
		size_t length = 1;

		if (is_plain_json(p[i])) {
			i++;
			continue;
		}
		if (p[i] >= 0x80) {
			length = eub_utf8_length(s + i, n - i);
			if (is_c1(p + i, length)) {
				eub_buf_append(buf, s + done, i - done);
				eub_buf_printf(buf, "\\u00%02x", p[i + 1]);
				done = i += length;
				continue;
			}
			if (length > 0 && !(length == 3 && is_stray_range(p + i))) {
				i += length;
				continue;
			}
			length = EUB_MAX(length, (size_t)1);
		}
		eub_buf_append(buf, s + done, i - done);
		for (done = i + length; i < done; i++)
			append_json_escape(buf, p[i]);
	}
	eub_buf_append(buf, s + done, n - done);
	eub_buf_append_char(buf, '"');
}

void eub_append_printable(struct eub_buf *buf, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t done = 0;
	size_t i = 0;

	while (i < n) {
		size_t length = eub_utf8_length(s + i, n - i);
		bool is_control = p[i] < 0x20 || p[i] == 0x7f || is_c1(p + i, length);

		if (length > 0 && !is_control) {
			i += length;
			continue;
		}
		eub_buf_append(buf, s + done, i - done);
		for (done = i + EUB_MAX(length, (size_t)1); i < done; i++)
			eub_buf_printf(buf, "\\x%02x", p[i]);
	}
	eub_buf_append(buf, s + done, n - done);
}

size_t eub_edit_distance(const char *a, const char *b)
{
	size_t n = strlen(a);
	size_t m = strlen(b);
	size_t row[EDIT_MAX];

	if (n >= EDIT_MAX || m >= EDIT_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t replace = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = EUB_MIN(replace, EUB_MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[m];
}
