/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a killed process had handed up, and what of it had been committed: its successor goes on
 * after the last commit, with the same sequence numbers and the right counts.
 */
#include "slot_bed.h"

#include "base/macro.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CANNOT_PIN  77
#define RECORD_STEP 32 /* 24 bytes and the header */

/* What a child does before it is killed; each event carries its number. */
typedef void (*life_fn)(struct eun_engine *engine, struct eun_slot *slot);

struct fixture {
	char pin_dir[128];
	struct seen seen;
	struct seen *child_seen; /* shared with the child */
	struct eun_engine *engine;
	struct eun_slot *slot; /* adopted */
};

static void run_child(const struct fixture *f, life_fn live)
{
	struct eun_engine *engine = new_engine(f->child_seen);
	struct eun_slot *slot = NULL;
	struct slot_bed bed;

	slot_bed_init(&bed, "test", getpid(), NULL);
	bed.options.pin_dir = f->pin_dir;
	if (eun_slot_new(engine, read_package(), &bed.options, &slot, NULL) < 0 ||
	    !eun_slot_survives(slot, NULL))
		_exit(CANNOT_PIN); /* no BPF file system, or links that cannot be pinned */
	if (eun_engine_add(engine, slot, NULL) < 0)
		_exit(1);
	live(engine, slot);
	(void)kill(getpid(), SIGKILL);
}

static struct eun_slot *adopt(struct fixture *f)
{
	struct eun_adopt_generation generations[] = {
		{ .number = 1, .package = read_package() },
		{ .number = 2, .package = read_package() }, /* most tests have none */
	};
	struct eun_slot *slot = NULL;

	assert_int_equal(eun_slot_adopt(f->engine, "test", f->pin_dir, generations, 2, &slot, NULL),
			 0);
	return slot;
}

/* Leaves f->slot adopted and in no engine. */
static void outlive(struct fixture *f, life_fn live)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		run_child(f, live);
		_exit(1);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_PIN) {
		print_message("skipped: nothing can be pinned under /sys/fs/bpf here\n");
		skip();
	}
	assert_true(WIFSIGNALED(status));
	f->slot = adopt(f);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->pin_dir, sizeof(f->pin_dir), "/sys/fs/bpf/eunomia-test-resume-%d",
		       getpid());
	f->child_seen = mmap(NULL, sizeof(*f->child_seen), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(f->child_seen, MAP_FAILED);
	f->engine = new_engine(&f->seen);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	eun_engine_free(f->engine);
	(void)eun_pins_remove(f->pin_dir); /* a test that failed left them */
	(void)munmap(f->child_seen, sizeof(*f->child_seen));
	free(f);
	return 0;
}

static void dispatch_uncommitted(struct eun_engine *engine, unsigned int flags)
{
	while (eun_engine_dispatch(engine, 64, flags | EUN_DISPATCH_UNCOMMITTED) > 0)
		continue;
}

static void begin(struct fixture *f)
{
	assert_int_equal(eun_engine_add(f->engine, f->slot, NULL), 0);
}

/* Events numbered @from up to, but without, @to are there, and then no more. */
static void expect_numbers(struct fixture *f, uint64_t from, uint64_t to)
{
	while (from < to) {
		assert_int_equal(eun_engine_dispatch(f->engine, 1, 0), 1);
		assert_int_equal(f->seen.last.number, from++);
	}
	assert_int_equal(eun_engine_dispatch(f->engine, 1, 0), 0);
	assert_int_equal(f->seen.n_out_of_order, 0);
}

static uint64_t count_events(const struct fixture *f)
{
	struct eun_slot_stats stats;

	eun_slot_get_stats(f->slot, &stats);
	return stats.events;
}

static uint64_t get_next_seq(const struct fixture *f)
{
	struct eun_slot_ring ring;

	assert_int_equal(eun_slot_get_ring(f->slot, eun_slot_get_schema(f->slot, 0), &ring), 0);
	assert_int_equal(ring.ring, f->child_seen->last_ring);
	return ring.next_seq;
}

static void commit_ten_of_twenty(struct eun_engine *engine, struct eun_slot *slot)
{
	make_events(10);
	dispatch_uncommitted(engine, 0);
	(void)eun_engine_checkpoint(engine);
	make_events(5);
	dispatch_uncommitted(engine, 0);
	(void)eun_engine_checkpoint(engine); /* the one before is pending: nothing new */
	eun_engine_commit(engine);
	(void)eun_engine_checkpoint(engine);
	make_events(3);
	dispatch_uncommitted(engine, 0);
	make_events(2);
	eun_slot_set_n_listeners(slot, 4);
}

static void test_goes_on_after_the_last_commit(void **state)
{
	struct fixture *f = *state;
	uint64_t first_seq;

	outlive(f, commit_ten_of_twenty);
	begin(f);
	assert_int_equal(eun_slot_get_n_listeners(f->slot), 4);
	assert_int_equal(count_events(f), 10);
	first_seq = f->child_seen->last_seq - 17 * RECORD_STEP; /* of the 18 that it handed up */
	assert_int_equal(get_next_seq(f), first_seq + 9 * RECORD_STEP + 1);
	expect_numbers(f, 10, 20);
	assert_int_equal(get_next_seq(f), first_seq + 19 * RECORD_STEP + 1);
	assert_int_equal(count_events(f), 20);
}

