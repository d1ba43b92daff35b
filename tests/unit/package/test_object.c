/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "package/object.h"

#include <stdlib.h>

static struct eun_package *parse_object(const char *name)
{
	struct eun_package *package = NULL;
	struct eun_error err = EUN_ERROR_INIT;
	size_t size;
	unsigned char *data = fixture_object(&size);

	if (eun_package_parse(data, size, name, &package, &err) < 0)
		fail_msg("refused: %s", err.message);
	free(data);
	return package;
}

static void test_programs_and_maps(void **state)
{
	struct eun_package *package = parse_object("events");

	(void)state;
	assert_int_equal(package->format, EUN_PACKAGE_OBJECT);
	assert_string_equal(package->name, "events");
	assert_int_equal(package->n_programs, 2);
	assert_string_equal(package->programs[0].name, "on_open");
	assert_string_equal(package->programs[0].section, "tp/syscalls/sys_enter_openat");
	assert_string_equal(package->programs[1].section, "raw_tp/sched_process_exit");
	assert_int_equal(package->n_maps, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct eun_package_map *map = eun_package_get_map(package, i);
		bool is_ring = strcmp(map->name, "events") == 0;

		assert_string_equal(map->type,
				    is_ring ? "BPF_MAP_TYPE_RINGBUF" : "BPF_MAP_TYPE_HASH");
	}
	eun_package_free(package);
}

static void test_without_a_name(void **state)
{
	struct eun_package *package = parse_object(NULL);

	(void)state;
	assert_string_equal(package->name, "tracker");
	eun_package_free(package);
}

static void test_damaged_btf_is_refused(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_package *package = NULL;
	struct eun__elf_section section;
	struct eun__elf elf;
	size_t size;
	unsigned char *data = fixture_object(&size);

	(void)state;
	assert_int_equal(eun__elf_init(&elf, data, size, NULL), 0);
	assert_true(eun__elf_find_section(&elf, ".BTF", &section));
	data[section.header.sh_offset + 12] ^= 0x7f;
	assert_int_equal(eun_package_parse(data, size, NULL, &package, &err), -EINVAL);
	assert_int_equal(err.reason, EUN_REASON_BAD_PACKAGE);
	assert_string_equal(err.subject, ".BTF");
	eun_error_done(&err);
	free(data);
}

static void test_object_without_btf(void **state)
{
	struct eun_package *package = NULL;
	struct eun__elf_section section;
	struct eun__elf elf;
	size_t size;
	unsigned char *data = fixture_object(&size);
	char *json = NULL;
	size_t json_size;
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	assert_int_equal(eun__elf_init(&elf, data, size, NULL), 0);
	assert_true(eun__elf_find_section(&elf, ".BTF", &section));
	/* Renamed in the string table, by which ".BTF.ext" may lose its name too. */
	memcpy(data + (section.name - (const char *)data), ".XYZ", 4);
	assert_int_equal(eun_package_parse(data, size, NULL, &package, NULL), 0);
	assert_int_equal(package->n_programs, 2);
	assert_int_equal(package->n_variables, 0);
	assert_int_equal(package->n_maps, 0);
	eun_package_free(package);
	assert_int_equal(eun_package_pack(data, size, "x", &json, &json_size, &err), -EINVAL);
	assert_non_null(strstr(err.message, "no BTF"));
	assert_true(err.hint[0]);
	assert_null(json);
	eun_error_done(&err);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs_and_maps),
		cmocka_unit_test(test_without_a_name),
		cmocka_unit_test(test_damaged_btf_is_refused),
		cmocka_unit_test(test_object_without_btf),
	};

	return cmocka_run_group_tests_name("package_object", tests, NULL, NULL);
}
