/* SPDX-License-Identifier: Apache-2.0 */
/* The rate limiter. */
#include "rate.h"

#include "agent_test.h"

#define S 1000000000u

static void test_limit_per_second(void **state)
{
	struct rate rate = { .limit = 3 };
	uint64_t now = 5 * (uint64_t)S;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(rate_allow(&rate, now + (uint64_t)i));
	assert_false(rate_allow(&rate, now + 4));
	assert_false(rate_allow(&rate, now + S - 1));
	for (int i = 0; i < 3; i++)
		assert_true(rate_allow(&rate, now + S));
	assert_false(rate_allow(&rate, now + S));
}

static void test_limit_of_zero_lets_nothing_pass(void **state)
{
	struct rate rate = { .limit = 0 };

	(void)state;
	assert_false(rate_allow(&rate, 0));
	assert_false(rate_allow(&rate, 10 * (uint64_t)S));
}

static void test_unused_seconds_are_not_saved_up(void **state)
{
	struct rate rate = { .limit = 1 };

	(void)state;
	assert_true(rate_allow(&rate, S));
	assert_true(rate_allow(&rate, 100 * (uint64_t)S));
	assert_false(rate_allow(&rate, 100 * (uint64_t)S + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit_per_second),
		cmocka_unit_test(test_limit_of_zero_lets_nothing_pass),
		cmocka_unit_test(test_unused_seconds_are_not_saved_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
