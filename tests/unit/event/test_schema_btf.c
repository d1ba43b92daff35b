/* SPDX-License-Identifier: Apache-2.0 */
/* Plans from BTF: layout of all kinds of types, and BTF that lies. */
#include "event_test.h"

#include "event/limits.h"

static void add_field(struct types *types, const char *name, uint32_t type, uint32_t offset_bits,
		      uint32_t bitfield_bits)
{
	assert_return_code(btf__add_field(types->btf, name, (int)type, offset_bits, bitfield_bits),
			   0);
}

static uint32_t add_struct(struct types *types, const char *name, uint32_t size_bytes)
{
	return id(btf__add_struct(types->btf, name, size_bytes));
}

/* To make BTF say what btf__add_*() would refuse. */
static struct btf_type *writable(struct types *types, uint32_t type)
{
	return (struct btf_type *)(uintptr_t)btf__type_by_id(types->btf, type);
}

static void test_members_in_struct_order(void **state)
{
	static const struct {
		int pid;
		char comm[8];
		uint64_t ts;
	} record = { -3, "bash", 1234567890123 };
	struct types types = types_new();
	uint32_t comm = add_array(&types, types.type_char, 8);
	uint32_t type = add_struct(&types, "event", sizeof(record));
	struct eun_schema *schema;

	(void)state;
	add_field(&types, "pid", types.type_int, 0, 0);
	add_field(&types, "comm", comm, 32, 0);
	add_field(&types, "ts", types.type_u64, 128, 0);
	schema = compile(&types, type);
	assert_string_equal(eun_schema_get_name(schema), "event");
	assert_int_equal(eun_schema_get_size(schema), sizeof(record));
	assert_int_equal(eun_schema_get_n_members(schema), 3);
	assert_string_equal(eun_schema_get_member(schema, 1)->name, "comm");
	assert_string_equal(eun_schema_get_member(schema, 1)->type, "char[8]");
	assert_int_equal(eun_schema_get_member(schema, 1)->offset_bits, 32);
	assert_int_equal(eun_schema_get_member(schema, 1)->size_bits, 64);
	assert_null(eun_schema_get_member(schema, 3));
	check_json(schema, &record, sizeof(record),
		   "{\"pid\":-3,\"comm\":\"bash\",\"ts\":1234567890123}");
	eun__schema_free(schema);
}

static void test_qualifiers_and_typedefs_are_followed(void **state)
{
	struct types types = types_new();
	int type = btf__add_typedef(types.btf, "pid_t", (int)types.type_int);

	(void)state;
	type = btf__add_const(types.btf, type);
	type = btf__add_volatile(types.btf, type);
	type = btf__add_restrict(types.btf, type);
	type = btf__add_type_tag(types.btf, "user", type);
	check_value(&types, id(type), "\xff\xff\xff\xff", 4, "{\"v\":-1}");
}

static void test_only_char_itself_makes_strings(void **state)
{
	struct types types = types_new();
	uint32_t name = id(btf__add_typedef(types.btf, "letter", (int)types.type_char));

	(void)state;
	check_value(&types, add_array(&types, name, 2), "AB", 2, "{\"v\":[65,66]}");
	types = types_new();
	check_value(&types, add_array(&types, types.type_u8, 2), "AB", 2, "{\"v\":[65,66]}");
	types = types_new();
	name = id(btf__add_const(types.btf, (int)types.type_char));
	check_value(&types, add_array(&types, name, 2), "AB", 2, "{\"v\":\"AB\"}");
	types = types_new();
	name = add_array(&types, types.type_char, 2);
	name = id(btf__add_typedef(types.btf, "word", (int)name));
	check_value(&types, add_array(&types, name, 2), "ABCD", 4, "{\"v\":[\"AB\",\"CD\"]}");
}

