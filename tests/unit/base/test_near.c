/* SPDX-License-Identifier: Apache-2.0 */
#include "base/near.h"

#include "base/macro.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *hint_for(struct eun_error *err, const char *wanted, const char *const *names,
			    size_t n)
{
	struct eub_near near = EUB_NEAR_INIT(wanted);

	eun_error_done(err);
	for (size_t i = 0; i < n; i++)
		eub_near_offer(&near, names[i]);
	eub_near_hint(&near, err);
	return err->hint;
}

static void test_best_first(void **state EUB_UNUSED)
{
	static const char *const names[] = { "sys_enter_close", "sys_enter_openat2",
					     "sys_exit_openat", "sys_enter_openat",
					     "sys_enter_open",	"sched_switch" };
	struct eun_error err = EUN_ERROR_INIT;

	assert_string_equal(
	    hint_for(&err, "sys_enter_openatt", names, EUB_ARRAY_SIZE(names)),
	    "did you mean 'sys_enter_openat2', 'sys_enter_openat', 'sys_enter_open'?");
}

static void test_nothing_near(void **state EUB_UNUSED)
{
	static const char *const names[] = { "alpha", "beta" };
	struct eun_error err = EUN_ERROR_INIT;

	assert_string_equal(hint_for(&err, "sched_switch", names, EUB_ARRAY_SIZE(names)), "");
}

static void test_part_of_a_name(void **state EUB_UNUSED)
{
	static const char *const names[] = { "sys_enter_openat" };
	struct eun_error err = EUN_ERROR_INIT;

	assert_string_equal(hint_for(&err, "openat", names, EUB_ARRAY_SIZE(names)),
			    "did you mean 'sys_enter_openat'?");
}

static void test_overlong_names(void **state EUB_UNUSED)
{
	char name[4096];
	const char *const names[] = { name };
	struct eun_error err = EUN_ERROR_INIT;

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_string_equal(hint_for(&err, "aaaa", names, 1), "");
	assert_string_equal(hint_for(&err, name, names, 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_best_first),
		cmocka_unit_test(test_nothing_near),
		cmocka_unit_test(test_part_of_a_name),
		cmocka_unit_test(test_overlong_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
