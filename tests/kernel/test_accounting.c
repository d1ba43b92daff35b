/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is every event of a slot accounted for? Generators count their own calls; what a slot handed up
 * and what it says was lost must add up to them, whoever wrote the tracker.
 */
#include "base/kernel.h"
#include "base/macro.h"

#include <eunomia/engine.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define N_CALLS	   200000u
#define RING_BYTES 4096u /* or a page, where that is more */

struct fixture {
	struct eun_engine *engine;
	struct eun_slot *slot;
	uint64_t n_events;
	uint64_t n_told;    /* as lost */
	const char *reason; /* that must be told */
};

/* The uprobes' targets: must exist as symbols and must not be folded into their callers. */
#define TARGET(name)                                                                               \
	__attribute__((noinline, visibility("default"))) void name(unsigned int number);           \
	__attribute__((noinline, visibility("default"))) void name(unsigned int number)            \
	{                                                                                          \
		__asm__ volatile("/* " #name " */" ::"r"(number) : "memory");                      \
	}

TARGET(flood_reserve)
TARGET(flood_output)
TARGET(flood_perf)
TARGET(flood_deep)

static void on_event(struct eun_slot *slot EUB_UNUSED, const struct eun_event *event EUB_UNUSED,
		     void *userdata)
{
	struct fixture *f = userdata;

	f->n_events++;
}

static void on_lost(struct eun_slot *slot EUB_UNUSED, uint64_t count, const char *reason,
		    void *userdata)
{
	struct fixture *f = userdata;

	assert_string_equal(reason, f->reason);
	f->n_told += count;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct eun_engine_options options = {
		.size = sizeof(options), .on_event = on_event, .on_lost = on_lost, .userdata = f
	};

	assert_non_null(f);
	*state = f;
	f->reason = "ring-full";
	return eun_engine_new(&options, &f->engine, NULL);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	eun_engine_free(f->engine);
	free(f);
	return 0;
}

static int start(struct fixture *f, const char *path, const struct eun_slot_options *options,
		 struct eun_error *err)
{
	struct eun_package *package = NULL;
	int r = eun_package_read(path, &package, err);

	if (r == 0)
		r = eun_slot_new(f->engine, package, options, &f->slot, err);
	if (r == 0)
		return eun_engine_add(f->engine, f->slot, err);
	eun_package_free(package);
	return r;
}

static void begin(struct fixture *f, const char *path, const struct eun_setting *setting)
{
	const struct eun_slot_options options = { .size = sizeof(options),
						  .settings = setting,
						  .n_settings = setting ? 1 : 0,
						  .ring_bytes = RING_BYTES };
	struct eun_error err = EUN_ERROR_INIT;

	if (start(f, path, &options, &err) == 0)
		return;
	if (err.reason == EUN_REASON_PERMISSION) {
		print_message("skipped: %s\n", err.message);
		skip();
	}
	fail_msg("%s: %s", path, err.message);
}

struct flood {
	void (*call)(unsigned int number);
	atomic_bool is_over;
};

static void *flood(void *argument)
{
	struct flood *flood = argument;

	for (unsigned int i = 0; i < N_CALLS; i++)
		flood->call(i);
	atomic_store(&flood->is_over, true);
	return NULL;
}

/* Floods while nobody reads, then while the engine does, and stops the slot: all must be told. */
static void expect_exact(struct fixture *f, void (*call)(unsigned int number), unsigned int n_each,
			 struct eun_slot_stats *ret_stats)
{
	struct flood job = { .call = call };
	struct eun_slot_stats stats;
	pthread_t thread;

	for (unsigned int i = 0; i < N_CALLS; i++)
		call(i);
	assert_int_equal(pthread_create(&thread, NULL, flood, &job), 0);
	while (!atomic_load(&job.is_over))
		(void)eun_engine_poll(f->engine, 10);
	assert_int_equal(pthread_join(thread, NULL), 0);
	f->slot = eun_engine_remove(f->engine, f->slot);
	eun_engine_quiesce();
	eun_slot_drain(f->slot);
	eun_slot_get_stats(f->slot, &stats);
	print_message("%llu events, %llu lost; ring: %llu bytes, at most %llu unread\n",
		      (unsigned long long)stats.events, (unsigned long long)stats.lost,
		      (unsigned long long)stats.ring_bytes,
		      (unsigned long long)stats.ring_high_water_bytes);
	assert_true(stats.lost_is_exact);
	assert_true(stats.lost >= N_CALLS / 2);
	assert_int_equal(stats.events + stats.lost, 2ull * N_CALLS * n_each);
	assert_int_equal(stats.events, f->n_events);
	assert_int_equal(stats.lost, f->n_told);
	f->slot = eun_slot_free(f->slot);
	*ret_stats = stats;
}

static void expect_exact_ring(struct fixture *f, void (*call)(unsigned int number),
			      unsigned int n_each)
{
	struct eun_slot_stats stats;

	expect_exact(f, call, n_each, &stats);
	assert_in_range(stats.ring_high_water_bytes, stats.ring_bytes / 2, stats.ring_bytes);
	assert_true(stats.memory_bytes >= RING_BYTES);
}

static void call_both(unsigned int number)
{
	flood_reserve(number);
	flood_output(number);
}

static void test_foreign_tracker(void **state)
{
	struct fixture *f = *state;

	begin(f, OBJECTS_DIR "/loss_flood.bpf.o", NULL);
	expect_exact_ring(f, call_both, 2);
}

/* The kernel tells of the last losses with a next event, which does not come. */
static void test_foreign_tracker_with_a_perf_buffer(void **state)
{
	struct fixture *f = *state;
	struct eun_slot_stats stats;

	f->reason = "perf-lost";
	begin(f, OBJECTS_DIR "/loss_perf.bpf.o", NULL);
	expect_exact(f, flood_perf, 1, &stats);
}

static void call_getppid(unsigned int number EUB_UNUSED)
{
	(void)getppid();
}

static void test_tracker_that_counts_itself(void **state)
{
	struct fixture *f = *state;
	char pid[16];
	const struct eun_setting setting = { .key = "only_pid", .value = pid };

	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	begin(f, NUMBERED_OBJECT, &setting);
	expect_exact_ring(f, call_getppid, 1);
}

/* The verifier takes it only as it is: it runs, and says what it does not tell. */
static void test_tracker_that_cannot_be_counted(void **state)
{
	struct fixture *f = *state;
	struct eun_slot_stats stats;

	begin(f, OBJECTS_DIR "/loss_deep.bpf.o", NULL);
	flood_deep(7);
	(void)eun_engine_poll(f->engine, 1000);
	assert_int_equal(f->n_events, 1);
	eun_slot_get_stats(f->slot, &stats);
	if (stats.lost_is_exact && eub_kernel_is_at_least(7, 0)) {
		print_message("skipped: this kernel lets programs call deeper\n");
		skip();
	}
	assert_false(stats.lost_is_exact);
	assert_non_null(eun_slot_get_note(f->slot, 0));
	assert_non_null(strstr(eun_slot_get_note(f->slot, 0), "are not counted"));
	assert_null(eun_slot_get_note(f->slot, 1));
}

static void test_rings_have_a_bound(void **state)
{
	struct fixture *f = *state;
	struct eun_slot_options options = { .size = sizeof(options), .max_ring_bytes = 32768 };
	struct eun_error err = EUN_ERROR_INIT;

	/* The object's own size, then one that was asked for. */
	assert_int_equal(start(f, OBJECTS_DIR "/loss_flood.bpf.o", &options, &err), -E2BIG);
	assert_int_equal(err.reason, EUN_REASON_TOO_LARGE);
	eun_error_done(&err);
	options.max_ring_bytes = 65536;
	options.ring_bytes = 131072;
	assert_int_equal(start(f, OBJECTS_DIR "/loss_flood.bpf.o", &options, &err), -E2BIG);
	eun_error_done(&err);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_foreign_tracker, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_tracker_with_a_perf_buffer, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_tracker_that_counts_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tracker_that_cannot_be_counted, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_rings_have_a_bound, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
