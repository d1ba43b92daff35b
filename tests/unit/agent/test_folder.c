/* SPDX-License-Identifier: Apache-2.0 */
/* Folders by their path: made once, listed in order, removed with their files. */
#include "folder.h"

#include "agent_test.h"

#include <errno.h>

static void test_list_is_sorted(void **state)
{
	static const char *const wanted[] = { ".hidden", "a", "b.c", "z" };
	static const char *const made[] = { "z", "a", ".hidden", "b.c" };
	struct test_folder folder;
	char **names;
	size_t n;

	(void)state;
	test_folder_make(&folder);
	for (size_t i = 0; i < 4; i++) {
		char *path = test_path(&folder, made[i]);

		test_write_file(path, "");
		free(path);
	}
	assert_int_equal(folder_list(folder.path, &names, &n), 0);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(names[i], wanted[i]);
	folder_free_names(names, n);
	assert_int_equal(folder_remove(folder.path), 0);
	assert_int_equal(access(folder.path, F_OK), -1);
}

static void test_empty_and_missing(void **state)
{
	struct test_folder folder;
	char **names;
	size_t n;

	(void)state;
	test_folder_make(&folder);
	assert_int_equal(folder_list(folder.path, &names, &n), 0);
	assert_int_equal(n, 0);
	folder_free_names(names, n);
	assert_int_equal(folder_remove(folder.path), 0);
	assert_int_equal(folder_remove(folder.path), 0);
	assert_int_equal(folder_list(folder.path, &names, &n), -ENOENT);
}

static void test_make(void **state)
{
	struct test_folder folder;
	struct stat st;
	char *path, *deep;

	(void)state;
	test_folder_make(&folder);
	path = test_path(&folder, "one");
	deep = test_path(&folder, "two/three");
	assert_int_equal(folder_make(path), 0);
	assert_int_equal(folder_make(path), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(folder_make(deep), -ENOENT);
	/* Folders below are not ours to remove. */
	assert_true(folder_remove(folder.path) < 0);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(folder_remove(path), 0);
	assert_int_equal(folder_remove(folder.path), 0);
	free(path);
	free(deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_is_sorted),
		cmocka_unit_test(test_empty_and_missing),
		cmocka_unit_test(test_make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
