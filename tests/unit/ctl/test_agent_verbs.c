/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that talk to the agent, against canned answers over a real socket. */
#include "capture.h"

#include "base/str.h"
#include "fake_agent.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

/* What a command line should do; NULL: not looked at. */
static void expect(const char *const *words, enum ctl_exit status, const char *out, const char *err)
{
	struct captured c = capture_ctl(words);

	if (c.status != status || (out && !eub_streq(c.out, out)) ||
	    (err && !eub_streq(c.err, err)))
		fail_msg("%s %s: %d\n%s%s", words[0], words[1] ? words[1] : "", (int)c.status,
			 c.out, c.err);
	captured_done(&c);
}

#define EXPECT(status, out, err, ...)                                                              \
	expect((const char *const[]){ __VA_ARGS__, NULL }, status, out, err)

static void test_list(void **state)
{
	(void)state;
	EXPECT(CTL_EXIT_OK,
	       "NAME   STATE    GEN        EVENTS    RATE  LOST  UPTIME  ENABLED\n"
	       "alpha  running    1             7     0.5     0  1m01s   no\n"
	       "b      paused    12  123456789012  170000     5  1d1h    declared\n",
	       "", "list");
	assert_int_equal(setenv("COLUMNS", "50", 1), 0);
	EXPECT(CTL_EXIT_OK,
	       "NAME   STATE    GEN  EVENTS  RATE  LOST  UPTIME  ENABLED\n"
	       "alpha  running    1       7   0.5     0  1m01s   no\n"
	       "b      paused    12    123G  170k     5  1d1h    declared\n",
	       "", "list");
	assert_int_equal(unsetenv("COLUMNS"), 0);
	EXPECT(CTL_EXIT_OK, "alpha\nb\n", "", "list", "-o", "name");
}

static void test_list_as_json(void **state)
{
	struct captured c = CAPTURE("list", "-o", "json");
	struct captured lines = CAPTURE("list", "-o", "jsonl");
	static const char first[] =
	    "[\n  {\n    \"name\": \"alpha\",\n    \"state\": \"running\",\n"
	    "    \"generation\": 1,\n    \"package\": \"pack\",\n    \"package_version\": \"0.1\",\n"
	    "    \"package_format\": \"gen3\",\n    \"events\": 7,\n"
	    "    \"events_per_second\": 0.5,\n    \"lost\": 0,\n"
	    "    \"since\": \"1970-01-01T00:00:01.000000000Z\",\n    \"uptime_ns\": 61000000000,\n"
	    "    \"enabled\": false,\n    \"declared\": false,\n    \"survives\": false,\n"
	    "    \"survives_reason\": \"perf buffer\",\n"
	    "    \"loaded_generations\": [\n      1\n    ],\n    \"probation\": \"\",\n"
	    "    \"waits_for\": \"\",\n"
	    "    \"budget\": {\n      \"events_per_second\": 0,\n"
	    "      \"bytes_per_second\": 0\n    },\n    \"stats\": {\n";

	(void)state;
	assert_int_equal(c.status, CTL_EXIT_OK);
	assert_memory_equal(c.out, first, sizeof(first) - 1);
	assert_string_equal(c.out + c.out_size - 2, "]\n");
	assert_memory_equal(lines.out, "{\"name\":\"alpha\",\"state\":\"running\",", 34);
	assert_non_null(strstr(lines.out, "\n{\"name\":\"b\","));
	captured_done(&c);
	captured_done(&lines);
}

static void test_show(void **state)
{
	struct captured c = CAPTURE("show", "alpha");
	struct captured yaml = CAPTURE("show", "alpha", "-o", "yaml");

	(void)state;
	assert_int_equal(c.status, CTL_EXIT_OK);
	assert_non_null(strstr(c.out, "\nPROGRAM  SECTION  KIND        MODE  WHY\n"
				      "prog     tp/x/y   tracepoint  gate\n"
				      "\nevent type event (8 bytes)\n"
				      "MEMBER  TYPE  OFFSET  BYTES\n"
				      "pid     int        4      4\n"
				      "\nnote: two maps qualify, took 'rb'\n"));
	assert_non_null(strstr(yaml.out, "\nhooks:\n  - program: prog\n    section: tp/x/y\n"));
	captured_done(&c);
	captured_done(&yaml);
	EXPECT(CTL_EXIT_NO_SLOT, "", "eunomiactl: cannot show 'x': there is no slot 'x'\n", "show",
	       "x");
}

