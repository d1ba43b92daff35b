/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger, also as a process leaves it that is killed within a change: a child makes the change
 * instruction by instruction, and after each the test reads a copy of the memory.
 */
#include "engine/ledger.h"

#include "base/macro.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZE	  760 /* room for five rings */
#define N_RINGS	  5
#define STEPS_MAX 100000

static const struct eun__progress first = { 24, 17, 1, 20, 0 };
static const struct eun__progress second = { 1096, 1081, 14, 300, 2 };

static uint8_t *new_memory(void)
{
	void *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static struct eun__ledger open_ledger(uint8_t *memory)
{
	struct eun__ledger ledger;

	eun__ledger_init(&ledger, memory, SIZE);
	return ledger;
}

static bool is_equal(const struct eun__progress *a, const struct eun__progress *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void check_ring(const struct eun__ledger *ledger, uint32_t ring,
		       const struct eun__progress *expected)
{
	struct eun__progress found;

	assert_int_equal(eun__ledger_find(ledger, ring, &found), 0);
	assert_true(is_equal(&found, expected));
}

static void test_keeps_what_was_put(void **state)
{
	uint8_t *memory = new_memory();
	struct eun__ledger ledger = open_ledger(memory);
	const struct eun__ledger_counts counts = { 1, 2, 3, 4, 5, 6 };
	struct eun__ledger_counts found;
	struct eun__progress progress;

	(void)state;
	assert_int_equal(eun__ledger_find(&ledger, 7, &progress), -ENOENT);
	assert_int_equal(eun__ledger_put(&ledger, 7, &first), 0);
	assert_int_equal(eun__ledger_put(&ledger, 9, &first), 0);
	assert_int_equal(eun__ledger_put(&ledger, 7, &second), 0);
	eun__ledger_put_counts(&ledger, &counts);
	eun__ledger_set_n_streams(&ledger, 3);
	ledger = open_ledger(memory);
	check_ring(&ledger, 7, &second);
	check_ring(&ledger, 9, &first);
	eun__ledger_get_counts(&ledger, &found);
	assert_memory_equal(&found, &counts, sizeof(counts));
	assert_int_equal(eun__ledger_get_n_streams(&ledger), 3);
	eun__ledger_note_seen(&ledger, 9, 70);
	assert_int_equal(eun__ledger_get_seen(&ledger, 9), 70);
	assert_int_equal(eun__ledger_get_seen(&ledger, 7), first.next_seq);
	assert_int_equal(eun__ledger_get_seen(&ledger, 8), 0);
	(void)munmap(memory, SIZE);
}

static void check_writers(const struct eun__ledger *ledger, uint64_t last, uint64_t before)
{
	struct eun__ledger_writer a, b;

	eun__ledger_get_writers(ledger, 7, &a, &b);
	assert_int_equal(a.generation, last);
	assert_int_equal(b.generation, before);
	if (before > 0)
		assert_true(a.from_seq >= b.from_seq);
}

static void test_writers(void **state)
{
	uint8_t *memory = new_memory();
	struct eun__ledger ledger = open_ledger(memory);

	(void)state;
	eun__ledger_note_writer(&ledger, 7, 1, 0); /* of no ring that is known */
	check_writers(&ledger, 0, 0);
	(void)eun__ledger_put(&ledger, 7, &first);
	check_writers(&ledger, 0, 0);
	eun__ledger_note_writer(&ledger, 7, 1, 0);
	check_writers(&ledger, 1, 0);
	for (uint64_t i = 2; i < 6; i++) {
		eun__ledger_note_writer(&ledger, 7, i, 100 * i);
		check_writers(&ledger, i, i - 1);
	}
	eun__ledger_note_writer(&ledger, 7, 3, 500); /* back, with nothing written meanwhile */
	eun__ledger_fold(&ledger, 7);
	(void)eun__ledger_put(&ledger, 7, &first);
	check_writers(&ledger, 0, 0);
	(void)munmap(memory, SIZE);
}

static void test_fold_makes_room(void **state)
{
	uint8_t *memory = new_memory();
	struct eun__ledger ledger = open_ledger(memory);
	struct eun__ledger_counts counts;

	(void)state;
	assert_int_equal(ledger.n_rings, N_RINGS);
	for (uint32_t i = 1; i <= N_RINGS; i++)
		assert_int_equal(eun__ledger_put(&ledger, i, &first), 0);
	assert_int_equal(eun__ledger_put(&ledger, 100, &first), -ENOSPC);
	assert_int_equal(eun__ledger_put(&ledger, 3, &second), 0);
	eun__ledger_fold(&ledger, 3);
	eun__ledger_fold(&ledger, 3); /* is gone already */
	eun__ledger_get_counts(&ledger, &counts);
	assert_int_equal(counts.events, second.events);
	assert_int_equal(counts.bytes, second.bytes);
	assert_int_equal(counts.decode_errors, second.decode_errors);
	assert_int_equal(eun__ledger_put(&ledger, 100, &second), 0);
	check_ring(&ledger, 100, &second);
	check_ring(&ledger, 1, &first);
	(void)munmap(memory, SIZE);
}

static void test_no_memory_keeps_nothing(void **state)
{
	struct eun__ledger ledger;
	struct eun__ledger_counts counts = { .events = 1 };
	struct eun__progress progress;
	_Alignas(8) uint8_t small[240] = { 0 };

	(void)state;
	eun__ledger_init(&ledger, small, sizeof(small));
	assert_null(ledger.page);
	eun__ledger_init(&ledger, NULL, 0);
	assert_int_equal(eun__ledger_put(&ledger, 7, &first), -ENOSPC);
	assert_int_equal(eun__ledger_find(&ledger, 7, &progress), -ENOENT);
	eun__ledger_fold(&ledger, 7);
	eun__ledger_put_counts(&ledger, &counts);
	eun__ledger_get_counts(&ledger, &counts);
	assert_int_equal(counts.events, 0);
	eun__ledger_set_n_streams(&ledger, 3);
	assert_int_equal(eun__ledger_get_n_streams(&ledger), 0);
}

/* Whatever stands there, nothing is read outside of it. */
static void test_foreign_bytes(void **state)
{
	uint8_t *memory = new_memory();

	(void)state;
	for (unsigned int seed = 0; seed < 300; seed++) {
		struct eun__ledger ledger;
		struct eun__progress progress;

		srandom(seed);
		for (size_t i = 0; i < SIZE; i++)
			memory[i] = seed == 0 ? 0xff : (uint8_t)random();
		ledger = open_ledger(memory);
		(void)eun__ledger_find(&ledger, (uint32_t)random(), &progress);
		(void)eun__ledger_put(&ledger, 5, &first);
		eun__ledger_fold(&ledger, 5);
		assert_int_equal(eun__ledger_find(&ledger, 5, &progress), -ENOENT);
	}
	(void)munmap(memory, SIZE);
}

static uint64_t count_events(uint8_t *memory)
{
	struct eun__ledger ledger = open_ledger(memory);
	struct eun__ledger_counts counts;
	struct eun__progress progress;
	uint64_t n;

	eun__ledger_get_counts(&ledger, &counts);
	n = counts.events;
	for (uint32_t ring = 1; ring < 10; ring++)
		if (eun__ledger_find(&ledger, ring, &progress) == 0)
			n += progress.events;
	return n;
}

/* A change that may be torn. Both rings exist before it, 4 does not. */
struct change {
	void (*make)(struct eun__ledger *ledger);
	bool (*is_old)(uint8_t *memory);
	bool (*is_new)(uint8_t *memory);
};

static void put_second(struct eun__ledger *ledger)
{
	(void)eun__ledger_put(ledger, 3, &second);
}

static bool ring_is(uint8_t *memory, uint32_t ring, const struct eun__progress *expected)
{
	struct eun__ledger ledger = open_ledger(memory);
	struct eun__progress found;

	return eun__ledger_find(&ledger, ring, &found) == 0 && is_equal(&found, expected);
}

static bool third_is_first(uint8_t *memory)
{
	return ring_is(memory, 3, &first);
}

static bool third_is_second(uint8_t *memory)
{
	return ring_is(memory, 3, &second);
}

static void add_fourth(struct eun__ledger *ledger)
{
	(void)eun__ledger_put(ledger, 4, &second);
}

static bool fourth_is_missing(uint8_t *memory)
{
	struct eun__ledger ledger = open_ledger(memory);
	struct eun__progress found;

	return eun__ledger_find(&ledger, 4, &found) == -ENOENT;
}

static bool fourth_is_second(uint8_t *memory)
{
	return ring_is(memory, 4, &second);
}

static void fold_third(struct eun__ledger *ledger)
{
	eun__ledger_fold(ledger, 3);
}

static bool has_all_events(uint8_t *memory)
{
	return count_events(memory) == 100 + 2 * first.events;
}

static bool has_folded_all(uint8_t *memory)
{
	struct eun__ledger ledger = open_ledger(memory);
	struct eun__progress found;

	return eun__ledger_find(&ledger, 3, &found) == -ENOENT && has_all_events(memory);
}

static void put_counts(struct eun__ledger *ledger)
{
	const struct eun__ledger_counts counts = { 200, 201, 202, 203, 204, 205 };

	eun__ledger_put_counts(ledger, &counts);
}

static bool counts_are(uint8_t *memory, uint64_t start)
{
	struct eun__ledger ledger = open_ledger(memory);
	struct eun__ledger_counts counts;

	eun__ledger_get_counts(&ledger, &counts);
	return counts.events == start && counts.bytes == start + 1 &&
	       counts.decode_errors == start + 2 && counts.perf_lost == start + 3 &&
	       counts.counted_lost == start + 4 && counts.unloaded_lost == start + 5;
}

static bool counts_are_old(uint8_t *memory)
{
	return counts_are(memory, 100);
}

static bool counts_are_new(uint8_t *memory)
{
	return counts_are(memory, 200);
}

static const struct change changes[] = {
	{ put_second, third_is_first, third_is_second },
	{ add_fourth, fourth_is_missing, fourth_is_second },
	{ fold_third, has_all_events, has_folded_all },
	{ put_counts, counts_are_old, counts_are_new },
};

static void prepare(uint8_t *memory)
{
	const struct eun__ledger_counts counts = { 100, 101, 102, 103, 104, 105 };
	struct eun__ledger ledger;

	memset(memory, 0, SIZE);
	ledger = open_ledger(memory);
	(void)eun__ledger_put(&ledger, 2, &first);
	(void)eun__ledger_put(&ledger, 3, &first);
	eun__ledger_put_counts(&ledger, &counts);
}

/* Stops itself for its tracer, makes the change, stops again. Return: its pid; -1. */
static pid_t start_child(const struct change *change, uint8_t *memory)
{
	pid_t pid = fork();
	struct eun__ledger ledger;

	if (pid != 0)
		return pid;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(1);
	ledger = open_ledger(memory);
	(void)raise(SIGSTOP);
	change->make(&ledger);
	(void)raise(SIGSTOP);
	_exit(0);
}

/* Return: whether the child has stopped with @signal. */
static bool wait_stopped(pid_t pid, int signal)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == signal;
}

static void check_steps(const struct change *change)
{
	uint8_t *memory = new_memory();
	uint8_t *copy = new_memory();
	unsigned int n_steps = 0;
	bool was_new = false;
	pid_t pid;

	prepare(memory);
	pid = start_child(change, memory);
	assert_true(pid > 0);
	assert_true(wait_stopped(pid, SIGSTOP));
	for (; n_steps < STEPS_MAX; n_steps++) {
		bool is_new;

		assert_return_code(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), errno);
		if (!wait_stopped(pid, SIGTRAP))
			break; /* its second stop: the change is made */
		memcpy(copy, memory, SIZE);
		is_new = change->is_new(copy);
		memcpy(copy, memory, SIZE);
		assert_true(is_new || (!was_new && change->is_old(copy)));
		was_new = is_new;
	}
	assert_true(was_new);
	assert_true(n_steps > 10 && n_steps < STEPS_MAX);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)munmap(memory, SIZE);
	(void)munmap(copy, SIZE);
}

static void test_killed_at_any_instruction(void **state)
{
	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(changes); i++)
		check_steps(&changes[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_what_was_put),
		cmocka_unit_test(test_writers),
		cmocka_unit_test(test_fold_makes_room),
		cmocka_unit_test(test_no_memory_keeps_nothing),
		cmocka_unit_test(test_foreign_bytes),
		cmocka_unit_test(test_killed_at_any_instruction),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
