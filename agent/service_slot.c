/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct eun_slot -> eunomia.v1.Slot. Every string is copied, so that the generated destructor can
 * release the message, also one that is half built.
 */
#include "service_slot.h"

#include "account.h"
#include "keep.h"
#include "slots.h"
#include "watch_schema.h"

#include "base/clock.h"
#include "base/macro.h"

#include <eunomia/engine.h>

#include <stdlib.h>
#include <string.h>

static const Eunomia__V1__SlotState wire_states[] = {
	[SLOT_PHASE_STARTING] = EUNOMIA__V1__SLOT_STATE__SLOT_STATE_UNSPECIFIED,
	[SLOT_PHASE_WAITING] = EUNOMIA__V1__SLOT_STATE__SLOT_STATE_WAITING,
	[SLOT_PHASE_RUNNING] = EUNOMIA__V1__SLOT_STATE__SLOT_STATE_RUNNING,
	[SLOT_PHASE_PAUSED] = EUNOMIA__V1__SLOT_STATE__SLOT_STATE_PAUSED,
	[SLOT_PHASE_STOPPED] = EUNOMIA__V1__SLOT_STATE__SLOT_STATE_STOPPED,
	[SLOT_PHASE_LEFT] = EUNOMIA__V1__SLOT_STATE__SLOT_STATE_UNSPECIFIED,
};
_Static_assert(EUB_ARRAY_SIZE(wire_states) == _SLOT_PHASE_MAX, "one state per phase");

static Eunomia__V1__Hook *hook_message_new(const struct eun_slot_hook *hook)
{
	Eunomia__V1__Hook *message = malloc(sizeof(*message));

	if (!message)
		return NULL;
	eunomia__v1__hook__init(message);
	message->program = strdup(hook->program);
	message->section = strdup(hook->section);
	message->kind = strdup(hook->kind);
	message->mode = strdup(eun_attach_mode_to_string(hook->mode));
	message->mode_reason = strdup(hook->mode_reason);
	if (!message->program || !message->section || !message->kind || !message->mode ||
	    !message->mode_reason) {
		eunomia__v1__hook__free_unpacked(message, NULL);
		return NULL;
	}
	return message;
}

static int add_lost(Eunomia__V1__SinkStats *message, enum account_reason reason, uint64_t count)
{
	Eunomia__V1__LostCount *lost = malloc(sizeof(*lost));

	if (!lost)
		return -1;
	eunomia__v1__lost_count__init(lost);
	message->lost[message->n_lost++] = lost;
	lost->count = count;
	lost->reason = strdup(account_reason_to_string(reason));
	return lost->reason ? 0 : -1;
}

static Eunomia__V1__SinkStats *sink_message_new(const char *name, const struct account *account)
{
	Eunomia__V1__SinkStats *message = malloc(sizeof(*message));
	int r = 0;

	if (!message)
		return NULL;
	eunomia__v1__sink_stats__init(message);
	message->offered = account->offered;
	message->delivered = account->delivered;
	message->filtered = account->filtered;
	message->sink = strdup(name);
	message->lost = calloc(_ACCOUNT_REASON_MAX, sizeof(Eunomia__V1__LostCount *));
	if (!message->sink || !message->lost)
		r = -1;
	for (unsigned int i = 0; i < _ACCOUNT_REASON_MAX && r == 0; i++)
		if (account->lost[i] > 0)
			r = add_lost(message, (enum account_reason)i, account->lost[i]);
	if (r < 0) {
		eunomia__v1__sink_stats__free_unpacked(message, NULL);
		return NULL;
	}
	return message;
}

static int add_sinks(Eunomia__V1__SlotStats *message, const struct slot_entry *entry)
{
	const struct {
		const char *name;
		struct account account;
	} sinks[] = {
		{ "journal", slot_get_journal_account(entry) },
		{ "stream", entry->streams },
	};

	message->sinks = calloc(EUB_ARRAY_SIZE(sinks), sizeof(Eunomia__V1__SinkStats *));
	if (!message->sinks)
		return -1;
	for (; message->n_sinks < EUB_ARRAY_SIZE(sinks); message->n_sinks++) {
		size_t i = message->n_sinks;

		message->sinks[i] = sink_message_new(sinks[i].name, &sinks[i].account);
		if (!message->sinks[i])
			return -1;
	}
	return 0;
}

