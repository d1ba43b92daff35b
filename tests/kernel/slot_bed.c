/* SPDX-License-Identifier: Apache-2.0 */
#include "slot_bed.h"

#include "base/macro.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static void on_event(struct eun_slot *slot EUB_UNUSED, const struct eun_event *event,
		     void *userdata)
{
	struct seen *seen = userdata;
	size_t n;

	assert_int_equal(event->size, sizeof(seen->last));
	memcpy(&seen->last, event->data, sizeof(seen->last));
	if (seen->n_events > 0 && event->ring == seen->last_ring && event->seq <= seen->last_seq)
		seen->n_out_of_order++;
	seen->last_seq = event->seq;
	seen->last_ring = event->ring;
	seen->last_generation = event->generation;
	seen->n_events++;
	n = eun_event_format(event, EUN_FORMAT_JSON, seen->json, sizeof(seen->json) - 1);
	assert_true(n < sizeof(seen->json));
	seen->json[n] = '\0';
}

static void on_lost(struct eun_slot *slot EUB_UNUSED, uint64_t count, const char *reason EUB_UNUSED,
		    void *userdata)
{
	((struct seen *)userdata)->n_lost += count;
}

struct eun_engine *new_engine(struct seen *seen)
{
	const struct eun_engine_options options = {
		.size = sizeof(options), .on_event = on_event, .on_lost = on_lost, .userdata = seen
	};
	struct eun_engine *engine = NULL;

	assert_int_equal(eun_engine_new(&options, &engine, NULL), 0);
	return engine;
}

struct eun_package *read_package(void)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_package *package = NULL;
	int r = eun_package_read(SLOT_OBJECT, &package, &err);

	if (r < 0)
		print_message("%s\n", err.message);
	assert_int_equal(r, 0);
	eun_error_done(&err);
	return package;
}

void slot_bed_init(struct slot_bed *bed, const char *name, int pid, const struct eun_setting *extra)
{
	(void)snprintf(bed->pid, sizeof(bed->pid), "%d", pid);
	bed->settings[0] = (struct eun_setting){ "target_tgid", bed->pid };
	if (extra)
		bed->settings[1] = *extra;
	bed->options = (struct eun_slot_options){ .size = sizeof(bed->options),
						  .name = name,
						  .settings = bed->settings,
						  .n_settings = extra ? 2 : 1 };
}

struct eun_slot *new_slot(struct eun_engine *engine, const char *name,
			  const struct eun_setting *extra)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_slot *slot = NULL;
	struct slot_bed bed;
	int r;

	slot_bed_init(&bed, name, getpid(), extra);
	r = eun_slot_new(engine, read_package(), &bed.options, &slot, &err);
	if (r < 0)
		print_message("%s\n%s\n", err.message, err.log ? err.log : "");
	assert_int_equal(r, 0);
	eun_error_done(&err);
	return slot;
}

struct eun_slot *start_slot(struct eun_engine *engine)
{
	struct eun_slot *slot = new_slot(engine, "test", NULL);

	assert_int_equal(eun_engine_add(engine, slot, NULL), 0);
	return slot;
}

void make_events(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		(void)syscall(SYS_getppid);
}

void dispatch_all(struct eun_engine *engine)
{
	while (eun_engine_dispatch(engine, 64, 0) > 0)
		continue;
}
