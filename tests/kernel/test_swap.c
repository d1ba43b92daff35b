/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generations through the public interface: swap, rollback, what is kept, and taking over from a
 * process that was killed. Whether a swap is exact under load is judged by tests/kernel/oracle.
 */
#include "slot_bed.h"

#include "base/macro.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct seen seen;
	struct eun_engine *engine;
	struct eun_slot *slot;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->engine = new_engine(&f->seen);
	f->slot = start_slot(f->engine);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	eun_engine_free(f->engine);
	free(f);
	return 0;
}

/* Prepares the same tracker with another label. Return: as eun_swap_new(). */
static int prepare(struct fixture *f, const char *label, struct eun_swap_options options,
		   struct eun_swap **ret_swap, struct eun_error *err)
{
	const struct eun_setting extra = { "label", label };
	struct eun_package *package = read_package();
	struct slot_bed bed;
	int r;

	slot_bed_init(&bed, NULL, getpid(), &extra);
	options.size = sizeof(options);
	options.slot = &bed.options;
	r = eun_swap_new(f->slot, package, &options, ret_swap, err);
	if (r < 0)
		eun_package_free(package);
	return r;
}

static void finish(struct eun_swap *swap)
{
	assert_int_equal(eun_swap_commit(swap, NULL), 0);
	eun_swap_settle(swap);
	eun_swap_drain(swap);
	eun_swap_free(swap);
}

static void swap_to(struct fixture *f, const char *label, enum eun_map_policy maps)
{
	struct eun_swap *swap = NULL;

	assert_int_equal(prepare(f, label, (struct eun_swap_options){ .maps = maps }, &swap, NULL),
			 0);
	finish(swap);
}

static void expect_events(struct fixture *f, const char *label, uint32_t generation)
{
	unsigned int before = f->seen.n_events;

	make_events(10);
	dispatch_all(f->engine);
	assert_int_equal(f->seen.n_events, before + 10);
	assert_int_equal(f->seen.n_out_of_order, 0);
	assert_string_equal(f->seen.last.name, label);
	assert_int_equal(f->seen.last_generation, generation);
}

static void test_swap(void **state)
{
	struct fixture *f = *state;
	struct eun_swap *swap = NULL;
	struct eun_swap_info info;
	uint32_t ring;

	expect_events(f, "default", 1);
	ring = f->seen.last_ring;
	assert_int_equal(prepare(f, "second", (struct eun_swap_options){ 0 }, &swap, NULL), 0);
	/* Prepared is not running. */
	expect_events(f, "default", 1);
	assert_int_equal(eun_swap_commit(swap, NULL), 0);
	expect_events(f, "second", 2);
	assert_int_equal(f->seen.last_ring, ring);
	eun_swap_get_info(swap, &info);
	assert_true(info.is_committed && info.is_exact);
	assert_int_equal(info.old_generation, 1);
	assert_int_equal(info.new_generation, 2);
	assert_int_equal(eun_swap_get_hook(swap, 0)->change, EUN_HOOK_KEPT);
	assert_int_equal(eun_swap_get_hook(swap, 1)->change, EUN_HOOK_KEPT);
	assert_null(eun_swap_get_hook(swap, 2));
	eun_swap_drain(swap);
	eun_swap_free(swap);
	assert_int_equal(eun_slot_get_generation(f->slot), 2);
}

static const struct eun_swap_map *find_map(const struct eun_swap *swap, const char *name)
{
	const struct eun_swap_map *map;

	for (size_t i = 0; (map = eun_swap_get_map(swap, i)); i++)
		if (strcmp(map->name, name) == 0)
			return map;
	fail_msg("no map '%s'", name);
	return NULL;
}

static void test_maps(void **state)
{
	struct fixture *f = *state;
	struct eun_swap *swap = NULL;
	uint32_t ring;

	expect_events(f, "default", 1);
	ring = f->seen.last_ring;
	assert_int_equal(prepare(f, "second", (struct eun_swap_options){ 0 }, &swap, NULL), 0);
	assert_true(find_map(swap, "events")->is_reused);
	assert_true(find_map(swap, "eunomia_lost")->is_reused);
	assert_false(find_map(swap, "slot.rodata")->is_reused);
	eun_swap_free(swap); /* not committed: nothing happened */
	expect_events(f, "default", 1);

	swap_to(f, "fresh", EUN_MAPS_FRESH);
	expect_events(f, "fresh", 2);
	assert_int_not_equal(f->seen.last_ring, ring);
}

static void test_unread_events_keep_their_generation(void **state)
{
	struct fixture *f = *state;
	struct eun_swap *swap = NULL;

	make_events(5);
	assert_int_equal(prepare(f, "second", (struct eun_swap_options){ 0 }, &swap, NULL), 0);
	assert_int_equal(eun_swap_commit(swap, NULL), 0);
	make_events(5);
	assert_int_equal(eun_engine_dispatch(f->engine, 5, 0), 5);
	assert_string_equal(f->seen.last.name, "default");
	assert_int_equal(f->seen.last_generation, 1);
	assert_int_equal(eun_engine_dispatch(f->engine, 5, 0), 5);
	assert_string_equal(f->seen.last.name, "second");
	assert_int_equal(f->seen.last_generation, 2);
	eun_swap_drain(swap);
	eun_swap_free(swap);
}