static void test_arrays_of_many_dimensions(void **state)
{
	static const int record[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
	struct types types = types_new();
	uint32_t inner = add_array(&types, types.type_int, 3);

	(void)state;
	check_value(&types, add_array(&types, inner, 2), record, sizeof(record),
		    "{\"v\":[[1,2,3],[4,5,6]]}");
}

static void test_empty_arrays(void **state)
{
	struct types types = types_new();
	uint32_t empty = add_array(&types, types.type_int, 0);
	uint32_t nothing = add_array(&types, add_struct(&types, "nothing", 0), 1000000);
	uint32_t type = add_struct(&types, "event", 4);
	struct eun_schema *schema;

	(void)state;
	add_field(&types, "a", empty, 0, 0);
	add_field(&types, "b", nothing, 0, 0);
	add_field(&types, "n", types.type_int, 0, 0);
	schema = compile(&types, type);
	check_json(schema, "\5\0\0", 4, "{\"a\":[],\"b\":[],\"n\":5}");
	eun__schema_free(schema);
}

/* The usual way to send strings of any length: char data[] at the end. */
static void test_flexible_string_takes_the_rest(void **state)
{
	struct types types = types_new();
	uint32_t rest = add_array(&types, types.type_char, 0);
	uint32_t type = add_struct(&types, "event", 4);
	struct eun_schema *schema;

	(void)state;
	add_field(&types, "n", types.type_int, 0, 0);
	add_field(&types, "data", rest, 32, 0);
	schema = compile(&types, type);
	check_json(schema, "\5\0\0\0hello", 9, "{\"n\":5,\"data\":\"hello\"}");
	check_json(schema, "\5\0\0", 4, "{\"n\":5,\"data\":\"\"}");
	eun__schema_free(schema);
}

static struct eun_schema *compile_nested(void)
{
	struct types types = types_new();
	uint32_t point = add_struct(&types, "point", 8);
	uint32_t points;
	uint32_t either;
	uint32_t type;

	add_field(&types, "y", types.type_int, 0, 0);
	add_field(&types, "x", types.type_int, 32, 0);
	points = add_array(&types, point, 2);
	either = id(btf__add_union(types.btf, "either", 4));
	add_field(&types, "s", types.type_int, 0, 0);
	add_field(&types, "u", types.type_uint, 0, 0);
	type = add_struct(&types, "event", 24);
	add_field(&types, "p", point, 0, 0);
	add_field(&types, "list", points, 64, 0);
	/* overlaps list[1].x: members may, in unions */
	add_field(&types, "either", either, 160, 0);
	return compile(&types, type);
}

static void test_nested_records(void **state)
{
	static const int record[6] = { 1, 2, 3, 4, 5, -6 };
	struct eun_schema *schema = compile_nested();

	(void)state;
	check_json(schema, record, sizeof(record),
		   "{\"p\":{\"y\":1,\"x\":2},\"list\":[{\"y\":3,\"x\":4},{\"y\":5,\"x\":-6}],"
		   "\"either\":{\"s\":-6,\"u\":4294967290}}");
	check_text(schema, record, sizeof(record),
		   "02:05:58  {\"y\":1,\"x\":2} [{\"y\":3,\"x\":4},{\"y\":5,\"x\":-6}]"
		   " {\"s\":-6,\"u\":4294967290}");
	check_member(schema, 0, record, sizeof(record), "{\"y\":1,\"x\":2}");
	eun__schema_free(schema);
}

static void test_raw_json_is_sorted_and_names_types(void **state)
{
	static const int record[6] = { 1, 2, 3, 4, 5, -6 };
	struct eun_schema *schema = compile_nested();

	(void)state;
	check_format(schema, EUN_FORMAT_RAW_JSON, record, sizeof(record),
		     "{\"either\":{\"__EUNOMIA_TYPE\":\"union\",\"__EUNOMIA_TYPE_NAME\":\"either\","
		     "\"s\":-6,\"u\":4294967290},"
		     "\"list\":[{\"__EUNOMIA_TYPE\":\"struct\",\"__EUNOMIA_TYPE_NAME\":\"point\","
		     "\"x\":4,\"y\":3},{\"__EUNOMIA_TYPE\":\"struct\","
		     "\"__EUNOMIA_TYPE_NAME\":\"point\",\"x\":-6,\"y\":5}],"
		     "\"p\":{\"__EUNOMIA_TYPE\":\"struct\",\"__EUNOMIA_TYPE_NAME\":\"point\","
		     "\"x\":2,\"y\":1}}");
	eun__schema_free(schema);
}

static void test_anonymous_members_join_their_parent(void **state)
{
	static const int record[3] = { 1, 2, 3 };
	struct types types = types_new();
	uint32_t inner = id(btf__add_union(types.btf, NULL, 4));
	uint32_t middle;
	uint32_t type;
	struct eun_schema *schema;

	(void)state;
	add_field(&types, "c", types.type_int, 0, 0);
	add_field(&types, "d", types.type_uint, 0, 0);
	middle = add_struct(&types, NULL, 8);
	add_field(&types, "b", types.type_int, 0, 0);
	add_field(&types, NULL, inner, 32, 0);
	type = add_struct(&types, "event", 12);
	add_field(&types, "a", types.type_int, 0, 0);
	add_field(&types, NULL, middle, 32, 0);
	schema = compile(&types, type);
	assert_int_equal(eun_schema_get_n_members(schema), 4);
	assert_int_equal(eun_schema_get_member(schema, 3)->offset_bits, 64);
	check_json(schema, record, sizeof(record), "{\"a\":1,\"b\":2,\"c\":3,\"d\":3}");
	eun__schema_free(schema);
}

static void test_bitfields(void **state)
{
	struct {
		unsigned int a : 3;
		int b : 7;
		unsigned int c : 30;
		unsigned long long d : 59;
	} record = { 5, -3, 0x2aaaaaaa, 0x7654321fedcba98 };
	struct types types = types_new();
	uint32_t type = add_struct(&types, "event", sizeof(record));
	struct eun_schema *schema;

	(void)state;
	/* Where gcc and clang put them on the machines that count from the low bit. */
	add_field(&types, "a", types.type_uint, 0, 3);
	add_field(&types, "b", types.type_int, 3, 7);
	add_field(&types, "c", types.type_uint, 32, 30);
	add_field(&types, "d", types.type_u64, 64, 59);
	schema = compile(&types, type);
	check_json(schema, &record, sizeof(record),
		   "{\"a\":5,\"b\":-3,\"c\":715827882,\"d\":532905944202132120}");
	eun__schema_free(schema);
}

/* Packed bitfields cross bytes in any way: 63 bits from bit 5 on take 9 bytes. */
static void test_bitfields_across_bytes(void **state)
{
	uint8_t record[9] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0e };
	struct types types = types_new();
	uint32_t type = add_struct(&types, "event", sizeof(record));
	struct eun_schema *schema;

	(void)state;
	add_field(&types, "low", types.type_uint, 0, 5);
	add_field(&types, "wide", types.type_u64, 5, 63);
	schema = compile(&types, type);
	check_json(schema, record, sizeof(record), "{\"low\":31,\"wide\":8646911284551352319}");
	eun__schema_free(schema);
}

