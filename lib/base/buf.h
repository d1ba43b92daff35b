/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte buffer that grows, or writes into memory of fixed size. Appending cannot fail visibly:
 * the first failure (no memory, or the fixed memory is full) is remembered in has_failed and the
 * caller looks once, at the end. A fixed buffer goes on counting, so len tells the size needed,
 * as snprintf() does.
 */
#pragma once

#include "base/cleanup.h"
#include "base/macro.h"

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct eub_buf {
	char *data;	 /* len bytes in use, not terminated; NULL while empty */
	size_t len;	 /* bytes appended; over cap only in a fixed buffer that overflowed */
	size_t cap;	 /* bytes allocated or given */
	bool is_fixed;	 /* data belongs to somebody else and never grows */
	bool has_failed; /* something was left out */
};

#define EUB_BUF_INIT ((struct eub_buf){ 0 })
#define EUB_BUF_FIXED(memory, size)                                                                \
	((struct eub_buf){ .data = (memory), .cap = (size), .is_fixed = true })

/* Releases the memory and makes the buffer empty and usable again. */
void eub_buf_done(struct eub_buf *buf);
/* Empties the buffer but keeps its memory. */
void eub_buf_clear(struct eub_buf *buf);
/* Drops the first @n bytes (all of them if @n is larger) and moves the rest to the front. */
void eub_buf_consume(struct eub_buf *buf, size_t n);
/**
 * eub_buf_reserve() - make room for @n more bytes
 *
 * Return: 0; -ENOMEM, or -ENOBUFS if the buffer is fixed; has_failed is set as well.
 */
int eub_buf_reserve(struct eub_buf *buf, size_t n);
void eub_buf_grow_append(struct eub_buf *buf, const void *data, size_t n);
void eub_buf_vprintf(struct eub_buf *buf, const char *format, va_list args) EUB_PRINTF(2, 0);
void eub_buf_printf(struct eub_buf *buf, const char *format, ...) EUB_PRINTF(2, 3);
void eub_buf_append_u64(struct eub_buf *buf, uint64_t value);
void eub_buf_append_i64(struct eub_buf *buf, int64_t value);
void eub_buf_fill(struct eub_buf *buf, char c, size_t n);
/**
 * eub_buf_take_string() - move the contents out as a terminated string
 *
 * The buffer is empty afterwards in every case. Only for buffers that are not fixed.
 *
 * Return: the string, owned by the caller, or NULL if an append had failed.
 */
char *eub_buf_take_string(struct eub_buf *buf);

/* Inlined: event formatting appends millions of short pieces a second. */
static inline void eub_buf_append(struct eub_buf *buf, const void *data, size_t n)
{
	if (n > buf->cap - EUB_MIN(buf->len, buf->cap)) {
		eub_buf_grow_append(buf, data, n);
		return;
	}
	if (n > 0)
		memcpy(buf->data + buf->len, data, n);
	buf->len += n;
}

static inline void eub_buf_append_char(struct eub_buf *buf, char c)
{
	eub_buf_append(buf, &c, 1);
}

static inline void eub_buf_append_str(struct eub_buf *buf, const char *s)
{
	eub_buf_append(buf, s, strlen(s));
}