static void test_rollback(void **state)
{
	struct fixture *f = *state;
	struct eun_swap *swap = NULL;

	swap_to(f, "second", EUN_MAPS_FRESH);
	expect_events(f, "second", 2);
	assert_int_equal(eun_rollback_new(f->slot, 0, 0, &swap, NULL), 0);
	finish(swap);
	expect_events(f, "default", 1);
	assert_int_equal(eun_rollback_new(f->slot, 2, 1, &swap, NULL), 0);
	finish(swap);
	expect_events(f, "second", 2);
	assert_int_equal(eun_rollback_new(f->slot, 2, 0, &swap, NULL), -EINVAL);
	assert_int_equal(eun_rollback_new(f->slot, 9, 0, &swap, NULL), -ENOENT);
	assert_int_equal(eun_rollback_new(f->slot, 1, 1, &swap, NULL), -ESTALE);
	/* A number is never given twice. */
	swap_to(f, "third", EUN_MAPS_REUSE);
	expect_events(f, "third", 3);
}

static void test_keeps_three(void **state)
{
	struct fixture *f = *state;
	static const uint32_t expected[] = { 10, 11, 12 };

	for (uint32_t generation = 2; generation <= 12; generation++) {
		swap_to(f, generation % 2 ? "odd" : "even",
			generation % 3 ? EUN_MAPS_REUSE : EUN_MAPS_FRESH);
		expect_events(f, generation % 2 ? "odd" : "even", generation);
	}
	for (size_t i = 0; i < EUB_ARRAY_SIZE(expected); i++)
		assert_int_equal(eun_slot_get_loaded(f->slot, i)->number, expected[i]);
	assert_null(eun_slot_get_loaded(f->slot, EUB_ARRAY_SIZE(expected)));
}

static void test_failure_leaves_the_old(void **state)
{
	struct fixture *f = *state;
	const struct eun_setting unknown = { "no_such_variable", "1" };
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_swap *swap = NULL;
	struct slot_bed bed;
	struct eun_swap_options options = { .size = sizeof(options), .slot = &bed.options };
	struct eun_package *package = read_package();

	slot_bed_init(&bed, NULL, getpid(), &unknown);
	assert_int_equal(eun_swap_new(f->slot, package, &options, &swap, &err), -ENOENT);
	assert_non_null(strstr(err.message, "no_such_variable"));
	eun_error_done(&err);
	eun_package_free(package);
	expect_events(f, "default", 1);
	assert_int_equal(prepare(f, "second", (struct eun_swap_options){ .expected_generation = 7 },
				 &swap, NULL),
			 -ESTALE);
	swap_to(f, "second", EUN_MAPS_REUSE);
	expect_events(f, "second", 2);
}

static void test_paused_stays_paused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(eun_slot_pause(f->slot, NULL), 0);
	swap_to(f, "second", EUN_MAPS_REUSE);
	make_events(10);
	dispatch_all(f->engine);
	assert_int_equal(f->seen.n_events, 0);
	assert_int_equal(eun_slot_resume(f->slot, NULL), 0);
	expect_events(f, "second", 2);
}

/* A folder for pins of this test alone; its parent must be a BPF file system. */
static void make_pin_dir(char *path, size_t size)
{
	DIR *bpffs = opendir("/sys/fs/bpf");

	(void)snprintf(path, size, "/sys/fs/bpf/eunomia-test-swap-%d", getpid());
	if (bpffs)
		(void)closedir(bpffs);
}

/* In a child, which is killed with the slot running: it looks at its parent, and was swapped once.
 */
static void run_and_die(const char *pin_dir, int parent, bool is_paused)
{
	struct seen seen = { 0 };
	struct fixture f = { .engine = new_engine(&seen) };
	const struct eun_setting label = { "label", "second" };
	struct eun_swap_options options = { .size = sizeof(options) };
	struct eun_swap *swap = NULL;
	struct slot_bed bed;

	slot_bed_init(&bed, "test", parent, NULL);
	bed.options.pin_dir = pin_dir;
	if (eun_slot_new(f.engine, read_package(), &bed.options, &f.slot, NULL) < 0)
		_exit(77); /* no BPF file system, or links that cannot be pinned */
	if (!eun_slot_survives(f.slot, NULL))
		_exit(77);
	assert_int_equal(eun_engine_add(f.engine, f.slot, NULL), 0);
	slot_bed_init(&bed, NULL, parent, &label);
	options.slot = &bed.options;
	assert_int_equal(eun_swap_new(f.slot, read_package(), &options, &swap, NULL), 0);
	finish(swap);
	if (is_paused)
		assert_int_equal(eun_slot_pause(f.slot, NULL), 0);
	(void)kill(getpid(), SIGKILL);
}

