/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "package/btf_check.h"

#include "base/cleanup.h"

#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

/* A copy of @btf's bytes with exact bounds. */
static unsigned char *raw_copy(const struct btf *btf, uint32_t *ret_size)
{
	const void *raw = btf__raw_data(btf, ret_size);
	unsigned char *copy = malloc(*ret_size);

	assert_non_null(raw);
	assert_non_null(copy);
	memcpy(copy, raw, *ret_size);
	return copy;
}

static void assert_answer(const struct btf *btf, int expected, const char *message)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct btf *opened = NULL;
	uint32_t size;
	unsigned char *raw = raw_copy(btf, &size);

	assert_int_equal(eun__btf_open(raw, size, &opened, &err), expected);
	assert_true((opened != NULL) == (expected == 0));
	if (!strstr(err.message, message))
		fail_msg("'%s' does not say '%s'", err.message, message);
	btf__free(opened);
	eun_error_done(&err);
	free(raw);
}

/* One of each kind, with a struct that points to itself, which is allowed. */
static struct btf *every_kind(void)
{
	struct btf *btf = btf__new_empty();
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int pointer = btf__add_ptr(btf, 3);
	int record;
	int proto;
	int function;
	int variable;

	record = btf__add_struct(btf, "node", 16);
	assert_int_equal(record, 3);
	assert_int_equal(btf__add_field(btf, "next", pointer, 0, 0), 0);
	assert_int_equal(btf__add_field(btf, "value", number, 64, 0), 0);
	assert_true(btf__add_union(btf, "u", 4) > 0);
	assert_true(btf__add_array(btf, number, record, 3) > 0);
	assert_true(btf__add_enum(btf, "e", 4) > 0);
	assert_int_equal(btf__add_enum_value(btf, "A", 1), 0);
	assert_true(btf__add_enum64(btf, "e64", 8, false) > 0);
	assert_int_equal(btf__add_enum64_value(btf, "B", 1), 0);
	assert_true(btf__add_fwd(btf, "f", BTF_FWD_UNION) > 0);
	assert_true(btf__add_typedef(btf, "t", record) > 0);
	assert_true(btf__add_const(btf, record) > 0);
	assert_true(btf__add_restrict(btf, pointer) > 0);
	assert_true(btf__add_float(btf, "double", 8) > 0);
	proto = btf__add_func_proto(btf, 0);
	assert_int_equal(btf__add_func_param(btf, "ctx", pointer), 0);
	function = btf__add_func(btf, "run", BTF_FUNC_GLOBAL, proto);
	variable = btf__add_var(btf, "v", BTF_VAR_GLOBAL_ALLOCATED, number);
	assert_true(btf__add_datasec(btf, ".data", 4) > 0);
	assert_int_equal(btf__add_datasec_var_info(btf, variable, 0, 4), 0);
	assert_true(btf__add_decl_tag(btf, "tag", function, -1) > 0);
	assert_true(btf__add_type_tag(btf, "user", number) > 0);
	return btf;
}

static void test_every_kind_is_accepted(void **state)
{
	struct btf *btf = every_kind();

	(void)state;
	assert_answer(btf, 0, "");
	btf__free(btf);
}

static void test_every_truncation_is_refused(void **state)
{
	struct btf *btf = every_kind();
	uint32_t size;
	unsigned char *raw = raw_copy(btf, &size);

	(void)state;
	for (uint32_t n = 0; n < size; n++) {
		struct btf *opened = NULL;
		unsigned char *cut = malloc(n > 0 ? n : 1);

		assert_non_null(cut);
		memcpy(cut, raw, n);
		assert_int_equal(eun__btf_open(cut, n, &opened, NULL), -EINVAL);
		free(cut);
	}
	free(raw);
	btf__free(btf);
}

static void test_every_flipped_bit_is_safe(void **state)
{
	struct btf *btf = every_kind();
	uint32_t size;
	unsigned char *raw = raw_copy(btf, &size);

	(void)state;
	for (uint32_t i = 0; i < size * 8; i++) {
		struct eun_error err = EUN_ERROR_INIT;
		struct btf *opened = NULL;

		raw[i / 8] ^= (unsigned char)(1u << i % 8);
		if (eun__btf_open(raw, size, &opened, &err) < 0)
			assert_true(err.message[0]);
		raw[i / 8] ^= (unsigned char)(1u << i % 8);
		btf__free(opened);
		eun_error_done(&err);
	}
	free(raw);
	btf__free(btf);
}

static void test_typedef_circle(void **state)
{
	struct btf *btf = btf__new_empty();

	(void)state;
	assert_int_equal(btf__add_typedef(btf, "a", 2), 1);
	assert_int_equal(btf__add_const(btf, 1), 2);
	assert_answer(btf, -EINVAL, "contains itself");
	btf__free(btf);
}

static void test_struct_within_itself(void **state)
{
	struct btf *btf = btf__new_empty();

	(void)state;
	assert_int_equal(btf__add_struct(btf, "s", 8), 1);
	assert_int_equal(btf__add_field(btf, "again", 2, 0, 0), 0);
	assert_int_equal(btf__add_array(btf, 3, 1, 2), 2);
	assert_int_equal(btf__add_int(btf, "int", 4, 0), 3);
	assert_answer(btf, -EINVAL, "contains itself");
	btf__free(btf);
}

static void test_dangling_and_wrong_references(void **state)
{
	struct btf *btf = btf__new_empty();

	(void)state;
	assert_int_equal(btf__add_ptr(btf, 77), 1);
	assert_answer(btf, -EINVAL, "does not exist");
	btf__free(btf);
	btf = btf__new_empty();
	assert_int_equal(btf__add_func(btf, "f", BTF_FUNC_GLOBAL, 2), 1);
	assert_int_equal(btf__add_int(btf, "int", 4, 0), 2);
	assert_answer(btf, -EINVAL, "wrong kind");
	btf__free(btf);
}

static void test_names(void **state)
{
	struct btf *btf = btf__new_empty();
	struct btf *opened = NULL;
	struct eun_error err = EUN_ERROR_INIT;
	unsigned char *raw;
	uint32_t size;

	(void)state;
	assert_int_equal(btf__add_int(btf, "number", 4, 0), 1);
	raw = raw_copy(btf, &size);
	raw[size - 3] = '\n';
	assert_int_equal(eun__btf_open(raw, size, &opened, &err), -EINVAL);
	assert_non_null(strstr(err.message, "name"));
	assert_string_equal(err.subject, ".BTF");
	eun_error_done(&err);
	free(raw);
	btf__free(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_is_accepted),
		cmocka_unit_test(test_every_truncation_is_refused),
		cmocka_unit_test(test_every_flipped_bit_is_safe),
		cmocka_unit_test(test_typedef_circle),
		cmocka_unit_test(test_struct_within_itself),
		cmocka_unit_test(test_dangling_and_wrong_references),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("package_btf_check", tests, NULL, NULL);
}
