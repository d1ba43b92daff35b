/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and running other programs. */
#include "process.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_find(void **state)
{
	char *path = NULL;

	(void)state;
	assert_int_equal(setenv("PATH", "/nonexistent::/bin:/usr/bin", 1), 0);
	assert_int_equal(process_find("sh", &path), 0);
	assert_string_equal(path, "/bin/sh");
	free(path);
	assert_int_equal(process_find("/bin/sh", &path), 0);
	free(path);
	assert_int_equal(process_find("no-such-program", &path), -ENOENT);
	assert_int_equal(process_find("/etc/passwd", &path), -ENOENT); /* cannot be executed */
	assert_int_equal(process_find("/bin", &path), -ENOENT);
	assert_int_equal(process_find("", &path), -ENOENT);
	assert_int_equal(unsetenv("PATH"), 0);
	assert_int_equal(process_find("sh", &path), -ENOENT);
	assert_int_equal(setenv("PATH", "", 1), 0);
	assert_int_equal(process_find("sh", &path), -ENOENT);
}

static void test_run(void **state)
{
	const char *const good[] = { "sh", "-c", "exit 0", NULL };
	const char *const bad[] = { "sh", "-c", "exit 7", NULL };
	const char *const killed[] = { "sh", "-c", "kill -9 $$", NULL };
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	assert_int_equal(process_run("/bin/sh", good, &err), 0);
	assert_int_equal(process_run("/bin/sh", bad, &err), 7);
	assert_int_equal(err.code, 0);
	assert_int_equal(process_run("/bin/sh", killed, &err), -ECANCELED);
	assert_non_null(strstr(err.message, "signal 9"));
	eun_error_done(&err);
	assert_int_equal(process_run("/nonexistent/program", good, &err), -ENOENT);
	assert_int_equal(err.reason, EUN_REASON_IO);
	eun_error_done(&err);
}

static void test_capture(void **state)
{
	const char *const good[] = { "sh", "-c", "echo out; echo err >&2; cat; exit 3", NULL };
	const char *const endless[] = { "sh", "-c", "while :; do echo x; done", NULL };
	const char *const silent[] = { "sleep", "1000", NULL };
	const struct process_limits limits = { .timeout_ms = 60000, .max_bytes = 100 };
	const struct process_limits hasty = { .timeout_ms = 20, .max_bytes = 100 };
	struct eun_error err = EUN_ERROR_INIT;
	struct eub_buf out = EUB_BUF_INIT;

	(void)state;
	assert_int_equal(process_capture("/bin/sh", good, &limits, &out, &err), 3);
	assert_int_equal(out.len, 4);
	assert_memory_equal(out.data, "out\n", 4);
	eub_buf_clear(&out);
	assert_int_equal(process_capture("/bin/sh", endless, &limits, &out, &err), 0);
	assert_int_equal(out.len, 100);
	assert_int_equal(process_capture("/bin/sleep", silent, &hasty, &out, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.message, "/bin/sleep"));
	eun_error_done(&err);
	assert_int_equal(process_capture("/nonexistent", good, &limits, &out, &err), -ENOENT);
	eun_error_done(&err);
	eub_buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_capture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
