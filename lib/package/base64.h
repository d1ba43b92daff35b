/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648, section 4) as packages carry it: wrapped or not, padded or not. */
#pragma once

#include <eunomia/error.h>

#include <stddef.h>

struct eub_buf;

/**
 * eun__base64_decode() - decode a whole text
 * @text: @n bytes; blanks and line ends are skipped, padding may be missing
 * @max:  bytes of the result at most, checked before memory is allocated
 * @ret_data: *@ret_size bytes; the caller frees them
 *
 * Anything else outside the alphabet, padding before the end and stray bits after the last byte are
 * errors, so that damage is found here and not in what the bytes mean.
 *
 * Return: 0; -EINVAL (EUN_REASON_BAD_PACKAGE), -E2BIG (TOO_LARGE), -ENOMEM.
 */
int eun__base64_decode(const char *text, size_t n, size_t max, void **ret_data, size_t *ret_size,
		       struct eun_error *err);
/* Appends @n bytes as padded base64 without line ends. */
void eun__base64_append(struct eub_buf *buf, const void *data, size_t n);
