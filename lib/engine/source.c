/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a reader's records to the engine's callbacks: every record becomes an event of the slot and
 * is counted, every loss is told. A full ring is seen by its reader; how many events that cost is
 * known where the tracker counts its failed reservations (bpf/include/eunomia.bpf.h).
 */
#include "engine/source.h"

#include "base/clock.h"
#include "engine/internal.h"
#include "engine/limits.h"
#include "engine/slot.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>

static void on_record(void *userdata, const void *data, uint32_t size, uint64_t seq)
{
	struct eun__source *source = userdata;
	struct eun_slot *slot = source->slot;
	const struct eun_engine_options *options = &slot->engine->options;
	const struct eun_event event = { .schema = source->schema,
					 .data = data,
					 .size = size,
					 .generation = slot->generation,
					 .seq = seq,
					 .time_wall_ns = eub_clock_wall_ns() };

	slot->events++;
	slot->bytes += size;
	if (size < eun_schema_get_size(source->schema))
		slot->decode_errors++;
	if (options->on_event)
		options->on_event(slot, &event, options->userdata);
}

static void tell_lost(struct eun_slot *slot, uint64_t count, const char *reason)
{
	const struct eun_engine_options *options = &slot->engine->options;

	if (count > 0 && options->on_lost)
		options->on_lost(slot, count, reason, options->userdata);
}

static void on_lost(void *userdata, uint64_t count)
{
	struct eun__source *source = userdata;

	source->slot->perf_lost += count;
	tell_lost(source->slot, count, "perf-lost");
}

static const struct eun__reader_ops reader_ops = { .on_record = on_record, .on_lost = on_lost };

uint64_t eun__slot_read_counted_lost(const struct eun_slot *slot)
{
	int n_cpus = libbpf_num_possible_cpus();
	uint64_t sum = 0;
	uint64_t *values;
	uint32_t key = 0;

	if (slot->lost_map_fd < 0 || n_cpus <= 0)
		return 0;
	values = calloc((size_t)n_cpus, sizeof(*values));
	if (values && bpf_map_lookup_elem(slot->lost_map_fd, &key, values) == 0)
		for (int i = 0; i < n_cpus; i++)
			sum += values[i];
	free(values);
	return sum;
}

void eun__slot_tell_counted_lost(struct eun_slot *slot)
{
	uint64_t lost = eun__slot_read_counted_lost(slot);

	tell_lost(slot, lost - slot->counted_lost, "ring-full");
	slot->counted_lost = lost;
}

/*
 * The tracker's own count is asked when its ring was full, and once more when the reader has caught
 * up: what was lost while the first answer was on its way is told then.
 */
static void look_for_losses(struct eun__source *source, bool has_caught_up)
{
	struct eun__reader_info info;

	eun__reader_get_info(source->reader, &info);
	if (info.n_full == source->n_full && !(source->was_full && has_caught_up))
		return;
	source->was_full = info.n_full > source->n_full;
	source->n_full = info.n_full;
	eun__slot_tell_counted_lost(source->slot);
}

unsigned int eun__source_read(struct eun__source *source, unsigned int budget, bool hold)
{
	unsigned int n = eun__reader_read(source->reader, budget, hold);

	if (n > 0)
		eun__rate_add(&source->slot->rate, eub_clock_mono_ns(), n);
	if (n > 0 || source->was_full)
		look_for_losses(source, n < budget);
	return n;
}

int eun__source_open(struct eun__source *source, struct eun_slot *slot,
		     const struct eun__export *export, struct eun_error *err)
{
	int fd = bpf_map__fd(export->map);
	int r;

	eub_list_init(&source->edge_link);
	source->slot = slot;
	source->schema = export->schema;
	if (bpf_map__type(export->map) == BPF_MAP_TYPE_RINGBUF)
		r = eun__reader_new_ring(fd, &reader_ops, source, &source->reader, err);
	else
		r = eun__reader_new_perf(fd, EUN__PERF_PAGES, &reader_ops, source, &source->reader,
					 err);
	if (r < 0)
		eun_error_prefix(err, "map '%s'", bpf_map__name(export->map));
	return r;
}
