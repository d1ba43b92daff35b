/* SPDX-License-Identifier: Apache-2.0 */
/* The calls for formatting: sizes, arguments, the text row in local time. */
#include "event_test.h"

#include <time.h>

static struct eun_schema *compile_pair(void)
{
	static const struct eun__field_spec fields[] = {
		{ "pid", "int", 0, 32 },
		{ "comm", "char[8]", 32, 64 },
	};
	struct eun_schema *schema = NULL;

	assert_int_equal(eun__schema_from_fields("event", 12, fields, 2, &schema, NULL), 0);
	return schema;
}

static void test_size_needed_is_told_and_nothing_overrun(void **state)
{
	static const char expected[] = "{\"pid\":1,\"comm\":\"bash\"}";
	struct eun_schema *schema = compile_pair();
	struct eun_event event = event_of(schema, "\1\0\0\0bash\0\0\0", 12);
	size_t n = sizeof(expected) - 1;

	(void)state;
	for (size_t size = 0; size <= n; size++) {
		char *exact = malloc(size ? size : 1);

		assert_non_null(exact);
		assert_int_equal(eun_event_format(&event, EUN_FORMAT_JSON, exact, size), n);
		if (size == n)
			assert_memory_equal(exact, expected, n);
		free(exact);
	}
	assert_int_equal(eun_event_format(&event, EUN_FORMAT_TEXT, NULL, 0), 20);
	assert_int_equal(eun_event_format_member(&event, 1, NULL, 0), 4);
	eun__schema_free(schema);
}

static void test_wrong_arguments_format_nothing(void **state)
{
	struct eun_schema *schema = compile_pair();
	struct eun_event event = event_of(schema, "\1\0\0\0bash\0\0\0", 12);
	struct eun_event no_schema = event_of(NULL, "\1", 1);
	char text[64];

	(void)state;
	assert_int_equal(eun_event_format(NULL, EUN_FORMAT_JSON, text, sizeof(text)), 0);
	assert_int_equal(eun_event_format(&no_schema, EUN_FORMAT_JSON, text, sizeof(text)), 0);
	assert_int_equal(eun_event_format(&event, _EUN_FORMAT_MAX, text, sizeof(text)), 0);
	assert_int_equal(eun_event_format_member(NULL, 0, text, sizeof(text)), 0);
	assert_int_equal(eun_event_format_member(&event, 2, text, sizeof(text)), 0);
	eun__schema_free(schema);
}

static void test_raw_is_the_record(void **state)
{
	struct eun_schema *schema = compile_pair();
	struct eun_event event = event_of(schema, "\1\0\0\0bash\0\0\0", 12);
	char bytes[12];

	(void)state;
	assert_int_equal(eun_event_format(&event, EUN_FORMAT_RAW, bytes, sizeof(bytes)), 12);
	assert_memory_equal(bytes, "\1\0\0\0bash\0\0\0", 12);
	eun__schema_free(schema);
}

static void test_text_has_local_time(void **state)
{
	struct eun_schema *schema = compile_pair();
	struct eun_event event = event_of(schema, "\1\0\0\0bash\0\0\0", 12);
	char text[64];
	size_t n;

	(void)state;
	assert_return_code(setenv("TZ", "EST5", 1), 0);
	tzset();
	event.time_wall_ns += UINT64_C(1000000000);
	n = eun_event_format(&event, EUN_FORMAT_TEXT, text, sizeof(text));
	assert_int_equal(n, 20);
	assert_memory_equal(text, "21:05:59  1     bash", 20);
	eun__schema_free(schema);
}

static void test_records_of_any_alignment(void **state)
{
	struct eun_schema *schema = compile_pair();
	char bytes[32] = { 0 };

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		memcpy(bytes + i, "\1\0\0\0bash\0\0\0", 12);
		check_json(schema, bytes + i, 12, "{\"pid\":1,\"comm\":\"bash\"}");
		check_member(schema, 0, bytes + i, 12, "1");
	}
	eun__schema_free(schema);
}

static void test_longer_records_print_as_usual(void **state)
{
	struct eun_schema *schema = compile_pair();

	(void)state;
	check_json(schema, "\1\0\0\0bash\0\0\0\0more of it", 22, "{\"pid\":1,\"comm\":\"bash\"}");
	eun__schema_free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size_needed_is_told_and_nothing_overrun),
		cmocka_unit_test(test_wrong_arguments_format_nothing),
		cmocka_unit_test(test_raw_is_the_record),
		cmocka_unit_test(test_text_has_local_time),
		cmocka_unit_test(test_records_of_any_alignment),
		cmocka_unit_test(test_longer_records_print_as_usual),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
