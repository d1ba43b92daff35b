/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of an agent that goes away and comes back, or does not. */
#include "base/clock.h"
#include "base/str.h"
#include "capture.h"
#include "fake_agent.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>

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

#define LINE(slot, seq, data)                                                                      \
	"{\"time\":\"1970-01-01T00:00:00.000000001Z\",\"slot\":\"" slot                            \
	"\",\"generation\":1,\"seq\":" #seq ",\"type\":\"event\",\"data\":" data "}\n"
#define FROM(from) "{\"from\":\"" from "\"}"
#define AWAY	   "eunomiactl: the agent went away, waiting for it to come back\n"
#define BACK	   "eunomiactl: the agent is back\n"

static void test_each_event_once(void **state)
{
	struct captured c = CAPTURE("events", "restart", "-o", "jsonl");

	(void)state;
	check(
	    &c, CTL_EXIT_OK,
	    LINE("restart", 10, "{}") LINE("restart", 11, "{}") LINE(
		"restart", 12,
		FROM(
		    "restart/5/12")) "{\"time\":\"1970-01-01T00:00:00.000000002Z\",\"slot\":\"restart\","
				     "\"lost\":0,\"from_seq\":13,\"to_seq\":20,\"reason\":\"agent-restart\"}\n" LINE(
					 "restart", 21, FROM("restart/5/21")),
	    AWAY BACK AWAY BACK);
}

static void test_text(void **state)
{
	struct captured c = CAPTURE("events", "restart", "-q");

	(void)state;
	/* The header is not repeated. */
	check(&c, CTL_EXIT_OK,
	      "TIME  PID\n{}\n{}\n" FROM("restart/5/12") "\n" FROM("restart/5/21") "\n",
	      "eunomiactl: slot 'restart' lost an unknown number of events (agent-restart)\n");
}

static void test_ring_made_anew(void **state)
{
	struct captured c = CAPTURE("events", "anew", "-o", "raw-json", "-q");

	(void)state;
	check(&c, CTL_EXIT_OK, "{}\n" FROM("anew/5/11") "\n" FROM("anew/5/11") "\n", "");
}

static void test_ring_without_numbers(void **state)
{
	struct captured c = CAPTURE("events", "unnumbered", "-o", "jsonl", "-q");

	(void)state;
	check(&c, CTL_EXIT_OK,
	      LINE("unnumbered", 1, "{}") LINE("unnumbered", 2, "{}") LINE("unnumbered", 1, "{}"),
	      "");
}

static void test_agent_that_says_so(void **state)
{
	struct captured c = CAPTURE("events", "refused", "-o", "raw-json");

	(void)state;
	check(&c, CTL_EXIT_OK, "{}\n" FROM("refused/5/11") "\n", AWAY BACK);
}

static void test_agent_that_is_not_open_yet(void **state)
{
	struct captured c = CAPTURE("events", "forbidden", "-o", "raw-json");

	(void)state;
	check(&c, CTL_EXIT_OK, "{}\n" FROM("forbidden/5/11") "\n", AWAY BACK);
	/* At first it is what it says. */
	c = CAPTURE("events", "secret");
	assert_int_equal(c.status, CTL_EXIT_PERMISSION);
	captured_done(&c);
}

static void test_count_over_reconnects(void **state)
{
	struct captured c = CAPTURE("events", "counted", "-o", "jsonl", "-q", "--count", "3");

	(void)state;
	check(&c, CTL_EXIT_OK,
	      LINE("counted", 10, "{}") LINE("counted", 11, "{}")
		  LINE("counted", 12, FROM("counted/5/12")),
	      "");
}

static void test_from(void **state)
{
	struct captured c =
	    CAPTURE("events", "restart", "--from", "11", "--count", "1", "-o", "jsonl");
	struct captured all = CAPTURE("events", "--from", "11");
	struct captured bad = CAPTURE("events", "restart", "--from", "-1");

	(void)state;
	check(&c, CTL_EXIT_OK, LINE("restart", 11, FROM("restart/0/11")), "");
	assert_int_equal(all.status, CTL_EXIT_USAGE);
	assert_non_null(strstr(all.err, "option '--from' needs the name of one slot"));
	captured_done(&all);
	assert_int_equal(bad.status, CTL_EXIT_USAGE);
	captured_done(&bad);
}

static void test_no_reconnect(void **state)
{
	struct captured c = CAPTURE("events", "restart", "--no-reconnect", "-o", "raw-json");

	(void)state;
	assert_int_equal(c.status, CTL_EXIT_UNREACHABLE);
	assert_string_equal(c.out, "{}\n{}\n");
	assert_non_null(strstr(c.err, "the connection to the agent is closed"));
	captured_done(&c);
}

static void test_gives_up(void **state)
{
	uint64_t began_ns = eub_clock_mono_ns();
	struct captured c =
	    CAPTURE("events", "gone", "-o", "raw-json", "--reconnect-timeout", "50ms");

	(void)state;
	assert_in_range(eub_clock_mono_ns() - began_ns, 50000000, UINT64_MAX);
	assert_int_equal(c.status, CTL_EXIT_UNREACHABLE);
	assert_string_equal(c.out, "{}\n");
	assert_true(eub_has_prefix(
	    c.err, AWAY "eunomiactl: cannot read events: gave up after 50 ms: there is no socket"));
	captured_done(&c);
}

static void test_end_while_the_agent_is_away(void **state)
{
	struct captured c = CAPTURE("events", "gone", "-o", "raw-json", "--timeout", "100ms");

	(void)state;
	check(&c, CTL_EXIT_OK, "{}\n", AWAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_event_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ring_made_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ring_without_numbers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_agent_that_says_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_agent_that_is_not_open_yet, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_count_over_reconnects, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_from, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_reconnect, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gives_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_end_while_the_agent_is_away, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
