/* SPDX-License-Identifier: Apache-2.0 */
/* See buf.h. Growth doubles, so n appended bytes cost O(n) copies in all. */
#include "base/buf.h"

#include <assert.h>
#include <stdio.h>

#define BUF_FIRST_SIZE 256

void eub_buf_done(struct eub_buf *buf)
{
	if (!buf->is_fixed)
		free(buf->data);
	*buf = EUB_BUF_INIT;
}

void eub_buf_clear(struct eub_buf *buf)
{
	buf->len = 0;
	buf->has_failed = false;
}

void eub_buf_consume(struct eub_buf *buf, size_t n)
{
	if (n >= buf->len) {
		buf->len = 0;
		return;
	}
	memmove(buf->data, buf->data + n, buf->len - n);
	buf->len -= n;
}

int eub_buf_reserve(struct eub_buf *buf, size_t n)
{
	size_t need;
	size_t cap = EUB_MAX(buf->cap, (size_t)BUF_FIRST_SIZE);
	char *data;

	if (buf->is_fixed) {
		if (buf->len <= buf->cap && n <= buf->cap - buf->len)
			return 0;
		buf->has_failed = true;
		return -ENOBUFS;
	}
	if (eub_add_overflow(buf->len, n, &need) || need > SIZE_MAX / 2)
		goto fail;
	if (need <= buf->cap)
		return 0;
	while (cap < need)
		cap *= 2;
	data = realloc(buf->data, cap);
	if (!data)
		goto fail;
	buf->data = data;
	buf->cap = cap;
	return 0;
fail:
	buf->has_failed = true;
	return -ENOMEM;
}

/* The slow half of eub_buf_append(): there is no room for @n bytes. */
void eub_buf_grow_append(struct eub_buf *buf, const void *data, size_t n)
{
	if (eub_buf_reserve(buf, n) == 0)
		memcpy(buf->data + buf->len, data, n);
	else if (!buf->is_fixed)
		return;
	buf->len += n;
}

void eub_buf_vprintf(struct eub_buf *buf, const char *format, va_list args)
{
	char small[256];
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(small, sizeof(small), format, args);
	if (n >= 0 && (size_t)n < sizeof(small)) {
		eub_buf_append(buf, small, (size_t)n);
	} else if (n >= 0) {
		char *large = malloc((size_t)n + 1);

		if (large && vsnprintf(large, (size_t)n + 1, format, again) == n)
			eub_buf_append(buf, large, (size_t)n);
		else
			buf->has_failed = true;
		free(large);
	} else {
		buf->has_failed = true;
	}
	va_end(again);
}

void eub_buf_printf(struct eub_buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	eub_buf_vprintf(buf, format, args);
	va_end(args);
}

void eub_buf_append_u64(struct eub_buf *buf, uint64_t value)
{
	char digits[20];
	char *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	eub_buf_append(buf, p, (size_t)(digits + sizeof(digits) - p));
}

void eub_buf_append_i64(struct eub_buf *buf, int64_t value)
{
	if (value < 0) {
		eub_buf_append_char(buf, '-');
		eub_buf_append_u64(buf, 0 - (uint64_t)value);
	} else {
		eub_buf_append_u64(buf, (uint64_t)value);
	}
}

void eub_buf_fill(struct eub_buf *buf, char c, size_t n)
{
	if (n == 0)
		return;
	if (eub_buf_reserve(buf, n) == 0)
		memset(buf->data + buf->len, c, n);
	else if (!buf->is_fixed)
		return;
	buf->len += n;
}

char *eub_buf_take_string(struct eub_buf *buf)
{
	char *s = NULL;

	assert(!buf->is_fixed);
	eub_buf_append_char(buf, '\0');
	if (!buf->has_failed)
		s = EUB_TAKE_PTR(buf->data);
	eub_buf_done(buf);
	return s;
}
