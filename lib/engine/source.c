/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a reader's records to the engine's callbacks: every record becomes an event of the slot and
 * is counted, every loss is told. A full ring is seen by its reader; how many events that cost is
 * known where the tracker counts its failed reservations (bpf/include/eunomia.bpf.h).
 */
#include "engine/source.h"

#include "base/clock.h"
#include "base/error.h"
#include "engine/internal.h"
#include "engine/limits.h"
#include "engine/slot.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Moves on to the writer of the record at @seq. */
static void pass_writers(struct eun__source *source, uint64_t seq)
{
	size_t n = 0;

	while (n < source->n_next && source->next[n].from_seq <= seq)
		source->writer = source->next[n++];
	if (n == 0)
		return;
	source->n_next -= n;
	memmove(source->next, source->next + n, source->n_next * sizeof(source->next[0]));
}

static bool is_ring(const struct eun__source *source)
{
	return eun__reader_is_level_triggered(source->reader);
}

/* Before it is handed up: a successor must know of every event that some sink may have seen. */
static void count_ring_event(struct eun__source *source, const struct eun_event *event,
			     bool is_short)
{
	struct eun__progress *now = &source->tally.now;

	now->events++;
	now->bytes += event->size;
	now->decode_errors += is_short;
	now->next_seq = event->seq + 1;
	eun__ledger_note_seen(&source->slot->tally.ledger, source->ring, now->next_seq);
}

static void count(struct eun__source *source, const struct eun_event *event)
{
	struct eun__ledger_counts *counts = &source->slot->tally.counts;
	bool is_short = event->size < eun_schema_get_size(event->schema);

	if (is_ring(source)) {
		count_ring_event(source, event, is_short);
		return;
	}
	counts->events++;
	counts->bytes += event->size;
	counts->decode_errors += is_short;
}

static void on_record(void *userdata, const void *data, uint32_t size, uint64_t seq)
{
	struct eun__source *source = userdata;
	struct eun_slot *slot = source->slot;
	const struct eun_engine_options *options = &slot->engine->options;
	struct eun_event event = { .data = data,
				   .size = size,
				   .seq = seq,
				   .ring = source->ring,
				   .time_wall_ns = eub_clock_wall_ns() };

	if (source->n_next > 0)
		pass_writers(source, seq);
	event.schema = source->writer.schema;
	event.generation = source->writer.generation;
	count(source, &event);
	if (options->on_event)
		options->on_event(slot, &event, options->userdata);
}

static void tell_lost(struct eun_slot *slot, uint64_t count, const char *reason)
{
	const struct eun_engine_options *options = &slot->engine->options;

	if (count > 0 && options->on_lost)
		options->on_lost(slot, count, reason, options->userdata);
}

/* Whether the writer itself counts what a perf buffer has no room for. */
static bool is_perf_counted(const struct eun__source *source)
{
	const struct eun__generation *generation =
	    eun__slot_find_generation(source->slot, source->writer.generation);

	return !is_ring(source) && generation && generation->is_perf_counted;
}

/* The kernel says that a perf buffer was full with the next record only; a writer's own count is
 * there at once, so that counts, and the kernel's word is but a time to look at it. */
static void on_lost(void *userdata, uint64_t n)
{
	struct eun__source *source = userdata;

	if (is_perf_counted(source)) {
		eun__slot_tell_counted_lost(source->slot);
		return;
	}
	source->slot->tally.counts.perf_lost += n;
	eun__tally_note(&source->slot->tally);
	tell_lost(source->slot, n, "perf-lost");
}

static const struct eun__reader_ops reader_ops = { .on_record = on_record, .on_lost = on_lost };

/* Of a slot whose events come both ways nobody knows which it was: most use rings. */
static const char *get_counted_reason(const struct eun_slot *slot)
{
	EUB_LIST_FOREACH (source, &slot->sources, const struct eun__source, link)
		if (is_ring(source))
			return "ring-full";
	return "perf-lost";
}

void eun__slot_tell_counted_lost(struct eun_slot *slot)
{
	uint64_t lost = eun__slot_read_counted_lost(slot);
	uint64_t told = slot->tally.counts.counted_lost;

	if (lost == told)
		return;
	slot->tally.counts.counted_lost = lost;
	eun__tally_note(&slot->tally);
	/* Fewer: a generation was not adopted, its count is gone. */
	if (lost > told)
		tell_lost(slot, lost - told, get_counted_reason(slot));
}

/*
 * The tracker's own count is asked when its ring was full, and once more when the reader has caught
 * up: what was lost while the first answer was on its way is told then. Of a perf buffer nobody
 * knows how full it is, and also what came while no process read it is lost.
 */
static void look_for_losses(struct eun__source *source, bool has_caught_up)
{
	struct eun__reader_info info;

	if (is_perf_counted(source)) {
		eun__slot_tell_counted_lost(source->slot);
		return;
	}
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
	uint64_t position = eun__reader_get_position(source->reader);

	/* Also when it only passed discarded records. */
	if (position != source->tally.now.position) {
		source->tally.now.position = position;
		eun__tally_note(&source->slot->tally);
	}
	if (n > 0)
		eun__rate_add(&source->slot->rate, eub_clock_mono_ns(), n);
	if (n > 0 || source->was_full)
		look_for_losses(source, n < budget);
	return n;
}

