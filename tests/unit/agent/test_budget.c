/* SPDX-License-Identifier: Apache-2.0 */
#include "budget.h"

#include "base/macro.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND_NS UINT64_C(1000000000)
#define START_NS  (UINT64_C(1000) * SECOND_NS)

static struct budget new_budget(uint64_t events, uint64_t bytes)
{
	const struct budget_limits limits = { events, bytes };
	struct budget budget;

	assert_int_equal(budget_check(&limits, NULL), 0);
	budget_init(&budget, &limits);
	return budget;
}

/* How many of @n events of @bytes pass at once. */
static unsigned int offer(struct budget *budget, unsigned int n, uint64_t bytes, uint64_t now_ns)
{
	unsigned int passed = 0;

	while (n-- > 0)
		passed += budget_allow(budget, bytes, now_ns) ? 1u : 0u;
	return passed;
}

static void test_no_bound(void **state EUB_UNUSED)
{
	struct budget budget = new_budget(0, 0);

	assert_false(budget_is_bounded(&budget));
	assert_int_equal(offer(&budget, 1000, 1u << 20, START_NS), 1000);
}

static void test_a_second_at_once_then_evenly(void **state EUB_UNUSED)
{
	struct budget budget = new_budget(100, 0);

	assert_true(budget_is_bounded(&budget));
	assert_int_equal(offer(&budget, 1000, 8, START_NS), 100);
	assert_int_equal(offer(&budget, 1000, 8, START_NS), 0);
	/* A hundredth of a second is worth one event. */
	assert_int_equal(offer(&budget, 10, 8, START_NS + SECOND_NS / 100 - 1), 0);
	assert_int_equal(offer(&budget, 10, 8, START_NS + SECOND_NS / 100), 1);
	assert_int_equal(offer(&budget, 1000, 8, START_NS + SECOND_NS / 2), 49);
	/* However long the silence, no more than a second's worth. */
	assert_int_equal(offer(&budget, 1000, 8, START_NS + 60 * SECOND_NS), 100);
}

static void test_nothing_is_lost_in_small_steps(void **state EUB_UNUSED)
{
	struct budget budget = new_budget(1000, 0);
	unsigned int passed = 0;

	for (uint64_t ns = 0; ns < 10 * SECOND_NS; ns += 777777)
		passed += offer(&budget, 5, 8, START_NS + ns);
	assert_in_range(passed, 1000 + 9998, 1000 + 10000);
}

static void test_bytes(void **state EUB_UNUSED)
{
	struct budget budget = new_budget(0, 1000);

	assert_int_equal(offer(&budget, 100, 300, START_NS), 3);
	assert_int_equal(offer(&budget, 1, 100, START_NS), 1);
	assert_int_equal(offer(&budget, 1, 1, START_NS), 0);
}

static void test_both_must_have_room(void **state EUB_UNUSED)
{
	struct budget budget = new_budget(10, 1000);

	assert_int_equal(offer(&budget, 1, 900, START_NS), 1);
	/* One that does not fit takes nothing from the other bucket. */
	assert_int_equal(offer(&budget, 50, 200, START_NS), 0);
	assert_int_equal(offer(&budget, 50, 1, START_NS), 9);
}

static void test_larger_than_the_bucket(void **state EUB_UNUSED)
{
	struct budget budget = new_budget(0, 1000);

	assert_int_equal(offer(&budget, 3, 50000, START_NS), 1);
	assert_int_equal(offer(&budget, 3, 50000, START_NS + SECOND_NS - 1), 0);
	assert_int_equal(offer(&budget, 3, 50000, START_NS + SECOND_NS), 1);
}

static void test_largest(void **state EUB_UNUSED)
{
	struct budget budget = new_budget(BUDGET_MAX, BUDGET_MAX);

	assert_int_equal(offer(&budget, 100000, 16u << 20, START_NS), BUDGET_MAX >> 24);
	assert_int_equal(offer(&budget, 100000, 16u << 20, START_NS + 60 * SECOND_NS),
			 BUDGET_MAX >> 24);
}

static void test_too_large_is_refused(void **state EUB_UNUSED)
{
	static const struct budget_limits limits[] = { { BUDGET_MAX + 1, 0 },
						       { 0, BUDGET_MAX + 1 },
						       { UINT64_MAX, UINT64_MAX } };

	for (size_t i = 0; i < EUB_ARRAY_SIZE(limits); i++) {
		struct eun_error err = EUN_ERROR_INIT;

		assert_int_equal(budget_check(&limits[i], &err), -ERANGE);
		assert_int_equal(err.reason, EUN_REASON_INVALID_ARGUMENT);
		eun_error_done(&err);
	}
}

/* From a file that somebody changed by hand. */
static void test_too_large_is_taken_for_the_largest(void **state EUB_UNUSED)
{
	const struct budget_limits limits = { UINT64_MAX, UINT64_MAX };
	struct budget budget;

	budget_init(&budget, &limits);
	assert_int_equal(budget.limits.events_per_second, BUDGET_MAX);
	assert_int_equal(offer(&budget, 100000, 16u << 20, START_NS), BUDGET_MAX >> 24);
}

static void test_cuts_are_runs_of_one_ring(void **state EUB_UNUSED)
{
	struct budget budget = new_budget(1, 0);
	struct budget_cut cut;

	assert_false(budget_has_other_cut(&budget, 5));
	budget_note_cut(&budget, 5, 100);
	budget_note_cut(&budget, 5, 180);
	assert_false(budget_has_other_cut(&budget, 5));
	assert_true(budget_has_other_cut(&budget, 6));
	cut = budget_take_cut(&budget);
	assert_int_equal(cut.count, 2);
	assert_int_equal(cut.from_seq, 100);
	assert_int_equal(cut.to_seq, 180);
	assert_int_equal(cut.ring, 5);
	assert_int_equal(budget_take_cut(&budget).count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_bound),
		cmocka_unit_test(test_a_second_at_once_then_evenly),
		cmocka_unit_test(test_nothing_is_lost_in_small_steps),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_both_must_have_room),
		cmocka_unit_test(test_larger_than_the_bucket),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_too_large_is_refused),
		cmocka_unit_test(test_too_large_is_taken_for_the_largest),
		cmocka_unit_test(test_cuts_are_runs_of_one_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
