/* SPDX-License-Identifier: Apache-2.0 */
#include "account.h"

#include "base/macro.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_names_differ(void **state EUB_UNUSED)
{
	for (unsigned int i = 0; i < _ACCOUNT_REASON_MAX; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(account_reason_to_string((enum account_reason)i),
						account_reason_to_string((enum account_reason)j));
}

static void test_sum(void **state EUB_UNUSED)
{
	struct account account = { .offered = 9, .delivered = 2, .filtered = 1 };

	assert_int_equal(account_get_lost(&account), 0);
	for (uint64_t i = 0; i < _ACCOUNT_REASON_MAX; i++)
		account.lost[i] = i + 1;
	assert_int_equal(account_get_lost(&account),
			 _ACCOUNT_REASON_MAX * (_ACCOUNT_REASON_MAX + 1) / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_differ),
		cmocka_unit_test(test_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
