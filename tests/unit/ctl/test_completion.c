/* SPDX-License-Identifier: Apache-2.0 */
/* The scripts hold every verb and option, and the shells accept their syntax. */
#include "completion.h"

#include "base/fd.h"
#include "base/str.h"
#include "commands.h"
#include "process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const shells[] = { "bash", "zsh", "fish" };

static void test_all_options_are_there(void **state)
{
	(void)state;
	for (size_t s = 0; s < EUB_ARRAY_SIZE(shells); s++) {
		struct eub_buf buf = EUB_BUF_INIT;
		char *script;

		assert_int_equal(completion_append(&buf, shells[s]), 0);
		script = eub_buf_take_string(&buf);
		for (size_t i = 0; command_get(i); i++) {
			assert_non_null(strstr(script, command_get(i)->verb));
			for (const struct option_row *row = command_get(i)->options; row->name;
			     row++)
				assert_non_null(strstr(script, row->name));
		}
		free(script);
	}
}

static void test_no_such_shell(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	assert_int_equal(completion_append(&buf, "tcsh"), -EINVAL);
	assert_int_equal(completion_append(&buf, ""), -EINVAL);
	assert_int_equal(buf.len, 0);
}

static void test_syntax(void **state)
{
	char path[] = "/tmp/ctl-completion-XXXXXX";
	int fd = mkstemp(path);
	unsigned int n_checked = 0;

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	for (size_t s = 0; s < EUB_ARRAY_SIZE(shells); s++) {
		const char *const words[] = { shells[s], "-n", path, NULL };
		struct eub_buf buf = EUB_BUF_INIT;
		char *shell;

		if (process_find(shells[s], &shell) < 0) {
			(void)fprintf(stderr, "%s is not installed: its syntax is not checked\n",
				      shells[s]);
			continue;
		}
		assert_int_equal(completion_append(&buf, shells[s]), 0);
		assert_int_equal(eub_write_file_atomic(path, buf.data, buf.len, 0600), 0);
		assert_int_equal(process_run(shell, words, NULL), 0);
		eub_buf_done(&buf);
		free(shell);
		n_checked++;
	}
	assert_int_equal(unlink(path), 0);
	if (n_checked == 0)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_options_are_there),
		cmocka_unit_test(test_no_such_shell),
		cmocka_unit_test(test_syntax),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
