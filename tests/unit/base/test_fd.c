/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

struct folder {
	char path[64];
	char file[96];
};

static int setup(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	assert_non_null(folder);
	(void)snprintf(folder->path, sizeof(folder->path), "/tmp/eunomia-fd-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	(void)snprintf(folder->file, sizeof(folder->file), "%s/file", folder->path);
	*state = folder;
	return 0;
}

static int teardown(void **state)
{
	struct folder *folder = *state;

	(void)unlink(folder->file); /* not every test makes it */
	assert_int_equal(rmdir(folder->path), 0);
	free(folder);
	return 0;
}

static void assert_file(const char *path, const char *expected)
{
	struct eub_buf buf = EUB_BUF_INIT;

	assert_int_equal(eub_read_file(path, 1000, &buf), 0);
	assert_int_equal(buf.len, strlen(expected));
	assert_memory_equal(buf.data, expected, buf.len);
	eub_buf_done(&buf);
}

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	assert_int_equal(closedir(dir), 0);
	return n;
}

static void test_write_atomic_replaces(void **state)
{
	const struct folder *folder = *state;
	struct stat st;

	assert_int_equal(eub_write_file_atomic(folder->file, "one", 3, 0600), 0);
	assert_file(folder->file, "one");
	assert_int_equal(eub_write_file_atomic(folder->file, "two!", 4, 0640), 0);
	assert_file(folder->file, "two!");
	assert_int_equal(stat(folder->file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(count_entries(folder->path), 3);
}

static void test_write_atomic_failure_leaves_nothing(void **state)
{
	const struct folder *folder = *state;

	/* The target is a folder: rename(2) fails after the temporary file was written. */
	assert_int_equal(mkdir(folder->file, 0700), 0);
	assert_int_equal(eub_write_file_atomic(folder->file, "x", 1, 0600), -EISDIR);
	assert_int_equal(rmdir(folder->file), 0);
	assert_int_equal(count_entries(folder->path), 2);
	assert_int_equal(eub_write_file_atomic("/nonexistent/file", "x", 1, 0600), -ENOENT);
}

static const char *failing_step;

static int fail_step(const char *step)
{
	return strcmp(step, failing_step) == 0 ? -ENOSPC : 0;
}

/* Whichever step fails, the file is as before or as after, and nothing lies beside it. */
static void test_replace_fails_at_each_step(void **state)
{
	static const struct {
		const char *step;
		bool is_replaced;
	} steps[] = {
		{ "replace-open", false },	 { "replace-write", false },
		{ "replace-sync", false },	 { "replace-rename", false },
		{ "replace-sync-folder", true },
	};
	const struct folder *folder = *state;
	struct eub_replace_options options = { .mode = 0600,
					       .is_durable = true,
					       .on_step = fail_step };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_int_equal(eub_write_file_atomic(folder->file, "old", 3, 0600), 0);
		failing_step = steps[i].step;
		assert_int_equal(eub_replace_file(folder->file, "new", 3, &options), -ENOSPC);
		assert_file(folder->file, steps[i].is_replaced ? "new" : "old");
		assert_int_equal(count_entries(folder->path), 3);
	}
	options.is_durable = false;
	assert_int_equal(eub_replace_file(folder->file, "fast", 4, &options), 0);
	assert_file(folder->file, "fast");
	assert_int_equal(eub_sync_path(folder->file), 0);
	assert_int_equal(eub_sync_path(folder->path), 0);
	assert_int_equal(eub_sync_path("/nonexistent"), -ENOENT);
}

static void test_read_is_bounded(void **state)
{
	const struct folder *folder = *state;
	struct eub_buf buf = EUB_BUF_INIT;

	assert_int_equal(eub_write_file_atomic(folder->file, "12345", 5, 0600), 0);
	assert_int_equal(eub_read_file(folder->file, 4, &buf), -EFBIG);
	eub_buf_clear(&buf);
	assert_int_equal(eub_read_file(folder->file, 5, &buf), 0);
	assert_int_equal(buf.len, 5);
	assert_int_equal(eub_read_file("/nonexistent", 5, &buf), -ENOENT);
	eub_buf_done(&buf);
	assert_int_equal(eub_read_file("/dev/zero", 1 << 20, &buf), -EFBIG);
	eub_buf_done(&buf);
	assert_int_equal(eub_read_file(folder->path, 100, &buf), -EISDIR);
	eub_buf_done(&buf);
}

static void test_read_appends(void **state)
{
	const struct folder *folder = *state;
	struct eub_buf buf = EUB_BUF_INIT;

	assert_int_equal(eub_write_file_atomic(folder->file, "cd", 2, 0600), 0);
	eub_buf_append_str(&buf, "ab");
	assert_int_equal(eub_read_file(folder->file, 10, &buf), 0);
	assert_int_equal(buf.len, 4);
	assert_memory_equal(buf.data, "abcd", 4);
	eub_buf_done(&buf);
}

static void test_read_line(void **state)
{
	const struct folder *folder = *state;
	char line[8] = "before";

	assert_int_equal(eub_read_line(folder->file, line, sizeof(line)), -ENOENT);
	assert_int_equal(eub_write_file_atomic(folder->file, "ab\ncd\n", 6, 0600), 0);
	assert_int_equal(eub_read_line(folder->file, line, sizeof(line)), 0);
	assert_string_equal(line, "ab");
	assert_int_equal(eub_read_line(folder->file, line, 6), -EFBIG);
	assert_int_equal(eub_write_file_atomic(folder->file, "", 0, 0600), 0);
	assert_int_equal(eub_read_line(folder->file, line, sizeof(line)), 0);
	assert_string_equal(line, "");
}

static void test_write_all_reports_errors(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(eub_write_all(fd, "x", 1), -ENOSPC);
	assert_int_equal(eub_write_all(fd, "x", 0), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(eub_write_all(-1, "x", 1), -EBADF);
}

static void test_path_exists(void **state)
{
	const struct folder *folder = *state;

	assert_true(eub_path_exists(folder->path));
	assert_false(eub_path_exists(folder->file));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(eub_write_file_atomic(folder->file, "x", 1, 0),
			 0); /* nobody may read it */
	assert_true(eub_path_exists(folder->file));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_atomic_replaces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_atomic_failure_leaves_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_replace_fails_at_each_step, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_appends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_path_exists, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_line, setup, teardown),
		cmocka_unit_test(test_write_all_reports_errors),
	};

	return cmocka_run_group_tests_name("base_fd", tests, NULL, NULL);
}
