/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When checkpoints are committed. The engine's three functions that delivery.c calls are defined
 * here, in place of the library's.
 */
#include "delivery.h"

#include "agent_test.h"

#include "base/clock.h"

#include <eunomia/engine.h>

#define SECOND_NS UINT64_C(1000000000)

struct eun_engine {
	unsigned int n_moved; /* events after the last checkpoint */
	unsigned int n_pending;
	unsigned int n_committed;
	bool is_pending;
};

bool eun_engine_checkpoint(struct eun_engine *engine)
{
	if (!engine->is_pending && engine->n_moved > 0) {
		engine->is_pending = true;
		engine->n_pending = engine->n_moved;
		engine->n_moved = 0;
	}
	return engine->is_pending;
}

void eun_engine_commit(struct eun_engine *engine)
{
	assert_true(engine->is_pending);
	engine->is_pending = false;
	engine->n_committed += engine->n_pending;
}

struct sink {
	struct delivery_sink delivery;
	uint64_t given, taken;
};

static uint64_t get_given(struct delivery_sink *delivery)
{
	return EUB_CONTAINER_OF(delivery, struct sink, delivery)->given;
}

static uint64_t get_taken(struct delivery_sink *delivery)
{
	return EUB_CONTAINER_OF(delivery, struct sink, delivery)->taken;
}

struct fixture {
	uv_loop_t loop;
	struct eun_engine engine;
	struct delivery delivery;
	struct sink sink[2];
	uint64_t now_ns;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	assert_int_equal(delivery_init(&f->delivery, &f->loop, &f->engine), 0);
	for (int i = 0; i < 2; i++) {
		f->sink[i].delivery.get_given = get_given;
		f->sink[i].delivery.get_taken = get_taken;
		delivery_add(&f->delivery, &f->sink[i].delivery);
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
	uv_close((uv_handle_t *)&f->delivery.timer, NULL);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	free(f);
	return 0;
}

/* One event, to every sink; each is to be told @n bytes of it. */
static void hand_up(struct fixture *f, uint64_t n)
{
	f->engine.n_moved++;
	for (int i = 0; i < 2; i++)
		f->sink[i].given += n;
}

static void take_all(struct sink *sink)
{
	sink->taken = sink->given;
}

static bool is_armed(const struct fixture *f)
{
	return uv_is_active((const uv_handle_t *)&f->delivery.timer);
}

static void pass(struct fixture *f, uint64_t ns)
{
	f->now_ns += ns;
	eub_clock_set_for_test(f->now_ns);
}

static void test_at_once(void **state)
{
	struct fixture *f = *state;

	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 0);
	hand_up(f, 10);
	take_all(&f->sink[0]);
	take_all(&f->sink[1]);
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 1);
	assert_false(is_armed(f)); /* an idle agent does not wake up */
}

static void test_waits_for_every_sink(void **state)
{
	struct fixture *f = *state;

	hand_up(f, 10);
	take_all(&f->sink[0]);
	f->sink[1].taken = 9;
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 0);
	assert_true(is_armed(f));
	/* What comes meanwhile is not waited for, and not committed. */
	hand_up(f, 10);
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 0);
	f->sink[1].taken = 10;
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 1);
	assert_true(f->engine.is_pending);
	f->sink[0].taken = f->sink[1].taken = 20;
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 2);
}

static void test_a_sink_that_goes_is_not_waited_for(void **state)
{
	struct fixture *f = *state;

	hand_up(f, 10);
	take_all(&f->sink[0]);
	delivery_advance(&f->delivery);
	delivery_remove(&f->sink[1].delivery);
	delivery_remove(&f->sink[1].delivery);
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 1);
}

static void test_a_sink_that_comes_is_waited_for_from_the_next(void **state)
{
	struct fixture *f = *state;

	delivery_remove(&f->sink[1].delivery);
	hand_up(f, 10);
	delivery_advance(&f->delivery);
	delivery_add(&f->delivery, &f->sink[1].delivery);
	take_all(&f->sink[0]);
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 1);
	hand_up(f, 10);
	take_all(&f->sink[0]);
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 1);
}

static void test_patience(void **state)
{
	struct fixture *f = *state;

	hand_up(f, 10);
	take_all(&f->sink[0]);
	delivery_advance(&f->delivery);
	pass(f, SECOND_NS - 1000000);
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 0);
	pass(f, 1000000);
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 1);
	/* It is late: the next ones do not wait for it ... */
	hand_up(f, 10);
	take_all(&f->sink[0]);
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 2);
	/* ... nor do they pass over the others. */
	hand_up(f, 10);
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 2);
	take_all(&f->sink[0]);
	/* It has caught up with what it was late with. */
	f->sink[1].taken = 10;
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 3);
	hand_up(f, 10);
	take_all(&f->sink[0]);
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 3);
	take_all(&f->sink[1]);
	delivery_advance(&f->delivery);
	assert_int_equal(f->engine.n_committed, 4);
}

/* Nothing else happens: the timer looks, with the loop's own clock. */
static void test_timer(void **state)
{
	struct fixture *f = *state;

	hand_up(f, 10);
	take_all(&f->sink[0]);
	delivery_advance(&f->delivery);
	take_all(&f->sink[1]);
	(void)uv_timer_start(&f->delivery.timer, f->delivery.timer.timer_cb, 0, 0);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(f->engine.n_committed, 1);
	assert_false(is_armed(f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_at_once),
		TEST(test_waits_for_every_sink),
		TEST(test_a_sink_that_goes_is_not_waited_for),
		TEST(test_a_sink_that_comes_is_waited_for_from_the_next),
		TEST(test_patience),
		TEST(test_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
