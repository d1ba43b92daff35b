/* SPDX-License-Identifier: Apache-2.0 */
/* C names of BTF types. */
#include "event_test.h"

#include "event/type_name.h"

static void check_name(struct types *types, uint32_t type, const char *expected)
{
	struct eub_buf buf = EUB_BUF_INIT;

	eun__append_type_name(&buf, types->btf, type);
	eub_buf_append_char(&buf, '\0');
	assert_string_equal(buf.data, expected);
	eub_buf_done(&buf);
}

static void test_names(void **state)
{
	struct types types = types_new();
	uint32_t record = id(btf__add_struct(types.btf, "event", 4));
	uint32_t unnamed = id(btf__add_union(types.btf, NULL, 4));
	uint32_t choice = id(btf__add_enum(types.btf, "state", 4));
	uint32_t type;

	(void)state;
	check_name(&types, types.type_uint, "unsigned int");
	check_name(&types, record, "struct event");
	check_name(&types, unnamed, "union {...}");
	check_name(&types, choice, "enum state");
	check_name(&types, 0, "void");
	check_name(&types, 4711, "void");
	type = id(btf__add_ptr(types.btf, btf__add_const(types.btf, (int)record)));
	check_name(&types, type, "struct event *");
	check_name(&types, id(btf__add_ptr(types.btf, (int)type)), "struct event **");
	check_name(&types, add_array(&types, add_array(&types, types.type_int, 3), 2), "int[2][3]");
	type = id(btf__add_typedef(types.btf, "pid_t", (int)types.type_int));
	check_name(&types, id(btf__add_volatile(types.btf, (int)type)), "pid_t");
	btf__free(types.btf);
}

static void test_chains_without_end(void **state)
{
	struct types types = types_new();
	uint32_t type = id(btf__add_ptr(types.btf, 6));
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	assert_int_equal(type, 6);
	eun__append_type_name(&buf, types.btf, type);
	assert_true(buf.len < 256);
	eub_buf_done(&buf);
	btf__free(types.btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_chains_without_end),
	};

	return cmocka_run_group_tests_name("type_name", tests, NULL, NULL);
}
