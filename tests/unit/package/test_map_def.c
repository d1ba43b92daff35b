/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "package/map_def.h"
#include "package/object.h"

#include <bpf/btf.h>
#include <linux/bpf.h>

static void test_definitions_of_an_object(void **state)
{
	struct eun__object object;
	struct eun__map_def def;
	size_t size;
	unsigned char *data = fixture_object(&size);

	(void)state;
	assert_int_equal(eun__object_open(&object, data, size, NULL), 0);
	assert_int_equal(btf_vlen(object.maps), 2);
	assert_true(eun__map_find(object.btf, object.maps, "events", &def));
	assert_int_equal(def.type, BPF_MAP_TYPE_RINGBUF);
	assert_int_equal(def.key_id, 0);
	assert_int_equal(def.value_id,
			 btf__find_by_name_kind(object.btf, "event", BTF_KIND_STRUCT));
	assert_true(eun__map_find(object.btf, object.maps, "starts", &def));
	assert_int_equal(def.type, BPF_MAP_TYPE_HASH);
	assert_int_equal(def.key_id, btf__find_by_name_kind(object.btf, "__u32", BTF_KIND_TYPEDEF));
	assert_false(eun__map_find(object.btf, object.maps, "nothing", &def));
	assert_false(eun__map_find(object.btf, NULL, "events", &def));
	eun__object_close(&object);
	free(data);
}

static void test_a_variable_that_is_no_struct(void **state)
{
	struct btf *btf = btf__new_empty();
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int var = btf__add_var(btf, "odd", BTF_VAR_GLOBAL_ALLOCATED, number);
	struct eun__map_def def = { .type = 9 };

	(void)state;
	assert_null(eun__map_section(btf));
	assert_true(btf__add_datasec(btf, ".maps", 4) > 0);
	assert_int_equal(btf__add_datasec_var_info(btf, var, 0, 4), 0);
	assert_true(eun__map_find(btf, eun__map_section(btf), "odd", &def));
	assert_int_equal(def.type, 0);
	btf__free(btf);
}

static void test_type_names(void **state)
{
	char text[64];
	char small[8];

	(void)state;
	eun__map_type_name(BPF_MAP_TYPE_PERF_EVENT_ARRAY, text, sizeof(text));
	assert_string_equal(text, "BPF_MAP_TYPE_PERF_EVENT_ARRAY");
	eun__map_type_name(UINT32_MAX, text, sizeof(text));
	assert_string_equal(text, "");
	eun__map_type_name(BPF_MAP_TYPE_HASH, small, sizeof(small));
	assert_true(strlen(small) < sizeof(small));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_definitions_of_an_object),
		cmocka_unit_test(test_a_variable_that_is_no_struct),
		cmocka_unit_test(test_type_names),
	};

	return cmocka_run_group_tests_name("package_map_def", tests, NULL, NULL);
}
