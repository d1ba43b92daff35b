/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scope-bound release of resources. An owning local carries _cleanup_(fn) and is initialised at its
 * declaration (pointers to NULL, descriptors to -EBADF); moving the resource out goes through
 * EUB_TAKE_PTR() or EUB_TAKE_FD(), which leave the local empty, so each function can be checked for
 * leaks without reading its callees.
 */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* Moves a pointer out of @p, leaving NULL behind. */
#define EUB_TAKE_PTR(p)                                                                            \
	__extension__({                                                                            \
		__typeof__(p) _taken = (p);                                                        \
		(p) = NULL;                                                                        \
		_taken;                                                                            \
	})

/* Moves a descriptor out of @fd, leaving -EBADF behind. */
#define EUB_TAKE_FD(fd)                                                                            \
	__extension__({                                                                            \
		int _taken_fd = (fd);                                                              \
		(fd) = -EBADF;                                                                     \
		_taken_fd;                                                                         \
	})

/* Defines fn##p(T **), which releases *p by @fn; @fn must accept NULL. */
#define EUB_DEFINE_CLEANUP(type, fn)                                                               \
	static inline void fn##p(type *p)                                                          \
	{                                                                                          \
		if (*p)                                                                            \
			(void)fn(*p);                                                              \
	}                                                                                          \
	struct eub_swallow_semicolon

static inline void eub_freep(void *p)
{
	free(*(void **)p);
}

/* Closes *@fd if it is open; keeps errno, since it runs on error paths. */
static inline void eub_closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd); /* nothing is buffered in the descriptors we own */
	errno = saved;
}
