/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of installed trackers, and names that try to leave it. */
#include <eunomia/package.h>

#include "base/fd.h"
#include "base/macro.h"
#include "failing_malloc.h"
#include "package/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	char folder[32];
};

static const char *const files[] = { "b.json",	     "opensnoop.bpf.o", "opensnoop.json",
				     "README.md",    ".hidden.json",	".json",
				     "bad name.json" };

static void write_in(const struct fixture *f, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	assert_int_equal(eub_write_file_atomic(path, "x", 1, 0600), 0);
}

static void remove_from(const struct fixture *f, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	assert_int_equal(unlink(path), 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	memcpy(f->folder, "/tmp/eun-installed-XXXXXX", 26);
	assert_non_null(mkdtemp(f->folder));
	for (size_t i = 0; i < EUB_ARRAY_SIZE(files); i++)
		write_in(f, files[i]);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(files); i++)
		remove_from(f, files[i]);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static void test_find_prefers_the_package(void **state)
{
	struct fixture *f = *state;
	char expected[64];
	char *path = NULL;

	(void)snprintf(expected, sizeof(expected), "%s/opensnoop.json", f->folder);
	assert_int_equal(eun_tracker_find(f->folder, "opensnoop", &path, NULL), 0);
	assert_string_equal(path, expected);
	free(path);
}

static void test_only_files_are_found(void **state)
{
	struct fixture *f = *state;
	char folder[64];
	char *path = NULL;

	(void)snprintf(folder, sizeof(folder), "%s/folder.json", f->folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(eun_tracker_find(f->folder, "folder", &path, NULL), -ENOENT);
	assert_int_equal(rmdir(folder), 0);
}

static void test_near_names_are_told(void **state)
{
	struct fixture *f = *state;
	struct eun_error err = EUN_ERROR_INIT;
	char *path = NULL;

	assert_int_equal(eun_tracker_find(f->folder, "opensnop", &path, &err), -ENOENT);
	assert_int_equal(err.reason, EUN_REASON_NOT_FOUND);
	assert_string_equal(err.subject, "opensnop");
	assert_string_equal(err.hint, "did you mean 'opensnoop'?");
	eun_error_done(&err);
	assert_int_equal(eun_tracker_find(f->folder, "unlike-any", &path, &err), -ENOENT);
	assert_string_equal(err.hint, "");
	assert_null(path);
	eun_error_done(&err);
}

static void test_names(void **state)
{
	static const char *const bad[] = { "",	      "..", ".",  "../b",     "b/c", "/etc/x",
					   ".hidden", "-b", "_b", "bad name", "b\n", "\xc3\xa4" };
	char name[EUN_TRACKER_NAME_MAX + 1] = "";
	struct fixture *f = *state;
	char *path = NULL;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(bad); i++) {
		assert_false(eun_tracker_name_is_valid(bad[i]));
		assert_int_equal(eun_tracker_find(f->folder, bad[i], &path, NULL), -EINVAL);
	}
	assert_false(eun_tracker_name_is_valid(NULL));
	assert_int_equal(eun_tracker_find(f->folder, NULL, &path, NULL), -EINVAL);
	assert_int_equal(eun_tracker_find(NULL, "b", &path, NULL), -EINVAL);
	assert_true(eun_tracker_name_is_valid("9a.b-c_Z"));
	memset(name, 'a', EUN_TRACKER_NAME_MAX - 1);
	assert_true(eun_tracker_name_is_valid(name));
	name[EUN_TRACKER_NAME_MAX - 1] = 'a';
	assert_false(eun_tracker_name_is_valid(name));
}

static void test_list(void **state)
{
	struct fixture *f = *state;
	char **names = NULL;
	size_t n = 0;

	assert_int_equal(eun_tracker_list(f->folder, &names, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(names[0], "b");
	assert_string_equal(names[1], "opensnoop");
	eun_tracker_free_list(names, n);
}

static void test_list_is_bounded(void **state)
{
	struct fixture *f = *state;
	char **names = NULL;
	char name[16];
	size_t n = 0;

	for (int i = 0; i < EUN__TRACKERS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "z%d.json", i);
		write_in(f, name);
	}
	assert_int_equal(eun_tracker_list(f->folder, &names, &n), 0);
	/* One less where both files of opensnoop are among those read. */
	assert_in_range(n, EUN__TRACKERS_MAX - 1, EUN__TRACKERS_MAX);
	eun_tracker_free_list(names, n);
	for (int i = 0; i < EUN__TRACKERS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "z%d.json", i);
		remove_from(f, name);
	}
}

static void test_folders_that_are_none(void **state)
{
	char **names = NULL;
	size_t n = 7;

	(void)state;
	assert_int_equal(eun_tracker_list("/tmp/eunomia-no-such-folder", &names, &n), 0);
	assert_int_equal(n, 0);
	eun_tracker_free_list(names, n);
	assert_int_equal(eun_tracker_list("/etc/hostname", &names, &n), -ENOTDIR);
	assert_int_equal(eun_tracker_list(NULL, &names, &n), -EINVAL);
	eun_tracker_free_list(NULL, 0);
}

static void test_failing_allocations(void **state)
{
	struct fixture *f = *state;
	bool has_failed = true;

	for (unsigned int nth = 1; has_failed; nth++) {
		char **names = NULL;
		char *path = NULL;
		size_t n = 0;
		int r;

		failing_malloc_arm(nth);
		r = eun_tracker_list(f->folder, &names, &n);
		if (r == 0)
			r = eun_tracker_find(f->folder, "b", &path, NULL);
		has_failed = failing_malloc_disarm();
		assert_int_equal(r, has_failed ? -ENOMEM : 0);
		eun_tracker_free_list(names, n);
		free(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_find_prefers_the_package),
		TEST(test_only_files_are_found),
		TEST(test_near_names_are_told),
		TEST(test_names),
		TEST(test_list),
		TEST(test_list_is_bounded),
		TEST(test_folders_that_are_none),
		TEST(test_failing_allocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