int eun__source_get_ring_id(int map_fd, uint32_t *ret_ring)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(map_fd, &info, &size) < 0)
		return -errno;
	*ret_ring = info.id;
	return 0;
}

static int open_reader(struct eun__source *source, const struct bpf_map *map, struct eun_error *err)
{
	int fd = bpf_map__fd(map);
	size_t page_size = (size_t)sysconf(_SC_PAGESIZE); /* 4, 16 or 64 kB */

	if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
		return eun__reader_new_ring(fd, &reader_ops, source, &source->reader, err);
	return eun__reader_new_perf(fd, EUN__PERF_BYTES / page_size, &reader_ops, source,
				    &source->reader, err);
}

int eun__source_new(struct eun_slot *slot, const struct eun__export *export, uint32_t generation,
		    struct eun__source **ret_source, struct eun_error *err)
{
	struct eun__source *source = calloc(1, sizeof(*source));
	int r;

	if (!source)
		return eub_error_no_memory(err);
	eub_list_init(&source->link);
	eub_list_init(&source->edge_link);
	eub_list_init(&source->tally.link);
	source->slot = slot;
	source->n_users = 1;
	source->writer = (struct eun__writer){ .generation = generation, .schema = export->schema };
	r = eun__source_get_ring_id(bpf_map__fd(export->map), &source->ring);
	if (r == 0)
		r = open_reader(source, export->map, err);
	if (r < 0) {
		eun_error_prefix(err, "map '%s'", bpf_map__name(export->map));
		eun__source_unref(source);
		return r;
	}
	*ret_source = source;
	return 0;
}

struct eun__source *eun__source_ref(struct eun__source *source)
{
	source->n_users++;
	return source;
}

struct eun__source *eun__source_unref(struct eun__source *source)
{
	if (!source || --source->n_users > 0)
		return NULL;
	eub_list_remove(&source->link);
	eub_list_remove(&source->edge_link);
	eun__reader_free(source->reader);
	free(source);
	return NULL;
}

static const struct eun_schema *find_schema(const struct eun__source *source, uint32_t number)
{
	const struct eun__generation *generation = eun__slot_find_generation(source->slot, number);

	for (size_t i = 0; generation && i < generation->n_sources; i++)
		if (generation->sources[i] == source)
			return generation->exports.items[i].schema;
	return NULL;
}

/*
 * What the process before us had not handed on may stand on both sides of a swap. If it was killed
 * before the switch, the last note is of a generation that never ran.
 */
static void restore_writers(struct eun__source *source)
{
	struct eun__ledger_writer last, before;
	const struct eun_schema *schema;

	eun__ledger_get_writers(&source->slot->tally.ledger, source->ring, &last, &before);
	if (last.generation != source->writer.generation || before.generation == 0)
		return;
	schema = find_schema(source, (uint32_t)before.generation);
	source->next[0] = source->writer;
	source->next[0].from_seq = last.from_seq;
	source->n_next = 1;
	source->writer.generation = (uint32_t)before.generation;
	if (schema) /* else it reads the same: they shared the ring */
		source->writer.schema = schema;
	pass_writers(source, source->tally.now.position);
}

static void note_writer(struct eun__source *source, const struct eun__writer *writer)
{
	eun__ledger_note_writer(&source->slot->tally.ledger, source->ring, writer->generation,
				writer->from_seq);
}

void eun__source_begin(struct eun__source *source)
{
	uint64_t position = eun__reader_get_position(source->reader);
	struct eun__progress *now = &source->tally.now;

	if (!is_ring(source) || !eub_list_is_empty(&source->tally.link))
		return;
	if (!eun__tally_add_ring(&source->slot->tally, &source->tally, source->ring, position)) {
		note_writer(source, &source->writer);
		return;
	}
	if (eun__reader_resume(source->reader, now->position) < 0) {
		/* What was not taken is written over. Who misses some is told by its numbers. */
		now->position = position;
		now->next_seq = eun__ledger_get_seen(&source->slot->tally.ledger, source->ring);
	}
	restore_writers(source);
}

void eun__source_end(struct eun__source *source)
{
	eun__tally_remove_ring(&source->slot->tally, &source->tally);
}

void eun__source_set_writer(struct eun__source *source, uint32_t generation,
			    const struct eun_schema *schema)
{
	const struct eun__writer writer = { .from_seq = eun__reader_get_end(source->reader),
					    .generation = generation,
					    .schema = schema };

	/* More swaps than that without a look at the ring: the last but one passes for its elder.
	 */
	if (source->n_next == EUN__WRITERS_MAX)
		source->n_next--;
	source->next[source->n_next++] = writer;
	note_writer(source, &writer);
}

void eun__source_settle(struct eun__source *source)
{
	pass_writers(source, eun__reader_get_position(source->reader));
}
