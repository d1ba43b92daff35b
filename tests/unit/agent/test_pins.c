/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of pins: its lock, its names; and what is no BPF file system. */
#include "pins.h"

#include "agent_test.h"
#include "folder.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define BPFFS	"/sys/fs/bpf"
#define SKIPPED 77

struct fixture {
	char path[64];
	struct pins *pins;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->path, sizeof(f->path), BPFFS "/eunomia-test-pins-%d", (int)getpid());
	assert_int_equal(pins_open(f->path, &f->pins, NULL), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	(void)pins_close(f->pins);
	assert_int_equal(access(f->path, F_OK), -1); /* it was empty, so it went */
	free(f);
	return 0;
}

static void make(const struct fixture *f, const char *name)
{
	char *path = pins_path(f->pins, name);

	assert_int_equal(folder_make(path), 0);
	free(path);
}

static void remove_folder(const struct fixture *f, const char *name)
{
	char *path = pins_path(f->pins, name);

	assert_int_equal(rmdir(path), 0);
	free(path);
}

static void test_second_is_refused(void **state)
{
	struct fixture *f = *state;
	struct eun_error err = EUN_ERROR_INIT;
	struct pins *second = NULL;

	assert_int_equal(pins_open(f->path, &second, &err), -EBUSY);
	assert_non_null(strstr(err.message, f->path));
	assert_string_not_equal(err.hint, "");
	eun_error_done(&err);
}

static void test_names_are_free_and_without_dots(void **state)
{
	struct fixture *f = *state;
	char name[STATE_PINS_MAX];
	char **names;
	size_t n;

	pins_choose(f->pins, "a.b.c", name);
	assert_string_equal(name, "a:b:c");
	assert_false(pins_exist(f->pins, name));
	make(f, name);
	assert_true(pins_exist(f->pins, name));
	pins_choose(f->pins, "a.b.c", name);
	assert_string_equal(name, "a:b:c+1");
	make(f, name);
	pins_choose(f->pins, "a.b.c", name);
	assert_string_equal(name, "a:b:c+2");
	assert_int_equal(pins_list(f->pins, &names, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(names[1], "a:b:c+1");
	folder_free_names(names, n);
	remove_folder(f, "a:b:c");
	pins_choose(f->pins, "a.b.c", name);
	assert_string_equal(name, "a:b:c");
	remove_folder(f, "a:b:c+1");
	assert_false(pins_exist(f->pins, ""));
}

static void test_stays_while_something_is_pinned(void **state)
{
	struct fixture *f = *state;

	make(f, "x");
	f->pins = pins_close(f->pins);
	assert_int_equal(access(f->path, F_OK), 0);
	assert_int_equal(pins_open(f->path, &f->pins, NULL), 0);
	assert_true(pins_exist(f->pins, "x"));
	remove_folder(f, "x");
}

static void test_anothers_stays(void **state)
{
	struct fixture *f = *state;

	if (chown(f->path, 65534, 65534) < 0)
		skip();
	f->pins = pins_close(f->pins);
	assert_int_equal(access(f->path, F_OK), 0);
	assert_int_equal(chown(f->path, geteuid(), getegid()), 0);
	assert_int_equal(pins_open(f->path, &f->pins, NULL), 0);
}

static void test_other_file_systems(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct pins *pins = NULL;
	struct test_folder folder;
	char *path;

	(void)state;
	test_folder_make(&folder);
	path = test_path(&folder, "pins");
	assert_int_equal(pins_open(path, &pins, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.message, "no BPF file system"));
	assert_int_equal(access(path, F_OK), -1); /* nothing was made */
	eun_error_done(&err);
	assert_int_equal(pins_open("/nonexistent/x/y", &pins, &err), -ENOENT);
	eun_error_done(&err);
	assert_int_equal(rmdir(folder.path), 0);
	free(path);
}

/* As in a container, which is given the folder and not what it lies in. */
static void test_folder_that_is_mounted(void **state)
{
	struct test_folder folder;
	struct pins *pins = NULL;
	char *path;

	(void)state;
	test_folder_make(&folder);
	path = test_path(&folder, "pins");
	assert_int_equal(mkdir(path, 0700), 0);
	if (mount("bpf", path, "bpf", 0, NULL) == 0) {
		assert_int_equal(pins_open(path, &pins, NULL), 0);
		pins = pins_close(pins);
		assert_int_equal(access(path, F_OK), 0); /* a mounted folder stays */
		assert_int_equal(umount(path), 0);
	} else {
		assert_int_equal(errno, EPERM);
	}
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(folder.path), 0);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_file_systems),
		cmocka_unit_test(test_folder_that_is_mounted),
		cmocka_unit_test_setup_teardown(test_second_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names_are_free_and_without_dots, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_stays_while_something_is_pinned, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_anothers_stays, set_up, tear_down),
	};
	struct statfs fs;

	if (statfs(BPFFS, &fs) < 0 || (unsigned long)fs.f_type != BPF_FS_MAGIC ||
	    access(BPFFS, W_OK) < 0) {
		(void)puts("there is no BPF file system at " BPFFS " that we may write to");
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