static void test_show_accounts(void **state)
{
	struct captured alpha = CAPTURE("show", "alpha");
	struct captured b = CAPTURE("show", "b");
	struct captured json = CAPTURE("show", "b", "-o", "jsonl");

	(void)state;
	assert_non_null(strstr(alpha.out, "\nenabled                  no\n"
					  "survives agent           no: perf buffer\n"
					  "loaded generations       1\n"
					  "generation               1\n"));
	assert_non_null(strstr(alpha.out, "\nlost, at least           0\n"));
	assert_non_null(strstr(b.out, "\nenabled                  declared\n"
				      "survives agent           yes\n"
				      "loaded generations       1 10 12\n"
				      "probation                11 to 10: more decode errors\n"
				      "budget events/s          1000\n"));
	assert_null(strstr(b.out, "budget bytes/s"));
	assert_non_null(strstr(b.out, "\nlost                     5\n"));
	assert_non_null(strstr(b.out, "\nSINK     PRODUCED  DELIVERED  FILTERED  LOST  WHY\n"
				      "journal       123        100        20     3  "
				      "rate-limit 1, queue-full 2\n"));
	assert_non_null(strstr(json.out,
			       "\"lost_is_exact\":true,\"sinks\":[{\"sink\":\"journal\","
			       "\"produced\":123,\"delivered\":100,\"filtered\":20,\"lost\":3,"
			       "\"reasons\":[{\"reason\":\"rate-limit\",\"lost\":1},"
			       "{\"reason\":\"queue-full\",\"lost\":2}]}]}"));
	assert_non_null(strstr(json.out, "\"budget\":{\"events_per_second\":1000,"
					 "\"bytes_per_second\":0}"));
	captured_done(&alpha);
	captured_done(&b);
	captured_done(&json);
}

static void test_verbs(void **state)
{
	static const char *const verbs[] = { "stop", "pause", "resume", "enable", "disable" };

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(verbs); i++) {
		EXPECT(CTL_EXIT_OK, "", "", verbs[i], "alpha", "b");
		EXPECT(CTL_EXIT_OK, "alpha\nb\n", "", verbs[i], "-o", "name", "alpha", "b");
		EXPECT(CTL_EXIT_NO_SLOT, "b\n", NULL, verbs[i], "-o", "name", "x", "b");
		EXPECT(CTL_EXIT_PERMISSION, "", NULL, verbs[i], "secret");
	}
	EXPECT(CTL_EXIT_NO_SLOT, "",
	       "eunomiactl: cannot stop 'x': there is no slot 'x'\n"
	       "eunomiactl: cannot stop 'y': there is no slot 'y'\n",
	       "stop", "x", "y");
}

static void test_start(void **state)
{
	struct captured c;

	(void)state;
	EXPECT(CTL_EXIT_OK, "alpha\n", "", "start", "{}");
	EXPECT(CTL_EXIT_OK, "alpha\n", "", "start", "only-there");
	EXPECT(CTL_EXIT_FAILED, "",
	       "eunomiactl: cannot start 'loop': refused 'prog'\n"
	       "  verifier:\n"
	       "    back-edge from insn 7 to 3\n"
	       "  hint: unroll the loop\n",
	       "start", "{}", "--name", "loop");
	EXPECT(CTL_EXIT_FAILED, "", NULL, "start", "unknown");
	c = CAPTURE("start", "{ }", "--name", "n", "--set", "k=v=w", "--type", "T", "--ring-bytes",
		    "64k", "-o", "jsonl", "--", "--pid");
	assert_non_null(strstr(c.out, "\"package\":\"3||n|k=v=w|--pid|T|65536||0|0|0\""));
	captured_done(&c);
	c = CAPTURE("start", "only-there", "-o", "jsonl");
	assert_non_null(strstr(c.out, "\"package\":\"0|only-there||=|||0||0|0|0\""));
	captured_done(&c);
	c = CAPTURE("start", "only-there", "-o", "jsonl", "--enable", "--attach", "cgroup=/x",
		    "--budget-events", "1000", "--budget-bytes", "1M");
	assert_non_null(strstr(c.out, "|0|cgroup=/x|1000|1048576|1\""));
	captured_done(&c);
}

