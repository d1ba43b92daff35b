/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See failing_malloc.h. The linker's --wrap sends calls to __wrap_f() and keeps the real one as
 * __real_f(); unlike a malloc() of our own this leaves the sanitizers' allocator in place.
 */
#include "failing_malloc.h"

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int countdown; /* allocations until one fails; 0: not armed */
static bool has_failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_asprintf(char **ret_text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fails_now(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	has_failed = true;
	return true;
}

void failing_malloc_init(void)
{
	json_set_alloc_funcs(__wrap_malloc, free);
}

void failing_malloc_arm(unsigned int nth)
{
	countdown = nth;
	has_failed = false;
}

bool failing_malloc_disarm(void)
{
	countdown = 0;
	return has_failed;
}

void *__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails_now() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return fails_now() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *s)
{
	return fails_now() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails_now() ? NULL : __real_strndup(s, n);
}

int __wrap_asprintf(char **ret_text, const char *format, ...)
{
	va_list args;
	int n;

	if (fails_now())
		return -1;
	va_start(args, format);
	n = vasprintf(ret_text, format, args);
	va_end(args);
	return n;
}
