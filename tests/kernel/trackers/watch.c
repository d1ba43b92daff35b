/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine with one slot, as any program that embeds libeunomia would run it. The records are
 * copied: what the engine hands out is gone after the callback.
 */
#include "watch.h"

#include "base/clock.h"
#include "base/macro.h"
#include "base/str.h"

#include <eunomia/engine.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define TIMEOUT_NS   (UINT64_C(5) * 1000 * 1000 * 1000)
#define MAX_EVENTS   100000u
#define MAX_SETTINGS 8u

struct watch {
	struct eun_engine *engine;
	struct eun_slot *slot;
	unsigned char *events; /* n_events records of event_size bytes */
	size_t event_size;
	size_t n_events;
};

static void on_event(struct eun_slot *slot, const struct eun_event *event, void *userdata)
{
	struct watch *watch = userdata;

	(void)slot; /* there is one */
	assert_int_equal(event->size, watch->event_size);
	assert_true(watch->n_events < MAX_EVENTS);
	memcpy(watch->events + watch->n_events++ * event->size, event->data, event->size);
}

static void assert_done(int r, struct eun_error *err)
{
	if (r < 0)
		fail_msg("%s (%s)\n%s", err->message, err->hint, err->log ? err->log : "");
}

/* Splits KEY=VALUE in copies; the keys are to be freed. */
static size_t make_settings(const char *const *texts, struct eun_setting *settings)
{
	size_t n = 0;

	for (; texts && texts[n]; n++) {
		char *copy = strdup(texts[n]), *equals;

		assert_true(n < MAX_SETTINGS);
		assert_non_null(copy);
		equals = copy + strcspn(copy, "=");
		assert_int_equal(*equals, '=');
		*equals = '\0';
		settings[n] = (struct eun_setting){ .key = copy, .value = equals + 1 };
	}
	return n;
}

static void start(struct watch *watch, const char *tracker, const struct eun_slot_options *options)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_package *package = NULL;
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/%s.json", TRACKERS_DIR, tracker);
	assert_done(eun_package_read(path, &package, &err), &err);
	assert_done(eun_slot_new(watch->engine, package, options, &watch->slot, &err), &err);
	assert_done(eun_engine_add(watch->engine, watch->slot, &err), &err);
}

struct watch *watch_open_ring(const char *tracker, size_t event_size, const char *const *settings,
			      uint32_t ring_bytes)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	struct eun_setting parsed[MAX_SETTINGS];
	struct eun_engine_options engine_options = {
		.size = sizeof(engine_options),
		.on_event = on_event,
		.userdata = watch,
	};
	struct eun_slot_options options = {
		.size = sizeof(options),
		.settings = parsed,
		.n_settings = make_settings(settings, parsed),
		.ring_bytes = ring_bytes,
	};

	assert_non_null(watch);
	watch->event_size = event_size;
	watch->events = malloc(MAX_EVENTS * event_size);
	assert_non_null(watch->events);
	assert_int_equal(eun_engine_new(&engine_options, &watch->engine, NULL), 0);
	start(watch, tracker, &options);
	for (size_t i = 0; i < options.n_settings; i++)
		free((void *)(uintptr_t)parsed[i].key);
	return watch;
}

struct watch *watch_open(const char *tracker, size_t event_size, const char *const *settings)
{
	return watch_open_ring(tracker, event_size, settings, 0);
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	eun_engine_free(watch->engine);
	free(watch->events);
	free(watch);
}

static const void *find(const struct watch *watch, size_t from, watch_match_fn match,
			const void *wanted)
{
	for (size_t i = from; i < watch->n_events; i++)
		if (match(watch->events + i * watch->event_size, wanted))
			return watch->events + i * watch->event_size;
	return NULL;
}

const void *watch_for(struct watch *watch, watch_match_fn match, const void *wanted)
{
	uint64_t deadline_ns = eub_clock_mono_ns() + TIMEOUT_NS;
	const void *found = find(watch, 0, match, wanted);

	while (!found && eub_clock_mono_ns() < deadline_ns) {
		size_t seen = watch->n_events;

		assert_true(eun_engine_poll(watch->engine, 100) >= 0);
		found = find(watch, seen, match, wanted);
	}
	assert_non_null(found);
	return found;
}

size_t watch_count(const struct watch *watch, watch_match_fn match, const void *wanted)
{
	size_t count = 0;

	if (!match)
		return watch->n_events;
	for (size_t i = 0; i < watch->n_events; i++)
		count += match(watch->events + i * watch->event_size, wanted);
	return count;
}

void watch_drain(struct watch *watch)
{
	while (eun_engine_dispatch(watch->engine, 1024, 0) > 0)
		;
}

uint64_t watch_get_lost(struct watch *watch)
{
	struct eun_slot_stats stats;

	eun_slot_get_stats(watch->slot, &stats);
	return stats.lost;
}

void watch_assert_member(const struct watch *watch, const void *event, const char *name,
			 const char *text)
{
	const struct eun_schema *schema = eun_slot_get_schema(watch->slot, 0);
	struct eun_event whole = {
		.schema = schema,
		.data = event,
		.size = (uint32_t)watch->event_size,
	};
	char buf[512];
	size_t n, i = 0;

	while (eun_schema_get_member(schema, i) &&
	       !eub_streq(eun_schema_get_member(schema, i)->name, name))
		i++;
	assert_non_null(eun_schema_get_member(schema, i));
	n = eun_event_format_member(&whole, i, buf, sizeof(buf) - 1);
	assert_true(n < sizeof(buf));
	buf[n] = '\0';
	assert_string_equal(buf, text);
}

bool watch_is_possible(void)
{
	static const struct {
		const char *path;
		const char *missing;
	} needs[] = {
		{ "/sys/kernel/btf/vmlinux", "the kernel has no BTF" },
		{ "/sys/kernel/tracing/events/syscalls", "tracepoints are not to be seen" },
	};

	if (geteuid() != 0) {
		(void)printf("skipped: only root may load BPF programs\n");
		return false;
	}
	for (size_t i = 0; i < EUB_ARRAY_SIZE(needs); i++) {
		if (access(needs[i].path, R_OK) == 0)
			continue;
		(void)printf("skipped: %s (%s)\n", needs[i].missing, needs[i].path);
		return false;
	}
	return true;
}
