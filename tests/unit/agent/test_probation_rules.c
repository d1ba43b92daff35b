/* SPDX-License-Identifier: Apache-2.0 */
#include "probation_rules.h"

#include "base/macro.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_NS UINT64_C(1000000000)

/* A generation that has been well for 100 s: 10 events a second, 1 µs a run. */
static const struct probation_period well = {
	.ns = 100 * SECOND_NS,
	.events = 1000,
	.run_count = 1000,
	.run_time_ns = 1000 * 1000,
};

static void expect(const struct probation_period *before, struct probation_period now,
		   enum probation_moment moment, const char *begin)
{
	char reason[PROBATION_REASON_MAX] = "";
	bool must_go;

	if (now.ns == 0)
		now.ns = 10 * SECOND_NS;
	must_go = probation_judge(before, &now, moment, reason);
	assert_int_equal(must_go, begin != NULL);
	if (begin)
		assert_memory_equal(reason, begin, strlen(begin));
	else
		assert_string_equal(reason, "");
}

static void test_as_before(void **state EUB_UNUSED)
{
	const struct probation_period now = { .events = 100,
					      .run_count = 100,
					      .run_time_ns = 100000 };

	expect(&well, now, PROBATION_MEANWHILE, NULL);
	expect(&well, now, PROBATION_AT_END, NULL);
}

static void test_decode_errors(void **state EUB_UNUSED)
{
	const struct probation_period ill = { .ns = 100 * SECOND_NS,
					      .events = 1000,
					      .decode_errors = 500 };

	expect(&well, (struct probation_period){ .events = 100, .decode_errors = 100 },
	       PROBATION_MEANWHILE, "decode-errors: 100 of 100 events are too short");
	expect(&well, (struct probation_period){ .events = 1000, .decode_errors = 10 },
	       PROBATION_AT_END, NULL);
	expect(&well, (struct probation_period){ .events = 1000, .decode_errors = 11 },
	       PROBATION_AT_END, "decode-errors");
	/* Too few to tell. */
	expect(&well, (struct probation_period){ .events = 19, .decode_errors = 19 },
	       PROBATION_AT_END, NULL);
	/* No worse than it was. */
	expect(&ill, (struct probation_period){ .events = 100, .decode_errors = 51 },
	       PROBATION_AT_END, NULL);
}

static void test_losses(void **state EUB_UNUSED)
{
	const struct probation_period lossy = { .ns = 100 * SECOND_NS, .events = 800, .lost = 200 };

	expect(&well, (struct probation_period){ .events = 50, .lost = 50 }, PROBATION_MEANWHILE,
	       "losses: 50 of 100 events are lost");
	expect(&well, (struct probation_period){ .lost = 20 }, PROBATION_MEANWHILE, "losses");
	expect(&well, (struct probation_period){ .events = 990, .lost = 10 }, PROBATION_AT_END,
	       NULL);
	expect(&lossy, (struct probation_period){ .events = 80, .lost = 20 }, PROBATION_AT_END,
	       NULL);
	expect(&lossy, (struct probation_period){ .events = 70, .lost = 30 }, PROBATION_AT_END,
	       "losses");
}

static void test_run_time(void **state EUB_UNUSED)
{
	const struct probation_period unknown = {
		.ns = 100 * SECOND_NS, .events = 1000, .run_count = 199, .run_time_ns = 199
	};
	const struct probation_period slow = {
		.ns = 100 * SECOND_NS, .events = 1000, .run_count = 1000, .run_time_ns = 20000000
	};

	expect(&well,
	       (struct probation_period){ .events = 50, .run_count = 200, .run_time_ns = 2400000 },
	       PROBATION_MEANWHILE, "run-time: a run takes 12000 ns instead of 1000");
	/* Ten times as long, but that is 9 us. */
	expect(&well,
	       (struct probation_period){ .events = 50, .run_count = 200, .run_time_ns = 2000000 },
	       PROBATION_AT_END, NULL);
	/* Three times as long is the bound. */
	expect(&slow,
	       (struct probation_period){ .events = 50, .run_count = 200, .run_time_ns = 12000000 },
	       PROBATION_AT_END, NULL);
	expect(&slow,
	       (struct probation_period){ .events = 50, .run_count = 200, .run_time_ns = 12000200 },
	       PROBATION_AT_END, "run-time");
	/* Too few to tell. */
	expect(&well,
	       (struct probation_period){ .events = 50, .run_count = 199, .run_time_ns = 19800000 },
	       PROBATION_AT_END, NULL);
	expect(&unknown,
	       (struct probation_period){ .events = 50, .run_count = 200, .run_time_ns = 19800000 },
	       PROBATION_AT_END, NULL);
}

static void test_silence(void **state EUB_UNUSED)
{
	const struct probation_period rare = { .ns = 1000 * SECOND_NS, .events = 400 };
	const struct probation_period nothing = { 0 };

	expect(&well, (struct probation_period){ 0 }, PROBATION_MEANWHILE, NULL);
	expect(&well, (struct probation_period){ 0 }, PROBATION_AT_END,
	       "silence: 0 events at its beginning and none after, where the generation before had "
	       "100");
	expect(&well, (struct probation_period){ .events = 1 }, PROBATION_AT_END, NULL);
	expect(&well, (struct probation_period){ .events = 2, .stragglers = 2 }, PROBATION_AT_END,
	       "silence: 2 events at its beginning and none after, ");
	expect(&well, (struct probation_period){ .events = 3, .stragglers = 2 }, PROBATION_AT_END,
	       NULL);
	/* Four were to be expected: none may be chance. */
	expect(&rare, (struct probation_period){ 0 }, PROBATION_AT_END, NULL);
	expect(&nothing, (struct probation_period){ 0 }, PROBATION_AT_END, NULL);
}

static void test_largest_numbers(void **state EUB_UNUSED)
{
	const struct probation_period most = { UINT64_MAX / 2, UINT64_MAX / 2, UINT64_MAX / 2,
					       UINT64_MAX / 2, UINT64_MAX / 2, UINT64_MAX / 2,
					       UINT64_MAX / 2 };
	const struct probation_period nothing = { 0 };
	char reason[PROBATION_REASON_MAX] = "";

	(void)probation_judge(&most, &most, PROBATION_AT_END, reason);
	(void)probation_judge(&most, &nothing, PROBATION_AT_END, reason);
	assert_true(probation_judge(&nothing, &most, PROBATION_AT_END, reason));
	assert_true(strlen(reason) < PROBATION_REASON_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_before), cmocka_unit_test(test_decode_errors),
		cmocka_unit_test(test_losses),	  cmocka_unit_test(test_run_time),
		cmocka_unit_test(test_silence),	  cmocka_unit_test(test_largest_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
