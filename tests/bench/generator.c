// SPDX-License-Identifier: Apache-2.0
/*
 * Makes kernel events at a rate, or flat out, and no more than it was asked for: one getppid(2),
 * one openat(2) of a path that does not exist, or one sched_get_priority_max(2) with the call's
 * number, from 1, as argument. Prints what it did as one line of JSON; SIGTERM ends it early.
 *
 * With a rate the calls are evenly spaced, so that each finds its reader asleep again; the schedule
 * is absolute, so that being late once does not lower the rate. Waiting is done by looking at the
 * clock: it keeps a processor busy and sleeps would be too coarse. Numbered calls are for tests
 * that need the processor: they sleep and come in bursts. It waits for a line on standard input
 * first (its pid is needed for a tracker's filter), unless that is at its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
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

#define BURST_NS UINT64_C(1000000)

static volatile sig_atomic_t is_over;

static void on_sigterm(int number)
{
	(void)number;
	is_over = 1;
}

static void call_getppid(uint64_t number)
{
	(void)number;
	(void)syscall(SYS_getppid);
}

static void call_openat(uint64_t number)
{
	(void)number;
	(void)syscall(SYS_openat, AT_FDCWD, "/nonexistent", O_RDONLY);
}

static void call_numbered(uint64_t number)
{
	(void)syscall(SYS_sched_get_priority_max, number); /* EINVAL: no such policy */
}

static void look_again(void)
{
}

static void sleep_for_burst(void)
{
	const struct timespec burst = { .tv_nsec = BURST_NS };

	(void)nanosleep(&burst, NULL); /* shorter after a signal, which is_over tells */
}

static const struct call {
	const char *name;
	void (*call)(uint64_t number);
	void (*wait)(void);
} calls[] = {
	{ "getppid", call_getppid, look_again },
	{ "openat", call_openat, look_again },
	{ "numbered", call_numbered, sleep_for_burst },
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* @rate: events a second; 0: flat out. Return: how many were made. */
static uint64_t generate(const struct call *call, uint64_t n_events, uint64_t rate)
{
	uint64_t start = now_ns();
	uint64_t i = 0;

	while (i < n_events && !is_over) {
		if (rate > 0 && now_ns() - start < i * NS_PER_S / rate) {
			call->wait();
			continue;
		}
		call->call(++i);
	}
	return i;
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
		(void)fprintf(stderr, "usage: %s getppid|openat|numbered EVENTS RATE\n", argv[0]);
		return 2;
	}
	(void)signal(SIGTERM, on_sigterm);
	(void)getchar();

	uint64_t start = now_ns();

	n_events = generate(&calls[i], n_events, rate);
	(void)printf("{\"events\":%" PRIu64 ",\"ns\":%" PRIu64 "}\n", n_events, now_ns() - start);
	return fflush(stdout) == 0 ? 0 : 1;
}
