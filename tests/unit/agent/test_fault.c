/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of EUNOMIA_FAULT. Each test has steps of its own, since a rule's count only grows. */
#include "fault.h"

#include "agent_test.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#define SKIPPED 77

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(setenv("EUNOMIA_FAULT", "probe:error=EIO", 1), 0);
	return 0;
}

static void set_rules(const char *rules)
{
	assert_int_equal(setenv("EUNOMIA_FAULT", rules, 1), 0);
}

static void test_no_rule_lets_pass(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("EUNOMIA_FAULT"), 0);
	assert_int_equal(fault_point("probe"), 0);
}

static void test_only_the_named_step_fails(void **state)
{
	(void)state;
	set_rules("a-write:error=ENOSPC,a-rename:error=EIO");
	assert_int_equal(fault_point("a-write"), -ENOSPC);
	assert_int_equal(fault_point("a-write"), -ENOSPC);
	assert_int_equal(fault_point("a-rename"), -EIO);
	assert_int_equal(fault_point("a-sync"), 0);
}

static void test_nth_time_of_a_pattern(void **state)
{
	(void)state;
	set_rules("none:kill,none:kill,b-*@2:error=EROFS");
	assert_int_equal(fault_point("b-write"), 0);
	assert_int_equal(fault_point("c-write"), 0);
	assert_int_equal(fault_point("b-rename"), -EROFS);
	assert_int_equal(fault_point("b-write"), 0);
}

/* How a child ends that reaches @step. */
static int end_of_child(const char *rules, const char *step)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)setenv("EUNOMIA_FAULT", rules, 1);
		(void)close(STDERR_FILENO);
		_exit(fault_point(step) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void test_kill(void **state)
{
	int status = end_of_child("d-write:kill", "d-write");

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(end_of_child("d-write:kill", "d-rename"), 0);
}

static void test_misspelt_rules_end_the_process(void **state)
{
	static const char *const rules[] = { "x",	 "x:die",	  "x@0:kill",
					     "x@y:kill", "x:error=ENOPE", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		int status = end_of_child(rules[i], "x");

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_no_rule_lets_pass, set_up),
		cmocka_unit_test_setup(test_only_the_named_step_fails, set_up),
		cmocka_unit_test_setup(test_nth_time_of_a_pattern, set_up),
		cmocka_unit_test_setup(test_kill, set_up),
		cmocka_unit_test_setup(test_misspelt_rules_end_the_process, set_up),
	};

	assert(setenv("EUNOMIA_FAULT", "probe:error=EIO", 1) == 0);
	if (fault_point("probe") == 0) {
		(void)puts("this build injects no faults (EUNOMIA_FAULTS=OFF)");
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
