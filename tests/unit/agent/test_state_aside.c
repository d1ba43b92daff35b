/* SPDX-License-Identifier: Apache-2.0 */
/* What was set aside, and what people put beside it. */
#include "state_aside.h"

#include "agent_test.h"
#include "base/clock.h"
#include "base/fd.h"
#include "folder.h"

#include <stdio.h>
#include <string.h>

struct fixture {
	struct test_folder folder;
	char *boot_id;
	char *path;
	struct state *state;
	struct state_aside *items;
	size_t n;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	test_folder_make(&f->folder);
	f->path = test_path(&f->folder, "state");
	f->boot_id = test_path(&f->folder, "boot_id");
	test_write_file(f->boot_id, "one-boot\n");
	assert_int_equal(state_open(f->path, f->boot_id, &f->state, NULL), 0);
	*state = f;
	return 0;
}

/* "FOLDER/quarantine/NAME"; free() it. */
static char *aside_path(const struct fixture *f, const char *name)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/quarantine/%s", f->path, name) > 0);
	return path;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char *path = aside_path(f, "");
	char **names = NULL;
	size_t n = 0;

	eub_clock_set_for_test(0);
	state_free_aside(f->items, f->n);
	(void)state_close(f->state);
	assert_int_equal(folder_list(path, &names, &n), 0);
	for (size_t i = 0; i < n; i++) {
		char *below = aside_path(f, names[i]);

		assert_int_equal(folder_remove(below), 0);
		free(below);
	}
	folder_free_names(names, n);
	assert_int_equal(rmdir(path), 0);
	free(path);
	assert_true(asprintf(&path, "%s/slots", f->path) > 0);
	assert_int_equal(rmdir(path), 0);
	free(path);
	assert_int_equal(folder_remove(f->path), 0);
	assert_int_equal(folder_remove(f->folder.path), 0);
	free(f->path);
	free(f->boot_id);
	free(f);
	return 0;
}

static void set_aside(const struct fixture *f, const char *name, const char *reason)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/slots/%s", f->path, name) > 0);
	assert_int_equal(folder_make(path), 0);
	free(path);
	assert_int_equal(state_quarantine(f->state, name, reason, NULL, NULL), 0);
}

static void test_none(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(state_list_aside(f->state, &f->items, &f->n), 0);
	assert_int_equal(f->n, 0);
}

static void test_newest_first(void **state)
{
	struct fixture *f = *state;

	eub_clock_set_for_test(1000000000000000000);
	set_aside(f, "a-2", "its record is damaged");
	eub_clock_set_for_test(2000000000000000000);
	set_aside(f, "b", "it does not load:\nno such hook");
	assert_int_equal(state_list_aside(f->state, &f->items, &f->n), 0);
	assert_int_equal(f->n, 2);
	assert_string_equal(f->items[0].slot, "b");
	assert_string_equal(f->items[0].time, "2033-05-18T03:33:20.000000000Z");
	assert_string_equal(f->items[0].reason, "it does not load:\\x0ano such hook");
	assert_int_equal(access(f->items[0].path, F_OK), 0);
	assert_string_equal(f->items[1].slot, "a-2");
	assert_string_equal(f->items[1].reason, "its record is damaged");
}

/* Files and folders of other names are passed over; a reason that is gone is no reason to fail. */
static void test_strangers(void **state)
{
	static const char *const names[] = {
		"notes",
		"-2033-05-18T03:33:20.000000000Z",
		"x 2033-05-18T03:33:20.000000000Z",
		"\xff-2033-05-18T03:33:20.000000000Z",
		"z-2033-05-18T03:33:20.000000000Z",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = aside_path(f, names[i]);

		assert_int_equal(folder_make(path), 0);
		free(path);
	}
	assert_int_equal(state_list_aside(f->state, &f->items, &f->n), 0);
	assert_int_equal(f->n, 1);
	assert_string_equal(f->items[0].slot, "z");
	assert_string_equal(f->items[0].reason, "");
}

static void test_limit(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < STATE_ASIDE_MAX + 2; i++) {
		eub_clock_set_for_test(1000000000000000000 + i);
		set_aside(f, "a", "again");
	}
	assert_int_equal(state_list_aside(f->state, &f->items, &f->n), 0);
	assert_int_equal(f->n, STATE_ASIDE_MAX);
	assert_string_equal(f->items[0].time, "2001-09-09T01:46:40.000000033Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_newest_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_strangers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limit, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
