/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT and SIGTERM as a wish to end in good order. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* From now on these signals interrupt waiting calls (EINTR) and are remembered. */
void stop_signal_catch(void);
bool stop_signal_came(void);
/**
 * stop_signal_get_wait_ms() - how long a wait may last
 * @deadline_ns: CLOCK_MONOTONIC; UINT64_MAX for none
 *
 * A signal that comes between the look at stop_signal_came() and the wait does not interrupt it, so
 * waits are bounded by CTL_WAIT_MAX_MS.
 *
 * Return: ms, 0 when the deadline has passed.
 */
int stop_signal_get_wait_ms(uint64_t deadline_ns);
/**
 * stop_signal_wait() - sleep, but not through a signal
 * @deadline_ns: CLOCK_MONOTONIC
 *
 * Wakes up at the deadline or when a signal comes, also one that came just before; not in between.
 */
void stop_signal_wait(uint64_t deadline_ns);