/* Three events of the first generation and four of the second are left in the ring they share. */
static void swap_with_events_unread(struct eun_engine *engine, struct eun_slot *slot)
{
	struct eun_swap_options options = { .size = sizeof(options) };
	struct eun_swap *swap = NULL;
	struct slot_bed bed;

	make_events(5);
	dispatch_all(engine);
	make_events(3);
	slot_bed_init(&bed, NULL, getpid(), NULL);
	options.slot = &bed.options;
	if (eun_swap_new(slot, read_package(), &options, &swap, NULL) < 0 ||
	    eun_swap_commit(swap, NULL) < 0)
		_exit(1);
	make_events(4);
}

static void test_each_event_keeps_its_generation(void **state)
{
	struct fixture *f = *state;

	outlive(f, swap_with_events_unread);
	begin(f);
	assert_int_equal(eun_slot_get_generation(f->slot), 2);
	for (uint32_t i = 5; i < 12; i++) {
		assert_int_equal(eun_engine_dispatch(f->engine, 1, 0), 1);
		assert_int_equal(f->seen.last.number, i % 8); /* each generation numbers its own */
		assert_int_equal(f->seen.last_generation, i < 8 ? 1 : 2);
	}
}

static void commit_during_a_hold(struct eun_engine *engine, struct eun_slot *slot EUB_UNUSED)
{
	make_events(10);
	dispatch_uncommitted(engine, EUN_DISPATCH_HOLD);
	(void)eun_engine_checkpoint(engine);
	eun_engine_commit(engine);
}

/* The kernel was not told of the last record, the ledger was. */
static void test_a_held_record_was_taken(void **state)
{
	struct fixture *f = *state;

	outlive(f, commit_during_a_hold);
	begin(f);
	expect_numbers(f, 0, 0);
	assert_int_equal(count_events(f), 10);
}

static void commit_nothing(struct eun_engine *engine, struct eun_slot *slot EUB_UNUSED)
{
	make_events(10);
	dispatch_uncommitted(engine, 0);
}

static void test_nothing_was_committed(void **state)
{
	struct fixture *f = *state;

	outlive(f, commit_nothing);
	begin(f);
	expect_numbers(f, 0, 10);
}

static void commit_as_it_goes(struct eun_engine *engine, struct eun_slot *slot EUB_UNUSED)
{
	make_events(10);
	while (eun_engine_dispatch(engine, 4, 0) > 0)
		continue;
	make_events(1);
}

static void test_committed_with_the_callback(void **state)
{
	struct fixture *f = *state;

	outlive(f, commit_as_it_goes);
	begin(f);
	expect_numbers(f, 10, 11);
}

/* More than the ring holds was handed up after the last commit. */
static void flood(struct eun_engine *engine, struct eun_slot *slot EUB_UNUSED)
{
	for (int i = 0; i < 40; i++) {
		make_events(100);
		dispatch_uncommitted(engine, 0);
	}
	make_events(7);
}

static void test_what_was_written_over_is_gone(void **state)
{
	struct fixture *f = *state;
	struct eun_slot_ring ring;

	outlive(f, flood);
	begin(f);
	assert_int_equal(get_next_seq(f), f->child_seen->last_seq + 1);
	expect_numbers(f, 4000, 4007);
	assert_int_equal(eun_slot_get_ring(f->slot, NULL, &ring), -ENOENT);
}

static bool is_readable(const struct fixture *f)
{
	struct pollfd fd = { .fd = eun_engine_fd(f->engine), .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

static void test_hold(void **state)
{
	struct fixture *f = *state;

	outlive(f, commit_nothing);
	eun_slot_hold(f->slot, true);
	begin(f);
	assert_false(is_readable(f));
	expect_numbers(f, 0, 0);
	assert_int_equal(eun_slot_get_ring_fill(f->slot), 0);
	eun_slot_hold(f->slot, false);
	assert_true(is_readable(f));
	expect_numbers(f, 0, 10);
	eun_slot_hold(f->slot, true);
	eun_slot_hold(f->slot, false);
	assert_false(is_readable(f));
}

/* Killed again and again, at the same place or further on. */
static void test_again_and_again(void **state)
{
	struct fixture *f = *state;

	outlive(f, commit_ten_of_twenty);
	for (int i = 0; i < 3; i++) {
		begin(f);
		dispatch_uncommitted(f->engine, 0);
		assert_int_equal(f->seen.n_events, 10);
		f->seen = (struct seen){ 0 };
		eun_slot_leave(eun_engine_release(f->engine, f->slot));
		f->slot = adopt(f);
	}
	begin(f);
	assert_int_equal(eun_engine_dispatch(f->engine, 4, 0), 4);
	eun_slot_leave(eun_engine_release(f->engine, f->slot));
	f->slot = adopt(f);
	begin(f);
	expect_numbers(f, 14, 20);
	assert_int_equal(count_events(f), 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_goes_on_after_the_last_commit, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_each_event_keeps_its_generation, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_held_record_was_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_was_committed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_committed_with_the_callback, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_was_written_over_is_gone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_again_and_again, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
