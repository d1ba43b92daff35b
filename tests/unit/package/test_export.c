/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/buf.h"
#include "package/base64.h"
#include "package/object.h"

#include <bpf/btf.h>

#define TYPE   "meta.export_types[0]"
#define CONFIG "meta.bpf_skel.maps[1].export_config"

static void test_usual_form(void **state)
{
	struct eun_package *package = fixture_package(fixture_json(EUN_PACKAGE_GEN3));

	(void)state;
	assert_int_equal(package->n_types, 1);
	assert_string_equal(package->types[0].name, "event");
	assert_int_equal(package->types[0].size_bytes, 48);
	assert_true(package->types[0].type_id > 0);
	assert_false(package->types[0].has_layout);
	assert_int_equal(package->types[0].n_fields, 1);
	assert_string_equal(package->types[0].fields[0].name, "pid");
	assert_null(package->types_btf);
	eun_package_free(package);
}

static void test_the_name_decides_over_the_id(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN3);
	json_int_t id = json_integer_value(fixture_at(root, TYPE ".type_id"));
	struct eun_package *package;

	(void)state;
	fixture_set(root, TYPE, "type_id", json_integer(4294967295));
	fixture_set(root, TYPE, "size", json_integer(3));
	package = fixture_package(root);
	assert_int_equal(package->types[0].type_id, id);
	assert_int_equal(package->types[0].size_bytes, 48);
	eun_package_free(package);
	root = fixture_json(EUN_PACKAGE_GEN3);
	fixture_set(root, TYPE, "name", json_string("nobody"));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, TYPE, "no struct 'nobody'");
}

/* Raw BTF with struct event as type 2, in base64. */
static json_t *early_btf(void)
{
	struct btf *btf = btf__new_empty();
	struct eub_buf text = EUB_BUF_INIT;
	const void *raw;
	uint32_t size;
	json_t *string;

	assert_int_equal(btf__add_int(btf, "int", 4, 0), 1);
	assert_int_equal(btf__add_struct(btf, "event", 4), 2);
	assert_int_equal(btf__add_field(btf, "pid", 1, 0, 0), 0);
	raw = btf__raw_data(btf, &size);
	eun__base64_append(&text, raw, size);
	string = json_stringn(text.data, text.len);
	eub_buf_done(&text);
	btf__free(btf);
	return string;
}

static json_t *early_types(json_t *btf)
{
	return json_pack("{s:o s:[{s:i s:s}]}", "export_btf", btf, "structs", "id", 2, "name",
			 "event");
}

static void test_early_form(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN3);
	struct eun_package *package;

	(void)state;
	fixture_set(root, "meta", "export_types", early_types(early_btf()));
	package = fixture_package(root);
	assert_int_equal(package->n_types, 1);
	assert_int_equal(package->types[0].type_id, 2);
	assert_int_equal(package->types[0].size_bytes, 4);
	assert_non_null(package->types_btf);
	eun_package_free(package);
}

static void test_early_form_with_bad_btf(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN3);

	(void)state;
	fixture_set(root, "meta", "export_types", early_types(json_string("AAAA")));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, ".BTF", "meta.export_types.export_btf: BTF");
	root = fixture_json(EUN_PACKAGE_GEN3);
	fixture_set(root, "meta", "export_types", early_types(json_string("!")));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, "meta.export_types.export_btf", "base64");
	root = fixture_json(EUN_PACKAGE_GEN3);
	fixture_set(root, "meta", "export_types", early_types(early_btf()));
	fixture_set(root, "meta.export_types.structs[0]", "name", json_string("other"));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, "meta.export_types.structs[0]", "'other'");
}

static void test_custom_members_are_sorted(void **state)
{
	struct eun_package *package = fixture_package(fixture_json(EUN_PACKAGE_GEN3));
	const struct eun__package_type *layout = package->maps[1].layout;

	(void)state;
	assert_true(package->maps[0].is_exported);
	assert_int_equal(package->maps[0].export_type_id, package->types[0].type_id);
	assert_true(package->maps[1].is_exported);
	assert_non_null(layout);
	assert_true(layout->has_layout);
	assert_string_equal(layout->name, "starts");
	assert_string_equal(layout->fields[0].name, "first");
	assert_string_equal(layout->fields[1].name, "second");
	assert_int_equal(layout->fields[1].offset_bits, 32);
	assert_int_equal(layout->size_bytes, 8);
	assert_false(package->maps[2].is_exported);
	eun_package_free(package);
}

static void test_wrong_configurations(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN3);

	(void)state;
	fixture_set(root, CONFIG ".custom_members[0]", "offset", json_integer(2));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, CONFIG ".custom_members", "overlap");
	root = fixture_json(EUN_PACKAGE_GEN3);
	fixture_set(root, CONFIG ".custom_members[0]", "btf_type_id", json_integer(70000));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, CONFIG ".custom_members[0].btf_type_id",
		       "70000");
	root = fixture_json(EUN_PACKAGE_GEN3);
	fixture_set(root, "meta.bpf_skel.maps[0].export_config", "btf_type_id", json_integer(1));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE,
		       "meta.bpf_skel.maps[0].export_config.btf_type_id", "no struct");
	root = fixture_json(EUN_PACKAGE_GEN3);
	fixture_set(root, "meta.bpf_skel.maps[1]", "export_config", json_string("sometimes"));
	fixture_refuse(root, EUN_REASON_BAD_PACKAGE, CONFIG, "'sometimes'");
}

static void test_words(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN3);
	struct eun_package *package;

	(void)state;
	fixture_set(root, "meta.bpf_skel.maps[0]", "export_config", json_string("no_export"));
	fixture_set(root, "meta.bpf_skel.maps[1]", "export_config", json_string("default"));
	package = fixture_package(root);
	assert_false(package->maps[0].is_exported);
	assert_true(package->maps[1].is_exported);
	assert_int_equal(package->maps[1].export_type_id, 0);
	eun_package_free(package);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual_form),
		cmocka_unit_test(test_the_name_decides_over_the_id),
		cmocka_unit_test(test_early_form),
		cmocka_unit_test(test_early_form_with_bad_btf),
		cmocka_unit_test(test_custom_members_are_sorted),
		cmocka_unit_test(test_wrong_configurations),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("package_export", tests, NULL, NULL);
}