static void test_enum_and_bool_bitfields(void **state)
{
	struct types types = types_new();
	uint32_t boolean = id(btf__add_int(types.btf, "_Bool", 1, BTF_INT_BOOL));
	uint32_t kind = id(btf__add_enum(types.btf, "kind", 4));
	uint32_t type;
	struct eun_schema *schema;

	(void)state;
	assert_return_code(btf__add_enum_value(types.btf, "TOP", 3), 0);
	type = add_struct(&types, "event", 1);
	add_field(&types, "flag", boolean, 0, 1);
	add_field(&types, "other", boolean, 1, 1);
	add_field(&types, "kind", kind, 2, 2);
	schema = compile(&types, type);
	check_json(schema, "\x0e", 1, "{\"flag\":false,\"other\":true,\"kind\":\"TOP(3)\"}");
	eun__schema_free(schema);
}

/* Before the flag in struct there was an offset in the integer type. */
static void test_bitfields_of_old_compilers(void **state)
{
	struct types types = types_new();
	uint32_t part = id(btf__add_int(types.btf, "part", 4, 0));

	(void)state;
	*(uint32_t *)(writable(&types, part) + 1) = 4u << 16 | 6;
	check_value(&types, part, "\xf0\x03\0", 4, "{\"v\":63}");
}

static void test_short_records(void **state)
{
	static const int record[6] = { 1, 2, 3, 4, 5, -6 };
	struct eun_schema *schema = compile_nested();

	(void)state;
	check_json(schema, record, 1, "{\"p\":{}}");
	check_json(schema, record, 7, "{\"p\":{\"y\":1}}");
	check_json(schema, record, 8, "{\"p\":{\"y\":1,\"x\":2}}");
	check_json(schema, record, 17, "{\"p\":{\"y\":1,\"x\":2},\"list\":[{\"y\":3,\"x\":4},{}]}");
	check_text(schema, record, 8, "02:05:58  {\"y\":1,\"x\":2} - -");
	check_member(schema, 1, record, 8, "");
	eun__schema_free(schema);
}

static void test_short_arrays_and_strings(void **state)
{
	struct types types = types_new();
	uint32_t numbers = add_array(&types, types.type_u8, 4);
	uint32_t text = add_array(&types, types.type_char, 4);
	uint32_t type = add_struct(&types, "event", 8);
	struct eun_schema *schema;

	(void)state;
	add_field(&types, "n", numbers, 0, 0);
	add_field(&types, "s", text, 32, 0);
	schema = compile(&types, type);
	check_json(schema, "\1\2", 2, "{\"n\":[1,2]}");
	check_json(schema, "\1\2\3\4", 4, "{\"n\":[1,2,3,4]}");
	check_json(schema, "\1\2\3\4ab", 6, "{\"n\":[1,2,3,4],\"s\":\"ab\"}");
	check_json(schema, "\1\2\3\4abcdefgh", 12, "{\"n\":[1,2,3,4],\"s\":\"abcd\"}");
	eun__schema_free(schema);
}

