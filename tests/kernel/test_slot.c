/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots through the public interface, on the running kernel: start, events in order and complete,
 * exact pause and resume, stop, settings, and the errors that a user meets. The events are this
 * process's own system calls, so their number is known.
 */
#include "slot_bed.h"

#include "base/macro.h"
#include "base/str.h"

#include <eunomia/engine.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static void test_start_stop(void **state EUB_UNUSED)
{
	struct seen seen = { 0 };
	struct eun_engine *engine = new_engine(&seen);
	struct eun_slot *slot = start_slot(engine);
	struct eun_slot_stats stats;

	assert_int_equal(eun_slot_get_state(slot), EUN_SLOT_RUNNING);
	assert_ptr_equal(eun_engine_find(engine, "test"), slot);
	make_events(100);
	(void)syscall(SYS_getpgid, -7);
	dispatch_all(engine);
	assert_int_equal(seen.n_events, 101);
	assert_int_equal(seen.n_out_of_order, 0);
	assert_string_equal(seen.json,
			    "{\"hook\":2,\"argument\":-7,\"number\":100,\"name\":\"default\"}");
	eun_slot_get_stats(slot, &stats);
	assert_int_equal(stats.events, 101);
	assert_int_equal(stats.bytes, 101 * sizeof(struct record));
	assert_int_equal(stats.lost, 0);
	assert_int_equal(stats.ring_bytes, 65536);

	/* What is in the ring when a slot is removed is handed up first. */
	make_events(5);
	slot = eun_engine_remove(engine, slot);
	assert_int_equal(seen.n_events, 106);
	assert_int_equal(eun_engine_get_n_slots(engine), 0);
	make_events(5);
	eun_slot_drain(slot);
	assert_int_equal(seen.n_events, 106);
	eun_slot_free(slot);
	eun_engine_free(engine);
}

static void test_prepared_slot_is_silent(void **state EUB_UNUSED)
{
	struct seen seen = { 0 };
	struct eun_engine *engine = new_engine(&seen);
	struct eun_slot *slot = new_slot(engine, "test", NULL);

	make_events(10);
	assert_int_equal(eun_engine_add(engine, slot, NULL), 0);
	make_events(3);
	dispatch_all(engine);
	assert_int_equal(seen.n_events, 3);
	eun_engine_free(engine);
}

static void test_pause_is_exact(void **state EUB_UNUSED)
{
	struct seen seen = { 0 };
	struct eun_engine *engine = new_engine(&seen);
	struct eun_slot *slot = start_slot(engine);
	struct eun_slot_stats stats;

	for (int i = 0; i < 50; i++) {
		make_events(7);
		assert_int_equal(eun_slot_pause(slot, NULL), 0);
		make_events(11);
		assert_int_equal(eun_slot_resume(slot, NULL), 0);
		dispatch_all(engine);
		assert_int_equal(seen.n_events, 7 * (unsigned int)(i + 1));
	}
	eun_slot_get_stats(slot, &stats);
	/* Other processes may have called getppid() while the gate was closed. */
	assert_true(stats.skipped >= 50 * 11);
	assert_int_equal(eun_slot_resume(slot, NULL), -EINVAL);
	assert_int_equal(eun_slot_pause(slot, NULL), 0);
	assert_int_equal(eun_slot_pause(slot, NULL), -EINVAL);
	eun_engine_free(engine);
}

static void test_holding_loses_and_repeats_nothing(void **state EUB_UNUSED)
{
	struct seen seen = { 0 };
	struct eun_engine *engine = new_engine(&seen);

	(void)start_slot(engine);
	for (unsigned int i = 0; i < 2000; i++) {
		make_events(i % 5);
		(void)eun_engine_dispatch(engine, 1 + i % 3, EUN_DISPATCH_HOLD);
	}
	dispatch_all(engine);
	assert_int_equal(seen.n_events, 2000 / 5 * (0 + 1 + 2 + 3 + 4));
	assert_int_equal(seen.last.number + 1, seen.n_events);
	assert_int_equal(seen.n_out_of_order, 0);
	/* Nothing is left over: the engine's descriptor says so. */
	assert_int_equal(eun_engine_poll(engine, 0), 0);
	make_events(1);
	assert_int_equal(eun_engine_poll(engine, 1000), 1);
	eun_engine_free(engine);
}

static void test_full_ring_is_counted(void **state EUB_UNUSED)
{
	const unsigned int n = 65536 / 16; /* more than fit */
	struct seen seen = { 0 };
	struct eun_engine *engine = new_engine(&seen);
	struct eun_slot *slot = start_slot(engine);
	struct eun_slot_stats stats;

	make_events(n);
	dispatch_all(engine);
	make_events(1);
	dispatch_all(engine);
	eun_slot_get_stats(slot, &stats);
	assert_true(stats.lost > 0);
	assert_true(stats.ring_full > 0);
	assert_int_equal(seen.n_events + stats.lost, n + 1);
	assert_int_equal(seen.n_lost, stats.lost);
	eun_engine_free(engine);
}

static void test_settings(void **state EUB_UNUSED)
{
	const struct eun_setting label = { "label", "seven77" };
	struct seen seen = { 0 };
	struct eun_engine *engine = new_engine(&seen);
	struct eun_slot *slot = new_slot(engine, "a-name.1", &label);

	assert_int_equal(eun_engine_add(engine, slot, NULL), 0);
	make_events(1);
	dispatch_all(engine);
	assert_memory_equal(seen.last.name, "seven77", 8);
	eun_engine_free(engine);
}

