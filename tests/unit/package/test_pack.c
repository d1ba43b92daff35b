/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>

static json_t *pack(const char *name)
{
	struct eun_error err = EUN_ERROR_INIT;
	size_t size;
	unsigned char *data = fixture_object(&size);
	char *json = NULL;
	size_t json_size = 0;
	json_t *root;

	if (eun_package_pack(data, size, name, &json, &json_size, &err) < 0)
		fail_msg("%s", err.message);
	root = json_loadb(json, json_size, 0, NULL);
	assert_non_null(root);
	free(json);
	free(data);
	return root;
}

static void assert_text(json_t *root, const char *path, const char *expected)
{
	assert_string_equal(json_string_value(fixture_at(root, path)), expected);
}

static void test_written_as_ecc_writes(void **state)
{
	json_t *root = pack("open-events");

	(void)state;
	assert_true(json_is_integer(fixture_at(root, "bpf_object_size")));
	assert_memory_equal(json_string_value(fixture_at(root, "bpf_object")), "eN", 2);
	assert_text(root, "meta.eunomia_version", "0.1.0");
	assert_text(root, "meta.bpf_skel.obj_name", "open_events_bpf");
	assert_text(root, "meta.bpf_skel.data_sections[0].name", ".rodata");
	assert_text(root, "meta.bpf_skel.data_sections[0].variables[0].type", "int");
	assert_text(root, "meta.bpf_skel.data_sections[1].name", ".bss");
	assert_int_equal(json_array_size(fixture_at(root, "meta.bpf_skel.data_sections")), 2);
	assert_text(root, "meta.bpf_skel.maps[2].name", "open_eve.rodata");
	assert_text(root, "meta.bpf_skel.maps[2].ident", "rodata");
	assert_true(json_is_true(fixture_at(root, "meta.bpf_skel.maps[2].mmaped")));
	assert_text(root, "meta.bpf_skel.progs[0].attach", "tp/syscalls/sys_enter_openat");
	assert_int_equal(json_array_size(fixture_at(root, "meta.export_types")), 1);
	assert_text(root, "meta.export_types[0].name", "event");
	assert_text(root, "meta.export_types[0].members[2].type", "char[16]");
	assert_int_equal(json_integer_value(fixture_at(root, "meta.export_types[0].size")), 48);
	json_decref(root);
}

static void test_accepted_again_with_the_same_contents(void **state)
{
	struct eun_package *package = fixture_package(pack("events"));
	size_t size;
	size_t object_size;
	unsigned char *data = fixture_object(&size);
	const void *object = eun_package_get_object(package, &object_size);

	(void)state;
	assert_string_equal(eun_package_get_name(package), "events");
	assert_int_equal(object_size, size);
	assert_memory_equal(object, data, size);
	assert_int_equal(package->n_variables, 8);
	assert_int_equal(package->n_types, 1);
	assert_int_equal(package->n_programs, 2);
	eun_package_free(package);
	free(data);
}

static void test_wrong_arguments(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	char *json = NULL;
	size_t size;

	(void)state;
	assert_int_equal(eun_package_pack("{}", 2, "x", &json, &size, &err), -EINVAL);
	assert_int_equal(err.reason, EUN_REASON_INVALID_ARGUMENT);
	eun_error_done(&err);
	assert_int_equal(eun_package_pack(NULL, 0, "x", &json, &size, NULL), -EINVAL);
	assert_int_equal(eun_package_pack("\x7f"
					  "ELF",
					  4, "x", &json, &size, NULL),
			 -EINVAL);
	assert_int_equal(eun_package_pack("\x7f"
					  "ELF",
					  4, "x", NULL, &size, NULL),
			 -EINVAL);
	assert_null(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_as_ecc_writes),
		cmocka_unit_test(test_accepted_again_with_the_same_contents),
		cmocka_unit_test(test_wrong_arguments),
	};

	return cmocka_run_group_tests_name("package_pack", tests, NULL, NULL);
}