static int add_budget(Eunomia__V1__Slot *message, const struct slot_entry *entry)
{
	const struct budget_limits *limits = &entry->budget.limits;

	if (!budget_is_bounded(&entry->budget))
		return 0;
	message->budget = malloc(sizeof(*message->budget));
	if (!message->budget)
		return -1;
	eunomia__v1__budget__init(message->budget);
	message->budget->events_per_second = limits->events_per_second;
	message->budget->bytes_per_second = limits->bytes_per_second;
	return 0;
}

static Eunomia__V1__SlotStats *stats_message_new(const struct slot_entry *entry)
{
	Eunomia__V1__SlotStats *message = malloc(sizeof(*message));
	struct eun_slot_stats stats;

	if (!message)
		return NULL;
	eun_slot_get_stats(entry->slot, &stats);
	eunomia__v1__slot_stats__init(message);
	message->events = stats.events;
	message->bytes = stats.bytes;
	message->lost = stats.lost;
	message->ring_full = stats.ring_full;
	message->decode_errors = stats.decode_errors;
	message->skipped = stats.skipped;
	message->run_count = stats.run_count;
	message->run_time_ns = stats.run_time_ns;
	message->ring_bytes = stats.ring_bytes;
	message->ring_used_bytes = stats.ring_used_bytes;
	message->events_per_second = stats.events_per_second;
	message->journal_dropped = slot_get_journal_dropped(entry);
	message->lost_is_exact = stats.lost_is_exact;
	message->memory_bytes = stats.memory_bytes;
	message->ring_high_water_bytes = stats.ring_high_water_bytes;
	if (add_sinks(message, entry) < 0) {
		eunomia__v1__slot_stats__free_unpacked(message, NULL);
		return NULL;
	}
	return message;
}

static int add_hooks(Eunomia__V1__Slot *message, const struct eun_slot *slot)
{
	size_t n = 0;

	while (eun_slot_get_hook(slot, n))
		n++;
	if (n == 0)
		return 0;
	message->hooks = calloc(n, sizeof(Eunomia__V1__Hook *));
	if (!message->hooks)
		return -1;
	for (; message->n_hooks < n; message->n_hooks++) {
		message->hooks[message->n_hooks] =
		    hook_message_new(eun_slot_get_hook(slot, message->n_hooks));
		if (!message->hooks[message->n_hooks])
			return -1;
	}
	return 0;
}

/* The running generation's event types. */
static int add_schemas(Eunomia__V1__Slot *message, const struct slot_entry *entry)
{
	message->schemas = calloc(entry->n_schemas + 1, sizeof(Eunomia__V1__Schema *));
	if (!message->schemas)
		return -1;
	for (size_t i = 0; i < entry->n_schemas; i++) {
		const struct slot_schema *schema = &entry->schemas[i];
		Eunomia__V1__Schema *added;

		if (schema->generation != message->generation)
			continue;
		added = watch_schema_message_new(entry->name, schema->generation, schema->id,
						 schema->schema);
		if (!added)
			return -1;
		message->schemas[message->n_schemas++] = added;
	}
	return 0;
}

static int add_notes(Eunomia__V1__Slot *message, const struct eun_slot *slot)
{
	size_t n = 0;

	while (eun_slot_get_note(slot, n))
		n++;
	if (n == 0)
		return 0;
	message->notes = calloc(n, sizeof(message->notes[0]));
	if (!message->notes)
		return -1;
	for (; message->n_notes < n; message->n_notes++) {
		message->notes[message->n_notes] =
		    strdup(eun_slot_get_note(slot, message->n_notes));
		if (!message->notes[message->n_notes])
			return -1;
	}
	return 0;
}

