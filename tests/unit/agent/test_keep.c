/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept where there is a state folder, and where there is none. */
#include "keep.h"

#include "agent_test.h"
#include "folder.h"

#include <errno.h>

struct fixture {
	struct test_folder folder;
	struct config config;
	struct log log;
	struct keep keep;
	struct state_slot *record;
};

static void set_folder(char **key, const char *path)
{
	free(*key);
	*key = strdup(path);
}

/* Neither folder is one that is used for anything. */
static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct state_generation *generation = NULL;
	char *path;

	assert_non_null(f);
	test_folder_make(&f->folder);
	assert_int_equal(config_init(&f->config, NULL), 0);
	path = test_path(&f->folder, "state");
	set_folder(&f->config.state_dir, path);
	free(path);
	set_folder(&f->config.bpffs_dir, "/nonexistent/bpffs");
	log_init(&f->log, LOG_TARGET_STDERR, (enum log_level)0, NULL); /* silent */
	assert_int_equal(state_slot_new("a", &f->record), 0);
	assert_int_equal(state_slot_add(f->record, &SPEC_INIT, STATE_ORIGIN_START, &generation), 0);
	generation->is_stored = true;
	f->record->current = generation->number;
	*state = f;
	return 0;
}

static void remove_below(const struct fixture *f, const char *name)
{
	char *path = test_path(&f->folder, name);

	assert_int_equal(folder_remove(path), 0);
	free(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	(void)state_slot_free(f->record);
	keep_close(&f->keep);
	config_done(&f->config);
	log_done(&f->log);
	remove_below(f, "state/slots/a");
	remove_below(f, "state/slots");
	remove_below(f, "state/quarantine");
	remove_below(f, "state");
	assert_int_equal(folder_remove(f->folder.path), 0);
	free(f);
	return 0;
}

/* As a start does it: the package of generation 1, then the record. */
static int write_slot(struct fixture *f, const struct eub_buf *package)
{
	struct keep_image image;
	int r = keep_image_init(&image, f->record);

	if (r == 0)
		r = keep_write_package(&f->keep, &image, 1, package, NULL);
	if (r == 0)
		r = keep_write(&f->keep, &image, NULL);
	keep_image_done(&image);
	return r;
}

static void test_slot_is_kept(void **state)
{
	struct fixture *f = *state;
	struct eub_buf package = EUB_BUF_INIT;
	struct state_slot *record = NULL;

	assert_int_equal(keep_open(&f->keep, &f->config, &f->log, NULL), 0);
	assert_non_null(f->keep.state);
	assert_string_equal(f->keep.no_state, "");
	keep_stamp(&f->keep, f->record);
	assert_string_equal(f->record->boot_id, state_get_boot_id(f->keep.state));
	assert_string_equal(f->record->pins, "");
	eub_buf_append_str(&package, "package");
	assert_int_equal(write_slot(f, &package), 0);
	eub_buf_clear(&package);
	assert_int_equal(state_load_slot(f->keep.state, "a", &record, NULL), 0);
	assert_int_equal(record->current, 1);
	assert_int_equal(state_load_package(f->keep.state, "a", 1, &package, NULL), 0);
	assert_int_equal(package.len, 7);
	assert_int_equal(keep_remove(&f->keep, f->record, NULL), 0);
	record = state_slot_free(record);
	assert_int_equal(state_load_slot(f->keep.state, "a", &record, NULL), -ENOENT);
	eub_buf_done(&package);
}

/* An image is of the moment when it was made. */
static void test_image(void **state)
{
	struct fixture *f = *state;
	struct state_slot *record = NULL;
	struct keep_image image;

	assert_int_equal(keep_open(&f->keep, &f->config, &f->log, NULL), 0);
	f->record->is_enabled = true;
	assert_int_equal(keep_image_init(&image, f->record), 0);
	f->record->is_enabled = false;
	assert_int_equal(image.durability, STATE_DURABLE);
	assert_int_equal(keep_write(&f->keep, &image, NULL), 0);
	assert_int_equal(state_load_slot(f->keep.state, "a", &record, NULL), 0);
	assert_true(record->is_enabled);
	keep_image_done(&image);
	(void)state_slot_free(record);
}

static void test_without_pins(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(keep_open(&f->keep, &f->config, &f->log, NULL), 0);
	assert_null(f->keep.pins);
	assert_non_null(strstr(f->keep.no_pins, "/nonexistent"));
	assert_null(keep_pin_path(&f->keep, f->record));
}

static void test_without_state(void **state)
{
	struct fixture *f = *state;
	struct eub_buf package = EUB_BUF_INIT;

	set_folder(&f->config.state_dir, "/nonexistent/state");
	assert_int_equal(keep_open(&f->keep, &f->config, &f->log, NULL), 0);
	assert_null(f->keep.state);
	assert_null(f->keep.pins); /* nobody could take them over */
	assert_non_null(strstr(f->keep.no_state, "/nonexistent"));
	assert_non_null(strstr(f->keep.no_pins, "/nonexistent"));
	keep_stamp(&f->keep, f->record);
	assert_int_equal(write_slot(f, &package), 0);
	assert_int_equal(keep_remove(&f->keep, f->record, NULL), 0);
}

static void test_what_must_stop_the_agent(void **state)
{
	struct fixture *f = *state;
	struct eun_error err = EUN_ERROR_INIT;
	struct keep second = { 0 };
	char *version;

	assert_int_equal(keep_open(&f->keep, &f->config, &f->log, NULL), 0);
	assert_int_equal(keep_open(&second, &f->config, &f->log, &err), -EBUSY);
	eun_error_done(&err);
	keep_close(&second);
	keep_close(&f->keep);
	version = test_path(&f->folder, "state/version");
	test_write_file(version, "99\n");
	assert_int_equal(keep_open(&second, &f->config, &f->log, &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.message, "99"));
	eun_error_done(&err);
	keep_close(&second);
	free(version);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_slot_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_image, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_without_pins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_without_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_must_stop_the_agent, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
