/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flag is the one mutable global of eunomiactl: a signal handler can reach nothing else. The
 * handlers are installed without SA_RESTART, so that the waits of the engine and of the client end.
 */
#include "stop_signal.h"

#include "base/clock.h"
#include "ctl_limits.h"

#include <signal.h>

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
