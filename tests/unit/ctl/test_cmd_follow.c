/* SPDX-License-Identifier: Apache-2.0 */
/* Slots that run, wait, pause and end, and agents that come and go meanwhile. */
#include "base/str.h"
#include "capture.h"
#include "fake_agent.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static int set_up(void **state)
{
	(void)signal(SIGPIPE, SIG_IGN);
	*state = fake_agent_new();
	return 0;
}

static int tear_down(void **state)
{
	fake_agent_free(*state);
	return 0;
}

static void check(struct captured *c, enum ctl_exit status, const char *out, const char *err)
{
	if (c->status != status || !eub_streq(c->out, out) || !eub_streq(c->err, err))
		fail_msg("%d\n%s%s", (int)c->status, c->out, c->err);
	captured_done(c);
}

#define FOLLOW(...) CAPTURE("follow", "--interval", "1ms", __VA_ARGS__)
#define RUNNING	    "running, generation 1, 7 events, 0 lost"
#define PAUSED	    "paused, generation 12, 123,456,789,012 events, 5 lost"
#define CANNOT	    "eunomiactl: cannot follow "

/* What does not change is told once. */
static void test_until_it_is_stopped(void **state)
{
	struct captured c = FOLLOW("stops");

	(void)state;
	check(&c, CTL_EXIT_NO_SLOT, "stops: " RUNNING "\nstops: " PAUSED "\n",
	      CANNOT "'stops': the slot was stopped\n");
}

static void test_restarts_of_the_agent(void **state)
{
	struct captured c = FOLLOW("lost");

	(void)state;
	check(&c, CTL_EXIT_NO_SLOT, "lost: " RUNNING "\n",
	      CANNOT "'lost': the slot did not outlast a restart of the agent\n"
		     "  hint: 'journalctl -u eunomiad' says why; after 'eunomiactl enable' a slot "
		     "comes back\n");
}

static void test_set_aside(void **state)
{
	struct captured c = FOLLOW("aside", "--start");

	(void)state;
	check(&c, CTL_EXIT_NO_SLOT, "aside: " RUNNING "\n",
	      CANNOT "'aside': the slot was set aside: its record is damaged\n"
		     "  hint: what was kept of it is in '/state/quarantine/aside'\n");
}

static void test_started_again(void **state)
{
	struct captured c = FOLLOW("again", "--start");

	(void)state;
	check(&c, CTL_EXIT_NO_SLOT, "again: " RUNNING "\n",
	      CANNOT "'again': the slot was stopped\n");
}

static void test_connection_that_breaks(void **state)
{
	struct captured c = FOLLOW("drops");

	(void)state;
	check(&c, CTL_EXIT_NO_SLOT, "drops: " RUNNING "\ndrops: " PAUSED "\n",
	      "eunomiactl: the agent went away, waiting for it to come back\n"
	      "eunomiactl: the agent is back\n" CANNOT "'drops': the slot was stopped\n");
}

static void test_not_there(void **state)
{
	struct captured c = FOLLOW("nosuch");
	struct captured secret = FOLLOW("secret");

	(void)state;
	check(&c, CTL_EXIT_NO_SLOT, "", CANNOT "'nosuch': there is no slot 'nosuch'\n");
	assert_int_equal(secret.status, CTL_EXIT_PERMISSION);
	captured_done(&secret);
	c = FOLLOW("loop", "--start");
	assert_int_equal(c.status, CTL_EXIT_FAILED); /* it does not load */
	captured_done(&c);
	c = FOLLOW("alpha", "b");
	assert_int_equal(c.status, CTL_EXIT_USAGE);
	captured_done(&c);
}

static void test_no_agent(void **state)
{
	struct captured c = FOLLOW("stops", "-H", "unix:///nonexistent/sock");

	(void)state;
	assert_int_equal(c.status, CTL_EXIT_UNREACHABLE);
	captured_done(&c);
}

/* Reads the next message to the service manager. */
static void expect_message(int fd, const char *expected)
{
	char message[256] = "";

	assert_true(recv(fd, message, sizeof(message) - 1, MSG_DONTWAIT) >= 0);
	assert_string_equal(message, expected);
}

/* It is ready when the slot runs, not when it waits, and nothing can be smuggled in. */
static void test_service(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct captured c;

	(void)state;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/ctl-notify-%d.sock",
		       getpid());
	(void)unlink(address.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
	c = FOLLOW("fresh", "--start");
	check(&c, CTL_EXIT_NO_SLOT, "", CANNOT "'fresh': the slot was stopped\n");
	expect_message(fd, "STATUS=waiting: no eth9\\x0aREADY=1");
	expect_message(fd, "READY=1\nSTATUS=" RUNNING);
	assert_int_equal(recv(fd, &c, 1, MSG_DONTWAIT), -1);
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(address.sun_path), 0);
}

/* From this test on the signal stays in the memory of the process. */
static void test_signal(void **state)
{
	struct captured c = CAPTURE("follow", "ends", "--interval", "1ms");

	(void)state;
	check(&c, CTL_EXIT_OK, "ends: " RUNNING "\n", "");
}

/* A slot that the agent does not know is as good as one that was stopped. */
static void test_signal_stops_the_slot(void **state)
{
	struct captured c = FOLLOW("ends", "--stop");

	(void)state;
	check(&c, CTL_EXIT_OK, "", "");
	c = FOLLOW("gone", "--stop");
	check(&c, CTL_EXIT_OK, "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_until_it_is_stopped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_restarts_of_the_agent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_set_aside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_started_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_connection_that_breaks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_not_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_agent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_service, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_signal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_signal_stops_the_slot, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
