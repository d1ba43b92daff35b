/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only source of time, so that tests can set it. Rates, deadlines and back-off use the
 * monotonic clock; the wall clock only labels events and log lines.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

/* CLOCK_MONOTONIC, ns. */
uint64_t eub_clock_mono_ns(void);
/* CLOCK_REALTIME, ns since 1970-01-01 UTC. */
uint64_t eub_clock_wall_ns(void);
/* For tests: both clocks read @ns until called with 0. Not thread-safe. */
void eub_clock_set_for_test(uint64_t ns);

/* Appends "2026-11-21T02:05:58.123456789Z" (RFC 3339, UTC, nanoseconds). */
void eub_append_rfc3339(struct eub_buf *buf, uint64_t wall_ns);
/* Appends "HH:MM:SS" in local time. */
void eub_append_local_time(struct eub_buf *buf, uint64_t wall_ns);
