/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000ull

static void assert_rfc3339(uint64_t ns, const char *expected)
{
	struct eub_buf buf = EUB_BUF_INIT;
	char *text;

	eub_append_rfc3339(&buf, ns);
	text = eub_buf_take_string(&buf);
	assert_string_equal(text, expected);
	free(text);
}

static void test_rfc3339(void **state)
{
	(void)state;
	assert_rfc3339(0, "1970-01-01T00:00:00.000000000Z");
	assert_rfc3339(1795226758123456789ull, "2026-11-21T02:05:58.123456789Z");
	assert_rfc3339(1795226758000000001ull, "2026-11-21T02:05:58.000000001Z");
	assert_rfc3339(951782400 * NS_PER_S, "2000-02-29T00:00:00.000000000Z");
	assert_rfc3339(UINT64_MAX, "2554-07-21T23:34:33.709551615Z");
	assert_rfc3339(5, "1970-01-01T00:00:00.000000005Z");
}

static void test_local_time_follows_the_second(void **state)
{
	char memory[32];
	struct eub_buf buf = EUB_BUF_FIXED(memory, sizeof(memory));

	(void)state;
	assert_int_equal(setenv("TZ", "UTC-2", 1), 0);
	tzset();
	eub_append_local_time(&buf, 0);
	eub_append_local_time(&buf, 999999999);
	eub_append_local_time(&buf, 3600 * NS_PER_S);
	assert_int_equal(buf.len, 24);
	assert_memory_equal(memory, "02:00:0002:00:0003:00:00", 24);
}

static void test_clocks_run_and_can_be_set(void **state)
{
	uint64_t first = eub_clock_mono_ns();

	(void)state;
	assert_true(eub_clock_mono_ns() >= first);
	assert_true(eub_clock_wall_ns() > 1500000000 * NS_PER_S);
	eub_clock_set_for_test(42);
	assert_int_equal(eub_clock_mono_ns(), 42);
	assert_int_equal(eub_clock_wall_ns(), 42);
	eub_clock_set_for_test(0);
	assert_true(eub_clock_mono_ns() >= first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc3339),
		cmocka_unit_test(test_local_time_follows_the_second),
		cmocka_unit_test(test_clocks_run_and_can_be_set),
	};

	return cmocka_run_group_tests_name("base_clock", tests, NULL, NULL);
}
