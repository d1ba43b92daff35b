/* SPDX-License-Identifier: Apache-2.0 */
/* Waits are bounded, and a signal ends them in good order. */
#include "stop_signal.h"

#include "base/clock.h"
#include "ctl_limits.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_wait(void **state)
{
	(void)state;
	eub_clock_set_for_test(1000000000);
	assert_int_equal(stop_signal_get_wait_ms(UINT64_MAX), CTL_WAIT_MAX_MS);
	assert_int_equal(stop_signal_get_wait_ms(1000000000), 0);
	assert_int_equal(stop_signal_get_wait_ms(999999999), 0);
	assert_int_equal(stop_signal_get_wait_ms(1000000001), 1); /* never 0 before the deadline */
	assert_int_equal(stop_signal_get_wait_ms(1042000000), 42);
	assert_int_equal(stop_signal_get_wait_ms(99000000000), CTL_WAIT_MAX_MS);
	eub_clock_set_for_test(0);
}

/* A deadline that has passed, and the time of a short one. */
static void test_sleep(void **state)
{
	uint64_t began_ns = eub_clock_mono_ns();

	(void)state;
	stop_signal_wait(0);
	stop_signal_wait(began_ns + 2000000);
	assert_true(eub_clock_mono_ns() >= began_ns + 2000000);
}

/* The signal is held back until the wait, so that it comes in the wait and not before. */
static void test_signal_interrupts(void **state)
{
	sigset_t blocked;
	sigset_t before;

	(void)state;
	stop_signal_catch();
	assert_false(stop_signal_came());
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
	assert_int_equal(raise(SIGTERM), 0);
	assert_false(stop_signal_came());
	assert_int_equal(ppoll(NULL, 0, NULL, &before), -1);
	assert_int_equal(errno, EINTR);
	assert_true(stop_signal_came());
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	stop_signal_wait(UINT64_MAX); /* it has come before, so there is nothing to wait for */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_sleep),
		cmocka_unit_test(test_signal_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
