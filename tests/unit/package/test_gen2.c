/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static void test_section_data_lists_variables(void **state)
{
	struct eun_package *package = fixture_package(fixture_json(EUN_PACKAGE_GEN2));
	const struct eun_package_variable *variable = eun_package_get_variable(package, 0);

	(void)state;
	assert_int_equal(package->format, EUN_PACKAGE_GEN2);
	assert_string_equal(variable->name, "target_pid");
	assert_string_equal(variable->type, "int");
	assert_string_equal(variable->section, ".rodata");
	assert_string_equal(variable->long_option, "target_pid");
	/* .data cannot be listed by this generation; the object's BTF adds it. */
	assert_string_equal(eun_package_get_variable(package, 1)->name, "scale");
	assert_null(eun_package_get_variable(package, 2));
	eun_package_free(package);
}

static void test_programs_without_type_tell_the_generation(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN1);
	struct eun_package *package;

	(void)state;
	assert_int_equal(json_object_del(fixture_at(root, "progs[0]"), "type"), 0);
	package = fixture_package(root);
	assert_int_equal(package->format, EUN_PACKAGE_GEN2);
	assert_int_equal(package->n_variables, 8);
	eun_package_free(package);
}

static void test_wrong_variables(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN2);

	(void)state;
	fixture_set(root, "maps[1].sec_data[0]", "name", json_true());
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, "maps[1].sec_data[0].name", "a boolean");
	root = fixture_json(EUN_PACKAGE_GEN2);
	fixture_set(root, "maps[1]", "sec_data", json_string("x"));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, "maps[1].sec_data", "an array");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_section_data_lists_variables),
		cmocka_unit_test(test_programs_without_type_tell_the_generation),
		cmocka_unit_test(test_wrong_variables),
	};

	return cmocka_run_group_tests_name("package_gen2", tests, NULL, NULL);
}
