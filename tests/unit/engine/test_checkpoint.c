/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SIZE 760

struct fixture {
	struct eun__checkpoints checkpoints;
	struct eun__tally tally;
	struct eun__tally_ring ring;
	_Alignas(8) uint8_t memory[SIZE];
};

/* What a process does first, also one that comes after another was killed. */
static void start(struct fixture *fixture)
{
	eun__checkpoints_init(&fixture->checkpoints);
	eun__tally_init(&fixture->tally, &fixture->checkpoints, fixture->memory, SIZE);
	eub_list_init(&fixture->ring.link);
}

static void hand_up(struct fixture *fixture, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		fixture->ring.now.events++;
		fixture->ring.now.bytes += 10;
		fixture->ring.now.position += 24;
	}
	eun__tally_note(&fixture->tally);
}

static uint64_t count(const struct fixture *fixture)
{
	struct eun__ledger_counts counts;

	eun__tally_sum(&fixture->tally, &counts);
	return counts.events;
}

static void test_a_killed_process_leaves_the_last_commit(void **state)
{
	struct fixture fixture = { 0 };

	(void)state;
	start(&fixture);
	assert_false(eun__tally_add_ring(&fixture.tally, &fixture.ring, 5, 48));
	hand_up(&fixture, 3);
	start(&fixture);
	assert_true(eun__tally_add_ring(&fixture.tally, &fixture.ring, 5, 9999));
	assert_int_equal(fixture.ring.now.position, 48); /* where its first read began */
	assert_int_equal(count(&fixture), 0);

	hand_up(&fixture, 3);
	assert_true(eun__checkpoints_take(&fixture.checkpoints));
	hand_up(&fixture, 2);
	assert_true(eun__checkpoints_take(&fixture.checkpoints)); /* the one that is pending */
	eun__checkpoints_commit(&fixture.checkpoints);
	assert_true(eun__checkpoints_has_uncommitted(&fixture.checkpoints));
	assert_int_equal(count(&fixture), 5);
	start(&fixture);
	assert_true(eun__tally_add_ring(&fixture.tally, &fixture.ring, 5, 9999));
	assert_int_equal(fixture.ring.now.position, 48 + 3 * 24);
	assert_int_equal(fixture.ring.now.bytes, 30);
	assert_int_equal(count(&fixture), 3);
}

static void test_nothing_moved_nothing_pending(void **state)
{
	struct fixture fixture = { 0 };

	(void)state;
	start(&fixture);
	(void)eun__tally_add_ring(&fixture.tally, &fixture.ring, 5, 0);
	assert_false(eun__checkpoints_has_uncommitted(&fixture.checkpoints));
	assert_false(eun__checkpoints_take(&fixture.checkpoints));
	hand_up(&fixture, 1);
	assert_true(eun__checkpoints_has_uncommitted(&fixture.checkpoints));
	assert_true(eun__checkpoints_take(&fixture.checkpoints));
	eun__checkpoints_commit(&fixture.checkpoints);
	assert_false(eun__checkpoints_has_uncommitted(&fixture.checkpoints));
	assert_false(eun__checkpoints_take(&fixture.checkpoints));
}

static void test_slots_move_by_themselves(void **state)
{
	struct fixture fixture = { 0 };
	struct eun__tally other;
	struct eun__tally_ring ring;
	_Alignas(8) uint8_t memory[SIZE] = { 0 };

	(void)state;
	start(&fixture);
	(void)eun__tally_add_ring(&fixture.tally, &fixture.ring, 5, 0);
	eun__tally_init(&other, &fixture.checkpoints, memory, SIZE);
	eub_list_init(&ring.link);
	(void)eun__tally_add_ring(&other, &ring, 6, 0);
	hand_up(&fixture, 1);
	(void)eun__checkpoints_take(&fixture.checkpoints);
	ring.now.position = 64;
	eun__tally_note(&other);
	eun__checkpoints_commit(&fixture.checkpoints);
	assert_true(eun__checkpoints_take(&fixture.checkpoints));
	eun__tally_done(&other); /* the slot goes while it is in a checkpoint */
	assert_false(eun__checkpoints_has_uncommitted(&fixture.checkpoints));
}

static void test_counts_of_a_ring_that_goes(void **state)
{
	struct fixture fixture = { 0 };

	(void)state;
	start(&fixture);
	(void)eun__tally_add_ring(&fixture.tally, &fixture.ring, 5, 0);
	hand_up(&fixture, 4);
	(void)eun__checkpoints_take(&fixture.checkpoints);
	hand_up(&fixture, 1);
	eun__tally_remove_ring(&fixture.tally, &fixture.ring);
	eun__tally_remove_ring(&fixture.tally, &fixture.ring); /* is gone already */
	assert_int_equal(count(&fixture), 5);
	start(&fixture);
	assert_int_equal(count(&fixture), 5);
	assert_false(eun__tally_add_ring(&fixture.tally, &fixture.ring, 5, 0));
}

static void test_remove_then_commit(void **state)
{
	struct fixture fixture = { 0 };

	(void)state;
	start(&fixture);
	(void)eun__tally_add_ring(&fixture.tally, &fixture.ring, 5, 0);
	fixture.tally.counts.events = 7; /* of a perf buffer */
	hand_up(&fixture, 4);
	(void)eun__checkpoints_take(&fixture.checkpoints);
	eun__tally_remove_ring(&fixture.tally, &fixture.ring);
	eun__checkpoints_commit(&fixture.checkpoints);
	start(&fixture);
	assert_int_equal(count(&fixture), 11);
}

/* Rings for which the ledger has no room are counted all the same. */
static void test_more_rings_than_room(void **state)
{
	struct fixture fixture = { 0 };
	struct eun__tally_ring rings[8] = { 0 };

	(void)state;
	start(&fixture);
	for (uint32_t i = 0; i < 8; i++) {
		eub_list_init(&rings[i].link);
		(void)eun__tally_add_ring(&fixture.tally, &rings[i], 10 + i, 0);
		rings[i].now.events = 1;
	}
	eun__tally_note(&fixture.tally);
	assert_true(eun__checkpoints_take(&fixture.checkpoints));
	eun__checkpoints_commit(&fixture.checkpoints);
	assert_int_equal(count(&fixture), 8);
	eun__tally_remove_ring(&fixture.tally, &rings[7]);
	assert_int_equal(count(&fixture), 8);
	eun__tally_done(&fixture.tally);
	assert_true(eub_list_is_empty(&rings[0].link));
}

static void test_without_a_ledger(void **state)
{
	struct fixture fixture = { 0 };

	(void)state;
	start(&fixture);
	eun__tally_init(&fixture.tally, &fixture.checkpoints, NULL, 0);
	assert_false(eun__tally_add_ring(&fixture.tally, &fixture.ring, 5, 16));
	hand_up(&fixture, 2);
	assert_int_equal(count(&fixture), 2);
	assert_false(eun__checkpoints_take(&fixture.checkpoints));
	eun__tally_remove_ring(&fixture.tally, &fixture.ring);
	assert_int_equal(count(&fixture), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_killed_process_leaves_the_last_commit),
		cmocka_unit_test(test_nothing_moved_nothing_pending),
		cmocka_unit_test(test_slots_move_by_themselves),
		cmocka_unit_test(test_counts_of_a_ring_that_goes),
		cmocka_unit_test(test_remove_then_commit),
		cmocka_unit_test(test_more_rings_than_room),
		cmocka_unit_test(test_without_a_ledger),
	};

	return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
