/* SPDX-License-Identifier: Apache-2.0 */
/* What was seen is known again: rings, slots, gaps, the bound. */
#include "positions.h"

#include "ctl_limits.h"
#include "failing_malloc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_duplicates(void **state)
{
	struct positions positions = { 0 };
	struct position *position;

	(void)state;
	assert_int_equal(positions_announce(&positions, "a", 5, 10), 0);
	position = positions_find(&positions, "a", 5);
	assert_non_null(position);
	assert_false(position_take(position, 9));
	assert_true(position_take(position, 10));
	assert_false(position_take(position, 10));
	assert_true(position_take(position, 300)); /* numbers have gaps */
	assert_int_equal(position->next_seq, 301);
	/* The agent is back, and begins before or after: what was seen counts. */
	assert_int_equal(positions_announce(&positions, "a", 5, 100), 0);
	assert_int_equal(positions_announce(&positions, "a", 5, 1000), 0);
	assert_int_equal(positions_find(&positions, "a", 5)->next_seq, 301);
	assert_int_equal(positions.n, 1);
	positions_done(&positions);
}

static void test_rings_and_slots(void **state)
{
	struct positions positions = { 0 };

	(void)state;
	assert_int_equal(positions_announce(&positions, "a", 5, 0), 0);
	assert_int_equal(positions_announce(&positions, "a", 6, 0), 0);
	assert_int_equal(positions_announce(&positions, "b", 5, 0), 0);
	assert_true(position_take(positions_find(&positions, "a", 5), 7));
	assert_int_equal(positions_find(&positions, "a", 5)->next_seq, 8);
	assert_int_equal(positions_find(&positions, "a", 6)->next_seq, 0);
	assert_int_equal(positions_find(&positions, "b", 5)->next_seq, 0);
	assert_null(positions_find(&positions, "b", 6));
	assert_null(positions_find(&positions, "c", 5));
	positions_done(&positions);
}

static void test_ends_of_the_numbers(void **state)
{
	struct positions positions = { 0 };
	struct position *position;

	(void)state;
	assert_int_equal(positions_announce(&positions, "a", 1, 0), 0);
	position = positions_find(&positions, "a", 1);
	assert_true(position_take(position, 0));
	assert_false(position_take(position, 0));
	assert_true(position_take(position, UINT64_MAX));
	assert_false(position_take(position, 1)); /* it has not begun anew */
	positions_done(&positions);
}

static void test_ring_without_numbers(void **state)
{
	struct positions positions = { 0 };

	(void)state;
	assert_int_equal(positions_announce(&positions, "a", 0, 5), 0);
	assert_int_equal(positions.n, 0);
	assert_null(positions_find(&positions, "a", 0));
	assert_true(position_take(NULL, 1));
	assert_true(position_take(NULL, 1));
	positions_done(&positions);
}

static void test_expected(void **state)
{
	struct positions positions = { 0 };

	(void)state;
	assert_int_equal(positions_expect(&positions, "a", 40), 0);
	assert_int_equal(positions.items[0].ring, 0);
	assert_int_equal(positions_announce(&positions, "b", 4, 1), 0);
	assert_int_equal(positions_find(&positions, "b", 4)->next_seq, 1);
	/* The first ring of the slot takes it, a second does not. */
	assert_int_equal(positions_announce(&positions, "a", 5, 10), 0);
	assert_int_equal(positions_announce(&positions, "a", 6, 10), 0);
	assert_int_equal(positions_find(&positions, "a", 5)->next_seq, 40);
	assert_int_equal(positions_find(&positions, "a", 6)->next_seq, 10);
	positions_done(&positions);
	/* A ring that counts anew has nothing to go on from. */
	assert_int_equal(positions_expect(&positions, "a", 40), 0);
	assert_int_equal(positions_announce(&positions, "a", 0, 0), 0);
	assert_int_equal(positions.n, 0);
	positions_done(&positions);
}

static void test_skip(void **state)
{
	struct positions positions = { 0 };

	(void)state;
	positions_skip(&positions, "a", 20); /* nothing is known of it */
	assert_int_equal(positions_announce(&positions, "a", 5, 10), 0);
	assert_int_equal(positions_announce(&positions, "b", 6, 10), 0);
	positions_skip(&positions, "a", 20);
	assert_int_equal(positions_find(&positions, "a", 5)->next_seq, 21);
	assert_int_equal(positions_find(&positions, "b", 6)->next_seq, 10);
	positions_skip(&positions, "a", 3); /* never back */
	assert_int_equal(positions_find(&positions, "a", 5)->next_seq, 21);
	/* Of two rings nobody says which. */
	assert_int_equal(positions_announce(&positions, "a", 7, 0), 0);
	positions_skip(&positions, "a", 100);
	assert_int_equal(positions_find(&positions, "a", 5)->next_seq, 21);
	assert_int_equal(positions_find(&positions, "a", 7)->next_seq, 0);
	positions_done(&positions);
}

static void test_bound(void **state)
{
	struct positions positions = { 0 };

	(void)state;
	for (uint32_t ring = 1; ring <= CTL_POSITIONS_MAX; ring++)
		assert_int_equal(positions_announce(&positions, "a", ring, ring), 0);
	assert_non_null(positions_find(&positions, "a", 1));
	/* Ring 2 was used least lately. */
	assert_int_equal(positions_announce(&positions, "a", CTL_POSITIONS_MAX + 1, 0), 0);
	assert_int_equal(positions.n, CTL_POSITIONS_MAX);
	assert_null(positions_find(&positions, "a", 2));
	assert_int_equal(positions_find(&positions, "a", 1)->next_seq, 1);
	assert_int_equal(positions_find(&positions, "a", 3)->next_seq, 3);
	positions_done(&positions);
	assert_int_equal(positions.n, 0);
}

static void test_no_memory(void **state)
{
	unsigned int n = 0;
	bool has_failed;

	(void)state;
	do {
		struct positions positions = { 0 };
		int r;

		failing_malloc_arm(++n);
		r = positions_expect(&positions, "a", 4);
		if (r == 0)
			r = positions_announce(&positions, "b", 5, 10);
		has_failed = failing_malloc_disarm();
		assert_int_equal(r, has_failed ? -ENOMEM : 0);
		assert_in_range(positions.n, has_failed ? 0 : 2, has_failed ? 1 : 2);
		positions_done(&positions);
	} while (has_failed);
	assert_int_equal(n, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_rings_and_slots),
		cmocka_unit_test(test_ends_of_the_numbers),
		cmocka_unit_test(test_ring_without_numbers),
		cmocka_unit_test(test_expected),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
