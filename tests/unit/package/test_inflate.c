/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "package/inflate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BOMB_SIZE (64u << 20)

struct packed {
	void *data;
	size_t size;
};

static struct packed pack_zeros(size_t n)
{
	struct packed packed = { 0 };
	void *zeros = calloc(n, 1);

	assert_non_null(zeros);
	assert_int_equal(eun__deflate(zeros, n, &packed.data, &packed.size, NULL), 0);
	free(zeros);
	return packed;
}

static void assert_unpacks(const struct packed *packed, size_t declared, size_t max, size_t n)
{
	size_t size = 0;
	void *data = NULL;

	assert_int_equal(
	    eun__inflate(packed->data, packed->size, declared, max, &data, &size, NULL), 0);
	assert_int_equal(size, n);
	free(data);
}

static void assert_refused(const struct packed *packed, size_t declared, size_t max, int code,
			   const char *message)
{
	struct eun_error err = EUN_ERROR_INIT;
	size_t size = 0;
	void *data = NULL;

	assert_int_equal(
	    eun__inflate(packed->data, packed->size, declared, max, &data, &size, &err), code);
	assert_null(data);
	if (!strstr(err.message, message))
		fail_msg("'%s' does not say '%s'", err.message, message);
	eun_error_done(&err);
}

static void test_sizes_around_the_limits(void **state)
{
	struct packed packed = pack_zeros(20000);

	(void)state;
	assert_unpacks(&packed, 0, 20000, 20000);
	assert_unpacks(&packed, 0, 1 << 20, 20000);
	assert_unpacks(&packed, 20000, 20000, 20000);
	assert_refused(&packed, 0, 19999, -E2BIG, "limit of 19999");
	assert_refused(&packed, 19999, 30000, -EINVAL, "more than the declared 19999");
	assert_refused(&packed, 20001, 30000, -EINVAL, "20001 are declared");
	assert_refused(&packed, 40000, 30000, -E2BIG, "over the limit");
	free(packed.data);
}

static void test_bomb_stops_at_the_limit(void **state)
{
	struct packed packed = pack_zeros(BOMB_SIZE);

	(void)state;
	assert_true(packed.size < BOMB_SIZE / 900);
	assert_refused(&packed, 0, 1 << 20, -E2BIG, "limit");
	assert_refused(&packed, 4096, 1 << 20, -EINVAL, "declared 4096");
	free(packed.data);
}

static void test_every_truncation_is_an_error(void **state)
{
	struct packed packed = pack_zeros(3000);

	(void)state;
	for (size_t n = 0; n < packed.size; n++) {
		struct packed cut = { .data = packed.data, .size = n };

		assert_refused(&cut, 0, 1 << 20, -EINVAL, "early");
		assert_refused(&cut, 3000, 1 << 20, -EINVAL, "early");
	}
	free(packed.data);
}

static void test_every_flipped_byte_is_an_error(void **state)
{
	struct packed packed = pack_zeros(3000);
	unsigned char *bytes = packed.data;

	(void)state;
	for (size_t i = 0; i < packed.size; i++) {
		size_t size = 0;
		void *data = NULL;
		int r;

		bytes[i] ^= 0xff;
		r = eun__inflate(bytes, packed.size, 3000, 1 << 20, &data, &size, NULL);
		assert_true(r == -EINVAL || r == -E2BIG);
		bytes[i] ^= 0xff;
	}
	free(packed.data);
}

static void test_bytes_after_the_end(void **state)
{
	struct packed packed = pack_zeros(100);

	(void)state;
	packed.data = realloc(packed.data, packed.size + 3);
	assert_non_null(packed.data);
	packed.size += 3;
	assert_refused(&packed, 0, 1000, -EINVAL, "3 bytes follow");
	free(packed.data);
}

static void test_empty_result(void **state)
{
	struct packed packed = pack_zeros(0);

	(void)state;
	assert_unpacks(&packed, 0, 1000, 0);
	free(packed.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_around_the_limits),
		cmocka_unit_test(test_bomb_stops_at_the_limit),
		cmocka_unit_test(test_every_truncation_is_an_error),
		cmocka_unit_test(test_every_flipped_byte_is_an_error),
		cmocka_unit_test(test_bytes_after_the_end),
		cmocka_unit_test(test_empty_result),
	};

	return cmocka_run_group_tests_name("package_inflate", tests, NULL, NULL);
}
