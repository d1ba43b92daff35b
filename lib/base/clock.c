/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times are printed once per event, so the broken-down second is remembered per thread: within one
 * second a time stamp costs a copy instead of a call to localtime_r().
 */
#include "base/clock.h"

#include <time.h>

#define NS_PER_S 1000000000u

static uint64_t test_ns;

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	if (test_ns)
		return test_ns;
	(void)clock_gettime(id, &ts); /* cannot fail for these two clocks */
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t eub_clock_mono_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t eub_clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

void eub_clock_set_for_test(uint64_t ns)
{
	test_ns = ns;
}

void eub_append_rfc3339(struct eub_buf *buf, uint64_t wall_ns)
{
	static _Thread_local char text[] = "1970-01-01T00:00:00.000000000Z";
	static _Thread_local time_t text_second;
	time_t second = (time_t)(wall_ns / NS_PER_S);
	uint64_t ns = wall_ns % NS_PER_S;

	if (second != text_second) {
		struct tm tm;

		if (!gmtime_r(&second, &tm) || strftime(text, 20, "%Y-%m-%dT%H:%M:%S", &tm) != 19)
			memcpy(text, "1970-01-01T00:00:00", 19); /* beyond the year 9999 */
		text[19] = '.';
		text_second = second;
	}
	for (int i = 28; i >= 20; i--, ns /= 10)
		text[i] = (char)('0' + ns % 10);
	eub_buf_append(buf, text, sizeof(text) - 1);
}

void eub_append_local_time(struct eub_buf *buf, uint64_t wall_ns)
{
	static _Thread_local char text[9] = "";
	static _Thread_local time_t text_second;
	time_t second = (time_t)(wall_ns / NS_PER_S);

	if (second != text_second || !text[0]) {
		struct tm tm;

		if (!localtime_r(&second, &tm) ||
		    strftime(text, sizeof(text), "%H:%M:%S", &tm) != 8)
			memcpy(text, "--:--:--", sizeof(text));
		text_second = second;
	}
	eub_buf_append(buf, text, 8);
}
