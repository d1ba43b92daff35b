/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines from end to end, without an agent: help, mistakes, exit status, error texts. */
#include "capture.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_exit_status_of_reasons(void **state)
{
	static const enum ctl_exit expected[_EUN_REASON_MAX] = {
		[EUN_REASON_INVALID_ARGUMENT] = CTL_EXIT_USAGE,
		[EUN_REASON_NOT_FOUND] = CTL_EXIT_NO_SLOT,
		[EUN_REASON_WRONG_STATE] = CTL_EXIT_NO_SLOT,
		[EUN_REASON_PERMISSION] = CTL_EXIT_PERMISSION,
		[EUN_REASON_UNREACHABLE] = CTL_EXIT_UNREACHABLE,
	};

	(void)state;
	for (unsigned int i = 0; i < _EUN_REASON_MAX; i++) {
		enum ctl_exit status = expected[i] ? expected[i] : CTL_EXIT_FAILED;

		assert_int_equal(ctl_exit_from_reason((enum eun_reason)i, COMMAND_SLOTS), status);
		/* Without slots among its arguments a command cannot miss one. */
		if (status == CTL_EXIT_NO_SLOT)
			status = CTL_EXIT_FAILED;
		assert_int_equal(ctl_exit_from_reason((enum eun_reason)i, 0), status);
	}
	assert_int_equal(ctl_exit_from_reason((enum eun_reason)99, 0), CTL_EXIT_FAILED);
}

static void test_usage(void **state)
{
	static const struct {
		const char *words[8];
		const char *err; /* part of it */
	} cases[] = {
		{ { "strat" }, "there is no verb 'strat'\n  hint: did you mean 'start'?" },
		{ { "start" }, "eunomiactl start: an argument is missing: SOURCE" },
		{ { "start", "a", "b" }, "'b' is one argument too many" },
		{ { "list", "--", "x" }, "takes no words after '--'" },
		{ { "list", "-o", "xml" }, "forms are: table|json|jsonl|yaml|name" },
		{ { "events", "-o", "table" }, "forms are: text|jsonl|raw-json|raw" },
		{ { "-o", "json", "build", "x" }, "this command has no forms of output" },
		{ { "events", "--count", "0" }, "wants a whole number above 0" },
		{ { "list", "--tiemout", "1" }, "did you mean '--timeout'?" },
		{ { "-H", "https://x", "list" }, "is no address of an agent" },
		{ { "start", "{}", "--set", "novalue" }, "wants KEY=VALUE" },
		{ { "completion", "tcsh" }, "shells are: bash, zsh, fish" },
		{ { "completion" }, "a shell must be named" },
		{ { "help", "strat" }, "did you mean 'start'?" },
		{ { "logs", "a/b" }, "this is no name of a slot" },
	};

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(cases); i++) {
		struct captured c = capture_ctl(cases[i].words);

		if (c.status != CTL_EXIT_USAGE || !strstr(c.err, cases[i].err))
			fail_msg("case %zu: %d, '%s'", i, (int)c.status, c.err);
		assert_int_equal(c.out_size, 0);
		captured_done(&c);
	}
}

static void test_no_words(void **state)
{
	struct captured c = capture_ctl((const char *const[]){ NULL });

	(void)state;
	assert_int_equal(c.status, CTL_EXIT_USAGE);
	assert_non_null(strstr(c.err, "a verb is missing"));
	captured_done(&c);
}

static void test_help_of_each_verb(void **state)
{
	(void)state;
	for (size_t i = 0; command_get(i); i++) {
		const char *verb = command_get(i)->verb;
		struct captured option = CAPTURE(verb, "--help");
		struct captured help = CAPTURE("help", verb);
		const char *line;

		assert_int_equal(option.status, CTL_EXIT_OK);
		assert_non_null(strstr(option.out, "Options:"));
		assert_non_null(strstr(option.out, command_get(i)->help));
		assert_string_equal(option.out, help.out);
		assert_string_equal(option.err, "");
		for (line = option.out; *line; line += strcspn(line, "\n") + 1)
			assert_true(strcspn(line, "\n") <= 100);
		captured_done(&option);
		captured_done(&help);
	}
}

