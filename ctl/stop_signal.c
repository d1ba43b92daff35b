/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flag is the one mutable global of eunomiactl: a signal handler can reach nothing else. The
 * handlers are installed without SA_RESTART, so that the waits of the engine and of the client end.
 */
#include "stop_signal.h"

#include "base/clock.h"
#include "ctl_limits.h"

#include <poll.h>
#include <signal.h>
#include <time.h>

#define NS_PER_S 1000000000u

static volatile sig_atomic_t has_come;

static void on_signal(int number)
{
	(void)number; /* both mean the same */
	has_come = 1;
}

void stop_signal_catch(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	/* These calls cannot fail for valid signals. */
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

bool stop_signal_came(void)
{
	return has_come != 0;
}

int stop_signal_get_wait_ms(uint64_t deadline_ns)
{
	uint64_t now_ns = eub_clock_mono_ns();
	uint64_t left_ms;

	if (now_ns >= deadline_ns)
		return 0;
	left_ms = (deadline_ns - now_ns + 999999) / 1000000;
	return (int)EUB_MIN(left_ms, (uint64_t)CTL_WAIT_MAX_MS);
}

void stop_signal_wait(uint64_t deadline_ns)
{
	uint64_t now_ns = eub_clock_mono_ns();
	uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
	struct timespec left = {
		.tv_sec = (time_t)(left_ns / NS_PER_S),
		.tv_nsec = (long)(left_ns % NS_PER_S),
	};
	sigset_t held;
	sigset_t before;

	/* Held back until ppoll() lets them in, no signal falls between the look and the wait. */
	(void)sigemptyset(&held); /* these cannot fail for valid signals */
	(void)sigaddset(&held, SIGINT);
	(void)sigaddset(&held, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &held, &before);
	if (!stop_signal_came())
		(void)ppoll(NULL, 0, &left, &before); /* the caller looks at the clock */
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}
