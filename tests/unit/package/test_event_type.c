/* SPDX-License-Identifier: Apache-2.0 */
/* Each test builds the BTF of an imagined object, a struct "a" being type 2 unless it says so. */
#include "fixture.h"

#include "package/event_type.h"
#include "package/object.h"

#include <bpf/btf.h>

static struct btf *start_btf(void)
{
	struct btf *btf = btf__new_empty();

	assert_int_equal(btf__add_int(btf, "int", 4, BTF_INT_SIGNED), 1);
	return btf;
}

static int add_struct(struct btf *btf, const char *name, int member_type)
{
	int id = btf__add_struct(btf, name, 4);

	assert_true(id > 0);
	assert_int_equal(btf__add_field(btf, "member", member_type, 0, 0), 0);
	return id;
}

static int add_pointer(struct btf *btf, const char *name, int linkage, int type_id)
{
	return btf__add_var(btf, name, linkage, btf__add_ptr(btf, btf__add_const(btf, type_id)));
}

/* A map of that name whose member @key (if any) is of type @type_id. */
static void add_map(struct btf *btf, const char *name, const char *key, int type_id)
{
	int pointer = key ? btf__add_ptr(btf, type_id) : 0;
	int def = btf__add_struct(btf, NULL, 8);
	int var;

	if (key)
		assert_int_equal(btf__add_field(btf, key, pointer, 0, 0), 0);
	var = btf__add_var(btf, name, BTF_VAR_GLOBAL_ALLOCATED, def);
	assert_true(btf__add_datasec(btf, ".maps", 8) > 0);
	assert_int_equal(btf__add_datasec_var_info(btf, var, 0, 8), 0);
}

/* Looks map "rb" up and releases @btf. */
static void assert_found(struct btf *btf, int expected, const char *note_says)
{
	char note[128] = "unset";
	uint32_t id = 0;

	assert_int_equal(eun__event_type_find(btf, "rb", &id, note, sizeof(note)), expected > 0);
	assert_int_equal(id, expected);
	if (!strstr(note, note_says) || (!*note_says && *note))
		fail_msg("note '%s', expected '%s'", note, note_says);
	btf__free(btf);
}

static void test_value_of_the_map_comes_first(void **state)
{
	struct btf *btf = start_btf();
	int a = add_struct(btf, "a", 1);
	int b = add_struct(btf, "b", 1);

	(void)state;
	add_pointer(btf, "unused", BTF_VAR_GLOBAL_ALLOCATED, a);
	add_map(btf, "rb", "value", b);
	assert_found(btf, b, "");
}

static void test_anonymous_value_goes_by_its_typedef(void **state)
{
	struct btf *btf = start_btf();
	int a = add_struct(btf, NULL, 1);
	int alias = btf__add_typedef(btf, "event_t", a);

	(void)state;
	add_map(btf, "rb", "value", alias);
	assert_found(btf, alias, "");
}

static void test_value_that_is_a_number_says_nothing(void **state)
{
	struct btf *btf = start_btf();
	int a = add_struct(btf, "a", 1);

	(void)state;
	add_map(btf, "rb", "value", 1);
	assert_found(btf, a, "");
}

static void test_global_pointer(void **state)
{
	struct btf *btf = start_btf();
	int a = add_struct(btf, "a", 1);
	int b = add_struct(btf, "b", 1);

	(void)state;
	assert_true(a > 0);
	add_pointer(btf, "unused", BTF_VAR_GLOBAL_ALLOCATED, b);
	add_map(btf, "rb", NULL, 0);
	assert_found(btf, b, "");
}

static void test_several_pointers_are_noted(void **state)
{
	struct btf *btf = start_btf();
	int a = add_struct(btf, "a", 1);
	int b = add_struct(btf, "b", 1);

	(void)state;
	add_pointer(btf, "first", BTF_VAR_GLOBAL_ALLOCATED, b);
	add_pointer(btf, "second", BTF_VAR_GLOBAL_ALLOCATED, a);
	add_map(btf, "rb", NULL, 0);
	assert_found(btf, a, "took 'a', not 'b'");
}

