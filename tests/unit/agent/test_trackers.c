/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of installed trackers, and names that try to leave it. */
#include "trackers.h"

#include "agent_test.h"
#include "base/macro.h"

#include <errno.h>

struct fixture {
	struct test_folder folder;
};

static const char *const files[] = { "b.json",	  "a.bpf.o",	  "a.json",
				     "README.md", ".hidden.json", "bad name.json" };

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	test_folder_make(&f->folder);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(files); i++) {
		char *path = test_path(&f->folder, files[i]);

		test_write_file(path, "x");
		free(path);
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(files); i++) {
		char *path = test_path(&f->folder, files[i]);

		assert_int_equal(unlink(path), 0);
		free(path);
	}
	assert_int_equal(rmdir(f->folder.path), 0);
	free(f);
	return 0;
}

static void test_find(void **state)
{
	struct fixture *f = *state;
	char *expected = test_path(&f->folder, "a.json");
	char *path = NULL;

	assert_int_equal(trackers_find(f->folder.path, "a", &path, NULL), 0);
	assert_string_equal(path, expected);
	free(path);
	free(expected);
}

static void test_names_that_are_refused(void **state)
{
	static const char *const names[] = { "",       "..",	 ".",	    "../a",
					     "a/b",    "/etc/x", ".hidden", "bad name",
					     "a.json", "a\n",	 "\xc3\xa4" };
	struct fixture *f = *state;
	struct eun_error err = EUN_ERROR_INIT;
	char long_name[TRACKER_NAME_MAX + 1];
	char *path = NULL;

	memset(long_name, 'a', TRACKER_NAME_MAX);
	long_name[TRACKER_NAME_MAX] = '\0';
	for (size_t i = 0; i < EUB_ARRAY_SIZE(names); i++)
		assert_int_equal(trackers_find(f->folder.path, names[i], &path, NULL), -EINVAL);
	assert_int_equal(trackers_find(f->folder.path, long_name, &path, NULL), -EINVAL);
	assert_int_equal(trackers_find(f->folder.path, "absent", &path, &err), -ENOENT);
	assert_int_equal(err.reason, EUN_REASON_NOT_FOUND);
	assert_string_equal(err.subject, "absent");
	assert_null(path);
	eun_error_done(&err);
}

static void test_list(void **state)
{
	struct fixture *f = *state;
	char **names = NULL;
	size_t n = 0;

	assert_int_equal(trackers_list(f->folder.path, &names, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(names[0], "a");
	assert_string_equal(names[1], "b");
	trackers_free_list(names, n);
}

static void test_list_of_missing_folder_is_empty(void **state)
{
	char **names = NULL;
	size_t n = 7;

	(void)state;
	assert_int_equal(trackers_list("/tmp/eunomia-no-such-folder", &names, &n), 0);
	assert_int_equal(n, 0);
	trackers_free_list(names, n);
	assert_int_equal(trackers_list("/etc/hostname", &names, &n), -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_find),
		TEST(test_names_that_are_refused),
		TEST(test_list),
		TEST(test_list_of_missing_folder_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
