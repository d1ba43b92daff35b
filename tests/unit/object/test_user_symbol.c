/* SPDX-License-Identifier: Apache-2.0 */
/* This program's own file is the ELF that is read. */
#include "object/user_symbol.h"

#include "base/macro.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Something to find. */
__attribute__((noinline, used, visibility("default"))) void function_to_find(void);
__attribute__((noinline, used, visibility("default"))) void function_to_find(void)
{
	__asm__ volatile("" ::: "memory");
}

static void test_found(void **state EUB_UNUSED)
{
	struct eub_near near = EUB_NEAR_INIT("function_to_find");

	assert_int_equal(eun__user_symbol_find("/proc/self/exe", "function_to_find", &near), 1);
}

static void test_near(void **state EUB_UNUSED)
{
	struct eub_near near = EUB_NEAR_INIT("function_to_fnid");

	assert_int_equal(eun__user_symbol_find("/proc/self/exe", "function_to_fnid", &near), 0);
	assert_true(near.n_best > 0);
	assert_string_equal(near.best[0].name, "function_to_find");
}

static void test_not_elf(void **state EUB_UNUSED)
{
	struct eub_near near = EUB_NEAR_INIT("x");

	assert_int_equal(eun__user_symbol_find("/proc/self/maps", "x", &near), -ENOEXEC);
	assert_int_equal(eun__user_symbol_find("/nonexistent", "x", &near), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_not_elf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