static void kill_a_child(const char *pin_dir, bool is_paused)
{
	int parent = getpid();
	pid_t child = fork();
	int status;

	if (child == 0) {
		run_and_die(pin_dir, parent, is_paused);
		_exit(1);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		(void)eun_pins_remove(pin_dir);
		print_message("skipped: nothing can be pinned under /sys/fs/bpf here\n");
		skip();
	}
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static struct eun_slot *adopt(struct eun_engine *engine, const char *pin_dir)
{
	struct eun_adopt_generation generations[] = {
		{ .number = 1, .package = read_package() },
		{ .number = 2, .package = read_package() },
		{ .number = 3, .package = read_package() }, /* known, but never came to be */
	};
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_slot *slot = NULL;
	int r = eun_slot_adopt(engine, "test", pin_dir, generations, EUB_ARRAY_SIZE(generations),
			       &slot, &err);

	if (r < 0)
		print_message("%s\n", err.message);
	assert_int_equal(r, 0);
	return slot;
}

static void test_adopt(void **state)
{
	struct fixture *f = *state;
	struct eun_swap *swap = NULL;
	char pin_dir[128];

	(void)eun_engine_remove(f->engine, f->slot);
	eun_slot_free(f->slot);
	make_pin_dir(pin_dir, sizeof(pin_dir));
	kill_a_child(pin_dir, false);
	make_events(100); /* nobody reads */
	f->slot = adopt(f->engine, pin_dir);
	assert_int_equal(eun_slot_get_state(f->slot), EUN_SLOT_ADOPTED);
	assert_int_equal(eun_engine_add(f->engine, f->slot, NULL), 0);
	assert_int_equal(eun_slot_get_state(f->slot), EUN_SLOT_RUNNING);
	dispatch_all(f->engine);
	assert_int_equal(f->seen.n_events, 100);
	expect_events(f, "second", 2);

	/* The way back is open still, and the way on. */
	assert_int_equal(eun_rollback_new(f->slot, 0, 0, &swap, NULL), 0);
	finish(swap);
	expect_events(f, "default", 1);
	swap_to(f, "third", EUN_MAPS_REUSE);
	expect_events(f, "third", 3);

	/* Left alone, it goes on once more. */
	eun_slot_leave(eun_engine_release(f->engine, f->slot));
	make_events(10);
	f->slot = adopt(f->engine, pin_dir);
	assert_int_equal(eun_engine_add(f->engine, f->slot, NULL), 0);
	dispatch_all(f->engine);
	assert_string_equal(f->seen.last.name, "third");
	expect_events(f, "third", 3);
	eun_slot_free(eun_engine_remove(f->engine, f->slot));
	assert_int_equal(access(pin_dir, F_OK), -1);
}

static void test_adopt_paused(void **state)
{
	struct fixture *f = *state;
	char pin_dir[128];

	(void)eun_engine_remove(f->engine, f->slot);
	eun_slot_free(f->slot);
	make_pin_dir(pin_dir, sizeof(pin_dir));
	kill_a_child(pin_dir, true);
	make_events(10);
	f->slot = adopt(f->engine, pin_dir);
	assert_int_equal(eun_engine_add(f->engine, f->slot, NULL), 0);
	assert_int_equal(eun_slot_get_state(f->slot), EUN_SLOT_PAUSED);
	dispatch_all(f->engine);
	assert_int_equal(f->seen.n_events, 0);
	assert_int_equal(eun_slot_resume(f->slot, NULL), 0);
	expect_events(f, "second", 2);
	eun_slot_free(eun_engine_remove(f->engine, f->slot));
}

static void test_adopt_nothing(void **state)
{
	struct fixture *f = *state;
	struct eun_adopt_generation generation = { .number = 1, .package = read_package() };
	struct eun_slot *slot = NULL;
	struct eun_error err = EUN_ERROR_INIT;

	assert_int_equal(eun_slot_adopt(f->engine, "test", "/sys/fs/bpf/eunomia-no-such-slot",
					&generation, 1, &slot, &err),
			 -ENOENT);
	assert_non_null(strstr(err.message, "page"));
	eun_error_done(&err);
	eun_package_free(generation.package);
}

/* A slot that was started before goes on counting its generations. */
static void test_first_generation(void **state)
{
	struct fixture *f = *state;
	struct eun_package *package = read_package();
	struct slot_bed bed;

	f->slot = eun_slot_free(eun_engine_remove(f->engine, f->slot));
	slot_bed_init(&bed, "again", getpid(), NULL);
	bed.options.first_generation = 7;
	assert_int_equal(eun_slot_new(f->engine, package, &bed.options, &f->slot, NULL), 0);
	assert_int_equal(eun_engine_add(f->engine, f->slot, NULL), 0);
	assert_int_equal(eun_slot_get_generation(f->slot), 7);
	assert_int_equal(eun_slot_get_next_generation(f->slot), 8);
	expect_events(f, "default", 7);
	swap_to(f, "second", EUN_MAPS_REUSE);
	expect_events(f, "second", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_swap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_generation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_maps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unread_events_keep_their_generation, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_rollback, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keeps_three, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failure_leaves_the_old, setup, teardown),
		cmocka_unit_test_setup_teardown(test_paused_stays_paused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_adopt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_adopt_paused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_adopt_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
