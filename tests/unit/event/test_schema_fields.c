/* SPDX-License-Identifier: Apache-2.0 */
/* Plans from packages' own tables, and the layout that is built in. */
#include "event_test.h"

#include "event/limits.h"

static struct eun_schema *compile_fields(uint32_t size_bytes, const struct eun__field_spec *fields,
					 size_t n)
{
	struct eun_schema *schema = NULL;
	struct eun_error err = EUN_ERROR_INIT;
	int r = eun__schema_from_fields("event", size_bytes, fields, n, &schema, &err);

	if (r < 0)
		print_error("%s\n", err.message);
	assert_int_equal(r, 0);
	return schema;
}

static void refuse_field(uint32_t size_bytes, struct eun__field_spec field, int code)
{
	struct eun_schema *schema = NULL;
	struct eun_error err = EUN_ERROR_INIT;

	assert_int_equal(eun__schema_from_fields("event", size_bytes, &field, 1, &schema, &err),
			 code);
	assert_null(schema);
	assert_int_equal(err.code, code);
	assert_true(err.message[0] != '\0');
	eun_error_done(&err);
}

/* The row that eunomia-bpf publishes for sigsnoop. */
static void test_published_row(void **state)
{
	static const struct eun__field_spec fields[] = {
		{ "pid", "unsigned int", 0, 32 }, { "tpid", "unsigned int", 32, 32 },
		{ "sig", "int", 64, 32 },	  { "ret", "int", 96, 32 },
		{ "comm", "char[16]", 128, 128 },
	};
	static const struct {
		unsigned int pid;
		unsigned int tpid;
		int sig;
		int ret;
		char comm[16];
	} record = { 79725, 78132, 17, 0, "bash" };
	struct eun_schema *schema = compile_fields(32, fields, EUB_ARRAY_SIZE(fields));

	(void)state;
	assert_string_equal(eun_schema_get_text_header(schema),
			    "TIME     PID    TPID   SIG    RET    COMM   ");
	check_text(schema, &record, sizeof(record), "02:05:58  79725 78132  17     0      bash");
	check_json(schema, &record, sizeof(record),
		   "{\"pid\":79725,\"tpid\":78132,\"sig\":17,\"ret\":0,\"comm\":\"bash\"}");
	check_format(schema, EUN_FORMAT_RAW_JSON, &record, sizeof(record),
		     "{\"comm\":\"bash\",\"pid\":79725,\"ret\":0,\"sig\":17,\"tpid\":78132}");
	eun__schema_free(schema);
}

static void test_over_long_values_push_the_rest(void **state)
{
	static const struct eun__field_spec fields[] = {
		{ "a", "unsigned long long", 0, 64 },
		{ "b", "int", 64, 32 },
		{ "c", "int", 96, 32 },
	};
	static const struct {
		uint64_t a;
		int b;
		int c;
	} record = { UINT64_C(1234567890123), 5, 6 };
	struct eun_schema *schema = compile_fields(16, fields, EUB_ARRAY_SIZE(fields));

	(void)state;
	check_text(schema, &record, sizeof(record), "02:05:58  1234567890123 5 6");
	eun__schema_free(schema);
}

/* Widths reach to the next field: an int before a long is 64 bits wide and still an int. */
static void test_width_includes_padding(void **state)
{
	static const struct eun__field_spec fields[] = {
		{ "pid", "int", 0, 64 },
		{ "comm", "char [5]", 64, 64 },
		{ "ts", "unsigned long long", 128, 64 },
	};
	static const uint8_t record[24] = { 0xff, 0xff, 0xff, 0xff, 0xaa, 0xaa, 0xaa, 0xaa, 'b',
					    'a',  's',	'h',  '!',  0xaa, 0xaa, 0xaa, 7 };
	struct eun_schema *schema = compile_fields(24, fields, EUB_ARRAY_SIZE(fields));

	(void)state;
	check_json(schema, record, sizeof(record), "{\"pid\":-1,\"comm\":\"bash!\",\"ts\":7}");
	eun__schema_free(schema);
}

static void test_unknown_types_by_width(void **state)
{
	static const struct eun__field_spec fields[] = {
		{ "state", "enum state", 0, 32 },
		{ "inner", "struct inner", 32, 24 },
		{ "list", "struct inner [2]", 56, 32 },
		{ "flags", "flags_t", 88, 8 },
	};
	struct eun_schema *schema = compile_fields(12, fields, EUB_ARRAY_SIZE(fields));

	(void)state;
	check_json(schema, "\7\0\0\0\xab\xcd\xef\1\0\2\0\x80", 12,
		   "{\"state\":7,\"inner\":\"abcdef\",\"list\":[1,2],\"flags\":128}");
	check_text(schema, "\7\0\0\0\xab\xcd\xef\1\0\2\0\x80", 12,
		   "02:05:58  7     abcdef [1,2]  128");
	eun__schema_free(schema);
}

