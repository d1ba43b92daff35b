/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each allocation of each constructor fails once. The linker sends the library's allocations here
 * (--wrap); libbpf keeps the real ones.
 */
#include "event_test.h"

#define N_ALLOCATIONS_MAX 200

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);

static unsigned int n_until_failure; /* 0: none fails */

static bool must_fail(void)
{
	return n_until_failure > 0 && --n_until_failure == 0;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return must_fail() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return must_fail() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return must_fail() ? NULL : __real_reallocarray(p, n, size);
}

struct input {
	const struct btf *btf;
	uint32_t type_id;
};

typedef int (*make_fn)(const struct input *input, struct eun_schema **ret_schema,
		       struct eun_error *err);

static int make_from_btf(const struct input *input, struct eun_schema **ret_schema,
			 struct eun_error *err)
{
	return eun__schema_from_btf(input->btf, input->type_id, ret_schema, err);
}

static int make_hotupdate(const struct input *input, struct eun_schema **ret_schema,
			  struct eun_error *err)
{
	(void)input;
	return eun__schema_hotupdate(ret_schema, err);
}

static int make_untyped(const struct input *input, struct eun_schema **ret_schema,
			struct eun_error *err)
{
	(void)input;
	return eun__schema_untyped("data", ret_schema, err);
}

static void fail_each_allocation(make_fn make, const struct input *input)
{
	for (unsigned int i = 1; i < N_ALLOCATIONS_MAX; i++) {
		struct eun_schema *schema = NULL;
		struct eun_error err = EUN_ERROR_INIT;
		int r;

		n_until_failure = i;
		r = make(input, &schema, &err);
		if (n_until_failure > 0) {
			n_until_failure = 0;
			assert_true(i > 3);
			assert_int_equal(r, 0);
			eun__schema_free(schema);
			return;
		}
		/* The text of the error itself may have been what found no memory. */
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(err.reason, EUN_REASON_NO_MEMORY);
		assert_null(schema);
		eun_error_done(&err);
	}
	fail_msg("more than %d allocations", N_ALLOCATIONS_MAX);
}

static void test_schema_from_btf(void **state)
{
	struct types types = types_new();
	uint32_t choice = id(btf__add_enum(types.btf, "state", 4));
	struct input input = { .btf = types.btf };
	char name[16] = "m_";

	(void)state;
	assert_return_code(btf__add_enum_value(types.btf, "RUN", 1), 0);
	input.type_id = id(btf__add_struct(types.btf, "event", 400));
	for (uint32_t i = 0; i < 100; i++) {
		int type = (int)(i % 2 ? choice : types.type_int);

		name[1] = (char)('a' + i % 26);
		name[2] = (char)('a' + i / 26);
		assert_return_code(btf__add_field(types.btf, name, type, i * 32, 0), 0);
	}
	fail_each_allocation(make_from_btf, &input);
	btf__free(types.btf);
}

static void test_schema_hotupdate(void **state)
{
	(void)state;
	fail_each_allocation(make_hotupdate, NULL);
}

static void test_schema_untyped(void **state)
{
	(void)state;
	fail_each_allocation(make_untyped, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schema_from_btf),
		cmocka_unit_test(test_schema_hotupdate),
		cmocka_unit_test(test_schema_untyped),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
