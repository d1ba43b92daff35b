/* SPDX-License-Identifier: Apache-2.0 */
/* KEY=VALUE words. */
#include "cmd_settings.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_split(void **state)
{
	const char *items[] = { "pid=7", "comm=a=b", "empty=" };
	const struct words words = { .items = items, .n = 3 };
	struct eun_setting *settings = NULL;

	(void)state;
	assert_int_equal(settings_parse(&words, &settings, NULL), 0);
	assert_string_equal(settings[0].key, "pid");
	assert_string_equal(settings[0].value, "7");
	assert_string_equal(settings[1].key, "comm");
	assert_string_equal(settings[1].value, "a=b");
	assert_string_equal(settings[2].key, "empty");
	assert_string_equal(settings[2].value, "");
	free(settings);
}

static void test_mistakes(void **state)
{
	const char *const wrong[] = { "pid", "=7", "" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const char *items[] = { "a=b", wrong[i] };
		const struct words words = { .items = items, .n = 2 };
		struct eun_setting *settings = NULL;
		struct eun_error err = EUN_ERROR_INIT;

		assert_int_equal(settings_parse(&words, &settings, &err), -EINVAL);
		assert_null(settings);
		assert_int_equal(err.reason, EUN_REASON_INVALID_ARGUMENT);
		eun_error_done(&err);
	}
}

static void test_none(void **state)
{
	const struct words words = { 0 };
	struct eun_setting *settings = NULL;

	(void)state;
	assert_int_equal(settings_parse(&words, &settings, NULL), 0);
	free(settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
