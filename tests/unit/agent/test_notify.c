/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd is told, against a socket that stands for its own. */
#include "notify.h"

#include "base/clock.h"
#include "datagram_peer.h"

#include <errno.h>

struct fixture {
	struct datagram_peer peer;
	uv_loop_t loop;
	struct notify notify;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	datagram_peer_open(&f->peer);
	assert_int_equal(setenv("NOTIFY_SOCKET", f->peer.path, 1), 0);
	*state = f;
	return 0;
}

static void close_handle(uv_handle_t *handle, void *userdata)
{
	(void)userdata;
	uv_close(handle, NULL);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	notify_done(&f->notify);
	uv_walk(&f->loop, close_handle, NULL);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	datagram_peer_close(&f->peer);
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
	assert_int_equal(unsetenv("WATCHDOG_PID"), 0);
	eub_clock_set_for_test(0);
	free(f);
	return 0;
}

static void check(const struct fixture *f, const char *expected)
{
	char got[256];

	(void)datagram_peer_receive(&f->peer, got, sizeof(got));
	assert_string_equal(got, expected);
}

static void test_states(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(notify_init(&f->notify, &f->loop), 0);
	notify_ready(&f->notify);
	check(f, "READY=1");
	eub_clock_set_for_test(UINT64_C(123456789000));
	notify_reloading(&f->notify);
	check(f, "RELOADING=1\nMONOTONIC_USEC=123456789");
	notify_stopping(&f->notify);
	check(f, "STOPPING=1");
}

/* What does not fit is lost, and nothing waits. */
static void test_nobody_reads(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(notify_init(&f->notify, &f->loop), 0);
	for (int i = 0; i < 1000; i++)
		notify_ready(&f->notify);
	check(f, "READY=1");
}

/* Many changes in a moment are one line, and then no timer is left. */
static void test_status_is_debounced(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(notify_init(&f->notify, &f->loop), 0);
	for (int i = 0; i < 100; i++)
		notify_status(&f->notify, "%d slots", i);
	assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
	check(f, "STATUS=99 slots");
	notify_ready(&f->notify);
	check(f, "READY=1");
}

static void test_watchdog_only_if_asked_for(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(setenv("WATCHDOG_USEC", "20000", 1), 0);
	assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0); /* meant for another process */
	assert_int_equal(notify_init(&f->notify, &f->loop), 0);
	assert_int_equal(uv_loop_alive(&f->loop), 0);
	notify_done(&f->notify);
	uv_walk(&f->loop, close_handle, NULL);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(unsetenv("WATCHDOG_PID"), 0);
	assert_int_equal(notify_init(&f->notify, &f->loop), 0);
	assert_int_not_equal(uv_loop_alive(&f->loop), 0);
	(void)uv_run(&f->loop, UV_RUN_ONCE);
	check(f, "WATCHDOG=1");
}

static void test_without_systemd_nothing_runs(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(setenv("WATCHDOG_USEC", "20000", 1), 0);
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	assert_int_equal(notify_init(&f->notify, &f->loop), 0);
	notify_status(&f->notify, "x");
	notify_ready(&f->notify);
	assert_int_equal(f->notify.socket.fd, -EBADF);
	assert_int_equal(uv_loop_alive(&f->loop), 0);
}

/* The words may come from a file: a line feed in them must not set another variable. */
static void test_failure(void **state)
{
	struct fixture *f = *state;
	char long_message[4096];
	char got[4096];

	assert_int_equal(notify_init(&f->notify, &f->loop), 0);
	notify_failed(-EINVAL, "eunomiad.conf:3: bad\nREADY=1");
	check(f, "ERRNO=22\nSTATUS=eunomiad.conf:3: bad\\x0aREADY=1");
	memset(long_message, 'x', sizeof(long_message) - 1);
	long_message[sizeof(long_message) - 1] = '\0';
	notify_failed(-EIO, long_message);
	(void)datagram_peer_receive(&f->peer, got, sizeof(got));
	assert_memory_equal(got, "ERRNO=5\nSTATUS=xxx", strlen("ERRNO=5\nSTATUS=xxx"));
	assert_in_range(strlen(got), 900, 1100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_states),
		TEST(test_nobody_reads),
		TEST(test_status_is_debounced),
		TEST(test_watchdog_only_if_asked_for),
		TEST(test_failure),
		TEST(test_without_systemd_nothing_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