static void test_info(void **state)
{
	(void)state;
	EXPECT(CTL_EXIT_OK,
	       "agent version  0.1.0\n"
	       "agent pid      42\n"
	       "agent started  2001-09-09T01:46:40.000000000Z\n"
	       "kernel         6.18\n"
	       "machine        x86_64\n"
	       "state folder   /state\n"
	       "\n"
	       "FEATURE  HERE  REMARK\n"
	       "kprobe   no    no kprobes here\n"
	       "\n"
	       "LIMIT  VALUE  UNIT\n"
	       "slots   1024  slots\n"
	       "\n"
	       "SET ASIDE  TIME                            REASON\n"
	       "aside      2001-09-09T01:46:41.000000000Z  its record is damaged\n"
	       "\n"
	       "TRACKERS\n"
	       "opensnoop\n",
	       "", "info");
	EXPECT(CTL_EXIT_OK, "eunomiad\n", "", "info", "-o", "name");
}

#define TIME1 "{\"time\":\"1970-01-01T00:00:00.000000001Z\",\"slot\":"
#define REST  ",\"type\":\"event\",\"data\":{\"pid\":1}}\n"

static void test_events(void **state)
{
	(void)state;
	EXPECT(CTL_EXIT_OK,
	       TIME1 "\"alpha\",\"generation\":1,\"seq\":10" REST TIME1
		     "\"alpha\",\"generation\":1,\"seq\":11" REST TIME1
		     "\"alpha\",\"generation\":1,\"seq\":12" REST TIME1
		     "\"b\",\"generation\":1,\"seq\":10" REST
		     "{\"time\":\"1970-01-01T00:00:00.000000002Z\",\"slot\":\"b\",\"lost\":4,"
		     "\"from_seq\":0,\"to_seq\":0,\"reason\":\"ring-full\"}\n",
	       "", "events", "-o", "jsonl");
	EXPECT(CTL_EXIT_OK,
	       "==> alpha <==\nTIME  PID\n00:00:00  1\n00:00:00  1\n00:00:00  1\n"
	       "\n==> b <==\nTIME  PID\n00:00:00  1\n",
	       "eunomiactl: slot 'b' lost 4 events (ring-full)\n", "events");
	EXPECT(CTL_EXIT_OK, "TIME  PID\n00:00:00  1\n00:00:00  1\n", "", "events", "alpha",
	       "--count", "2");
	EXPECT(CTL_EXIT_OK, "{\"pid\":1}\n", "", "events", "-o", "raw-json", "--count", "1");
}

static void test_raw_events(void **state)
{
	struct captured c = CAPTURE("events", "alpha", "-o", "raw", "--count", "2");

	(void)state;
	assert_int_equal(c.out_size, 6);
	assert_memory_equal(c.out, "\1\0\2\1\0\2", 6);
	captured_done(&c);
}

static void test_events_that_fail(void **state)
{
	struct captured c = CAPTURE("events", "broken");

	(void)state;
	assert_int_equal(c.status, CTL_EXIT_FAILED);
	assert_non_null(strstr(c.err, "a type it had not announced (99)"));
	captured_done(&c);
	EXPECT(CTL_EXIT_NO_SLOT, "", "eunomiactl: cannot read events: there is no slot 'x'\n",
	       "events", "x");
}

static void test_completion_of_slots(void **state)
{
	(void)state;
	EXPECT(CTL_EXIT_OK, "alpha\nb\n", "", "completion", "--slots");
}

/* Answers that cannot be written. */
static int list_to_full_disk(void *userdata)
{
	FILE *full = fopen("/dev/full", "we");

	(void)userdata; /* the command line stands here */
	assert_non_null(full);
	(void)dup2(fileno(full), STDOUT_FILENO);
	(void)fclose(full);
	return (int)ctl_main(2, (const char *const[]){ "eunomiactl", "list" });
}

static void test_full_disk(void **state)
{
	struct captured c = capture_call(list_to_full_disk, NULL);

	(void)state;
	assert_int_equal(c.status, CTL_EXIT_FAILED);
	assert_non_null(strstr(c.err, "cannot write to standard output: No space left"));
	captured_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_as_json),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_show_accounts),
		cmocka_unit_test(test_verbs),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_raw_events),
		cmocka_unit_test(test_events_that_fail),
		cmocka_unit_test(test_completion_of_slots),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