static int add_identity(Eunomia__V1__Slot *message, const struct slot_entry *entry)
{
	const struct eun_package *package = eun_slot_get_package(entry->slot);
	enum eun_package_format format = eun_package_get_format(package);

	message->name = strdup(entry->name);
	message->package = strdup(eun_package_get_name(package));
	message->package_version = strdup(eun_package_get_version(package));
	message->package_format = strdup(eun_package_format_to_string(format));
	return message->name && message->package && message->package_version &&
		       message->package_format
		   ? 0
		   : -1;
}

static int add_loaded(Eunomia__V1__Slot *message, const struct eun_slot *slot)
{
	const struct eun_generation *generation;
	size_t n = 0;

	while (eun_slot_get_loaded(slot, n))
		n++;
	message->loaded_generations = calloc(n + 1, sizeof(message->loaded_generations[0]));
	if (!message->loaded_generations)
		return -1;
	while ((generation = eun_slot_get_loaded(slot, message->n_loaded_generations)))
		message->loaded_generations[message->n_loaded_generations++] = generation->number;
	return 0;
}

/* Whether it goes on without the agent, and whether it comes back. */
static int add_survival(Eunomia__V1__Slot *message, const struct slot_entry *entry)
{
	const struct keep *keep = entry->slots->keep;
	const char *why = "";

	message->enabled = entry->record->is_enabled;
	message->declared = entry->record->declared_fingerprint != 0;
	message->survives = keep->pins && eun_slot_survives(entry->slot, &why);
	if (!keep->pins)
		why = keep->no_pins;
	message->survives_reason = strdup(message->survives ? "" : why);
	return message->survives_reason ? 0 : -1;
}

/* What this agent has seen of it by a clock that does not jump, what was before by the other. */
static uint64_t get_uptime_ns(const struct slot_entry *entry)
{
	uint64_t here_ns = eub_clock_mono_ns() - eun_slot_get_started_mono_ns(entry->slot);
	uint64_t taken_wall_ns = eun_slot_get_started_wall_ns(entry->slot);
	uint64_t started_wall_ns = entry->record->started_wall_ns;

	return taken_wall_ns > started_wall_ns ? here_ns + (taken_wall_ns - started_wall_ns)
					       : here_ns;
}

/* What the record tells of a slot that waits. */
static int fill_waiting(Eunomia__V1__Slot *message, const struct slot_entry *entry)
{
	const struct state_slot *record = entry->record;
	const struct state_generation *last = state_slot_find(record, record->current);

	message->generation = record->current;
	message->enabled = record->is_enabled;
	message->declared = record->declared_fingerprint != 0;
	message->name = strdup(entry->name);
	message->package = strdup(last ? last->package : "");
	message->package_version = strdup(last ? last->package_version : "");
	message->waits_for = strdup(entry->waits_for ? entry->waits_for : "");
	return message->name && message->package && message->package_version && message->waits_for
		   ? 0
		   : -1;
}

static int fill_loaded(Eunomia__V1__Slot *message, const struct slot_entry *entry)
{
	const struct eun_slot *slot = entry->slot;

	message->generation = eun_slot_get_generation(slot);
	message->started_unix_ns = entry->record->started_wall_ns;
	message->uptime_ns = get_uptime_ns(entry);
	message->stats = stats_message_new(entry);
	message->probation = strdup(entry->probation);
	if (!message->stats || !message->probation || add_identity(message, entry) < 0 ||
	    add_hooks(message, slot) < 0 || add_schemas(message, entry) < 0 ||
	    add_notes(message, slot) < 0 || add_budget(message, entry) < 0 ||
	    add_loaded(message, slot) < 0 || add_survival(message, entry) < 0)
		return -1;
	return 0;
}

Eunomia__V1__Slot *service_slot_message_new(const struct slot_entry *entry)
{
	Eunomia__V1__Slot *message = malloc(sizeof(*message));

	if (!message)
		return NULL;
	eunomia__v1__slot__init(message);
	message->state = wire_states[entry->phase];
	if ((entry->slot ? fill_loaded(message, entry) : fill_waiting(message, entry)) < 0) {
		eunomia__v1__slot__free_unpacked(message, NULL);
		return NULL;
	}
	return message;
}
