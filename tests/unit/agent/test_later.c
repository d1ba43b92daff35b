/* SPDX-License-Identifier: Apache-2.0 */
/* When what failed is tried again. The loop's time is moved by hand. */
#include "later.h"

#include "agent_test.h"
#include "base/macro.h"

struct fixture {
	uv_loop_t loop;
	struct later later;
	unsigned int n_retries;
};

static void on_retry(void *userdata)
{
	struct fixture *f = userdata;

	f->n_retries++;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	f->later = (struct later){ .on_retry = on_retry, .userdata = f };
	assert_int_equal(later_init(&f->later, &f->loop), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	uv_close((uv_handle_t *)&f->later.timer, NULL);
	assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	free(f);
	return 0;
}

/* How long until the next retry, ms. */
static uint64_t due_in(const struct fixture *f)
{
	return uv_timer_get_due_in(&f->later.timer);
}

static void test_times_grow_to_a_minute(void **state)
{
	static const uint64_t times_ms[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
	struct fixture *f = *state;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(times_ms); i++) {
		later_note(&f->later);
		assert_in_range(due_in(f), times_ms[i] - 100, times_ms[i]);
		later_note(&f->later); /* of the same pass: no other time */
		assert_in_range(due_in(f), times_ms[i] - 100, times_ms[i]);
		(void)uv_timer_stop(&f->later.timer); /* as if it had been called */
	}
}

static void test_reset(void **state)
{
	struct fixture *f = *state;

	later_reset(&f->later);
	assert_false(uv_is_active((uv_handle_t *)&f->later.timer)); /* nothing waits */
	for (int i = 0; i < 4; i++) {
		(void)uv_timer_stop(&f->later.timer);
		later_note(&f->later);
	}
	assert_in_range(due_in(f), 7900, 8000);
	later_reset(&f->later);
	assert_in_range(due_in(f), 900, 1000);
}

/* One call for all that noted it, and then none. */
static void test_one_call(void **state)
{
	struct fixture *f = *state;

	later_note(&f->later);
	later_note(&f->later);
	assert_int_equal(uv_timer_start(&f->later.timer, f->later.timer.timer_cb, 0, 0), 0);
	assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(f->n_retries, 1);
	assert_false(uv_is_active((uv_handle_t *)&f->later.timer));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_times_grow_to_a_minute, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reset, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_one_call, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
