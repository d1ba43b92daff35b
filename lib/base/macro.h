/* SPDX-License-Identifier: Apache-2.0 */
/* Small compile-time helpers that every room uses. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define EUB_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define EUB_CONTAINER_OF(ptr, type, member)                                                        \
	__extension__({                                                                            \
		const __typeof__(((type *)NULL)->member) *_inner = (ptr);                          \
		(type *)((uintptr_t)_inner - offsetof(type, member));                              \
	})

#define EUB_MIN(a, b) ((a) < (b) ? (a) : (b))
#define EUB_MAX(a, b) ((a) > (b) ? (a) : (b))

#define EUB_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define EUB_UNUSED	      __attribute__((unused))

/* Arithmetic on sizes that came from outside: true when the result does not fit. */
#define eub_add_overflow(a, b, ret) __builtin_add_overflow(a, b, ret)
#define eub_mul_overflow(a, b, ret) __builtin_mul_overflow(a, b, ret)
