/* SPDX-License-Identifier: Apache-2.0 */
/* Text: strict number parsing, comparison, and escaping of bytes from outside. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool eub_streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static inline bool eub_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool eub_has_suffix(const char *s, const char *suffix);

/**
 * eub_parse_u64() - parse a whole string as an unsigned number
 * @s: decimal, or hexadecimal after 0x; no blanks, no sign
 *
 * Return: 0; -EINVAL if @s is not a number; -ERANGE if it does not fit.
 */
int eub_parse_u64(const char *s, uint64_t *ret_value);
/* As eub_parse_u64(), with an optional leading '-' or '+'. */
int eub_parse_i64(const char *s, int64_t *ret_value);

/**
 * eub_utf8_length() - length of the valid UTF-8 sequence at the start of @s
 * @s: @n readable bytes, @n > 0
 *
 * Overlong forms, surrogates and values above U+10FFFF are not valid (RFC 3629).
 *
 * Return: 1..4; 0 if the first byte starts no valid sequence within @n bytes.
 */
size_t eub_utf8_length(const char *s, size_t n);

/**
 * eub_append_json_string() - append @n bytes as a quoted JSON string (RFC 8259)
 *
 * The result is valid JSON and valid UTF-8 whatever the bytes are, and the bytes can be had back: a
 * byte 0x80..0xff that belongs to no valid UTF-8 sequence becomes the private-use character
 * U+EF80..U+EFFF (as in MirBSD's OPTU-8), written \uefXX with XX the byte; a character of that very
 * range in the input is treated as three such bytes. NUL is written \u0000. Control characters, C1
 * included, are escaped, so the result is safe on a terminal.
 */
void eub_append_json_string(struct eub_buf *buf, const char *s, size_t n);

/**
 * eub_append_printable() - append @n bytes as one line of text that is safe on a terminal
 *
 * Control characters (C0, DEL, C1) and bytes that are not UTF-8 become \xNN; the rest is unchanged.
 */
void eub_append_printable(struct eub_buf *buf, const char *s, size_t n);

/**
 * eub_edit_distance() - how many insertions, deletions and replacements turn @a into @b
 *
 * For "did you mean" hints. Strings are compared up to 63 bytes; longer ones give SIZE_MAX.
 */
size_t eub_edit_distance(const char *a, const char *b);
