/* SPDX-License-Identifier: Apache-2.0 */
/* What a slot tells of itself: names, getters, statistics. */
#include "engine/slot.h"

#include "base/clock.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <errno.h>

static const char *const state_names[] = {
	[EUN_SLOT_PREPARED] = "prepared", [EUN_SLOT_ADOPTED] = "adopted",
	[EUN_SLOT_RUNNING] = "running",	  [EUN_SLOT_PAUSED] = "paused",
	[EUN_SLOT_STOPPED] = "stopped",	  [EUN_SLOT_RELEASED] = "released",
};
static_assert(EUB_ARRAY_SIZE(state_names) == _EUN_SLOT_STATE_MAX, "one name per state");

static const char *const mode_names[] = {
	[EUN_ATTACH_GATE] = "gate",
	[EUN_ATTACH_DIRECT] = "direct",
	[EUN_ATTACH_NONE] = "none",
};
static_assert(EUB_ARRAY_SIZE(mode_names) == _EUN_ATTACH_MODE_MAX, "one name per mode");

static void add_run_stats(const struct eun_slot *slot, struct eun_slot_stats *stats)
{
	const struct eun__generation *running = slot->running;

	for (size_t i = 0; i < running->n_hooks; i++) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);
		int fd = eun__hook_get_stats_fd(running->hooks[i]);

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
			continue;
		stats->run_count += info.run_cnt;
		stats->run_time_ns += info.run_time_ns;
	}
}

static bool is_first_use(const struct eun_slot *slot, size_t n_before, uint32_t map_id)
{
	for (size_t i = 0; i < n_before; i++) {
		const struct eun__generation *generation = slot->generations[i];

		for (size_t k = 0; k < generation->n_maps; k++)
			if (generation->maps[k].id == map_id)
				return false;
	}
	return true;
}

/* Maps that generations share are counted once. */
static uint64_t get_memory_bytes(const struct eun_slot *slot)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < slot->n_generations; i++) {
		const struct eun__generation *generation = slot->generations[i];

		for (size_t k = 0; k < generation->n_maps; k++)
			if (is_first_use(slot, i, generation->maps[k].id))
				sum += generation->maps[k].bytes;
	}
	return sum;
}

static bool are_losses_counted(const struct eun__generation *generation)
{
	for (size_t i = 0; i < generation->n_sources; i++) {
		bool is_ring = eun__reader_is_level_triggered(generation->sources[i]->reader);

		if (!(is_ring ? generation->is_loss_counted : generation->is_perf_counted))
			return false;
	}
	return true;
}

/* The kernel tells what a perf buffer lost with its next event only: what is pending is not known,
 * unless the tracker counts it. */
static bool is_lost_exact(const struct eun_slot *slot)
{
	for (size_t i = 0; i < slot->n_generations; i++)
		if (!are_losses_counted(slot->generations[i]))
			return false;
	return true;
}

void eun_slot_get_stats(struct eun_slot *slot, struct eun_slot_stats *ret_stats)
{
	struct eun__ledger_counts counts;
	struct eun_slot_stats stats = { 0 };

	eun__tally_sum(&slot->tally, &counts);
	stats.events = counts.events;
	stats.bytes = counts.bytes;
	stats.decode_errors = counts.decode_errors;
	stats.lost = counts.perf_lost + eun__slot_read_counted_lost(slot);
	EUB_LIST_FOREACH (source, &slot->sources, struct eun__source, link) {
		struct eun__reader_info info;

		eun__reader_get_info(source->reader, &info);
		stats.ring_bytes += info.size_bytes;
		stats.ring_used_bytes += info.used_bytes;
		stats.ring_full += info.n_full;
		stats.ring_high_water_bytes =
		    EUB_MAX(stats.ring_high_water_bytes, info.high_water_bytes);
	}
	stats.skipped = eun__switch_get_skipped(slot->gate_switch);
	stats.events_per_second = eun__rate_get(&slot->rate, eub_clock_mono_ns());
	stats.memory_bytes = get_memory_bytes(slot);
	stats.lost_is_exact = is_lost_exact(slot);
	add_run_stats(slot, &stats);
	*ret_stats = stats;
}

const char *eun_slot_get_name(const struct eun_slot *slot)
{
	return slot->name;
}

enum eun_slot_state eun_slot_get_state(const struct eun_slot *slot)
{
	return slot->state;
}

const char *eun_slot_state_to_string(enum eun_slot_state state)
{
	return (unsigned int)state < _EUN_SLOT_STATE_MAX ? state_names[state] : "unknown";
}

