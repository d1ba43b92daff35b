/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects as unrelated projects write them (tests/data), run as they are: each names the type of
 * its events in another way, and each gives the argument and the result of getpgid(2).
 */
#include "watch.h"

#include "base/clock.h"
#include "base/macro.h"
#include "base/str.h"

#include <eunomia/engine.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define TIMEOUT_NS (UINT64_C(5) * 1000 * 1000 * 1000)
#define NOBODY	   0x3ffffff0 /* 1073741808, above the largest process id */

/* An event that an object must give: its type, and a part of it as JSON. */
struct wanted {
	const char *object;
	const struct eun_setting *setting; /* or NULL */
	const char *type;
	const char *json;
	bool has_come;
};

static void on_event(struct eun_slot *slot, const struct eun_event *event, void *userdata)
{
	struct wanted *wanted = userdata;
	char json[1024];
	size_t n = eun_event_format(event, EUN_FORMAT_JSON, json, sizeof(json) - 1);

	(void)slot; /* there is one */
	assert_true(n < sizeof(json));
	json[n] = '\0';
	if (eub_streq(eun_schema_get_name(event->schema), wanted->type) &&
	    strstr(json, wanted->json))
		wanted->has_come = true;
}

static void start(struct eun_engine *engine, const struct wanted *wanted)
{
	const struct eun_slot_options options = {
		.size = sizeof(options),
		.settings = wanted->setting,
		.n_settings = wanted->setting ? 1 : 0,
	};
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_package *package = NULL;
	struct eun_slot *slot = NULL;
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/%s.bpf.o", OBJECTS_DIR, wanted->object);
	if (eun_package_read(path, &package, &err) < 0 ||
	    eun_slot_new(engine, package, &options, &slot, &err) < 0 ||
	    eun_engine_add(engine, slot, &err) < 0)
		fail_msg("%s: %s", wanted->object, err.message);
}

static void expect(struct wanted wanted)
{
	const struct eun_engine_options options = {
		.size = sizeof(options),
		.on_event = on_event,
		.userdata = &wanted,
	};
	uint64_t deadline_ns = eub_clock_mono_ns() + TIMEOUT_NS;
	struct eun_engine *engine = NULL;

	assert_int_equal(eun_engine_new(&options, &engine, NULL), 0);
	start(engine, &wanted);
	assert_int_equal(getpgid(NOBODY), -1);
	assert_int_equal(errno, ESRCH);
	while (!wanted.has_come && eub_clock_mono_ns() < deadline_ns)
		assert_true(eun_engine_poll(engine, 100) >= 0);
	eun_engine_free(engine);
	if (!wanted.has_come)
		fail_msg("%s gave no %s with %s", wanted.object, wanted.type, wanted.json);
}

static void the_only_struct_is_the_event(void **state)
{
	(void)state;
	expect((struct wanted){
	    .object = "foreign_bootstrap",
	    .type = "event",
	    .json = "\"arg\":1073741808,\"ret\":-3,",
	});
}

static void variables_of_data_can_be_set(void **state)
{
	static const struct eun_setting setting = { .key = "slow_ns", .value = "0" };

	(void)state;
	expect((struct wanted){
	    .object = "foreign_bootstrap",
	    .setting = &setting,
	    .type = "event",
	    .json = "\"is_slow\":true",
	});
}

static void a_pointer_names_the_event(void **state)
{
	(void)state;
	expect((struct wanted){
	    .object = "foreign_bpf2go",
	    .type = "event",
	    .json = "\"arg\":1073741808,\"kind\":\"KIND_LARGE(2)\",\"samples\":[{\"raw\":"
		    "[240,255,255,63],\"value\":-1},",
	});
}

static void perf_buffers_are_read(void **state)
{
	(void)state;
	expect((struct wanted){
	    .object = "foreign_perf",
	    .type = "data_t",
	    .json = "\"arg\":1073741808,\"comm\":\"test_foreign\"",
	});
}

static void each_ring_has_its_type(void **state)
{
	(void)state;
	expect((struct wanted){
	    .object = "foreign_two_rings",
	    .type = "request",
	    .json = "\"arg\":1073741808",
	});
	expect((struct wanted){
	    .object = "foreign_two_rings",
	    .type = "reply",
	    .json = "\"ret\":-3,",
	});
}

static void events_without_a_type_are_hex(void **state)
{
	(void)state;
	expect((struct wanted){
	    .object = "foreign_untyped",
	    .type = "",
	    .json = "f0ffff3fefbeadde",
	});
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_only_struct_is_the_event),
		cmocka_unit_test(variables_of_data_can_be_set),
		cmocka_unit_test(a_pointer_names_the_event),
		cmocka_unit_test(perf_buffers_are_read),
		cmocka_unit_test(each_ring_has_its_type),
		cmocka_unit_test(events_without_a_type_are_hex),
	};

	return watch_main(tests, NULL, NULL);
}
