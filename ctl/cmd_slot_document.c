/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The object that stands for a slot in JSON and YAML is stable for scripts (docs/eunomiactl.md):
 * members are only added. "package" and "events" stand where people look first; the rest follows.
 */
#include "cmd_slot_document.h"

#include "base/macro.h"
#include "cmd_slot.h"

static void write_hooks(struct document *doc, const Eunomia__V1__Slot *slot)
{
	document_begin_array(doc, "hooks");
	for (size_t i = 0; i < slot->n_hooks; i++) {
		const Eunomia__V1__Hook *hook = slot->hooks[i];

		document_begin_object(doc, NULL);
		document_add_string(doc, "program", hook->program);
		document_add_string(doc, "section", hook->section);
		document_add_string(doc, "kind", hook->kind);
		document_add_string(doc, "mode", hook->mode);
		if (*hook->mode_reason)
			document_add_string(doc, "mode_reason", hook->mode_reason);
		document_end(doc);
	}
	document_end(doc);
}

static void write_schemas(struct document *doc, const Eunomia__V1__Slot *slot)
{
	document_begin_array(doc, "event_types");
	for (size_t i = 0; i < slot->n_schemas; i++) {
		const Eunomia__V1__Schema *schema = slot->schemas[i];

		document_begin_object(doc, NULL);
		document_add_string(doc, "type", schema->type);
		document_add_u64(doc, "size", schema->size);
		document_begin_array(doc, "members");
		for (size_t m = 0; m < schema->n_members; m++) {
			document_begin_object(doc, NULL);
			document_add_string(doc, "name", schema->members[m]->name);
			document_add_string(doc, "type", schema->members[m]->type);
			document_add_u64(doc, "offset_bits", schema->members[m]->offset_bits);
			document_add_u64(doc, "size_bits", schema->members[m]->size_bits);
			document_end(doc);
		}
		document_end(doc);
		document_end(doc);
	}
	document_end(doc);
}

/* For each sink: produced = delivered + filtered + lost. */
static void write_sinks(struct document *doc, const Eunomia__V1__SlotStats *stats)
{
	document_begin_array(doc, "sinks");
	for (size_t i = 0; i < stats->n_sinks; i++) {
		const Eunomia__V1__SinkStats *sink = stats->sinks[i];
		uint64_t lost = slot_get_sink_lost(sink);

		document_begin_object(doc, NULL);
		document_add_string(doc, "sink", sink->sink);
		document_add_u64(doc, "produced", sink->delivered + sink->filtered + lost);
		document_add_u64(doc, "delivered", sink->delivered);
		document_add_u64(doc, "filtered", sink->filtered);
		document_add_u64(doc, "lost", lost);
		document_begin_array(doc, "reasons");
		for (size_t n = 0; n < sink->n_lost; n++) {
			document_begin_object(doc, NULL);
			document_add_string(doc, "reason", sink->lost[n]->reason);
			document_add_u64(doc, "lost", sink->lost[n]->count);
			document_end(doc);
		}
		document_end(doc);
		document_end(doc);
	}
	document_end(doc);
}

static void write_stats(struct document *doc, const Eunomia__V1__SlotStats *stats)
{
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{ "bytes", stats->bytes },
		{ "ring_full", stats->ring_full },
		{ "decode_errors", stats->decode_errors },
		{ "skipped", stats->skipped },
		{ "journal_dropped", stats->journal_dropped },
		{ "run_count", stats->run_count },
		{ "run_time_ns", stats->run_time_ns },
		{ "ring_bytes", stats->ring_bytes },
		{ "ring_used_bytes", stats->ring_used_bytes },
		{ "ring_high_water_bytes", stats->ring_high_water_bytes },
		{ "memory_bytes", stats->memory_bytes },
	};

	document_begin_object(doc, "stats");
	for (size_t i = 0; i < EUB_ARRAY_SIZE(numbers); i++)
		document_add_u64(doc, numbers[i].key, numbers[i].value);
	document_add_bool(doc, "lost_is_exact", stats->lost_is_exact);
	write_sinks(doc, stats);
	document_end(doc);
}

/* What says whether the slot outlives agent and kernel, and the ways back. */
static void write_survival(struct document *doc, const Eunomia__V1__Slot *slot)
{
	document_add_bool(doc, "enabled", slot->enabled);
	document_add_bool(doc, "declared", slot->declared);
	document_add_bool(doc, "survives", slot->survives);
	document_add_string(doc, "survives_reason", slot->survives_reason);
	document_begin_array(doc, "loaded_generations");
	for (size_t i = 0; i < slot->n_loaded_generations; i++)
		document_add_u64(doc, NULL, slot->loaded_generations[i]);
	document_end(doc);
	document_add_string(doc, "probation", slot->probation);
	document_add_string(doc, "waits_for", slot->waits_for);
	document_begin_object(doc, "budget");
	document_add_u64(doc, "events_per_second",
			 slot->budget ? slot->budget->events_per_second : 0);
	document_add_u64(doc, "bytes_per_second",
			 slot->budget ? slot->budget->bytes_per_second : 0);
	document_end(doc);
}

void slot_write_members(struct document *doc, const Eunomia__V1__Slot *slot)
{
	const Eunomia__V1__SlotStats *stats = slot_get_stats(slot);

	document_add_string(doc, "name", slot->name);
	document_add_string(doc, "state", slot_state_to_string(slot->state));
	document_add_u64(doc, "generation", slot->generation);
	document_add_string(doc, "package", slot->package);
	document_add_string(doc, "package_version", slot->package_version);
	document_add_string(doc, "package_format", slot->package_format);
	document_add_u64(doc, "events", stats->events);
	document_add_double(doc, "events_per_second", stats->events_per_second);
	document_add_u64(doc, "lost", stats->lost);
	document_add_time(doc, "since", slot->started_unix_ns);
	document_add_u64(doc, "uptime_ns", slot->uptime_ns);
	write_survival(doc, slot);
	write_stats(doc, stats);
	write_hooks(doc, slot);
	write_schemas(doc, slot);
	document_begin_array(doc, "notes");
	for (size_t i = 0; i < slot->n_notes; i++)
		document_add_string(doc, NULL, slot->notes[i]);
	document_end(doc);
}

void slot_write(struct document *doc, const void *object)
{
	document_begin_object(doc, NULL);
	slot_write_members(doc, object);
	document_end(doc);
}

uint64_t slot_get_sink_lost(const Eunomia__V1__SinkStats *sink)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < sink->n_lost; i++)
		sum += sink->lost[i]->count;
	return sum;
}
