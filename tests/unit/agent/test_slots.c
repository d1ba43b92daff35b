/* SPDX-License-Identifier: Apache-2.0 */
/* Names in the table of slots. Slots that run need a kernel: tests/e2e. */
#include "slots.h"

#include "agent_test.h"
#include "base/macro.h"

#include <errno.h>

struct fixture {
	struct log log;
	struct slots slots;
	unsigned int n_changes;
};

static void on_changed(void *userdata)
{
	struct fixture *f = userdata;

	f->n_changes++;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	log_init(&f->log, LOG_TARGET_STDERR, (enum log_level)0, NULL); /* silent */
	slots_init(&f->slots, NULL, NULL, NULL, &f->log);
	f->slots.max_slots = 3;
	f->slots.listener.on_changed = on_changed;
	f->slots.listener.userdata = f;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assert_true(slots_are_gone(&f->slots));
	log_done(&f->log);
	free(f);
	return 0;
}

static struct slot_entry *reserve(struct fixture *f, const char *name)
{
	struct slot_entry *entry = NULL;

	assert_int_equal(slots_reserve(&f->slots, name, &entry, NULL), 0);
	return entry;
}

static void abandon(struct slot_entry *entry)
{
	const struct eun_error why = { .code = -EINVAL };

	slots_abandon(entry, &why);
}

/* Of two starts with one name, the second fails while the first still loads. */
static void test_name_is_taken_while_starting(void **state)
{
	struct fixture *f = *state;
	struct slot_entry *entry = reserve(f, "a"), *second = NULL;
	struct eun_error err = EUN_ERROR_INIT;

	assert_int_equal(slots_reserve(&f->slots, "a", &second, &err), -EEXIST);
	assert_int_equal(err.reason, EUN_REASON_NAME_TAKEN);
	assert_string_equal(err.subject, "a");
	eun_error_done(&err);
	assert_ptr_equal(slots_find(&f->slots, "a"), entry);
	assert_int_equal(slots_get(&f->slots, "a", &second, &err), -EBUSY);
	eun_error_done(&err);
	abandon(entry);
	assert_int_equal(f->n_changes, 1);
	assert_null(slots_find(&f->slots, "a"));
	abandon(reserve(f, "a"));
}

static void test_names(void **state)
{
	static const char *const good[] = { "a", "9", "open.snoop-2_x" };
	static const char *const bad[] = { "",	  ".a",	 "-a",	 "_a",	     "a b",
					   "a/b", "a\n", "../x", "\xc3\xa4", "a:b" };
	struct fixture *f = *state;
	char name[EUN_SLOT_NAME_MAX + 1];
	struct slot_entry *entry = NULL;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(good); i++)
		abandon(reserve(f, good[i]));
	for (size_t i = 0; i < EUB_ARRAY_SIZE(bad); i++)
		assert_int_equal(slots_reserve(&f->slots, bad[i], &entry, NULL), -EINVAL);
	memset(name, 'a', sizeof(name));
	name[EUN_SLOT_NAME_MAX] = '\0';
	assert_int_equal(slots_reserve(&f->slots, name, &entry, NULL), -EINVAL);
	name[EUN_SLOT_NAME_MAX - 1] = '\0';
	abandon(reserve(f, name));
}

static void test_limit(void **state)
{
	struct fixture *f = *state;
	struct slot_entry *entries[3], *fourth = NULL;
	struct eun_error err = EUN_ERROR_INIT;

	entries[0] = reserve(f, "a");
	entries[1] = reserve(f, "b");
	entries[2] = reserve(f, "c");
	assert_int_equal(slots_reserve(&f->slots, "d", &fourth, &err), -ENOSPC);
	assert_int_equal(err.reason, EUN_REASON_TOO_LARGE);
	eun_error_done(&err);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(entries); i++)
		abandon(entries[i]);
}

static void test_near_names_are_hinted(void **state)
{
	struct fixture *f = *state;
	struct slot_entry *entry = reserve(f, "opensnoop"), *found = NULL;
	struct eun_error err = EUN_ERROR_INIT;

	assert_int_equal(slots_get(&f->slots, "opensnop", &found, &err), -ENOENT);
	assert_int_equal(err.reason, EUN_REASON_NOT_FOUND);
	assert_string_equal(err.hint, "did you mean 'opensnoop'?");
	eun_error_done(&err);
	assert_int_equal(slots_get(&f->slots, "tcp", &found, &err), -ENOENT);
	assert_string_equal(err.hint, "'eunomiactl list' shows the slots");
	eun_error_done(&err);
	abandon(entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_name_is_taken_while_starting),
		TEST(test_names),
		TEST(test_limit),
		TEST(test_near_names_are_hinted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
