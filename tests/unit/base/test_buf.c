/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/buf.h"
#include "failing_malloc.h"

#include <stdio.h>

static void assert_content(const struct eub_buf *buf, const char *expected)
{
	assert_int_equal(buf->len, strlen(expected));
	assert_memory_equal(buf->data, expected, buf->len);
}

static void test_append_grows(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	for (int i = 0; i < 1000; i++)
		eub_buf_append_str(&buf, "abc");
	assert_false(buf.has_failed);
	assert_int_equal(buf.len, 3000);
	assert_memory_equal(buf.data + 2997, "abc", 3);
	assert_true(buf.cap >= buf.len);
	eub_buf_done(&buf);
	assert_null(buf.data);
	assert_int_equal(buf.len, 0);
}

static void test_numbers(void **state)
{
	static const uint64_t unsigned_values[] = { 0, 9, 10, 4294967296, UINT64_MAX };
	static const int64_t signed_values[] = { 0, -1, 42, INT64_MIN, INT64_MAX };
	char expected[32];

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(unsigned_values); i++) {
		struct eub_buf buf = EUB_BUF_INIT;

		eub_buf_append_u64(&buf, unsigned_values[i]);
		(void)snprintf(expected, sizeof(expected), "%llu",
			       (unsigned long long)unsigned_values[i]);
		assert_content(&buf, expected);
		eub_buf_clear(&buf);
		eub_buf_append_i64(&buf, signed_values[i]);
		(void)snprintf(expected, sizeof(expected), "%lld", (long long)signed_values[i]);
		assert_content(&buf, expected);
		eub_buf_done(&buf);
	}
}

static void test_printf_short_and_long(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	eub_buf_printf(&buf, "%s-%d", "x", 7);
	assert_content(&buf, "x-7");
	eub_buf_printf(&buf, "%1000d", 5);
	assert_int_equal(buf.len, 1003);
	assert_int_equal(buf.data[1002], '5');
	eub_buf_done(&buf);
}

static void test_fixed_counts_on(void **state)
{
	char memory[4];
	struct eub_buf buf = EUB_BUF_FIXED(memory, sizeof(memory));

	(void)state;
	eub_buf_append_str(&buf, "abc");
	assert_false(buf.has_failed);
	eub_buf_append_str(&buf, "de");
	assert_true(buf.has_failed);
	assert_int_equal(buf.len, 5);
	assert_memory_equal(memory, "abc", 3);
	eub_buf_fill(&buf, 'x', 10);
	assert_int_equal(buf.len, 15);
	assert_int_equal(eub_buf_reserve(&buf, 1), -ENOBUFS);
	eub_buf_done(&buf);
}

static void test_consume(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	eub_buf_append_str(&buf, "hello world");
	eub_buf_consume(&buf, 6);
	assert_content(&buf, "world");
	eub_buf_consume(&buf, 100);
	assert_int_equal(buf.len, 0);
	eub_buf_done(&buf);
}

static void test_take_string(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;
	char *s;

	(void)state;
	eub_buf_append_str(&buf, "text");
	s = eub_buf_take_string(&buf);
	assert_string_equal(s, "text");
	assert_null(buf.data);
	free(s);
	s = eub_buf_take_string(&buf);
	assert_string_equal(s, "");
	free(s);
}

static void test_reserve_overflow(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	eub_buf_append_str(&buf, "a");
	assert_int_equal(eub_buf_reserve(&buf, SIZE_MAX), -ENOMEM);
	assert_int_equal(eub_buf_reserve(&buf, SIZE_MAX / 2), -ENOMEM);
	assert_true(buf.has_failed);
	assert_content(&buf, "a");
	eub_buf_done(&buf);
}

static void test_failing_allocation_is_remembered(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	failing_malloc_arm(1);
	eub_buf_append_str(&buf, "lost");
	assert_true(failing_malloc_disarm());
	assert_true(buf.has_failed);
	assert_int_equal(buf.len, 0);
	eub_buf_append_str(&buf, "kept");
	assert_content(&buf, "kept");
	assert_true(buf.has_failed);
	assert_null(eub_buf_take_string(&buf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append_grows),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_printf_short_and_long),
		cmocka_unit_test(test_fixed_counts_on),
		cmocka_unit_test(test_consume),
		cmocka_unit_test(test_take_string),
		cmocka_unit_test(test_reserve_overflow),
		cmocka_unit_test(test_failing_allocation_is_remembered),
	};

	return cmocka_run_group_tests_name("base_buf", tests, NULL, NULL);
}
