// SPDX-License-Identifier: Apache-2.0
/*
 * Makes kernel events at a rate, or flat out, and no more than it was asked for: one getppid(2) or
 * one openat(2) of a path that does not exist each. Prints what it did as one line of JSON.
 *
 * With a rate the calls are evenly spaced, so that each finds its reader asleep again; the schedule
 * is absolute, so that being late once does not lower the rate. Waiting is done by looking at the
 * clock: it keeps a processor busy and sleeps would be too coarse. It waits for a line on standard
 * input first (its pid is needed for a tracker's filter), unless that is at its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S   UINT64_C(1000000000)
#define MAX_EVENTS UINT64_C(1000000000)
#define MAX_RATE   UINT64_C(10000000)

static void call_getppid(void)
{
	(void)syscall(SYS_getppid);
}

static void call_openat(void)
{
	(void)syscall(SYS_openat, AT_FDCWD, "/nonexistent", O_RDONLY);
}

static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {
	{ "getppid", call_getppid },
	{ "openat", call_openat },
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* @rate: events a second; 0: flat out. */
static void generate(void (*call)(void), uint64_t n_events, uint64_t rate)
{
	uint64_t start = now_ns();

	for (uint64_t i = 0; i < n_events; i++) {
		while (rate > 0 && now_ns() - start < i * NS_PER_S / rate)
			continue;
		call();
	}
}

static bool parse(const char *text, uint64_t max, uint64_t *ret_value)
{
	char *end;

	errno = 0;
	*ret_value = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *ret_value <= max;
}

int main(int argc, char **argv)
{
	uint64_t n_events;
	uint64_t rate;
	size_t i = 0;

	while (argc == 4 && i < sizeof(calls) / sizeof(calls[0]) &&
	       strcmp(argv[1], calls[i].name) != 0)
		i++;
	if (argc != 4 || i == sizeof(calls) / sizeof(calls[0]) ||
	    !parse(argv[2], MAX_EVENTS, &n_events) || !parse(argv[3], MAX_RATE, &rate)) {
		(void)fprintf(stderr, "usage: %s getppid|openat EVENTS RATE\n", argv[0]);
		return 2;
	}
	(void)getchar();

	uint64_t start = now_ns();

	generate(calls[i].call, n_events, rate);
	(void)printf("{\"events\":%" PRIu64 ",\"ns\":%" PRIu64 "}\n", n_events, now_ns() - start);
	return fflush(stdout) == 0 ? 0 : 1;
}
