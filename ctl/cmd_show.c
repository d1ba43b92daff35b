/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl show: everything that the agent knows of one slot, laid out for people. */
#include "cmd_slot.h"

#include "base/str.h"
#include "cmd_slot_document.h"
#include "table.h"

#include <inttypes.h>

const struct option_row cmd_show_options[] = { { 0 } };

static const struct table_column hook_columns[] = {
	{ "PROGRAM", TABLE_TEXT }, { "SECTION", TABLE_TEXT }, { "KIND", TABLE_FIXED },
	{ "MODE", TABLE_FIXED },   { "WHY", TABLE_TEXT },
};
static const struct table_column member_columns[] = {
	{ "MEMBER", TABLE_TEXT },
	{ "TYPE", TABLE_TEXT },
	{ "OFFSET", TABLE_NUMBER },
	{ "BYTES", TABLE_NUMBER },
};

static const struct table_column sink_columns[] = {
	{ "SINK", TABLE_TEXT },	      { "PRODUCED", TABLE_NUMBER }, { "DELIVERED", TABLE_NUMBER },
	{ "FILTERED", TABLE_NUMBER }, { "LOST", TABLE_NUMBER },	    { "WHY", TABLE_TEXT },
};

/* What outlives what, and the ways back. */
static void add_survival(struct table *table, const Eunomia__V1__Slot *slot)
{
	struct eub_buf text = EUB_BUF_INIT;

	table_add(table, "enabled");
	table_add(table, slot_get_enabled_text(slot));
	table_add(table, "survives agent");
	eub_buf_append_str(&text, slot->survives ? "yes" : "no");
	if (*slot->survives_reason)
		eub_buf_printf(&text, ": %s", slot->survives_reason);
	table_add_buf(table, &text);
	table_add(table, "loaded generations");
	for (size_t i = 0; i < slot->n_loaded_generations; i++)
		eub_buf_printf(&text, "%s%u", i > 0 ? " " : "", slot->loaded_generations[i]);
	table_add_buf(table, &text);
	if (*slot->waits_for) {
		table_add(table, "waits for");
		table_add(table, slot->waits_for);
	}
	if (*slot->probation) {
		table_add(table, "probation");
		table_add(table, slot->probation);
	}
	if (slot->budget && slot->budget->events_per_second > 0) {
		table_add(table, "budget events/s");
		table_add_u64(table, slot->budget->events_per_second);
	}
	if (slot->budget && slot->budget->bytes_per_second > 0) {
		table_add(table, "budget bytes/s");
		table_add_u64(table, slot->budget->bytes_per_second);
	}
}

static int append_fields(const struct ctl *ctl, const Eunomia__V1__Slot *slot, struct eub_buf *out)
{
	const Eunomia__V1__SlotStats *stats = slot_get_stats(slot);
	const struct {
		const char *name;
		const char *value;
	} strings[] = {
		{ "name", slot->name },
		{ "state", slot_state_to_string(slot->state) },
		{ "package", slot->package },
		{ "version", slot->package_version },
		{ "format", slot->package_format },
	};
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ "generation", slot->generation },
		{ "events", stats->events },
		{ "event bytes", stats->bytes },
		{ stats->lost_is_exact ? "lost" : "lost, at least", stats->lost },
		{ "ring full", stats->ring_full },
		{ "decode errors", stats->decode_errors },
		{ "skipped by gate", stats->skipped },
		{ "left out of journal", stats->journal_dropped },
		{ "program runs", stats->run_count },
		{ "program time ns", stats->run_time_ns },
		{ "ring bytes", stats->ring_bytes },
		{ "ring bytes used", stats->ring_used_bytes },
		{ "ring bytes used at most", stats->ring_high_water_bytes },
		{ "memory bytes", stats->memory_bytes },
	};
	struct table table;

	record_begin_fields(&table);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(strings); i++) {
		table_add(&table, strings[i].name);
		table_add(&table, strings[i].value);
	}
	table_add(&table, "since");
	table_add_time(&table, slot->started_unix_ns);
	table_add(&table, "uptime");
	table_add_duration(&table, slot->uptime_ns);
	add_survival(&table, slot);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(numbers); i++) {
		table_add(&table, numbers[i].name);
		table_add_u64(&table, numbers[i].value);
	}
	table_add(&table, "events per second");
	table_add_rate(&table, stats->events_per_second);
	return record_finish_table(ctl, &table, TABLE_NO_HEADERS, out);
}