static void test_name_of_a_typedef(void **state)
{
	struct types types = types_new();
	uint32_t anonymous = add_struct(&types, NULL, 4);
	uint32_t name = id(btf__add_typedef(types.btf, "event_t", (int)anonymous));
	struct eun_schema *schema = compile(&types, name);

	(void)state;
	assert_string_equal(eun_schema_get_name(schema), "event_t");
	check_json(schema, "\0\0\0", 4, "{}");
	check_text(schema, "\0\0\0", 4, "02:05:58 ");
	eun__schema_free(schema);
}

static void test_hostile_names_are_escaped(void **state)
{
	struct types types = types_new();
	uint32_t type = add_struct(&types, "event", 4);
	struct eun_schema *schema;

	(void)state;
	add_field(&types, "a\"\x1b[m", types.type_int, 0, 0);
	schema = compile(&types, type);
	check_json(schema, "\1\0\0", 4, "{\"a\\\"\\u001b[m\":1}");
	assert_string_equal(eun_schema_get_text_header(schema), "TIME     A\"\\X1B[M ");
	eun__schema_free(schema);
}

static void test_what_is_no_struct_is_refused(void **state)
{
	struct types types = types_new();

	(void)state;
	check_refused(&types, types.type_int, -EINVAL, EUN_REASON_BAD_PACKAGE);
	types = types_new();
	check_refused(&types, 0, -EINVAL, EUN_REASON_BAD_PACKAGE);
	types = types_new();
	check_refused(&types, 4711, -EINVAL, EUN_REASON_BAD_PACKAGE);
	types = types_new();
	check_refused(&types, UINT32_MAX, -EINVAL, EUN_REASON_BAD_PACKAGE);
}

static void test_members_without_size_are_refused(void **state)
{
	struct types types = types_new();
	uint32_t forward = id(btf__add_fwd(types.btf, "later", BTF_FWD_STRUCT));

	(void)state;
	check_refused(&types, add_wrapper(&types, forward, 4), -EINVAL, EUN_REASON_BAD_PACKAGE);
	types = types_new();
	check_refused(&types, add_wrapper(&types, 0, 4), -EINVAL, EUN_REASON_BAD_PACKAGE);
	types = types_new();
	forward = id(btf__add_float(types.btf, "long double", 16));
	check_refused(&types, add_wrapper(&types, forward, 16), -EINVAL, EUN_REASON_BAD_PACKAGE);
}

static void test_members_outside_their_struct_are_refused(void **state)
{
	struct types types = types_new();
	uint32_t type = add_struct(&types, "event", 4);

	(void)state;
	add_field(&types, "v", types.type_int, 8, 0);
	check_refused(&types, type, -EINVAL, EUN_REASON_BAD_PACKAGE);

	types = types_new();
	check_refused(&types, add_wrapper(&types, types.type_int, 0), -EINVAL,
		      EUN_REASON_BAD_PACKAGE);

	types = types_new();
	type = add_array(&types, types.type_u64, UINT32_MAX);
	check_refused(&types, add_wrapper(&types, type, 8), -EINVAL, EUN_REASON_BAD_PACKAGE);
}

static void test_product_of_lengths_may_not_wrap(void **state)
{
	struct types types = types_new();
	uint32_t type = add_array(&types, types.type_u8, 0x80000000);

	(void)state;
	for (int i = 0; i < 3; i++)
		type = add_array(&types, type, 0x80000000);
	check_refused(&types, add_wrapper(&types, type, 8), -EINVAL, EUN_REASON_BAD_PACKAGE);
}

static void test_cycles_are_refused(void **state)
{
	struct types types = types_new();
	uint32_t first = id(btf__add_typedef(types.btf, "a", 7));
	uint32_t second = id(btf__add_typedef(types.btf, "b", (int)first));
	uint32_t type;

	(void)state;
	assert_int_equal(second, 7);
	check_refused(&types, add_wrapper(&types, second, 4), -EINVAL, EUN_REASON_BAD_PACKAGE);

	types = types_new();
	type = add_struct(&types, "self", 4);
	add_field(&types, "v", type, 0, 0);
	check_refused(&types, type, -E2BIG, EUN_REASON_TOO_LARGE);

	types = types_new();
	type = add_struct(&types, "self", 4);
	add_field(&types, NULL, type, 0, 0);
	check_refused(&types, type, -E2BIG, EUN_REASON_TOO_LARGE);

	types = types_new();
	type = add_array(&types, types.type_int, 0);
	btf_array(btf__type_by_id(types.btf, type))->type = type;
	check_refused(&types, add_wrapper(&types, type, 4), -EINVAL, EUN_REASON_BAD_PACKAGE);
}

