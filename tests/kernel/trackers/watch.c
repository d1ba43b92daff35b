/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads an object with libbpf alone, so that these tests judge the trackers and not the engine.
 */
#include "watch.h"

#include "base/clock.h"
#include "base/macro.h"
#include "base/str.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TIMEOUT_NS (UINT64_C(5) * 1000 * 1000 * 1000)
#define MAX_EVENTS 100000u
#define MAX_LINKS  32u
#define RODATA	   ".rodata"

struct watch {
	struct bpf_object *object;
	struct bpf_link *links[MAX_LINKS];
	size_t n_links;
	struct ring_buffer *ring;
	unsigned char *events; /* n_events records of event_size bytes */
	size_t event_size;
	size_t n_events;
};

static int on_event(void *userdata, void *data, size_t size)
{
	struct watch *watch = userdata;

	assert_int_equal(size, watch->event_size);
	assert_true(watch->n_events < MAX_EVENTS);
	memcpy(watch->events + watch->n_events++ * size, data, size);
	return 0;
}

static struct bpf_map *find_rodata(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map,
				 object) if (eub_has_suffix(bpf_map__name(map), RODATA)) return map;
	fail_msg("the tracker has no options");
	return NULL;
}

/* Writes a number into the variable @key, of 1, 4 or 8 bytes (little-endian hosts). */
static void set_variable(struct bpf_object *object, const char *key, uint64_t value)
{
	const struct btf *btf = bpf_object__btf(object);
	const struct btf_type *section =
	    btf__type_by_id(btf, (uint32_t)btf__find_by_name_kind(btf, RODATA, BTF_KIND_DATASEC));
	const struct btf_var_secinfo *info = btf_var_secinfos(section);
	struct bpf_map *map = find_rodata(object);
	unsigned char data[256];
	size_t size;
	const void *initial = bpf_map__initial_value(map, &size);

	assert_true(size <= sizeof(data));
	memcpy(data, initial, size);
	for (unsigned int i = 0; i < btf_vlen(section); i++) {
		const struct btf_type *var = btf__type_by_id(btf, info[i].type);

		if (!eub_streq(btf__name_by_offset(btf, var->name_off), key))
			continue;
		memcpy(data + info[i].offset, &value, info[i].size);
		assert_int_equal(bpf_map__set_initial_value(map, data, size), 0);
		return;
	}
	fail_msg("the tracker has no option '%s'", key);
}

static void apply_setting(struct bpf_object *object, const char *setting)
{
	char key[64];
	int64_t value;
	const char *equals = strchr(setting, '=');

	assert_non_null(equals);
	(void)snprintf(key, sizeof(key), "%.*s", (int)(equals - setting), setting);
	assert_int_equal(eub_parse_i64(equals + 1, &value), 0);
	set_variable(object, key, (uint64_t)value);
}

struct watch *watch_open(const char *tracker, size_t event_size, const char *const *settings)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	struct bpf_program *program;
	char path[1024];

	assert_non_null(watch);
	watch->event_size = event_size;
	watch->events = malloc(MAX_EVENTS * event_size);
	assert_non_null(watch->events);
	(void)snprintf(path, sizeof(path), "%s/%s.bpf.o", TRACKERS_DIR, tracker);
	watch->object = bpf_object__open_file(path, NULL);
	assert_non_null(watch->object);
	for (size_t i = 0; settings && settings[i]; i++)
		apply_setting(watch->object, settings[i]);
	bpf_object__for_each_program(program, watch->object)
	    bpf_program__set_autoload(program, true);
	assert_int_equal(bpf_object__load(watch->object), 0);
	bpf_object__for_each_program(program, watch->object)
	{
		assert_true(watch->n_links < MAX_LINKS);
		watch->links[watch->n_links] = bpf_program__attach(program);
		assert_non_null(watch->links[watch->n_links++]);
	}
	watch->ring = ring_buffer__new(bpf_object__find_map_fd_by_name(watch->object, "events"),
				       on_event, watch, NULL);
	assert_non_null(watch->ring);
	return watch;
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	ring_buffer__free(watch->ring);
	for (size_t i = 0; i < watch->n_links; i++)
		assert_int_equal(bpf_link__destroy(watch->links[i]), 0);
	bpf_object__close(watch->object);
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

		assert_true(ring_buffer__poll(watch->ring, 100) >= 0);
		found = find(watch, seen, match, wanted);
	}
	assert_non_null(found);
	return found;
}

size_t watch_count(const struct watch *watch, watch_match_fn match, const void *wanted)
{
	size_t count = 0;

	for (size_t i = 0; i < watch->n_events; i++)
		count += match(watch->events + i * watch->event_size, wanted);
	return count;
}

bool watch_is_possible(void)
{
	if (geteuid() != 0) {
		(void)printf("skipped: only root may load BPF programs\n");
		return false;
	}
	if (access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
		(void)printf("skipped: the kernel has no BTF\n");
		return false;
	}
	if (access("/sys/kernel/tracing/events/syscalls", R_OK) != 0) {
		(void)printf("skipped: no tracepoints of system calls under /sys/kernel/tracing\n");
		return false;
	}
	return true;
}
