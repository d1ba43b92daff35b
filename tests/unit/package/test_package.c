/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/fd.h"
#include "package/limits.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

static void test_formats_have_names(void **state)
{
	(void)state;
	assert_string_equal(eun_package_format_to_string(EUN_PACKAGE_GEN0), "gen0");
	assert_string_equal(eun_package_format_to_string(EUN_PACKAGE_OBJECT), "object");
	assert_string_equal(eun_package_format_to_string(_EUN_PACKAGE_FORMAT_MAX), "unknown");
}

static void test_arguments(void **state)
{
	struct eun_package *package = NULL;
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	assert_null(eun_package_free(NULL));
	assert_int_equal(eun_package_parse(NULL, 5, NULL, &package, &err), -EINVAL);
	assert_int_equal(err.reason, EUN_REASON_INVALID_ARGUMENT);
	eun_error_done(&err);
	assert_int_equal(eun_package_parse("{}", 2, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(eun_package_parse(NULL, 0, NULL, &package, &err), -EINVAL);
	assert_int_equal(err.reason, EUN_REASON_BAD_PACKAGE);
	eun_error_done(&err);
	assert_int_equal(eun_package_read(NULL, &package, NULL), -EINVAL);
}

static void test_json_that_is_no_package(void **state)
{
	(void)state;
	fixture_refuse(json_pack("{s:i}", "a", 1), EUN_REASON_BAD_PACKAGE, "package",
		       "neither 'bpf_object' nor 'data'");
}

static void test_sizes_over_the_limit(void **state)
{
	struct eun_package *package = NULL;
	struct eun_error err = EUN_ERROR_INIT;
	size_t size = EUN__PACKAGE_SIZE_MAX + 1;
	char *data = calloc(size, 1);

	(void)state;
	assert_non_null(data);
	assert_int_equal(eun_package_parse(data, size, NULL, &package, &err), -E2BIG);
	assert_int_equal(err.reason, EUN_REASON_TOO_LARGE);
	eun_error_done(&err);
	free(data);
}

static void test_files(void **state)
{
	char path[] = "/tmp/eunomia-package-XXXXXX.tracker.json";
	int fd = mkostemps(path, 13, O_CLOEXEC);
	json_t *root = fixture_json(EUN_PACKAGE_GEN0);
	char *text = json_dumps(root, 0);
	struct eun_package *package = NULL;
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(eub_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(eun_package_read(path, &package, &err), 0);
	/* The name is the file's, up to its first dot. */
	assert_memory_equal(package->name, path + 5, strlen(package->name));
	assert_int_equal(strlen(package->name), strlen("eunomia-package-XXXXXX"));
	eun_package_free(package);
	package = NULL;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(eun_package_read(path, &package, &err), -ENOENT);
	assert_int_equal(err.reason, EUN_REASON_NOT_FOUND);
	assert_string_equal(err.subject, path);
	eun_error_done(&err);
	assert_int_equal(eun_package_read("/tmp", &package, &err), -EISDIR);
	assert_int_equal(err.reason, EUN_REASON_IO);
	eun_error_done(&err);
	assert_int_equal(eun_package_read("/dev/zero", &package, &err), -E2BIG);
	assert_int_equal(err.reason, EUN_REASON_TOO_LARGE);
	eun_error_done(&err);
	assert_null(package);
	free(text);
	json_decref(root);
}

static void test_standard_input(void **state)
{
	int saved = dup(STDIN_FILENO);
	int fd = open(EUNOMIA_TEST_OBJECT, O_RDONLY | O_CLOEXEC);
	struct eun_package *package = NULL;

	(void)state;
	assert_true(saved >= 0);
	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(eun_package_read("-", &package, NULL), 0);
	assert_string_equal(eun_package_get_name(package), "tracker");
	eun_package_free(package);
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(close(fd), 0);
	assert_int_equal(close(saved), 0);
}

struct real_package {
	const char *file;
	enum eun_package_format format;
	const char *name;
	size_t n_programs;
	size_t n_variables;
	size_t object_size;
};

/* Published by others; not part of this project. */
static const struct real_package real_packages[] = {
	{ "hotupdate-2022.json", EUN_PACKAGE_GEN0, "hotupdate-2022", 1, 0, 3088 },
	{ "execsnoop-gen1.json", EUN_PACKAGE_GEN1, "execsnoop", 2, 1, 30344 },
	{ "template-gen2.json", EUN_PACKAGE_GEN2, "template", 4, 4, 12656 },
	{ "bootstrap-gen3-early.json", EUN_PACKAGE_GEN3, "client", 2, 1, 30320 },
	{ "bootstrap-gen3.json", EUN_PACKAGE_GEN3, "bootstrap", 2, 1, 30800 },
};

static void test_real_packages(void **state)
{
	const char *folder = getenv("EUNOMIA_PACKAGES");

	(void)state;
	if (!folder)
		folder = EUNOMIA_TEST_PACKAGES;
	if (access(folder, R_OK) < 0) {
		print_message("skipped: no published packages in '%s' (EUNOMIA_PACKAGES)\n",
			      folder);
		skip();
	}
	for (size_t i = 0; i < EUB_ARRAY_SIZE(real_packages); i++) {
		const struct real_package *real = &real_packages[i];
		struct eun_error err = EUN_ERROR_INIT;
		struct eun_package *package = NULL;
		size_t size;
		char path[512];

		(void)snprintf(path, sizeof(path), "%s/%s", folder, real->file);
		if (eun_package_read(path, &package, &err) < 0)
			fail_msg("%s: %s", real->file, err.message);
		assert_int_equal(eun_package_get_format(package), real->format);
		assert_string_equal(eun_package_get_name(package), real->name);
		assert_int_equal(package->n_programs, real->n_programs);
		assert_int_equal(package->n_variables, real->n_variables);
		assert_non_null(eun_package_get_object(package, &size));
		assert_int_equal(size, real->object_size);
		for (size_t j = 0; j < package->n_programs; j++)
			assert_true(package->programs[j].section[0]);
		eun_package_free(package);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats_have_names),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_json_that_is_no_package),
		cmocka_unit_test(test_sizes_over_the_limit),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_standard_input),
		cmocka_unit_test(test_real_packages),
	};

	return cmocka_run_group_tests_name("package", tests, NULL, NULL);
}
