/* SPDX-License-Identifier: Apache-2.0 */
/* zlib streams (RFC 1950), the form in which generation 3 carries its object. */
#pragma once

#include <eunomia/error.h>

#include <stddef.h>

/**
 * eun__inflate() - unpack a whole zlib stream
 * @declared: size the result must have, or 0 if nobody said
 * @max:      bytes of the result at most
 * @ret_data: *@ret_size bytes; the caller frees them
 *
 * Memory never exceeds @declared, or @max where that is 0: a bomb is told by the byte after.
 *
 * Return: 0; -EINVAL (EUN_REASON_BAD_PACKAGE), -E2BIG (TOO_LARGE), -ENOMEM.
 */
int eun__inflate(const void *data, size_t size, size_t declared, size_t max, void **ret_data,
		 size_t *ret_size, struct eun_error *err);
/* Packs @size bytes, smallest result. The caller frees *@ret_data. Return: 0; -ENOMEM. */
int eun__deflate(const void *data, size_t size, void **ret_data, size_t *ret_size,
		 struct eun_error *err);
