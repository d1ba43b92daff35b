/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of verbs and options agree with themselves. */
#include "commands.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void check_row(const struct option_row *row)
{
	assert_in_range(row->kind, 0, _OPTION_KIND_MAX - 1);
	assert_in_range(row->complete, 0, _COMPLETE_MAX - 1);
	assert_true(strlen(row->help) > 0);
	assert_true(row->offset < sizeof(struct options));
	assert_true((row->kind == OPTION_FLAG) == !row->argument);
}

static void check_tables(const struct command *command)
{
	const struct option_row *tables[COMMAND_TABLES_MAX];
	size_t n = command_get_tables(command, tables);
	bool is_used[256] = { false };

	assert_in_range(n, 1, COMMAND_TABLES_MAX);
	for (size_t t = 0; t < n; t++) {
		for (const struct option_row *row = tables[t]; row->name; row++) {
			check_row(row);
			/* A name that is hidden may keep its letter. */
			if (options_find(tables, n, row->name, strlen(row->name)) != row ||
			    !row->short_name)
				continue;
			if (is_used[(unsigned char)row->short_name])
				fail_msg("%s: two options are called -%c",
					 command ? command->verb : "", row->short_name);
			is_used[(unsigned char)row->short_name] = true;
		}
	}
}

static void test_tables(void **state)
{
	(void)state;
	check_tables(NULL);
	for (size_t i = 0; command_get(i); i++) {
		const struct command *command = command_get(i);

		check_tables(command);
		assert_ptr_equal(command_find(command->verb), command);
		assert_true(command->min_args <= command->max_args);
		assert_non_null(command->run);
		/* What is printed without -o can be asked for by -o. */
		assert_true(command->output == OUTPUT_NONE ||
			    (command->outputs & OUTPUT_BIT(command->output)));
	}
}

static void test_find(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	assert_null(command_find("nonsense"));
	assert_null(command_find(""));
	command_hint_near("nothing-like-it", &err);
	assert_string_equal(err.hint, "");
	command_hint_near("strat", &err);
	assert_string_equal(err.hint, "did you mean 'start'?");
}

static void test_output_forms(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	enum output_format format = OUTPUT_NONE;

	(void)state;
	assert_int_equal(output_format_from_string("yaml", OUTPUTS_RECORD, &format, &err), 0);
	assert_int_equal(format, OUTPUT_YAML);
	assert_int_equal(output_format_from_string("raw", OUTPUTS_RECORD, &format, &err), -EINVAL);
	assert_int_equal(format, OUTPUT_YAML);
	assert_string_equal(err.hint, "forms are: table|json|jsonl|yaml|name");
	eun_error_done(&err);
	assert_int_equal(output_format_from_string("none", OUTPUTS_RECORD, &format, NULL), -EINVAL);
	for (unsigned int i = 0; i < _OUTPUT_FORMAT_MAX; i++)
		assert_true(strlen(output_format_to_string((enum output_format)i)) > 0);
	assert_string_equal(output_format_to_string((enum output_format)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_output_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
