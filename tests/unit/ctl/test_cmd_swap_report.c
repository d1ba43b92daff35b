/* SPDX-License-Identifier: Apache-2.0 */
/* swap, rollback and history, against canned answers over a real socket. */
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

static void expect(const char *const *words, enum ctl_exit status, const char *out, const char *err)
{
	struct captured c = capture_ctl(words);

	if (c.status != status || !eub_streq(c.out, out) || !eub_streq(c.err, err))
		fail_msg("%s %s: %d\n%s%s", words[0], words[1], (int)c.status, c.out, c.err);
	captured_done(&c);
}

#define EXPECT(status, out, err, ...)                                                              \
	expect((const char *const[]){ __VA_ARGS__, NULL }, status, out, err)

#define SUMMARY                                                                                    \
	"alpha: generation 2 -> 1, exact, switched in 40 ns, prepared in 1.5 s; "                  \
	"lost 0, repeated 0\n"

static void test_swap(void **state)
{
	(void)state;
	/* The name for scripts, the rest for people. */
	EXPECT(CTL_EXIT_OK, "alpha\n", SUMMARY, "swap", "alpha", "{}", "--expect-gen", "2",
	       "--maps", "reuse", "--probation", "1.5");
	EXPECT(CTL_EXIT_OK, "alpha\n", "", "swap", "alpha", "{}", "-q");
	EXPECT(CTL_EXIT_OK, SUMMARY, "", "swap", "alpha", "{}", "--expect-gen", "2", "--maps",
	       "reuse", "--probation", "1500ms", "-o", "table");
	EXPECT(CTL_EXIT_OK, "alpha\n", "", "swap", "-o", "name", "-q", "alpha", "--set", "k=v");
}

static void test_remarkable_swap(void **state)
{
	static const char summary[] =
	    "b: generation 0 -> 2, not exact, switched in 40 ns, prepared in 0 ns; events of hooks "
	    "that are not exact may have been repeated or lost\n"
	    "\n"
	    "PROGRAM  SECTION    HOW      CHANGE  EXACT  WHY\n"
	    "exit     iter/task  overlap  kept    no     cannot be tail-called\n"
	    "\n"
	    "MAP     CONTENTS  WHY\n"
	    "events  fresh     value size 8, was 4\n";
	struct captured c = CAPTURE("swap", "b", "--maps=fresh", "-v", "-o", "table");

	(void)state;
	EXPECT(CTL_EXIT_OK, "b\n", summary, "swap", "b", "--maps=fresh");
	assert_non_null(strstr(c.out, "\nenter    tp/x/y     gate     kept    yes\n"));
	assert_non_null(strstr(c.out, "\nstart     reused\n"));
	assert_non_null(strstr(c.out, "\nb.rodata  fresh     data\n"));
	captured_done(&c);
}

static void test_dry_run(void **state)
{
	(void)state;
	EXPECT(CTL_EXIT_OK, "alpha\n",
	       "alpha: generation 0 -> 0, dry run, would be exact; prepared in 0 ns; nothing was "
	       "changed\n",
	       "swap", "alpha", "--dry-run");
}

static void test_request(void **state)
{
	struct captured c = CAPTURE("swap", "alpha", "{ }", "-o", "jsonl", "-q", "--set", "k=v",
				    "--type", "T", "--ring-bytes", "64k", "--attach", "iface=lo",
				    "--budget-events", "10", "--budget-bytes", "1k", "--", "--pid");
	struct captured settings = CAPTURE("swap", "alpha", "-q", "-o", "jsonl", "--set", "a=b");
	struct captured tracker = CAPTURE("swap", "alpha", "only-there", "-q", "-o", "jsonl");

	(void)state;
	assert_non_null(
	    strstr(c.out, "\"package\":\"3||alpha|k=v|--pid|T|65536|iface=lo|10|1024|0\""));
	assert_non_null(strstr(settings.out, "\"package\":\"0||alpha|a=b|||0||0|0|0\""));
	assert_non_null(strstr(tracker.out, "\"package\":\"0|only-there|alpha|=|||0||0|0|0\""));
	captured_done(&c);
	captured_done(&settings);
	captured_done(&tracker);
}

static void test_json(void **state)
{
	struct captured c = CAPTURE("swap", "b", "-q", "-o", "jsonl");

	(void)state;
	assert_true(eub_has_prefix(c.out, "{\"name\":\"b\",\"state\":\"paused\","));
	assert_non_null(strstr(
	    c.out,
	    ",\"notes\":[],\"swap\":{\"old_generation\":0,\"new_generation\":0,\"exact\":false,"
	    "\"dry_run\":false,\"switch_ns\":40,\"prepare_ns\":0,"
	    "\"hooks\":[{\"program\":\"enter\",\"section\":\"tp/x/y\",\"how\":\"gate\","
	    "\"change\":\"kept\",\"exact\":true,\"reason\":\"\"},{\"program\":\"exit\","));
	assert_non_null(strstr(
	    c.out,
	    "\"maps\":[{\"name\":\"start\",\"reused\":true,"
	    "\"reason\":\"\"},{\"name\":\"events\",\"reused\":false,"
	    "\"reason\":\"value size 8, was 4\"},{\"name\":\"b.rodata\",\"reused\":false,\"reason\":\"data\"}]}}\n"));
	captured_done(&c);
}

