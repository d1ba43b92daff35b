/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rate.h"

#include "base/macro.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define S UINT64_C(1000000000)

static void test_nothing_counted(void **state EUB_UNUSED)
{
	struct eun__rate rate = { 0 };

	assert_true(eun__rate_get(&rate, 5 * S) == 0.0);
}

static void test_first_second(void **state EUB_UNUSED)
{
	struct eun__rate rate = { 0 };

	eun__rate_add(&rate, 100 * S, 7);
	eun__rate_add(&rate, 100 * S + S / 2, 3);
	assert_true(eun__rate_get(&rate, 100 * S + S / 2) == 10.0);
}

static void test_steady(void **state EUB_UNUSED)
{
	struct eun__rate rate = { 0 };

	for (uint64_t s = 0; s < 20; s++)
		eun__rate_add(&rate, s * S, 1000);
	assert_true(eun__rate_get(&rate, 20 * S) == 1000.0);
}

static void test_decays_to_zero(void **state EUB_UNUSED)
{
	struct eun__rate rate = { 0 };

	eun__rate_add(&rate, 10 * S, 500);
	assert_true(eun__rate_get(&rate, 11 * S) == 500.0);
	assert_true(eun__rate_get(&rate, 15 * S) == 100.0);
	assert_true(eun__rate_get(&rate, 16 * S) == 0.0);
	assert_true(eun__rate_get(&rate, 1000 * S) == 0.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_counted),
		cmocka_unit_test(test_first_second),
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_decays_to_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