static void expect_failure(const struct eun_slot_options *options, int code, enum eun_reason reason,
			   const char *message_part, const char *hint_part)
{
	struct seen seen = { 0 };
	struct eun_engine *engine = new_engine(&seen);
	struct eun_package *package = read_package();
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_slot *slot = NULL;

	assert_int_equal(eun_slot_new(engine, package, options, &slot, &err), code);
	assert_null(slot);
	assert_int_equal(err.reason, reason);
	if (!strstr(err.message, message_part) || !strstr(err.hint, hint_part))
		fail_msg("'%s' hint '%s'", err.message, err.hint);
	eun_error_done(&err);
	eun_package_free(package);
	eun_engine_free(engine);
}

static void test_bad_settings(void **state EUB_UNUSED)
{
	static const struct {
		struct eun_setting setting;
		int code;
		enum eun_reason reason;
		const char *message;
		const char *hint;
	} rows[] = {
		{ { "target_tgit", "1" },
		  -ENOENT,
		  EUN_REASON_NOT_FOUND,
		  "target_tgit",
		  "target_tgid" },
		{ { "target_tgid", "x" }, -EINVAL, EUN_REASON_INVALID_ARGUMENT, "'x'", "" },
		{ { "target_tgid", "4294967296" },
		  -EINVAL,
		  EUN_REASON_INVALID_ARGUMENT,
		  "fit",
		  "" },
		{ { "target_tgid", "-1" }, -EINVAL, EUN_REASON_INVALID_ARGUMENT, "fit", "" },
		{ { "label", "eight888" }, -EINVAL, EUN_REASON_INVALID_ARGUMENT, "fit", "" },
		{ { "is_silent", "maybe" }, -EINVAL, EUN_REASON_INVALID_ARGUMENT, "maybe", "" },
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++) {
		const struct eun_slot_options options = { .size = sizeof(options),
							  .settings = &rows[i].setting,
							  .n_settings = 1 };

		expect_failure(&options, rows[i].code, rows[i].reason, rows[i].message,
			       rows[i].hint);
	}
}

static void test_bad_names(void **state EUB_UNUSED)
{
	static const char long_name[] = "0123456789012345678901234567890123456789"
					"012345678901234567890123";
	static const char *const names[] = { "", ".hidden", "a/b", "a b", "-x", long_name };

	for (size_t i = 0; i < EUB_ARRAY_SIZE(names); i++) {
		const struct eun_slot_options options = { .size = sizeof(options),
							  .name = names[i] };

		expect_failure(&options, -EINVAL, EUN_REASON_INVALID_ARGUMENT, "slot name",
			       "--name");
	}
}

static void test_bad_types(void **state EUB_UNUSED)
{
	static const char *const types[] = { "no_such_struct", "no_map=event" };
	static const char *const parts[] = { "no_such_struct", "no_map" };

	for (size_t i = 0; i < EUB_ARRAY_SIZE(types); i++) {
		const struct eun_slot_options options = { .size = sizeof(options),
							  .types = &types[i],
							  .n_types = 1 };

		expect_failure(&options, -ENOENT, EUN_REASON_NOT_FOUND, parts[i], "");
	}
}

static void test_name_taken(void **state EUB_UNUSED)
{
	struct seen seen = { 0 };
	struct eun_engine *engine = new_engine(&seen);
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_slot *second;

	(void)start_slot(engine);
	second = new_slot(engine, "test", NULL);
	assert_int_equal(eun_engine_add(engine, second, &err), -EEXIST);
	assert_int_equal(err.reason, EUN_REASON_NAME_TAKEN);
	eun_error_done(&err);
	eun_slot_free(second);
	/* The first one goes on. */
	make_events(2);
	dispatch_all(engine);
	assert_int_equal(seen.n_events, 2);
	eun_engine_free(engine);
}

static void test_check_attaches_nothing(void **state EUB_UNUSED)
{
	struct seen seen = { 0 };
	struct eun_engine *engine = new_engine(&seen);
	struct eun_package *package = read_package();

	assert_int_equal(eun_package_check(engine, package, NULL, NULL), 0);
	assert_int_equal(eun_engine_get_n_slots(engine), 0);
	eun_package_free(package);
	eun_engine_free(engine);
}

static unsigned int count_fds(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_nothing_is_left(void **state EUB_UNUSED)
{
	unsigned int before = count_fds();
	struct seen seen = { 0 };
	struct eun_engine *engine = new_engine(&seen);

	for (int i = 0; i < 3; i++) {
		struct eun_slot *slot = start_slot(engine);

		eun_slot_free(eun_engine_remove(engine, slot));
	}
	eun_engine_free(engine);
	assert_int_equal(count_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start_stop),
		cmocka_unit_test(test_prepared_slot_is_silent),
		cmocka_unit_test(test_pause_is_exact),
		cmocka_unit_test(test_holding_loses_and_repeats_nothing),
		cmocka_unit_test(test_full_ring_is_counted),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_bad_settings),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_bad_types),
		cmocka_unit_test(test_name_taken),
		cmocka_unit_test(test_check_attaches_nothing),
		cmocka_unit_test(test_nothing_is_left),
	};

	if (geteuid() != 0) {
		(void)fprintf(stderr, "skipped: loading BPF programs needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