static void test_program_help(void **state)
{
	struct captured c = CAPTURE("--help");

	(void)state;
	assert_int_equal(c.status, CTL_EXIT_OK);
	for (size_t i = 0; command_get(i); i++)
		assert_non_null(strstr(c.out, command_get(i)->help));
	captured_done(&c);
}

static void test_version(void **state)
{
	struct captured table = CAPTURE("--version");
	struct captured json = CAPTURE("version", "-o", "jsonl");
	struct captured name = CAPTURE("version", "-o", "name");

	(void)state;
	assert_string_equal(table.out,
			    "eunomiactl " EUNOMIA_VERSION "\nlibeunomia " EUNOMIA_VERSION "\n");
	assert_string_equal(json.out, "{\"eunomiactl\":\"" EUNOMIA_VERSION
				      "\",\"libeunomia\":\"" EUNOMIA_VERSION "\"}\n");
	assert_string_equal(name.out, EUNOMIA_VERSION "\n");
	captured_done(&table);
	captured_done(&json);
	captured_done(&name);
}

static void test_no_agent(void **state)
{
	static const char *const verbs[][3] = {
		{ "list" },	  { "show", "a" },   { "stop", "a" },
		{ "pause", "a" }, { "resume", "a" }, { "events" },
		{ "info" },	  { "start", "{}" }, { "start", "absent" },
	};

	(void)state;
	assert_int_equal(setenv("EUNOMIA_HOST", "unix:///nonexistent/socket", 1), 0);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(verbs); i++) {
		struct captured c = CAPTURE(verbs[i][0], verbs[i][1]);

		if (c.status != CTL_EXIT_UNREACHABLE || !strstr(c.err, "is eunomiad running?"))
			fail_msg("%s: %d, '%s'", verbs[i][0], (int)c.status, c.err);
		assert_int_equal(c.out_size, 0);
		captured_done(&c);
	}
	assert_int_equal(unsetenv("EUNOMIA_HOST"), 0);
}

static void test_names_for_completion_never_fail(void **state)
{
	struct captured c = CAPTURE("-H", "unix:///nonexistent/socket", "completion", "--slots");

	(void)state;
	assert_int_equal(c.status, CTL_EXIT_OK);
	assert_string_equal(c.out, "");
	assert_string_equal(c.err, "");
	captured_done(&c);
}

static void test_bad_packages(void **state)
{
	static const char *const verbs[] = { "run", "check", "inspect" };

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(verbs); i++) {
		struct captured bad = CAPTURE(verbs[i], "{\"no\":\"package\"}");
		struct captured missing = CAPTURE(verbs[i], "./nonexistent.json");

		assert_int_equal(bad.status, CTL_EXIT_FAILED);
		assert_non_null(strstr(bad.err, "eunomiactl: cannot "));
		assert_int_equal(missing.status, CTL_EXIT_FAILED);
		assert_non_null(strstr(missing.err, "there is no such file"));
		captured_done(&bad);
		captured_done(&missing);
	}
}

static int fail_with_log(void *userdata)
{
	const struct ctl ctl = { .command = command_find("start") };
	struct eun_error err = EUN_ERROR_INIT;
	enum ctl_exit status;

	(void)userdata; /* the error stands here */
	(void)eun_error_set(&err, -EACCES, EUN_REASON_VERIFIER, "the kernel refused 'p'");
	eun_error_set_log(&err, "0: (b7) r0 = 0\n1: \x1b[2J\n", 4096);
	eun_error_set_hint(&err, "look at line 1");
	status = ctl_fail(&ctl, "opensnoop", &err);
	eun_error_done(&err);
	return (int)status;
}

static void test_error_text(void **state)
{
	struct captured c = capture_call(fail_with_log, NULL);

	(void)state;
	assert_int_equal(c.status, CTL_EXIT_FAILED);
	assert_string_equal(c.err, "eunomiactl: cannot start 'opensnoop': the kernel refused 'p'\n"
				   "  verifier:\n"
				   "    0: (b7) r0 = 0\n"
				   "    1: \\x1b[2J\n"
				   "  hint: look at line 1\n");
	captured_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_status_of_reasons),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_no_words),
		cmocka_unit_test(test_help_of_each_verb),
		cmocka_unit_test(test_program_help),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_no_agent),
		cmocka_unit_test(test_names_for_completion_never_fail),
		cmocka_unit_test(test_bad_packages),
		cmocka_unit_test(test_error_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
