/* SPDX-License-Identifier: Apache-2.0 */
/* The state folder: lock, versions, damage, faults at each step, and a kill at each step. */
#include "state.h"

#include "agent_test.h"
#include "base/fd.h"
#include "fault.h"
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

struct fixture {
	struct test_folder folder;
	char *boot_id;
	char *path;
	struct state *state;
	struct eun_error err;
};

static void open_state(struct fixture *f)
{
	assert_int_equal(state_open(f->path, f->boot_id, &f->state, NULL), 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	test_folder_make(&f->folder);
	f->path = test_path(&f->folder, "state");
	f->boot_id = test_path(&f->folder, "boot_id");
	test_write_file(f->boot_id, "one-boot\n");
	open_state(f);
	*state = f;
	return 0;
}

static char *inner(const struct fixture *f, const char *name)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%s", f->path, name) > 0);
	return path;
}

static bool is_there(const struct fixture *f, const char *name)
{
	char *path = inner(f, name);
	bool is = access(path, F_OK) == 0;

	free(path);
	return is;
}

static size_t count(const struct fixture *f, const char *name)
{
	char *path = inner(f, name);
	char **names;
	size_t n;

	assert_int_equal(folder_list(path, &names, &n), 0);
	folder_free_names(names, n);
	free(path);
	return n;
}

static void write_inner(const struct fixture *f, const char *name, const char *text)
{
	char *path = inner(f, name);

	test_write_file(path, text);
	free(path);
}

static void remove_inner(const struct fixture *f, const char *name)
{
	char *path = inner(f, name);

	assert_int_equal(unlink(path), 0);
	free(path);
}

static void rename_inner(const struct fixture *f, const char *from, const char *to)
{
	char *from_path = inner(f, from), *to_path = inner(f, to);

	assert_int_equal(rename(from_path, to_path), 0);
	free(from_path);
	free(to_path);
}