static void test_pointers_to_kernel_types_do_not_count(void **state)
{
	struct btf *btf = start_btf();
	int a = add_struct(btf, "a", 1);
	int task = add_struct(btf, "task_struct", 1);
	int other = add_struct(btf, "rq", 1);

	(void)state;
	add_pointer(btf, "current", BTF_VAR_GLOBAL_ALLOCATED, task);
	add_pointer(btf, "runqueues", BTF_VAR_GLOBAL_EXTERN, other);
	add_pointer(btf, "unused", BTF_VAR_GLOBAL_ALLOCATED, a);
	add_map(btf, "rb", NULL, 0);
	assert_found(btf, a, "");
}

static void test_the_only_struct(void **state)
{
	struct btf *btf = start_btf();
	int a = add_struct(btf, "a", 1);
	int inner = add_struct(btf, "inner", 1);
	int outer = add_struct(btf, "outer", inner);
	int context = add_struct(btf, "trace_event_raw_sys_enter", 1);
	int pointed = add_struct(btf, "mm_struct", 1);

	(void)state;
	add_struct(btf, "task_struct", btf__add_ptr(btf, pointed));
	assert_true(context > 0);
	add_map(btf, "values", "value", a);
	assert_found(btf, outer, "");
}

static void test_several_structs_are_listed_and_none_is_taken(void **state)
{
	struct btf *btf = start_btf();

	(void)state;
	add_struct(btf, "a", 1);
	add_struct(btf, "b", 1);
	add_map(btf, "rb", NULL, 0);
	assert_found(btf, 0, "'a' 'b'; choose with --type");
}

static void test_context_of_a_program(void **state)
{
	struct btf *btf = start_btf();
	int a = add_struct(btf, "a", 1);
	int context = add_struct(btf, "my_context", 1);
	int pointer = btf__add_ptr(btf, context);
	int proto = btf__add_func_proto(btf, 1);

	(void)state;
	assert_int_equal(btf__add_func_param(btf, "ctx", pointer), 0);
	assert_true(btf__add_func(btf, "handle", BTF_FUNC_GLOBAL, proto) > 0);
	add_map(btf, "rb", NULL, 0);
	assert_found(btf, a, "");
}

static void test_long_notes_are_cut(void **state)
{
	struct btf *btf = start_btf();
	char note[16];
	uint32_t id;

	(void)state;
	add_struct(btf, "a", 1);
	add_struct(btf, "b", 1);
	assert_int_equal(eun__event_type_find(btf, "rb", &id, note, sizeof(note)), 0);
	assert_true(strlen(note) < sizeof(note));
	btf__free(btf);
}

static void test_relocations_tell_kernel_types(void **state)
{
	struct eun__object object;
	char note[128];
	uint32_t id = 0;
	size_t size;
	unsigned char *data = fixture_object(&size);

	(void)state;
	assert_int_equal(eun__object_open(&object, data, size, NULL), 0);
	assert_int_equal(eun__event_type_find_in_object(data, size, object.btf, "events", &id, note,
							sizeof(note)),
			 1);
	assert_int_equal(id, btf__find_by_name_kind(object.btf, "event", BTF_KIND_STRUCT));
	/* Another map's events: the global pointer that ecc writes leads to the same struct. */
	id = 0;
	assert_int_equal(eun__event_type_find_in_object(data, size, object.btf, "other", &id, note,
							sizeof(note)),
			 1);
	assert_int_equal(id, btf__find_by_name_kind(object.btf, "event", BTF_KIND_STRUCT));
	eun__object_close(&object);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value_of_the_map_comes_first),
		cmocka_unit_test(test_anonymous_value_goes_by_its_typedef),
		cmocka_unit_test(test_value_that_is_a_number_says_nothing),
		cmocka_unit_test(test_global_pointer),
		cmocka_unit_test(test_several_pointers_are_noted),
		cmocka_unit_test(test_pointers_to_kernel_types_do_not_count),
		cmocka_unit_test(test_the_only_struct),
		cmocka_unit_test(test_several_structs_are_listed_and_none_is_taken),
		cmocka_unit_test(test_context_of_a_program),
		cmocka_unit_test(test_long_notes_are_cut),
		cmocka_unit_test(test_relocations_tell_kernel_types),
	};

	return cmocka_run_group_tests_name("package_event_type", tests, NULL, NULL);
}