const struct eun_package *eun_slot_get_package(const struct eun_slot *slot)
{
	return slot->running->package;
}

uint32_t eun_slot_get_generation(const struct eun_slot *slot)
{
	return slot->running->info.number;
}

uint32_t eun_slot_get_next_generation(const struct eun_slot *slot)
{
	return eun__switch_get_page(slot->gate_switch)->next_generation;
}

const struct eun_generation *eun_slot_get_loaded(const struct eun_slot *slot, size_t i)
{
	for (size_t k = 0; k < slot->n_generations; k++)
		if (!slot->generations[k]->is_retired && i-- == 0)
			return &slot->generations[k]->info;
	return NULL;
}

const struct eun_generation *eun_slot_find_loaded(const struct eun_slot *slot, uint32_t number)
{
	const struct eun__generation *found = eun__slot_find_generation(slot, number);

	return found ? &found->info : NULL;
}

bool eun_slot_survives(const struct eun_slot *slot, const char **ret_why)
{
	if (ret_why)
		*ret_why = slot->pin_dir	     ? ""
			   : slot->not_pinned_reason ? slot->not_pinned_reason
						     : "nothing of it is pinned";
	return slot->pin_dir;
}

uint64_t eun_slot_get_started_wall_ns(const struct eun_slot *slot)
{
	return slot->started_wall_ns;
}

uint64_t eun_slot_get_started_mono_ns(const struct eun_slot *slot)
{
	return slot->started_mono_ns;
}

const struct eun_slot_hook *eun_slot_get_hook(const struct eun_slot *slot, size_t i)
{
	return i < slot->running->n_hooks ? eun__hook_get_info(slot->running->hooks[i]) : NULL;
}

const struct eun_schema *eun_slot_get_schema(const struct eun_slot *slot, size_t i)
{
	const struct eun__exports *exports = &slot->running->exports;

	return i < exports->n_items ? exports->items[i].schema : NULL;
}

static const struct eun__source *find_source_of(const struct eun_slot *slot,
						const struct eun_schema *schema)
{
	for (size_t i = 0; i < slot->n_generations; i++) {
		const struct eun__generation *generation = slot->generations[i];

		for (size_t k = 0; k < generation->n_sources; k++)
			if (generation->exports.items[k].schema == schema)
				return generation->sources[k];
	}
	return NULL;
}

int eun_slot_get_ring(const struct eun_slot *slot, const struct eun_schema *schema,
		      struct eun_slot_ring *ret_ring)
{
	const struct eun__source *source = find_source_of(slot, schema);

	if (!source)
		return -ENOENT;
	*ret_ring = (struct eun_slot_ring){ .next_seq = source->tally.now.next_seq };
	if (eun__reader_is_level_triggered(source->reader))
		ret_ring->ring = source->ring;
	return 0;
}

unsigned int eun_slot_get_ring_fill(const struct eun_slot *slot)
{
	unsigned int most = 0;

	EUB_LIST_FOREACH (source, &slot->sources, const struct eun__source, link) {
		struct eun__reader_info info;

		eun__reader_get_info(source->reader, &info);
		if (info.size_bytes > 0)
			most =
			    EUB_MAX(most, (unsigned int)(info.used_bytes * 100 / info.size_bytes));
	}
	return most;
}

uint32_t eun_slot_get_n_listeners(const struct eun_slot *slot)
{
	return eun__ledger_get_n_streams(&slot->tally.ledger);
}

void eun_slot_set_n_listeners(struct eun_slot *slot, uint32_t n)
{
	eun__ledger_set_n_streams(&slot->tally.ledger, n);
}

const struct eun_schema *eun_slot_get_schema_of(const struct eun_slot *slot, uint32_t generation,
						size_t i)
{
	const struct eun__generation *found = eun__slot_find_generation(slot, generation);

	return found && i < found->exports.n_items ? found->exports.items[i].schema : NULL;
}

const char *eun_slot_get_note(const struct eun_slot *slot, size_t i)
{
	return i < slot->running->notes.n_items ? slot->running->notes.items[i] : NULL;
}

const char *eun_attach_mode_to_string(enum eun_attach_mode mode)
{
	return (unsigned int)mode < _EUN_ATTACH_MODE_MAX ? mode_names[mode] : "unknown";
}

void eun_slot_set_userdata(struct eun_slot *slot, void *userdata)
{
	slot->userdata = userdata;
}

void *eun_slot_get_userdata(const struct eun_slot *slot)
{
	return slot->userdata;
}