/* As rm -r, two levels deep. */
static void remove_below(const struct fixture *f, const char *name)
{
	char *path = inner(f, name);
	char **names;
	size_t n;

	if (folder_list(path, &names, &n) == 0) {
		for (size_t i = 0; i < n; i++) {
			char *below = NULL;

			assert_true(asprintf(&below, "%s/%s", path, names[i]) > 0);
			assert_int_equal(folder_remove(below), 0);
			free(below);
		}
		folder_free_names(names, n);
		assert_int_equal(rmdir(path), 0);
	}
	free(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	(void)unsetenv("EUNOMIA_FAULT");
	(void)state_close(f->state);
	remove_below(f, "slots");
	remove_below(f, "quarantine");
	assert_int_equal(folder_remove(f->path), 0);
	assert_int_equal(folder_remove(f->folder.path), 0);
	eun_error_done(&f->err);
	free(f->path);
	free(f->boot_id);
	free(f);
	return 0;
}

static void fill_package(struct eub_buf *package, uint32_t number)
{
	eub_buf_printf(package, "package %u", number);
}

/* Writes a slot that runs generation @number, as a start or swap does: the package first. */
static int save(struct fixture *f, const char *name, uint32_t number,
		enum state_durability durability)
{
	struct eub_buf package = EUB_BUF_INIT, record = EUB_BUF_INIT;
	struct state_generation *generation = NULL;
	struct state_slot *slot = NULL;
	int r;

	fill_package(&package, number);
	assert_int_equal(state_slot_new(name, &slot), 0);
	slot->next = number;
	assert_int_equal(state_slot_add(slot, &SPEC_INIT, STATE_ORIGIN_START, &generation), 0);
	generation->is_stored = true;
	slot->current = number;
	assert_int_equal(state_slot_encode(slot, &record), 0);
	r = state_save_package(f->state, name, number, &package, durability, &f->err);
	if (r == 0)
		r = state_save_slot(f->state, name, &record, durability, &f->err);
	(void)state_slot_free(slot);
	eub_buf_done(&package);
	eub_buf_done(&record);
	return r;
}

/* The slot must be whole. Return: the generation it runs; 0: it has no record. */
static uint32_t load(struct fixture *f, const char *name)
{
	struct eub_buf package = EUB_BUF_INIT, wanted = EUB_BUF_INIT;
	struct state_slot *slot = NULL;
	uint32_t current;
	int r = state_load_slot(f->state, name, &slot, &f->err);

	eun_error_done(&f->err);
	if (r == -ENOENT)
		return 0;
	assert_int_equal(r, 0);
	current = slot->current;
	assert_int_equal(state_load_package(f->state, name, current, &package, NULL), 0);
	fill_package(&wanted, current);
	assert_int_equal(package.len, wanted.len);
	assert_memory_equal(package.data, wanted.data, wanted.len);
	(void)state_slot_free(slot);
	eub_buf_done(&package);
	eub_buf_done(&wanted);
	return current;
}

static void test_slot_comes_back(void **state)
{
	struct fixture *f = *state;
	char **names;
	size_t n;

	assert_int_equal(save(f, "b", 3, STATE_DURABLE), 0);
	assert_int_equal(save(f, "a.1", 1, STATE_FAST), 0);
	write_inner(f, "slots/not a slot", "x");
	(void)state_close(f->state);
	open_state(f);
	assert_string_equal(state_get_boot_id(f->state), "one-boot");
	assert_int_equal(state_list(f->state, &names, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_string_equal(names[0], "a.1");
	assert_string_equal(names[1], "b");
	state_free_names(names, n);
	assert_int_equal(load(f, "b"), 3);
	assert_int_equal(load(f, "a.1"), 1);
	assert_int_equal(state_make_durable(f->state, "a.1", NULL), 0);
	assert_int_equal(state_remove_slot(f->state, "b", STATE_DURABLE, NULL), 0);
	assert_int_equal(state_remove_slot(f->state, "b", STATE_FAST, NULL), 0);
	assert_int_equal(load(f, "b"), 0);
	assert_int_equal(load(f, "a.1"), 1);
	remove_inner(f, "slots/not a slot");
}

static void test_the_boot_that_the_service_manager_tells(void **state)
{
	struct fixture *f = *state;

	(void)state_close(f->state);
	assert_int_equal(setenv(STATE_BOOT_ID_VARIABLE, "0123456789abcdef", 1), 0);
	open_state(f);
	assert_string_equal(state_get_boot_id(f->state), "0123456789abcdef");
	assert_int_equal(unsetenv(STATE_BOOT_ID_VARIABLE), 0);
}

static void test_second_is_refused(void **state)
{
	struct fixture *f = *state;
	struct state *second = NULL;
	char pid[32];

	(void)snprintf(pid, sizeof(pid), "process %d", (int)getpid());
	assert_int_equal(state_open(f->path, f->boot_id, &second, &f->err), -EBUSY);
	assert_non_null(strstr(f->err.message, pid));
	assert_string_not_equal(f->err.hint, "");
}

static void test_versions(void **state)
{
	struct fixture *f = *state;

	f->state = state_close(f->state);
	write_inner(f, "version", "2\n");
	assert_int_equal(state_open(f->path, f->boot_id, &f->state, &f->err), -EPROTONOSUPPORT);
	assert_non_null(strstr(f->err.message, "version 2"));
	assert_non_null(strstr(f->err.message, "up to 1"));
	assert_non_null(strstr(f->err.message, f->path));
	eun_error_done(&f->err);
	write_inner(f, "version", "one\n");
	assert_int_equal(state_open(f->path, f->boot_id, &f->state, &f->err), -EBADMSG);
	eun_error_done(&f->err);
	write_inner(f, "version", "0\n");
	open_state(f);
	assert_int_equal(save(f, "a", 1, STATE_FAST), 0);
}

static void test_folder_that_cannot_be_made(void **state)
{
	struct fixture *f = *state;
	struct state *other = NULL;

	assert_int_equal(state_open("/proc/eunomia", f->boot_id, &other, &f->err), -ENOENT);
	eun_error_done(&f->err);
	assert_int_equal(state_open(f->boot_id, f->boot_id, &other, &f->err), -ENOTDIR);
}

/* Each damage is told from a slot that is not there, and the slot can be set aside. */
static void test_damage(void **state)
{
	static const struct {
		const char *text, *says;
	} damages[] = {
		{ "", "shorter than its head" },
		{ "EUNPACK\n\0\0\0\0\0\0\0\0", "shorter than its head" }, /* ends at the NUL */
		{ "0123456789abcdefghi", "does not begin" },
		{ "EUNSLOT\n0123456789abcdef", "length" },
	};
	struct fixture *f = *state;
	struct state_slot *slot = NULL;
	char *path = NULL;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		assert_int_equal(save(f, "a", 1, STATE_FAST), 0);
		write_inner(f, "slots/a/slot", damages[i].text);
		assert_int_equal(state_load_slot(f->state, "a", &slot, &f->err), -EBADMSG);
		assert_non_null(strstr(f->err.message, damages[i].says));
		assert_int_equal(state_quarantine(f->state, "a", f->err.message, &path, NULL), 0);
		eun_error_done(&f->err);
		assert_false(is_there(f, "slots/a"));
		assert_int_equal(access(path, F_OK), 0);
		free(path);
		path = NULL;
	}
	assert_int_equal(count(f, "quarantine"), sizeof(damages) / sizeof(damages[0]));
}

static void test_flipped_byte(void **state)
{
	struct fixture *f = *state;
	struct eub_buf buf = EUB_BUF_INIT;
	struct state_slot *slot = NULL;
	char *path = inner(f, "slots/a/slot");

	assert_int_equal(save(f, "a", 1, STATE_FAST), 0);
	assert_int_equal(eub_read_file(path, 4096, &buf), 0);
	for (size_t i = 0; i < buf.len; i++) {
		buf.data[i] = (char)(buf.data[i] ^ 4);
		assert_int_equal(eub_write_file_atomic(path, buf.data, buf.len, 0600), 0);
		assert_int_equal(state_load_slot(f->state, "a", &slot, NULL), -EBADMSG);
		buf.data[i] = (char)(buf.data[i] ^ 4);
	}
	eub_buf_done(&buf);
	free(path);
}

static void test_record_of_another_slot(void **state)
{
	struct fixture *f = *state;
	struct eub_buf buf = EUB_BUF_INIT;
	struct state_slot *slot = NULL;
	char *path = inner(f, "slots/b/slot"), *from = inner(f, "slots/a/slot");

	assert_int_equal(save(f, "a", 1, STATE_FAST), 0);
	assert_int_equal(save(f, "b", 1, STATE_FAST), 0);
	assert_int_equal(eub_read_file(from, 4096, &buf), 0);
	assert_int_equal(eub_write_file_atomic(path, buf.data, buf.len, 0600), 0);
	assert_int_equal(state_load_slot(f->state, "b", &slot, NULL), -EBADMSG);
	eub_buf_done(&buf);
	free(path);
	free(from);
}

static void test_leftovers_are_removed(void **state)
{
	struct fixture *f = *state;
	struct state_slot *slot = NULL;

	assert_int_equal(save(f, "a", 1, STATE_FAST), 0);
	write_inner(f, "slots/a/slot.Ab12Cd", "half");
	write_inner(f, "slots/a/gen-9", "of a swap that did not happen");
	assert_int_equal(save(f, "b", 1, STATE_FAST), 0);
	rename_inner(f, "slots/b", "slots/.b");
	(void)state_close(f->state);
	open_state(f);
	assert_false(is_there(f, "slots/.b"));
	assert_false(is_there(f, "slots/a/slot.Ab12Cd"));
	assert_true(is_there(f, "slots/a/gen-9"));
	assert_int_equal(state_load_slot(f->state, "a", &slot, NULL), 0);
	assert_int_equal(state_tidy(f->state, slot, NULL), 0);
	assert_false(is_there(f, "slots/a/gen-9"));
	assert_int_equal(load(f, "a"), 1);
	(void)state_slot_free(slot);
}

static bool has_faults(void)
{
	bool has;

	(void)setenv("EUNOMIA_FAULT", "probe:error=EIO", 1);
	has = fault_point("probe") < 0;
	(void)unsetenv("EUNOMIA_FAULT");
	return has;
}

/* A disk that is full at any step: the write fails with a hint, the slot is as it was. */
static void test_full_disk_at_each_step(void **state)
{
	static const char *const rules[] = {
		"state-make-folder:error=ENOSPC", "replace-open:error=ENOSPC",
		"replace-write:error=ENOSPC",	  "replace-sync:error=EIO",
		"replace-rename:error=EROFS",
	};
	struct fixture *f = *state;

	if (!has_faults())
		skip();
	assert_int_equal(save(f, "a", 1, STATE_DURABLE), 0);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		(void)setenv("EUNOMIA_FAULT", rules[i], 1);
		assert_true(save(f, "a", 2, STATE_DURABLE) < 0);
		assert_int_equal(f->err.reason, EUN_REASON_IO);
		assert_string_not_equal(f->err.hint, "");
		eun_error_done(&f->err);
		(void)unsetenv("EUNOMIA_FAULT");
		assert_int_equal(load(f, "a"), 1);
		assert_int_equal(count(f, "slots/a"), 2); /* no temporary file */
	}
}

/*
 * Kills a process that goes from generation 1 to 2, and one that removes the slot, at its first
 * step, its second, ... until it gets through. Each time the successor must find the slot whole.
 */
static bool is_killed_at(struct fixture *f, unsigned int step, bool removes)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		char rule[32];

		(void)snprintf(rule, sizeof(rule), "*@%u:kill", step);
		(void)setenv("EUNOMIA_FAULT", rule, 1);
		_exit(removes ? state_remove_slot(f->state, "a", STATE_DURABLE, NULL) != 0
			      : save(f, "a", 2, STATE_DURABLE) != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

static void test_kill_at_each_step(void **state)
{
	struct fixture *f = *state;
	unsigned int step = 0;
	bool was_killed;

	if (!has_faults())
		skip();
	do {
		uint32_t found;

		assert_int_equal(save(f, "a", 1, STATE_FAST), 0);
		was_killed = is_killed_at(f, ++step, false);
		(void)state_close(f->state);
		open_state(f);
		found = load(f, "a");
		assert_true(was_killed ? found == 1 || found == 2 : found == 2);
	} while (was_killed);
	assert_true(step > 10);
	step = 0;
	do {
		uint32_t found;

		assert_int_equal(save(f, "a", 1, STATE_FAST), 0);
		was_killed = is_killed_at(f, ++step, true);
		(void)state_close(f->state);
		open_state(f);
		found = load(f, "a");
		assert_true(found == 0 || (was_killed && found == 1));
	} while (was_killed);
	assert_true(step > 2);
	assert_int_equal(count(f, "slots"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_slot_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_boot_that_the_service_manager_tells,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_second_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_versions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_folder_that_cannot_be_made, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_flipped_byte, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_record_of_another_slot, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_leftovers_are_removed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_full_disk_at_each_step, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kill_at_each_step, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
