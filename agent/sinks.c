/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a budget cuts is counted and nothing else is done with it; the sinks are told of it as one
 * gap, before the next event that gets through, so the order of events and gaps is kept.
 */
#include "sinks.h"

#include "sink_journal.h"

#include "base/clock.h"

#include <assert.h>

/* Tells the sinks of the events that were cut, before those that come after. */
static void tell_cut(struct sinks *sinks)
{
	struct slot_entry *entry = sinks->cut_entry;
	struct budget_cut cut;

	sinks->cut_entry = NULL;
	if (!entry)
		return;
	cut = budget_take_cut(&entry->budget);
	watch_cut(sinks->watch, entry, &cut);
	sink_journal_cut(sinks->journal, entry->journal, cut.count);
}

/* Whether the slot's budget lets @event pass. What does not costs no more than being counted. */
static bool fits_budget(struct sinks *sinks, struct slot_entry *entry,
			const struct eun_event *event)
{
	bool is_cut = budget_is_bounded(&entry->budget) &&
		      !budget_allow(&entry->budget, event->size, eub_clock_mono_ns());

	if (sinks->cut_entry && (!is_cut || sinks->cut_entry != entry ||
				 budget_has_other_cut(&entry->budget, event->ring)))
		tell_cut(sinks);
	if (!is_cut)
		return true;
	budget_note_cut(&entry->budget, event->ring, event->seq);
	sinks->cut_entry = entry;
	return false;
}

void sinks_on_event(struct eun_slot *slot, const struct eun_event *event, void *userdata)
{
	struct sinks *sinks = userdata;
	struct slot_entry *entry = eun_slot_get_userdata(slot);
	const struct slot_schema *schema = slot_find_schema(entry, event->schema);

	assert(schema); /* the table knows the types of every loaded generation */
	pump_count(sinks->pump, event->size);
	slot_count_event(entry, event);
	if (!fits_budget(sinks, entry, event))
		return;
	watch_event(sinks->watch, entry, schema, event);
	sink_journal_event(sinks->journal, entry->journal, schema->journal, event);
}

void sinks_on_lost(struct eun_slot *slot, uint64_t count, const char *reason, void *userdata)
{
	struct sinks *sinks = userdata;
	struct slot_entry *entry = eun_slot_get_userdata(slot);

	slot_note_lost(entry, count, reason);
	watch_lost(sinks->watch, entry, count, reason);
}

void sinks_flush(struct sinks *sinks)
{
	tell_cut(sinks);
	watch_flush(sinks->watch);
}