static void test_arrays(void **state)
{
	static const struct eun__field_spec fields[] = {
		{ "n", "unsigned short [2][2]", 0, 64 },
		{ "s", "char[2][3]", 64, 48 },
		{ "z", "char[0]", 64, 8 },
	};
	struct eun_schema *schema = compile_fields(14, fields, EUB_ARRAY_SIZE(fields));

	(void)state;
	check_json(schema, "\1\0\2\0\3\0\4\0ab\0cde", 14,
		   "{\"n\":[[1,2],[3,4]],\"s\":[\"ab\",\"cde\"],\"z\":\"\"}");
	eun__schema_free(schema);
}

static void test_bitfields(void **state)
{
	static const struct eun__field_spec fields[] = {
		{ "a", "unsigned int", 0, 3 },
		{ "b", "int", 3, 5 },
		{ "c", "bool", 8, 1 },
	};
	struct eun_schema *schema = compile_fields(2, fields, EUB_ARRAY_SIZE(fields));

	(void)state;
	check_json(schema, "\xf5\1", 2, "{\"a\":5,\"b\":-2,\"c\":true}");
	eun__schema_free(schema);
}

static void test_bad_tables_are_refused(void **state)
{
	(void)state;
	refuse_field(4, (struct eun__field_spec){ "v", "int", 8, 32 }, -EINVAL);
	refuse_field(4, (struct eun__field_spec){ "v", "int", 0xffffffff, 0xffffffff }, -EINVAL);
	refuse_field(0, (struct eun__field_spec){ "v", "int", 0xffffffff, 32 }, -EINVAL);
	refuse_field(4, (struct eun__field_spec){ "v", "int", 0, 0 }, -EINVAL);
	refuse_field(8, (struct eun__field_spec){ "v", "int[4]", 0, 64 }, -EINVAL);
	refuse_field(8, (struct eun__field_spec){ "v", "int[x]", 0, 64 }, -EINVAL);
	refuse_field(8, (struct eun__field_spec){ "v", "struct x", 0, 4 }, -EINVAL);
	refuse_field(8, (struct eun__field_spec){ "v", "char[4]", 3, 32 }, -EINVAL);
	refuse_field(8, (struct eun__field_spec){ "v", "char[9999999][9999999][9999999]", 0, 64 },
		     -EINVAL);
	refuse_field(EVENT_MAX_SIZE_BYTES + 1, (struct eun__field_spec){ "v", "int", 0, 32 },
		     -E2BIG);
}

static void test_size_may_be_unknown(void **state)
{
	static const struct eun__field_spec field = { "v", "int", 32, 32 };
	struct eun_schema *schema = compile_fields(0, &field, 1);

	(void)state;
	assert_int_equal(eun_schema_get_size(schema), 0);
	check_json(schema, "\0\0\0\0\1\0\0", 8, "{\"v\":1}");
	check_json(schema, "\0\0\0\0\1\0\0", 7, "{}");
	eun__schema_free(schema);
}

static void test_hotupdate_record(void **state)
{
	static const struct {
		int pid;
		int ppid;
		unsigned int exit_code;
		unsigned long long duration_ns;
		char comm[16];
		char filename[127];
		bool exit_event;
	} record = { 12, 1, 3, 4000000000000, "sh", "/bin/sh", true };
	struct eun_schema *schema = NULL;

	(void)state;
	assert_int_equal(sizeof(record), 168);
	assert_int_equal(eun__schema_hotupdate(&schema, NULL), 0);
	assert_int_equal(eun_schema_get_size(schema), 168);
	check_json(schema, &record, sizeof(record),
		   "{\"pid\":12,\"ppid\":1,\"exit_code\":3,\"duration_ns\":4000000000000,"
		   "\"comm\":\"sh\",\"filename\":\"/bin/sh\",\"exit_event\":true}");
	eun__schema_free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_row),
		cmocka_unit_test(test_over_long_values_push_the_rest),
		cmocka_unit_test(test_width_includes_padding),
		cmocka_unit_test(test_unknown_types_by_width),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_bitfields),
		cmocka_unit_test(test_bad_tables_are_refused),
		cmocka_unit_test(test_size_may_be_unknown),
		cmocka_unit_test(test_hotupdate_record),
	};

	if (setenv("TZ", "UTC", 1) < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("schema_fields", tests, NULL, NULL);
}