static int append_hooks(const struct ctl *ctl, const Eunomia__V1__Slot *slot, struct eub_buf *out)
{
	struct table table;

	table_init(&table, hook_columns, EUB_ARRAY_SIZE(hook_columns));
	for (size_t i = 0; i < slot->n_hooks; i++) {
		const Eunomia__V1__Hook *hook = slot->hooks[i];

		table_add(&table, hook->program);
		table_add(&table, hook->section);
		table_add(&table, hook->kind);
		table_add(&table, hook->mode);
		table_add(&table, hook->mode_reason);
	}
	return record_finish_section(ctl, &table, out);
}

static int append_sinks(const struct ctl *ctl, const Eunomia__V1__Slot *slot, struct eub_buf *out)
{
	const Eunomia__V1__SlotStats *stats = slot_get_stats(slot);
	struct table table;

	table_init(&table, sink_columns, EUB_ARRAY_SIZE(sink_columns));
	for (size_t i = 0; i < stats->n_sinks; i++) {
		const Eunomia__V1__SinkStats *sink = stats->sinks[i];
		uint64_t lost = slot_get_sink_lost(sink);
		struct eub_buf why = EUB_BUF_INIT;

		for (size_t n = 0; n < sink->n_lost; n++)
			eub_buf_printf(&why, "%s%s %" PRIu64, n > 0 ? ", " : "",
				       sink->lost[n]->reason, sink->lost[n]->count);
		table_add(&table, sink->sink);
		table_add_u64(&table, sink->delivered + sink->filtered + lost);
		table_add_u64(&table, sink->delivered);
		table_add_u64(&table, sink->filtered);
		table_add_u64(&table, lost);
		table_add_buf(&table, &why);
	}
	return record_finish_section(ctl, &table, out);
}

/* Bits as bytes; bit fields begin in the byte that is told. */
static int append_schema(const struct ctl *ctl, const Eunomia__V1__Schema *schema,
			 struct eub_buf *out)
{
	struct table table;

	table_init(&table, member_columns, EUB_ARRAY_SIZE(member_columns));
	for (size_t i = 0; i < schema->n_members; i++) {
		const Eunomia__V1__Member *member = schema->members[i];

		table_add(&table, member->name);
		table_add(&table, member->type);
		table_add_u64(&table, member->offset_bits / 8);
		table_add_u64(&table, (member->size_bits + 7) / 8);
	}
	eub_buf_append_str(out, "\nevent type ");
	if (*schema->type)
		eub_append_printable(out, schema->type, strlen(schema->type));
	else
		eub_buf_append_str(out, "not known: events are printed as hex");
	eub_buf_printf(out, " (%u bytes)\n", schema->size);
	return record_finish_table(ctl, &table, 0, out);
}

static int append_details(const struct ctl *ctl, const void *object, struct eub_buf *out)
{
	const Eunomia__V1__Slot *slot = object;
	int r = append_fields(ctl, slot, out);

	if (r == 0)
		r = append_sinks(ctl, slot, out);
	if (r == 0)
		r = append_hooks(ctl, slot, out);
	for (size_t i = 0; i < slot->n_schemas && r == 0; i++)
		r = append_schema(ctl, slot->schemas[i], out);
	for (size_t i = 0; i < slot->n_notes; i++) {
		eub_buf_append_str(out, i == 0 ? "\nnote: " : "note: ");
		record_append_name(out, slot->notes[i]);
	}
	return r;
}

static const struct record_kind details_kind = {
	.write = slot_write,
	.append_table = append_details,
	.append_names = slot_append_name,
};

enum ctl_exit cmd_show(struct ctl *ctl)
{
	const char *name = ctl->arguments.positional.items[0];
	struct eun_error err = EUN_ERROR_INIT;
	Eunomia__V1__SlotReply *reply = NULL;
	enum ctl_exit status;

	if (slot_call_name(ctl, "/eunomia.v1.Trackers/Get", name, &reply, &err) < 0)
		status = ctl_fail(ctl, name, &err);
	else
		status = record_print(ctl, &details_kind, reply->slot);
	if (reply)
		eunomia__v1__slot_reply__free_unpacked(reply, NULL);
	eun_error_done(&err);
	return status;
}
