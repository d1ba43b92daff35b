/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots that wait for clients to come back. What rejoin.c calls of the engine and of slots.h is
 * defined here, in place of theirs.
 */
#include "rejoin.h"

#include "agent_test.h"
#include "slots.h"

#include "base/clock.h"

#include <errno.h>

#define SECOND_NS UINT64_C(1000000000)

struct eun_slot {
	uint32_t n_listeners;
	unsigned int fill;
	uint32_t ring;
	bool is_held;
};

void eun_slot_hold(struct eun_slot *slot, bool is_held)
{
	slot->is_held = is_held;
}

uint32_t eun_slot_get_n_listeners(const struct eun_slot *slot)
{
	return slot->n_listeners;
}

unsigned int eun_slot_get_ring_fill(const struct eun_slot *slot)
{
	return slot->fill;
}

int eun_slot_get_ring(const struct eun_slot *slot, const struct eun_schema *schema,
		      struct eun_slot_ring *ret_ring)
{
	(void)schema;
	*ret_ring = (struct eun_slot_ring){ .ring = slot->ring };
	return 0;
}

void slot_set_busy(struct slot_entry *entry, bool is_busy)
{
	entry->is_busy = is_busy;
}

void slot_wait(struct slot_entry *entry, struct slot_waiter *waiter)
{
	eub_list_append(&entry->waiters, &waiter->link);
}

void slot_unwait(struct slot_waiter *waiter)
{
	eub_list_remove(&waiter->link);
}

struct fixture {
	uv_loop_t loop;
	struct rejoin rejoin;
	struct eun_slot slot[2];
	struct slot_schema schema;
	struct slot_entry entry[2];
	uint64_t now_ns;
	unsigned int n_released;
};

static void on_released(struct slot_entry *entry, void *userdata)
{
	struct fixture *f = userdata;

	assert_false(entry->slot->is_held);
	assert_false(rejoin_is_waiting(&f->rejoin, entry));
	f->n_released++;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	f->rejoin.on_released = on_released;
	f->rejoin.userdata = f;
	assert_int_equal(rejoin_init(&f->rejoin, &f->loop), 0);
	for (int i = 0; i < 2; i++) {
		f->slot[i].ring = 7;
		f->entry[i].slot = &f->slot[i];
		f->entry[i].schemas = &f->schema;
		f->entry[i].n_schemas = 1;
		eub_list_init(&f->entry[i].waiters);
	}
	f->now_ns = SECOND_NS;
	eub_clock_set_for_test(f->now_ns);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	eub_clock_set_for_test(0);
	rejoin_done(&f->rejoin);
	assert_false(uv_is_active((uv_handle_t *)&f->rejoin.timer));
	uv_close((uv_handle_t *)&f->rejoin.timer, NULL);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	free(f);
	return 0;
}

static void begin(struct fixture *f, int i, uint32_t n_listeners)
{
	f->slot[i].n_listeners = n_listeners;
	rejoin_begin(&f->rejoin, &f->entry[i]);
}

/* Whoever put the slot in is done with it. */
static void give_turn(struct fixture *f, int i)
{
	struct slot_waiter *waiter =
	    EUB_CONTAINER_OF(f->entry[i].waiters.next, struct slot_waiter, link);

	assert_false(eub_list_is_empty(&f->entry[i].waiters));
	eub_list_remove(&waiter->link);
	waiter->on_turn(waiter, &f->entry[i]);
}

/* What the timer does after @ns more. */
static void pass(struct fixture *f, uint64_t ns)
{
	f->now_ns += ns;
	eub_clock_set_for_test(f->now_ns);
	if (uv_is_active((uv_handle_t *)&f->rejoin.timer))
		f->rejoin.timer.timer_cb(&f->rejoin.timer);
}

static void test_until_as_many_are_back(void **state)
{
	struct fixture *f = *state;

	begin(f, 0, 2);
	begin(f, 1, 1);
	assert_true(f->slot[0].is_held);
	give_turn(f, 0);
	assert_true(f->entry[0].is_busy);
	rejoin_note(&f->rejoin, &f->entry[0]);
	assert_true(f->slot[0].is_held);
	rejoin_note(&f->rejoin, &f->entry[1]);
	assert_false(f->slot[1].is_held);
	assert_true(eub_list_is_empty(&f->entry[1].waiters));
	rejoin_note(&f->rejoin, &f->entry[0]);
	assert_false(f->slot[0].is_held);
	assert_false(f->entry[0].is_busy);
	assert_int_equal(f->n_released, 2);
	rejoin_note(&f->rejoin, &f->entry[0]); /* one more than before */
	assert_int_equal(f->n_released, 2);
}

static void test_not_for_ever(void **state)
{
	struct fixture *f = *state;

	begin(f, 0, 2);
	give_turn(f, 0);
	pass(f, 5 * SECOND_NS - 1);
	assert_true(f->slot[0].is_held);
	pass(f, 1);
	assert_false(f->slot[0].is_held);
	assert_false(f->entry[0].is_busy);
}

static void test_not_until_a_ring_overflows(void **state)
{
	struct fixture *f = *state;

	begin(f, 0, 2);
	begin(f, 1, 2);
	f->slot[0].fill = 49;
	f->slot[1].fill = 50;
	pass(f, 1);
	assert_true(f->slot[0].is_held);
	assert_false(f->slot[1].is_held);
}

static void test_nobody_listened(void **state)
{
	struct fixture *f = *state;

	begin(f, 0, 0);
	assert_false(f->slot[0].is_held);
	assert_false(rejoin_is_waiting(&f->rejoin, &f->entry[0]));
	f->slot[1].ring = 0; /* a perf buffer */
	begin(f, 1, 3);
	assert_false(f->slot[1].is_held);
}

/* The slot is stopped: it is not ours to say that it is free again. */
static void test_stopped_meanwhile(void **state)
{
	struct fixture *f = *state;

	begin(f, 0, 1);
	give_turn(f, 0);
	rejoin_forget(&f->rejoin, &f->entry[0]);
	assert_true(f->entry[0].is_busy);
	assert_false(rejoin_is_waiting(&f->rejoin, &f->entry[0]));
	rejoin_forget(&f->rejoin, &f->entry[0]);
	assert_int_equal(f->n_released, 0);
}

/* The agent stops: what was not handed up stays where it is, for the next one. */
static void test_the_agent_stops(void **state)
{
	struct fixture *f = *state;

	begin(f, 0, 1);
	begin(f, 1, 1);
	give_turn(f, 1);
	rejoin_done(&f->rejoin);
	assert_true(f->slot[0].is_held);
	assert_true(f->slot[1].is_held);
	assert_false(f->entry[1].is_busy);
	assert_int_equal(f->n_released, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_until_as_many_are_back),     TEST(test_not_for_ever),
		TEST(test_not_until_a_ring_overflows), TEST(test_nobody_listened),
		TEST(test_stopped_meanwhile),	       TEST(test_the_agent_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
