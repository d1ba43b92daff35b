/* SPDX-License-Identifier: Apache-2.0 */
/* Widths: as wide as the contents, then humanised, then cut. */
#include "table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct table_column columns[] = {
	{ "NAME", TABLE_TEXT },
	{ "STATE", TABLE_FIXED },
	{ "EVENTS", TABLE_NUMBER },
	{ "UPTIME", TABLE_FIXED },
};

static void add_row(struct table *table, const char *name, const char *state, uint64_t events,
		    uint64_t uptime_s)
{
	table_add(table, name);
	table_add(table, state);
	table_add_u64(table, events);
	table_add_duration(table, uptime_s * 1000000000u);
}

static void check(struct table *table, unsigned int width, unsigned int flags, const char *expected)
{
	struct eub_buf buf = EUB_BUF_INIT;
	char *text;

	assert_int_equal(table_write(table, &buf, width, flags), 0);
	text = eub_buf_take_string(&buf);
	assert_string_equal(text, expected);
	free(text);
	table_done(table);
}

static void test_natural_width(void **state)
{
	struct table table;

	(void)state;
	table_init(&table, columns, 4);
	add_row(&table, "a", "running", 7, 3);
	add_row(&table, "longer", "paused", 1234567, 3720);
	check(&table, 80, 0,
	      "NAME    STATE     EVENTS  UPTIME\n"
	      "a       running        7  3s\n"
	      "longer  paused   1234567  1h02m\n");
}

static void test_numbers_are_humanised_when_too_wide(void **state)
{
	struct table table;

	(void)state;
	table_init(&table, columns, 4);
	add_row(&table, "a", "running", 123456789012345, 65);
	check(&table, 30, 0,
	      "NAME  STATE    EVENTS  UPTIME\n"
	      "a     running    123T  1m05s\n");
}

static void test_text_is_cut_at_last(void **state)
{
	struct table table;

	(void)state;
	table_init(&table, columns, 4);
	add_row(&table, "a-name-that-is-long-\xc3\xa4\xc3\xb6", "running", 1, 90061);
	check(&table, 42, TABLE_CUT_TEXT,
	      "NAME               STATE    EVENTS  UPTIME\n"
	      "a-name-that-is-l…  running       1  1d1h\n");
}

static void test_text_is_whole_for_scripts(void **state)
{
	struct table table;

	(void)state;
	table_init(&table, columns, 4);
	add_row(&table, "a-name-that-is-rather-long", "running", 1, 1);
	check(&table, 20, TABLE_NO_HEADERS, "a-name-that-is-rather-long  running  1  1s\n");
}

static void test_no_rows(void **state)
{
	struct table table;

	(void)state;
	table_init(&table, columns, 4);
	check(&table, 80, 0, "NAME  STATE  EVENTS  UPTIME\n");
	table_init(&table, columns, 4);
	check(&table, 80, TABLE_NO_HEADERS, "");
}

static void test_hostile_text(void **state)
{
	struct table table;

	(void)state;
	table_init(&table, columns, 1);
	table_add(&table, "a\x1b[2J\n\xff");
	check(&table, 80, TABLE_NO_HEADERS, "a\\x1b[2J\\x0a\\xff\n");
}

static void test_humanise(void **state)
{
	static const struct {
		uint64_t value;
		const char *text;
	} cases[] = {
		{ 0, "0" },	     { 9999, "9999" },	     { 10000, "10k" },
		{ 999999, "999k" },  { 1000000, "1.0M" },    { 1990000, "1.9M" },
		{ 12345678, "12M" }, { 9999999999, "9.9G" }, { UINT64_MAX, "18E" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[TABLE_HUMAN_MAX];

		table_humanise(cases[i].value, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void test_rates_and_times(void **state)
{
	static const struct table_column one[] = { { "X", TABLE_NUMBER } };
	struct table table;

	(void)state;
	table_init(&table, one, 1);
	table_add_rate(&table, 0.0);
	table_add_rate(&table, 0.25);
	table_add_rate(&table, 170000.6);
	table_add_rate(&table, -1.0);
	table_add_rate(&table, (double)NAN);
	table_add_time(&table, 1000000001);
	check(&table, 80, TABLE_NO_HEADERS,
	      "                             0\n"
	      "                           0.2\n"
	      "                        170001\n"
	      "                             0\n"
	      "                             0\n"
	      "1970-01-01T00:00:01.000000001Z\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_natural_width),
		cmocka_unit_test(test_numbers_are_humanised_when_too_wide),
		cmocka_unit_test(test_text_is_cut_at_last),
		cmocka_unit_test(test_text_is_whole_for_scripts),
		cmocka_unit_test(test_no_rows),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_humanise),
		cmocka_unit_test(test_rates_and_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