static void test_rollback(void **state)
{
	(void)state;
	EXPECT(CTL_EXIT_OK, "alpha\n",
	       "alpha: generation 3 -> 2, exact, switched in 0 ns, prepared in 2.1 ms; lost 0, "
	       "repeated 0\n",
	       "rollback", "alpha", "--to", "2", "--expect-gen", "3");
	EXPECT(CTL_EXIT_OK, "alpha\n", "", "rollback", "alpha", "-q");
}

static void test_failures(void **state)
{
	struct captured missing = CAPTURE("swap", "alpha", "./nonexistent.json");
	struct captured policy = CAPTURE("swap", "alpha", "--maps", "new");

	(void)state;
	EXPECT(CTL_EXIT_NO_SLOT, "", "eunomiactl: cannot swap 'x': there is no slot 'x'\n", "swap",
	       "x", "{}");
	EXPECT(CTL_EXIT_NO_SLOT, "", "eunomiactl: cannot roll back 'x': there is no slot 'x'\n",
	       "rollback", "x");
	EXPECT(CTL_EXIT_NO_SLOT, "",
	       "eunomiactl: cannot show the history of 'x': there is no slot 'x'\n", "history",
	       "x");
	EXPECT(CTL_EXIT_NO_SLOT, "",
	       "eunomiactl: cannot swap 'alpha': generation 1 is running, not 9\n", "swap", "alpha",
	       "{}", "--expect-gen", "9");
	EXPECT(CTL_EXIT_NO_SLOT, "",
	       "eunomiactl: cannot roll back 'b': generation 1 is running, not 9\n", "rollback",
	       "b", "--expect-gen", "9");
	EXPECT(CTL_EXIT_FAILED, "",
	       "eunomiactl: cannot swap 'loop': refused 'prog'\n"
	       "  verifier:\n"
	       "    back-edge from insn 7 to 3\n"
	       "  hint: unroll the loop\n",
	       "swap", "loop", "{}");
	/* It is not the slot that is missing. */
	EXPECT(CTL_EXIT_FAILED, "", "eunomiactl: cannot swap 'unset': there is no variable 'k'\n",
	       "swap", "unset", "--set", "k=v");
	assert_int_equal(missing.status, CTL_EXIT_FAILED);
	assert_non_null(strstr(missing.err, "there is no such file"));
	captured_done(&missing);
	assert_int_equal(policy.status, CTL_EXIT_USAGE);
	assert_non_null(strstr(policy.err, "wants 'reuse' or 'fresh', not 'new'"));
	captured_done(&policy);
}

static void test_history(void **state)
{
	struct captured c = CAPTURE("history", "alpha", "-o", "json");
	struct captured lines = CAPTURE("history", "alpha", "-o", "jsonl");

	(void)state;
	EXPECT(CTL_EXIT_OK,
	       "GEN  STATE    PACKAGE  VERSION  LOADED                          ORIGIN  SETTINGS\n"
	       "  1  loaded   pack     0.1      1970-01-01T00:00:01.000000000Z  start\n"
	       "  2  running  pack     0.1      1970-01-01T00:00:01.000000000Z  swap    pid=7 -- "
	       "--all\n",
	       "", "history", "alpha");
	EXPECT(CTL_EXIT_OK, "1\n2\n", "", "history", "alpha", "-o", "name");
	assert_true(eub_has_prefix(c.out, "[\n  {\n    \"generation\": 1,\n"));
	assert_non_null(strstr(lines.out,
			       "\n{\"generation\":2,\"state\":\"running\",\"package\":\"pack\","
			       "\"package_version\":\"0.1\","
			       "\"loaded\":\"1970-01-01T00:00:01.000000000Z\",\"origin\":\"swap\","
			       "\"settings\":[{\"key\":\"pid\",\"value\":\"7\"}],"
			       "\"args\":[\"--all\"]}\n"));
	captured_done(&c);
	captured_done(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_swap),	 cmocka_unit_test(test_remarkable_swap),
		cmocka_unit_test(test_dry_run),	 cmocka_unit_test(test_request),
		cmocka_unit_test(test_json),	 cmocka_unit_test(test_rollback),
		cmocka_unit_test(test_failures), cmocka_unit_test(test_history),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
