/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of value, in JSON, text and plain. */
#include "event_test.h"

#include <float.h>
#include <locale.h>
#include <math.h>

__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;

static void check_int(uint32_t size, int encoding, const void *data, const char *expected)
{
	struct types types = types_new();
	uint32_t type = id(btf__add_int(types.btf, "number", size, encoding));

	check_value(&types, type, data, size, expected);
}

static void test_integers_by_size_and_sign(void **state)
{
	static const uint8_t ones[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	static const uint8_t low[8] = { 0, 0, 0, 0, 0, 0, 0, 128 };

	(void)state;
	check_int(1, BTF_INT_SIGNED, ones, "{\"v\":-1}");
	check_int(1, 0, ones, "{\"v\":255}");
	check_int(2, BTF_INT_SIGNED, ones, "{\"v\":-1}");
	check_int(2, 0, ones, "{\"v\":65535}");
	check_int(4, BTF_INT_SIGNED, ones, "{\"v\":-1}");
	check_int(4, 0, ones, "{\"v\":4294967295}");
	check_int(8, BTF_INT_SIGNED, ones, "{\"v\":-1}");
	check_int(8, 0, ones, "{\"v\":18446744073709551615}");
	check_int(8, BTF_INT_SIGNED, low, "{\"v\":-9223372036854775808}");
}

static void test_lone_char_is_a_number(void **state)
{
	struct types types = types_new();

	(void)state;
	check_value(&types, types.type_char, "A", 1, "{\"v\":65}");
}

static void test_bool(void **state)
{
	(void)state;
	check_int(1, BTF_INT_BOOL, "\0", "{\"v\":false}");
	check_int(1, BTF_INT_BOOL, "\1", "{\"v\":true}");
	check_int(1, BTF_INT_BOOL, "\x80", "{\"v\":true}");
}

static void test_wide_integers_are_strings(void **state)
{
	u128 max = ~(u128)0;
	i128 min = (i128)((u128)1 << 127);
	u128 zero = 0;

	(void)state;
	check_int(16, 0, &max, "{\"v\":\"340282366920938463463374607431768211455\"}");
	check_int(16, BTF_INT_SIGNED, &max, "{\"v\":\"-1\"}");
	check_int(16, BTF_INT_SIGNED, &min, "{\"v\":\"-170141183460469231731687303715884105728\"}");
	check_int(16, 0, &zero, "{\"v\":\"0\"}");
}

/* clang makes these of _BitInt and of big bitfields; btf__add_int() refuses them. */
static void test_integers_of_odd_sizes(void **state)
{
	static const uint8_t data[8] = { 0xfe, 0xff, 0xff, 0x80, 0xff, 0xff, 0xff, 0xff };
	struct types types = types_new();
	uint32_t type = id(btf__add_int(types.btf, "odd", 4, BTF_INT_SIGNED));
	struct btf_type *raw = (struct btf_type *)(uintptr_t)btf__type_by_id(types.btf, type);

	(void)state;
	raw->size = 3;
	*(uint32_t *)(raw + 1) = (uint32_t)BTF_INT_SIGNED << 24 | 24;
	check_value(&types, type, data, 3, "{\"v\":-2}");
}

static void test_pointer_is_a_number(void **state)
{
	uint64_t pointer = UINT64_C(0xffff888012345678);
	struct types types = types_new();
	uint32_t type = id(btf__add_ptr(types.btf, (int)types.type_char));

	(void)state;
	check_value(&types, type, &pointer, 8, "{\"v\":18446612682375452280}");
}

static void check_float(double number, const char *expected)
{
	struct types types = types_new();
	uint32_t type = id(btf__add_float(types.btf, "double", 8));

	check_value(&types, type, &number, 8, expected);
}

static void check_single(float number, const char *expected)
{
	struct types types = types_new();
	uint32_t type = id(btf__add_float(types.btf, "float", 4));

	check_value(&types, type, &number, 4, expected);
}

static void test_floats_are_shortest(void **state)
{
	(void)state;
	check_float(0.1, "{\"v\":0.1}");
	check_float(1.0, "{\"v\":1.0}");
	check_float(-0.0, "{\"v\":-0.0}");
	check_float(1.0 / 3.0, "{\"v\":0.3333333333333333}");
	check_float(DBL_MAX, "{\"v\":1.7976931348623157e+308}");
	check_single(0.1f, "{\"v\":0.1}");
	check_single(16777216.0f, "{\"v\":16777216.0}");
	check_single(FLT_MAX, "{\"v\":3.4028235e+38}");
}

static void test_floats_that_are_no_numbers(void **state)
{
	struct types types = types_new();
	uint32_t type = id(btf__add_float(types.btf, "double", 8));
	struct eun_schema *schema = compile(&types, add_wrapper(&types, type, 8));
	double infinite = -(double)INFINITY;

	(void)state;
	check_float((double)NAN, "{\"v\":null}");
	check_float((double)INFINITY, "{\"v\":null}");
	check_member(schema, 0, &infinite, sizeof(infinite), "-inf");
	eun__schema_free(schema);
}

static void test_floats_ignore_the_locale(void **state)
{
	(void)state;
	if (!setlocale(LC_NUMERIC, "de_DE.UTF-8")) {
		print_message("the locale de_DE.UTF-8 is not installed\n");
		skip();
	}
	check_float(0.5, "{\"v\":0.5}");
	assert_non_null(setlocale(LC_NUMERIC, "C"));
}

static void test_strings(void **state)
{
	struct types types = types_new();
	uint32_t type = add_array(&types, types.type_char, 4);
	struct eun_schema *schema = compile(&types, add_wrapper(&types, type, 4));

	(void)state;
	check_json(schema, "ab\0x", 4, "{\"v\":\"ab\"}");
	check_json(schema, "abcd", 4, "{\"v\":\"abcd\"}"); /* no NUL: cut at its size */
	check_json(schema, "\0bcd", 4, "{\"v\":\"\"}");
	check_json(schema, "a\"\\\n", 4, "{\"v\":\"a\\\"\\\\\\n\"}");
	check_json(schema, "a\xff", 3, "{\"v\":\"a\\uefff\"}");
	check_text(schema, "a\x1b[m", 4, "02:05:58  a\\x1b[m");
	check_text(schema, "\xff\xfe", 3, "02:05:58  \\xff\\xfe");
	check_member(schema, 0, "a\x1b\xff\"", 4, "a\x1b\xff\"");
	eun__schema_free(schema);
}

/* Nested values are JSON also in text, and there too nothing may command the terminal. */
static void test_nested_strings_are_safe_in_text(void **state)
{
	struct types types = types_new();
	uint32_t type = add_array(&types, add_array(&types, types.type_char, 4), 2);
	struct eun_schema *schema = compile(&types, add_wrapper(&types, type, 8));

	(void)state;
	check_text(schema,
		   "\xc2\x9b"
		   "1m"
		   "\x1b\x7f\xff",
		   8, "02:05:58  [\"\\u009b1m\",\"\\u001b\\u007f\\uefff\"]");
	eun__schema_free(schema);
}

static uint32_t add_test_enum(struct types *types, const char *negative)
{
	uint32_t type = id(btf__add_enum(types->btf, "state", 4));

	assert_return_code(btf__add_enum_value(types->btf, "RUN", 1), 0);
	assert_return_code(btf__add_enum_value(types->btf, "ALIAS", 1), 0);
	assert_return_code(btf__add_enum_value(types->btf, "STOP", 7), 0);
	if (negative)
		assert_return_code(btf__add_enum_value(types->btf, negative, -2), 0);
	return type;
}

static void test_enums(void **state)
{
	struct types types = types_new();
	uint32_t type = add_test_enum(&types, "BAD");
	struct eun_schema *schema = compile(&types, add_wrapper(&types, type, 4));
	int32_t value = 1;

	(void)state;
	check_json(schema, &value, 4, "{\"v\":\"RUN(1)\"}");
	check_text(schema, &value, 4, "02:05:58  RUN(1)");
	value = 7;
	check_member(schema, 0, &value, 4, "STOP(7)");
	value = -2;
	check_json(schema, &value, 4, "{\"v\":\"BAD(-2)\"}");
	value = 9;
	check_json(schema, &value, 4, "{\"v\":\"<UNKNOWN_VARIANT>(9)\"}");
	check_text(schema, &value, 4, "02:05:58  <UNKNOWN_VARIANT>(9)");
	eun__schema_free(schema);
}

static void test_enum_without_enumerators(void **state)
{
	struct types types = types_new();
	uint32_t type = id(btf__add_enum(types.btf, "later", 4));

	(void)state;
	check_value(&types, type, "\3\0\0", 4, "{\"v\":\"<UNKNOWN_VARIANT>(3)\"}");
}

static void test_small_enum_is_unsigned_unless_negative(void **state)
{
	struct types types = types_new();
	uint32_t type = id(btf__add_enum(types.btf, "small", 1));

	(void)state;
	assert_return_code(btf__add_enum_value(types.btf, "HIGH", 200), 0);
	check_value(&types, type, "\xc8", 1, "{\"v\":\"HIGH(200)\"}");
}

static void test_enum64(void **state)
{
	uint64_t value = UINT64_C(1) << 40;
	struct types types = types_new();
	uint32_t type = id(btf__add_enum64(types.btf, "big", 8, false));

	(void)state;
	assert_return_code(btf__add_enum64_value(types.btf, "LARGE", value), 0);
	check_value(&types, type, &value, 8, "{\"v\":\"LARGE(1099511627776)\"}");

	value = UINT64_MAX;
	types = types_new();
	type = id(btf__add_enum64(types.btf, "big", 8, true));
	assert_return_code(btf__add_enum64_value(types.btf, "MINUS", UINT64_MAX), 0);
	check_value(&types, type, &value, 8, "{\"v\":\"MINUS(-1)\"}");
}

static void check_address(const char *name, const char *bytes, const char *expected)
{
	struct types types = types_new();
	bool is_v4 = strcmp(name, "eun_ipv4") == 0;
	uint32_t base = is_v4 ? types.type_uint : add_array(&types, types.type_u8, 16);
	uint32_t type = id(btf__add_typedef(types.btf, name, (int)base));

	check_value(&types, type, bytes, is_v4 ? 4 : 16, expected);
}

static void test_addresses(void **state)
{
	(void)state;
	check_address("eun_ipv4", "\xc0\x00\x02\x01", "{\"v\":\"192.0.2.1\"}");
	check_address("eun_ipv6", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "{\"v\":\"::\"}");
	check_address("eun_ipv6", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", "{\"v\":\"::1\"}");
	check_address("eun_ipv6", "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0",
		      "{\"v\":\"2001:db8::\"}");
	/* RFC 5952: the longest run, the first of equals, never a single group. */
	check_address("eun_ipv6", "\0\1\0\0\0\0\0\2\0\0\0\0\0\0\0\3", "{\"v\":\"1:0:0:2::3\"}");
	check_address("eun_ipv6", "\0\1\0\0\0\0\0\2\0\3\0\0\0\0\0\4", "{\"v\":\"1::2:3:0:0:4\"}");
	check_address("eun_ipv6", "\0\1\0\0\0\2\0\3\0\4\0\5\0\6\xab\xcd",
		      "{\"v\":\"1:0:2:3:4:5:6:abcd\"}");
	check_address("eun_ipv6", "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1",
		      "{\"v\":\"::ffff:192.0.2.1\"}");
	check_address("eun_ip", "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", "{\"v\":\"192.0.2.1\"}");
	check_address("eun_ip", "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1", "{\"v\":\"fe80::1\"}");
}

static void test_address_in_text_has_no_quotes(void **state)
{
	struct types types = types_new();
	uint32_t type = id(btf__add_typedef(types.btf, "eun_ipv4", (int)types.type_uint));
	struct eun_schema *schema = compile(&types, add_wrapper(&types, type, 4));

	(void)state;
	check_text(schema, "\x7f\0\0\1", 4, "02:05:58  127.0.0.1");
	check_member(schema, 0, "\x7f\0\0\1", 4, "127.0.0.1");
	eun__schema_free(schema);
}

static void test_address_type_of_wrong_size_is_what_it_is(void **state)
{
	struct types types = types_new();
	uint32_t type = id(btf__add_typedef(types.btf, "eun_ip", (int)types.type_uint));

	(void)state;
	check_value(&types, type, "\1\0\0\0", 4, "{\"v\":1}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers_by_size_and_sign),
		cmocka_unit_test(test_lone_char_is_a_number),
		cmocka_unit_test(test_bool),
		cmocka_unit_test(test_wide_integers_are_strings),
		cmocka_unit_test(test_integers_of_odd_sizes),
		cmocka_unit_test(test_pointer_is_a_number),
		cmocka_unit_test(test_floats_are_shortest),
		cmocka_unit_test(test_floats_that_are_no_numbers),
		cmocka_unit_test(test_floats_ignore_the_locale),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_nested_strings_are_safe_in_text),
		cmocka_unit_test(test_enums),
		cmocka_unit_test(test_enum_without_enumerators),
		cmocka_unit_test(test_small_enum_is_unsigned_unless_negative),
		cmocka_unit_test(test_enum64),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_address_in_text_has_no_quotes),
		cmocka_unit_test(test_address_type_of_wrong_size_is_what_it_is),
	};

	if (setenv("TZ", "UTC", 1) < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
