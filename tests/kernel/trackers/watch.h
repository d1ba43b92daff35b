/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tracker under test, run by the engine, its events collected in the order in which they come.
 * Everything that goes wrong fails the test on the spot.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct watch;

/* Whether @event, one struct of the tracker's header, is the one looked for. */
typedef bool (*watch_match_fn)(const void *event, const void *wanted);

/**
 * watch_open() - load and attach a tracker of bpf/trackers
 * @event_size: bytes of its event struct; every record must have them
 * @settings:   KEY=VALUE of its options, ended by NULL; or NULL
 */
struct watch *watch_open(const char *tracker, size_t event_size, const char *const *settings);
/* The same with a ring of @ring_bytes, which may overflow. */
struct watch *watch_open_ring(const char *tracker, size_t event_size, const char *const *settings,
			      uint32_t ring_bytes);
/* Detaches and forgets the events. NULL is allowed. */
void watch_close(struct watch *watch);

/* Waits, up to five seconds, for an event that matches; it must come. Valid until watch_close(). */
const void *watch_for(struct watch *watch, watch_match_fn match, const void *wanted);
/* How many of the events that have come match; NULL: all. */
size_t watch_count(const struct watch *watch, watch_match_fn match, const void *wanted);
/* Takes in what has come so far, without waiting for more. */
void watch_drain(struct watch *watch);
/* What the tracker itself counted as lost. */
uint64_t watch_get_lost(struct watch *watch);
/* Fails unless the member called @name of @event prints as @text. */
void watch_assert_member(const struct watch *watch, const void *event, const char *name,
			 const char *text);

/* False if this machine can run none of the tests; the reason is printed. */
bool watch_is_possible(void);
/* Exit status of the test program: of its tests, or 77 for "skipped". */
#define watch_main(tests, set_up, tear_down)                                                       \
	(watch_is_possible() ? cmocka_run_group_tests(tests, set_up, tear_down) : 77)
