/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static void test_names_in_order(void **state)
{
	struct eun_package *package = fixture_package(fixture_json(EUN_PACKAGE_GEN0));

	(void)state;
	assert_int_equal(eun_package_get_format(package), EUN_PACKAGE_GEN0);
	assert_string_equal(eun_package_get_name(package), "file");
	assert_string_equal(eun_package_get_map(package, 0)->name, "starts");
	assert_string_equal(eun_package_get_map(package, 0)->type, "BPF_MAP_TYPE_HASH");
	assert_string_equal(eun_package_get_map(package, 1)->name, "events");
	assert_null(eun_package_get_map(package, 2));
	assert_string_equal(eun_package_get_program(package, 0)->name, "on_open");
	assert_string_equal(eun_package_get_program(package, 0)->section,
			    "tp/syscalls/sys_enter_openat");
	assert_null(eun_package_get_program(package, 1));
	eun_package_free(package);
}

static void test_maps_or_programs_suffice(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN0);
	struct eun_package *package;

	(void)state;
	fixture_set(root, "", "maps", json_null());
	package = fixture_package(root);
	assert_int_equal(eun_package_get_format(package), EUN_PACKAGE_GEN0);
	/* What the manifest leaves out comes from the object. */
	assert_int_equal(package->n_maps, 2);
	eun_package_free(package);
}

static void test_wrong_members(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN0);

	(void)state;
	assert_int_equal(json_array_append_new(fixture_at(root, "maps"), json_integer(3)), 0);
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, "maps[2]", "expected a string");
	root = fixture_json(EUN_PACKAGE_GEN0);
	fixture_set(root, "", "data_sz", json_integer(5));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, "data_sz", "5 are declared");
	root = fixture_json(EUN_PACKAGE_GEN0);
	fixture_set(root, "", "data_sz", json_integer(2147483648));
	fixture_refuse(root, EUN_REASON_TOO_LARGE, "data_sz", "2147483648");
	root = fixture_json(EUN_PACKAGE_GEN0);
	fixture_set(root, "", "data", json_string("####"));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, "data", "base64 is damaged");
	root = fixture_json(EUN_PACKAGE_GEN0);
	fixture_set(root, "", "progs", json_pack("[s]", ""));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, "progs[0]", "empty");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_in_order),
		cmocka_unit_test(test_maps_or_programs_suffice),
		cmocka_unit_test(test_wrong_members),
	};

	return cmocka_run_group_tests_name("package_gen0", tests, NULL, NULL);
}
