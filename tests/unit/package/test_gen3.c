/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "package/limits.h"

#define SKELETON "meta.bpf_skel"
#define VARIABLE SKELETON ".data_sections[0].variables[0]"

static void test_manifest(void **state)
{
	struct eun_package *package = fixture_package(fixture_json(EUN_PACKAGE_GEN3));

	(void)state;
	assert_int_equal(package->format, EUN_PACKAGE_GEN3);
	assert_string_equal(package->name, "events");
	assert_string_equal(package->version, "1.2");
	assert_string_equal(package->description, "watches");
	assert_true(package->has_multiple_exports);
	assert_string_equal(package->programs[0].section, "tp/syscalls/sys_enter_openat");
	assert_int_equal(package->n_maps, 3);
	assert_true(package->maps[0].is_sample == false);
	assert_string_equal(package->maps[2].ident, "rodata");
	assert_string_equal(package->maps[2].pub.name, "events_b.rodata");
	eun_package_free(package);
}

static void test_variables(void **state)
{
	struct eun_package *package = fixture_package(fixture_json(EUN_PACKAGE_GEN3));
	const struct eun_package_variable *variable = eun_package_get_variable(package, 0);

	(void)state;
	assert_string_equal(variable->name, "target_pid");
	assert_string_equal(variable->type, "int");
	assert_string_equal(variable->section, ".rodata");
	assert_string_equal(variable->description, "only this process");
	assert_string_equal(variable->long_option, "pid");
	assert_string_equal(variable->short_option, "p");
	assert_string_equal(variable->default_value, "9");
	/* ecc's dummy is not a variable; .data comes from the object. */
	assert_string_equal(eun_package_get_variable(package, 1)->name, "scale");
	assert_null(eun_package_get_variable(package, 2));
	eun_package_free(package);
}

static void test_what_may_be_missing_or_null(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN3);
	struct eun_package *package;

	(void)state;
	assert_int_equal(json_object_del(root, "bpf_object_size"), 0);
	assert_int_equal(json_object_del(fixture_at(root, "meta"), "eunomia_version"), 0);
	fixture_set(root, SKELETON, "maps", json_null());
	fixture_set(root, SKELETON, "progs", json_null());
	fixture_set(root, SKELETON, "doc", json_null());
	fixture_set(root, SKELETON, "data_sections", json_array());
	fixture_set(root, SKELETON, "future", json_pack("{s:[i]}", "x", 1));
	fixture_set(root, "meta", "export_types", json_null());
	package = fixture_package(root);
	assert_int_equal(package->n_maps, 2);
	assert_int_equal(package->n_programs, 2);
	assert_int_equal(package->n_variables, 8);
	assert_int_equal(package->n_types, 0);
	eun_package_free(package);
}

static void test_sizes(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN3);
	json_int_t size = json_integer_value(json_object_get(root, "bpf_object_size"));

	(void)state;
	fixture_set(root, "", "bpf_object_size", json_integer(size + 1));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, "bpf_object", "are declared");
	root = fixture_json(EUN_PACKAGE_GEN3);
	fixture_set(root, "", "bpf_object_size", json_integer(size - 1));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, "bpf_object", "more than the declared");
	root = fixture_json(EUN_PACKAGE_GEN3);
	fixture_set(root, "", "bpf_object_size", json_integer(2147483648));
	fixture_refuse(root, EUN_REASON_TOO_LARGE, "bpf_object_size", "over the limit");
	root = fixture_json(EUN_PACKAGE_GEN3);
	fixture_set(root, "", "bpf_object_size", json_integer(0));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, "bpf_object_size", "at least one byte");
}

static void test_lists_over_their_limits(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN3);
	json_t *list = fixture_at(root, SKELETON ".progs");

	(void)state;
	while (json_array_size(list) <= EUN__PROGRAMS_MAX)
		assert_int_equal(json_array_append_new(list, json_pack("{s:s}", "name", "x")), 0);
	fixture_refuse(root, EUN_REASON_TOO_LARGE, SKELETON ".progs", "limit of 1024");
	root = fixture_json(EUN_PACKAGE_GEN3);
	list = fixture_at(root, SKELETON ".maps");
	while (json_array_size(list) <= EUN__MAPS_MAX)
		assert_int_equal(json_array_append_new(list, json_pack("{s:s}", "name", "x")), 0);
	fixture_refuse(root, EUN_REASON_TOO_LARGE, SKELETON ".maps", "limit of 1024");
	root = fixture_json(EUN_PACKAGE_GEN3);
	list = fixture_at(root, SKELETON ".data_sections[0].variables");
	while (json_array_size(list) <= EUN__VARIABLES_MAX)
		assert_int_equal(json_array_append_new(list, json_pack("{s:s}", "name", "x")), 0);
	fixture_refuse(root, EUN_REASON_TOO_LARGE, "", "variables");
}

static void test_long_and_wrong_strings(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN3);
	char text[EUN__STRING_MAX + 2];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fixture_set(root, VARIABLE, "description", json_string(text));
	fixture_refuse(root, EUN_REASON_TOO_LARGE, VARIABLE ".description", "limit of 4096");
	root = fixture_json(EUN_PACKAGE_GEN3);
	fixture_set(root, VARIABLE ".cmdarg", "short", json_string("pp"));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, VARIABLE ".cmdarg.short", "one character");
	root = fixture_json(EUN_PACKAGE_GEN3);
	fixture_set(root, SKELETON ".maps[2]", "name", json_integer(2));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, SKELETON ".maps[2].name",
		       SKELETON ".maps[2].name: expected a string, found a number");
	root = fixture_json(EUN_PACKAGE_GEN3);
	fixture_set(root, "", "meta", json_null());
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, "meta", "expected an object, found nothing");
}

static void test_samples(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN3);
	struct eun_package *package;

	(void)state;
	fixture_set(root, SKELETON ".maps[1]", "sample", json_pack("{s:i}", "interval", 1000));
	package = fixture_package(root);
	assert_true(package->maps[1].is_sample);
	eun_package_free(package);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifest),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_what_may_be_missing_or_null),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_lists_over_their_limits),
		cmocka_unit_test(test_long_and_wrong_strings),
		cmocka_unit_test(test_samples),
	};

	return cmocka_run_group_tests_name("package_gen3", tests, NULL, NULL);
}
