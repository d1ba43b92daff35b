/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#define LAYOUT "maps[0].export_data_types"

static void assert_field(const struct eun__package_type *type, size_t i, const char *name,
			 uint32_t offset_bits, uint32_t size_bits)
{
	assert_string_equal(type->fields[i].name, name);
	assert_int_equal(type->fields[i].offset_bits, offset_bits);
	assert_int_equal(type->fields[i].size_bits, size_bits);
}

static void test_manifest_and_layout(void **state)
{
	struct eun_package *package = fixture_package(fixture_json(EUN_PACKAGE_GEN1));
	const struct eun__package_type *type = package->maps[0].layout;

	(void)state;
	assert_int_equal(package->format, EUN_PACKAGE_GEN1);
	assert_string_equal(package->name, "opens");
	assert_string_equal(package->version, "0.1.0");
	assert_string_equal(package->description, "watches");
	assert_non_null(type);
	assert_string_equal(type->name, "event");
	assert_true(type->has_layout);
	assert_int_equal(type->size_bytes, 32);
	assert_int_equal(type->n_fields, 3);
	/* The padding after "pid" is none of its 32 bits. */
	assert_field(type, 0, "pid", 0, 32);
	assert_field(type, 1, "ts", 64, 64);
	assert_field(type, 2, "comm", 128, 128);
	assert_null(package->maps[1].layout);
	assert_string_equal(package->maps[1].pub.type, "BPF_MAP_TYPE_ARRAY");
	assert_string_equal(package->programs[0].section, "tp/syscalls/sys_enter_openat");
	/* No variables are listed, so the object's are. */
	assert_int_equal(package->n_variables, 8);
	eun_package_free(package);
}

static void test_older_name_and_missing_llvm_type(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN1);
	json_t *layout = json_incref(fixture_at(root, LAYOUT));
	struct eun_package *package;

	(void)state;
	assert_int_equal(json_object_del(fixture_at(layout, "Fields[0]"), "LLVMType"), 0);
	assert_int_equal(json_object_del(layout, "DataSize"), 0);
	assert_int_equal(json_object_del(fixture_at(root, "maps[0]"), "export_data_types"), 0);
	fixture_set(root, "maps[0]", "ring_buffer_export", layout);
	package = fixture_package(root);
	assert_non_null(package->maps[0].layout);
	assert_field(package->maps[0].layout, 0, "pid", 0, 64);
	eun_package_free(package);
}

static void test_fields_must_ascend_and_end(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN1);

	(void)state;
	fixture_set(root, LAYOUT ".Fields[1]", "FieldOffset", json_integer(128));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, LAYOUT ".Fields[1]", "must end by bit 128");
	root = fixture_json(EUN_PACKAGE_GEN1);
	fixture_set(root, LAYOUT, "DataSize", json_integer(100));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, LAYOUT ".Fields[2]", "bit 100");
	root = fixture_json(EUN_PACKAGE_GEN1);
	fixture_set(root, LAYOUT, "DataSize", json_integer(4294967295));
	fixture_refuse(root, EUN_REASON_TOO_LARGE, LAYOUT ".DataSize", "limit");
	root = fixture_json(EUN_PACKAGE_GEN1);
	fixture_set(root, LAYOUT ".Fields[0]", "Name", json_integer(1));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, LAYOUT ".Fields[0].Name", "a string");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifest_and_layout),
		cmocka_unit_test(test_older_name_and_missing_llvm_type),
		cmocka_unit_test(test_fields_must_ascend_and_end),
	};

	return cmocka_run_group_tests_name("package_gen1", tests, NULL, NULL);
}
