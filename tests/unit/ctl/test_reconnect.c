/* SPDX-License-Identifier: Apache-2.0 */
/* Which failures are borne with, and for how long. */
#include "reconnect.h"

#include "base/clock.h"
#include "ctl.h"
#include "ctl_limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void fail_by(struct eun_error *err, enum eun_reason reason)
{
	eun_error_done(err);
	(void)eun_error_set(err, -EIO, reason, "failed");
}

static void test_what_passes(void **state)
{
	struct ctl ctl = { .options.is_quiet = true };
	struct reconnect reconnect = { 0 };
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	fail_by(&err, EUN_REASON_UNREACHABLE);
	assert_true(reconnect_is_passing(&reconnect, &err));
	/* At first it must succeed at once. */
	assert_false(reconnect_wait(&reconnect, &ctl, 0, &err));
	reconnect.was_connected = true;
	fail_by(&err, EUN_REASON_VERIFIER);
	assert_false(reconnect_wait(&reconnect, &ctl, 0, &err));
	/* Who was never refused before is while the agent starts. */
	fail_by(&err, EUN_REASON_PERMISSION);
	assert_false(reconnect_wait(&reconnect, &ctl, 0, &err));
	fail_by(&err, EUN_REASON_UNREACHABLE);
	assert_true(reconnect_wait(&reconnect, &ctl, 0, &err));
	fail_by(&err, EUN_REASON_PERMISSION);
	assert_true(reconnect_wait(&reconnect, &ctl, 0, &err));
	reconnect_set_settled(&reconnect, &ctl);
	assert_false(reconnect_is_passing(&reconnect, &err));
	ctl.options.is_not_reconnecting = true;
	fail_by(&err, EUN_REASON_UNREACHABLE);
	assert_false(reconnect_wait(&reconnect, &ctl, 0, &err));
	eun_error_done(&err);
}

static void test_pauses_grow_to_an_end(void **state)
{
	struct ctl ctl = { .options = { .is_quiet = true, .reconnect_timeout_ms = 1000 } };
	struct reconnect reconnect = { .was_connected = true };
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	eub_clock_set_for_test(1000000000);
	fail_by(&err, EUN_REASON_UNREACHABLE);
	assert_true(reconnect_wait(&reconnect, &ctl, 0, &err));
	assert_int_equal(reconnect.pause_ms, 2 * CTL_RECONNECT_FIRST_MS);
	for (int i = 0; i < 10; i++)
		assert_true(reconnect_wait(&reconnect, &ctl, 0, &err));
	assert_int_equal(reconnect.pause_ms, CTL_RECONNECT_LONGEST_MS);
	eub_clock_set_for_test(2000000000);
	assert_false(reconnect_wait(&reconnect, &ctl, 0, &err));
	assert_string_equal(err.message, "gave up after 1000 ms: failed");
	eub_clock_set_for_test(0);
	eun_error_done(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_passes),
		cmocka_unit_test(test_pauses_grow_to_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
