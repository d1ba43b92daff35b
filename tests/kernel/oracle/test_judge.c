/* SPDX-License-Identifier: Apache-2.0 */
/* Does the judge see what is wrong? Histories of a few calls, made up by hand. */
#include "judge.h"

#include "base/macro.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define FIRST (1u << 0)
#define BOTH  (1u << 0 | 1u << 1)

static void switch_to(struct judge *judge, uint32_t marker, uint32_t hooks)
{
	judge_begin_switch(judge, marker, hooks);
	judge_end_switch(judge);
}

static void event(struct judge *judge, uint32_t seq, uint32_t hook, uint32_t marker)
{
	const struct oracle_record record = { .number = seq, .hook = hook, .marker = marker };

	judge_add_event(judge, &record);
}

static void call(struct judge *judge, uint32_t seq, uint32_t first, uint32_t second)
{
	judge_begin_call(judge, 0, seq);
	event(judge, seq, 0, first);
	event(judge, seq, 1, second);
	judge_end_call(judge, 0, seq);
}

static struct judge *new_judge(void)
{
	struct judge *judge = judge_new(1, 100, 100);

	switch_to(judge, 1, BOTH);
	return judge;
}

static struct judge_verdict end(struct judge *judge)
{
	struct judge_verdict verdict = { 0 };

	judge_round(judge, &verdict);
	judge_free(judge);
	return verdict;
}

static void test_nothing_is_wrong(void **state EUB_UNUSED)
{
	struct judge *judge = new_judge();
	struct judge_verdict v;

	call(judge, 1, 1, 1);
	/* A switch in the middle of a call, between its hooks. */
	judge_begin_call(judge, 0, 2);
	event(judge, 2, 0, 1);
	switch_to(judge, 2, BOTH);
	event(judge, 2, 1, 2);
	judge_end_call(judge, 0, 2);
	/* And back. */
	switch_to(judge, 1, BOTH);
	call(judge, 3, 1, 1);
	v = end(judge);
	assert_int_equal(v.n_calls, 3);
	assert_int_equal(v.n_events, 6);
	assert_int_equal(v.n_lost + v.n_repeated + v.n_mixed + v.n_strangers + v.n_closed, 0);
}

static void test_lost(void **state EUB_UNUSED)
{
	struct judge *judge = new_judge();
	struct judge_verdict v;

	judge_begin_call(judge, 0, 1);
	event(judge, 1, 0, 1);
	judge_end_call(judge, 0, 1);
	v = end(judge);
	assert_int_equal(v.n_lost, 1);
}

static void test_closed(void **state EUB_UNUSED)
{
	struct judge *judge = new_judge();
	struct judge_verdict v;

	switch_to(judge, 0, 0);
	judge_begin_call(judge, 0, 1);
	judge_end_call(judge, 0, 1);
	switch_to(judge, 2, FIRST);
	judge_begin_call(judge, 0, 2);
	event(judge, 2, 0, 2);
	judge_end_call(judge, 0, 2);
	v = end(judge);
	assert_int_equal(v.n_closed, 3);
	assert_int_equal(v.n_lost, 0);
}

static void test_repeated(void **state EUB_UNUSED)
{
	struct judge *judge = new_judge();
	struct judge_verdict v;

	call(judge, 1, 1, 1);
	event(judge, 1, 1, 1);
	v = end(judge);
	assert_int_equal(v.n_repeated, 1);
}

static void test_generation_that_is_over(void **state EUB_UNUSED)
{
	struct judge *judge = new_judge();
	struct judge_verdict v;

	switch_to(judge, 2, BOTH);
	call(judge, 1, 1, 2);
	v = end(judge);
	assert_int_equal(v.n_mixed, 1);
}

static void test_generation_before_its_time(void **state EUB_UNUSED)
{
	struct judge *judge = new_judge();
	struct judge_verdict v;

	call(judge, 1, 1, 2);
	switch_to(judge, 2, BOTH);
	v = end(judge);
	assert_int_equal(v.n_mixed, 1);
}

/* Each event fits its own interval, but not in this order. */
static void test_second_hook_behind_the_first(void **state EUB_UNUSED)
{
	struct judge *judge = new_judge();
	struct judge_verdict v;

	judge_begin_call(judge, 0, 1);
	switch_to(judge, 2, BOTH);
	event(judge, 1, 0, 2);
	event(judge, 1, 1, 1);
	judge_end_call(judge, 0, 1);
	v = end(judge);
	assert_int_equal(v.n_mixed, 1);
}

static void test_strangers(void **state EUB_UNUSED)
{
	struct judge *judge = new_judge();
	struct judge_verdict v;

	call(judge, 1, 1, 1);
	event(judge, 0, 0, 1);
	event(judge, 2, 0, 1);
	event(judge, 101, 0, 1);
	event(judge, 1, ORACLE_HOOKS, 1);
	v = end(judge);
	assert_int_equal(v.n_strangers, 4);
	assert_int_equal(v.n_events, 2);
}

static void test_rounds(void **state EUB_UNUSED)
{
	struct judge *judge = new_judge();
	struct judge_verdict v = { 0 };

	call(judge, 1, 1, 1);
	judge_round(judge, &v);
	call(judge, 1, 1, 1);
	judge_round(judge, &v);
	judge_free(judge);
	assert_int_equal(v.n_calls, 2);
	assert_int_equal(v.n_events, 4);
	assert_int_equal(v.n_repeated, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_wrong),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_generation_that_is_over),
		cmocka_unit_test(test_generation_before_its_time),
		cmocka_unit_test(test_second_hook_behind_the_first),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_rounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
