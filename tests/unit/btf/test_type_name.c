/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/buf.h"
#include "btf/type_name.h"

#include <bpf/btf.h>

static void assert_type(const struct btf *btf, int type_id, const char *expected)
{
	struct eub_buf buf = EUB_BUF_INIT;
	char *name;

	assert_true(type_id >= 0);
	eun__type_name_append(&buf, btf, (uint32_t)type_id);
	name = eub_buf_take_string(&buf);
	assert_string_equal(name, expected);
	free(name);
}

static void test_names_as_c_writes_them(void **state)
{
	struct btf *btf = btf__new_empty();
	int number = btf__add_int(btf, "unsigned int", 4, 0);
	int text = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	int boolean = btf__add_int(btf, "_Bool", 1, BTF_INT_BOOL);
	int record = btf__add_struct(btf, "event", 4);
	int anonymous = btf__add_struct(btf, NULL, 4);
	int kind = btf__add_enum(btf, "kind", 4);
	int other = btf__add_union(btf, "u", 4);
	int forward = btf__add_fwd(btf, "later", BTF_FWD_STRUCT);
	int alias = btf__add_typedef(btf, "__u32", number);
	int proto = btf__add_func_proto(btf, number);

	(void)state;
	assert_type(btf, 0, "void");
	assert_type(btf, number, "unsigned int");
	assert_type(btf, alias, "__u32");
	assert_type(btf, boolean, "bool");
	assert_type(btf, record, "struct event");
	assert_type(btf, anonymous, "struct");
	assert_type(btf, kind, "enum kind");
	assert_type(btf, other, "union u");
	assert_type(btf, forward, "struct later");
	assert_type(btf, btf__add_ptr(btf, record), "struct event *");
	assert_type(btf, btf__add_ptr(btf, btf__add_const(btf, btf__add_ptr(btf, text))),
		    "char **");
	assert_type(btf, btf__add_ptr(btf, proto), "void *");
	assert_type(btf, btf__add_ptr(btf, 0), "void *");
	assert_type(btf, btf__add_array(btf, number, text, 16), "char[16]");
	assert_type(btf, btf__add_array(btf, number, btf__add_array(btf, number, alias, 3), 2),
		    "__u32[2][3]");
	assert_type(btf, btf__add_volatile(btf, btf__add_const(btf, number)), "unsigned int");
	assert_type(btf, btf__add_array(btf, number, btf__add_ptr(btf, record), 4),
		    "struct event *[4]");
	btf__free(btf);
}

static void test_circles_end(void **state)
{
	struct btf *btf = btf__new_empty();

	(void)state;
	assert_int_equal(btf__add_ptr(btf, 1), 1);
	assert_type(btf, 1, "void ********************************");
	btf__free(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_as_c_writes_them),
		cmocka_unit_test(test_circles_end),
	};

	return cmocka_run_group_tests_name("btf_type_name", tests, NULL, NULL);
}
