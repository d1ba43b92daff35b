/* SPDX-License-Identifier: Apache-2.0 */
/* Names of formats, schemas without a type, freeing. */
#include "event_test.h"

static void test_format_names(void **state)
{
	enum eun_format format = EUN_FORMAT_RAW;

	(void)state;
	for (unsigned int i = 0; i < _EUN_FORMAT_MAX; i++) {
		const char *name = eun_format_to_string((enum eun_format)i);

		assert_int_equal(eun_format_from_string(name, &format), 0);
		assert_int_equal(format, i);
	}
	assert_string_equal(eun_format_to_string(_EUN_FORMAT_MAX), "unknown");
	assert_int_equal(eun_format_from_string("yaml", &format), -EINVAL);
	assert_int_equal(eun_format_from_string(NULL, &format), -EINVAL);
	assert_int_equal(eun_format_from_string("text", NULL), -EINVAL);
}

static void test_untyped_events_print_as_hex(void **state)
{
	static const char record[18] = "hello \xde\xad\xbe\xef \n 0123";
	struct eun_schema *schema = NULL;

	(void)state;
	assert_int_equal(eun__schema_untyped("", &schema, NULL), 0);
	assert_string_equal(eun_schema_get_name(schema), "");
	assert_int_equal(eun_schema_get_size(schema), 0);
	assert_int_equal(eun_schema_get_n_members(schema), 0);
	assert_null(eun_schema_get_member(schema, 0));
	assert_string_equal(eun_schema_get_text_header(schema), "TIME     DATA   ");
	check_text(schema, record, sizeof(record),
		   "02:05:58  0000: 68 65 6c 6c 6f 20 de ad be ef 20 0a 20 30 31 32"
		   "  |hello .... . 012| 0010: 33 00  |3.|");
	check_json(schema, record, sizeof(record),
		   "{\"hex\":\"68656c6c6f20deadbeef200a20303132"
		   "3300\"}");
	check_format(schema, EUN_FORMAT_RAW_JSON, "\1", 1, "{\"hex\":\"01\"}");
	check_format(schema, EUN_FORMAT_RAW, "\1\xff", 2, "\1\xff");
	eun__schema_free(schema);
}

static void test_label_of_untyped_events_heads_their_column(void **state)
{
	struct eun_schema *schema = NULL;

	(void)state;
	assert_int_equal(eun__schema_untyped("packets", &schema, NULL), 0);
	assert_string_equal(eun_schema_get_name(schema), "");
	assert_string_equal(eun_schema_get_text_header(schema), "TIME     PACKETS ");
	eun__schema_free(schema);
}

static void test_free_of_nothing(void **state)
{
	(void)state;
	assert_null(eun__schema_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format_names),
		cmocka_unit_test(test_untyped_events_print_as_hex),
		cmocka_unit_test(test_label_of_untyped_events_heads_their_column),
		cmocka_unit_test(test_free_of_nothing),
	};

	if (setenv("TZ", "UTC", 1) < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