/* Each level holds the next twice: 2^16 members from 16 structs. */
static void test_doubling_is_refused(void **state)
{
	struct types types = types_new();
	uint32_t type = add_struct(&types, "leaf", 4);

	(void)state;
	for (int i = 0; i < 15; i++) {
		uint32_t next = id(btf__add_union(types.btf, i % 2 ? "level" : NULL, 4));

		add_field(&types, i % 2 ? "a" : NULL, type, 0, 0);
		add_field(&types, i % 2 ? "b" : NULL, type, 0, 0);
		type = next;
	}
	check_refused(&types, type, -E2BIG, EUN_REASON_TOO_LARGE);
}

static void test_wrong_bit_counts_are_refused(void **state)
{
	static const uint32_t wrong[] = { 0, 33, 4u << 16 | 30, 255 };
	struct types types;

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(wrong); i++) {
		uint32_t type;

		types = types_new();
		type = add_wrapper(&types, types.type_uint, 32);
		*(uint32_t *)(writable(&types, types.type_uint) + 1) = wrong[i];
		check_refused(&types, type, -EINVAL, EUN_REASON_BAD_PACKAGE);
	}
	types = types_new();
	writable(&types, types.type_uint)->size = 17;
	check_refused(&types, add_wrapper(&types, types.type_uint, 32), -EINVAL,
		      EUN_REASON_BAD_PACKAGE);
}

static void test_bitfields_of_what_cannot_be_one_are_refused(void **state)
{
	struct types types = types_new();
	uint32_t text = add_array(&types, types.type_u8, 4);
	uint32_t type = add_struct(&types, "event", 4);

	(void)state;
	add_field(&types, "v", types.type_int, 0, 3);
	btf_members(btf__type_by_id(types.btf, type))->type = text;
	check_refused(&types, type, -EINVAL, EUN_REASON_BAD_PACKAGE);
}

static void test_names_beyond_the_strings_are_empty(void **state)
{
	struct types types = types_new();
	uint32_t inner = add_struct(&types, "inner", 4);
	uint32_t type = add_struct(&types, "event", 4);
	struct eun_schema *schema;

	(void)state;
	add_field(&types, "v", inner, 0, 0);
	writable(&types, inner)->name_off = 0x7fffffff;
	schema = compile(&types, type);
	check_format(schema, EUN_FORMAT_RAW_JSON, "\0\0\0", 4,
		     "{\"v\":{\"__EUNOMIA_TYPE\":\"struct\",\"__EUNOMIA_TYPE_NAME\":\"\"}}");
	eun__schema_free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_in_struct_order),
		cmocka_unit_test(test_qualifiers_and_typedefs_are_followed),
		cmocka_unit_test(test_only_char_itself_makes_strings),
		cmocka_unit_test(test_arrays_of_many_dimensions),
		cmocka_unit_test(test_empty_arrays),
		cmocka_unit_test(test_flexible_string_takes_the_rest),
		cmocka_unit_test(test_nested_records),
		cmocka_unit_test(test_raw_json_is_sorted_and_names_types),
		cmocka_unit_test(test_anonymous_members_join_their_parent),
		cmocka_unit_test(test_bitfields),
		cmocka_unit_test(test_bitfields_across_bytes),
		cmocka_unit_test(test_enum_and_bool_bitfields),
		cmocka_unit_test(test_bitfields_of_old_compilers),
		cmocka_unit_test(test_short_records),
		cmocka_unit_test(test_short_arrays_and_strings),
		cmocka_unit_test(test_name_of_a_typedef),
		cmocka_unit_test(test_hostile_names_are_escaped),
		cmocka_unit_test(test_what_is_no_struct_is_refused),
		cmocka_unit_test(test_members_without_size_are_refused),
		cmocka_unit_test(test_members_outside_their_struct_are_refused),
		cmocka_unit_test(test_product_of_lengths_may_not_wrap),
		cmocka_unit_test(test_cycles_are_refused),
		cmocka_unit_test(test_doubling_is_refused),
		cmocka_unit_test(test_wrong_bit_counts_are_refused),
		cmocka_unit_test(test_bitfields_of_what_cannot_be_one_are_refused),
		cmocka_unit_test(test_names_beyond_the_strings_are_empty),
	};

	if (setenv("TZ", "UTC", 1) < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("schema_btf", tests, NULL, NULL);
}
