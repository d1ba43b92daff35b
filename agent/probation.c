/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timer looks at all probations ten times a second, as long as there are any. One ends by itself
 * when its time is over, when its generation no longer runs (another swap, a stop: whoever did that
 * has decided), or by going back. While the slot is paused its time stands still.
 *
 * What the generations did is counted by the table of slots, per generation, since records of the
 * old one may still come after the switch. The kernel times programs only while somebody asks for
 * it, for all programs of the machine; so each probation holds a descriptor that asks, from before
 * the swap to its end. The old generation is measured while the new one is prepared, which may be
 * too short to tell; if it passed a probation of its own, what was measured then counts too.
 */
#include "probation.h"

#include "log.h"
#include "probation_rules.h"
#include "slot_swap.h"
#include "slots.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <eunomia/engine.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS		 100
/*
 * What the old generation was at when it went is told as the new one's (docs/architecture.md,
 * "Generations and swap"), and is read after EventDelayUs= at the latest: within this time.
 */
#define SETTLE_NS	 UINT64_C(250000000)
#define PROBATION_MIN_NS (2 * SETTLE_NS)

struct probation {
	struct eub_list link; /* in the set's items, or alone */
	struct probations *set;
	char slot[EUN_SLOT_NAME_MAX];
	uint64_t slot_started_ns; /* tells it from a later slot of that name */
	uint32_t old_generation;
	uint32_t new_generation;
	uint64_t duration_ns;
	uint64_t looked_at_ns;
	uint64_t paused_ns;
	uint64_t n_stragglers;
	bool has_settled; /* there can be no more stragglers */
	int run_stats_fd;
	struct probation_period before;
	/* Totals of the slot's programs where the present measure began. */
	uint64_t run_count;
	uint64_t run_time_ns;
};

static void on_tick(uv_timer_t *timer);

int probations_init(struct probations *set, uv_loop_t *loop)
{
	eub_list_init(&set->items);
	set->timer.data = set;
	return uv_timer_init(loop, &set->timer);
}

void probations_done(struct probations *set)
{
	if (!set->items.next)
		return; /* never initialised */
	EUB_LIST_FOREACH (item, &set->items, struct probation, link)
		(void)probation_free(item);
}

/* The runs since the measure began; the next begins. */
static void measure_runs(struct probation *probation, struct slot_entry *entry,
			 struct probation_period *period)
{
	struct eun_slot_stats stats;

	eun_slot_get_stats(entry->slot, &stats);
	/* Hooks that are gone take their counts with them: fewer is nothing. */
	period->run_count =
	    stats.run_count > probation->run_count ? stats.run_count - probation->run_count : 0;
	period->run_time_ns = stats.run_time_ns > probation->run_time_ns
				  ? stats.run_time_ns - probation->run_time_ns
				  : 0;
	period->lost = stats.lost;
}

static void begin_measure(struct probation *probation, struct slot_entry *entry)
{
	struct eun_slot_stats stats;

	eun_slot_get_stats(entry->slot, &stats);
	probation->run_count = stats.run_count;
	probation->run_time_ns = stats.run_time_ns;
}

int probation_new(struct probations *set, struct slot_entry *entry, uint64_t duration_ns,
		  struct probation **ret_probation)
{
	struct probation *probation = calloc(1, sizeof(*probation));

	if (!probation)
		return -ENOMEM;
	eub_list_init(&probation->link);
	probation->set = set;
	(void)snprintf(probation->slot, sizeof(probation->slot), "%s", entry->name);
	probation->slot_started_ns = eun_slot_get_started_mono_ns(entry->slot);
	probation->duration_ns = EUB_MAX(duration_ns, PROBATION_MIN_NS);
	probation->run_stats_fd = eun_engine_time_programs();
	if (probation->run_stats_fd < 0)
		log_info(set->log,
			 "slot '%s': the agent may not have programs timed (%s); its probation "
			 "has the rule run-time only if sysctl kernel.bpf_stats_enabled is 1",
			 entry->name, strerror(-probation->run_stats_fd));
	begin_measure(probation, entry);
	*ret_probation = probation;
	return 0;
}

struct probation *probation_free(struct probation *probation)
{
	if (!probation)
		return NULL;
	eub_list_remove(&probation->link);
	eub_closep(&probation->run_stats_fd);
	free(probation);
	return NULL;
}

/* The watched slot, if the watched generation still runs in it; else NULL. */
static struct slot_entry *find_entry(const struct probation *probation)
{
	struct slot_entry *entry = slots_find(probation->set->slots, probation->slot);

	if (!entry || !entry->slot ||
	    eun_slot_get_started_mono_ns(entry->slot) != probation->slot_started_ns ||
	    eun_slot_get_generation(entry->slot) != probation->new_generation)
		return NULL;
	return entry;
}

void probation_begin(struct probation *probation, uint32_t old_generation)
{
	struct probations *set = probation->set;
	struct slot_entry *entry = slots_find(set->slots, probation->slot);
	const struct slot_deeds *old;

	if (!entry || !entry->slot) {
		(void)probation_free(probation);
		return;
	}
	old = &entry->deeds_before;
	measure_runs(probation, entry, &probation->before);
	probation->before.ns = entry->deeds.begin_ns - old->begin_ns;
	probation->before.events = old->events;
	probation->before.decode_errors = old->decode_errors;
	probation->before.run_count += old->run_count;
	probation->before.run_time_ns += old->run_time_ns;
	probation->before.lost = entry->deeds.lost_before - old->lost_before;
	begin_measure(probation, entry);
	probation->old_generation = old_generation;
	probation->new_generation = eun_slot_get_generation(entry->slot);
	probation->looked_at_ns = eub_clock_mono_ns();
	eub_list_append(&set->items, &probation->link);
	if (!uv_is_active((uv_handle_t *)&set->timer))
		(void)uv_timer_start(&set->timer, on_tick, TICK_MS, TICK_MS); /* cannot fail */
}

static void on_back(struct slot_swap *swap, const struct eun_error *err, void *userdata)
{
	struct probation *probation = userdata;

	if (err) {
		struct slot_entry *entry = find_entry(probation);

		if (entry)
			entry->probation[0] = '\0';
		log_warning(probation->set->log,
			    "slot '%s': cannot go back to generation %u, keeping generation %u: %s",
			    probation->slot, probation->old_generation, probation->new_generation,
			    err->message);
	}
	(void)swap; /* its own line in the log has the figures */
	(void)probation_free(probation);
}

static void go_back(struct probation *probation, struct slot_entry *entry, const char *reason)
{
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct slot_swap_request request = { .is_rollback = true,
					     .rollback_to = probation->old_generation,
					     .expected_generation = probation->new_generation,
					     .origin = STATE_ORIGIN_PROBATION };
	char generation[16];

	(void)snprintf(generation, sizeof(generation), "%u", probation->new_generation);
	log_write(probation->set->log, LOG_LEVEL_WARNING, LOG_ID_SLOT_PROBATION,
		  LOG_FIELDS({ "EUNOMIA_SLOT", entry->name }, { "EUNOMIA_GENERATION", generation },
			     { "EUNOMIA_REASON", reason }),
		  "slot '%s': generation %s does worse than generation %u, going back: %s",
		  entry->name, generation, probation->old_generation, reason);
	(void)snprintf(entry->probation, sizeof(entry->probation), "generation %s to %u: %s",
		       generation, probation->old_generation, reason);
	eub_list_remove(&probation->link); /* on_back frees it */
	if (slot_swap_begin(entry, &request, on_back, probation, &err) < 0)
		on_back(NULL, &err, probation);
}

static void pass(struct probation *probation, struct slot_entry *entry,
		 const struct probation_period *now)
{
	log_info(probation->set->log,
		 "slot '%s': generation %u passed its probation with %" PRIu64 " events",
		 entry->name, probation->new_generation, now->events);
	entry->deeds.run_count = now->run_count;
	entry->deeds.run_time_ns = now->run_time_ns;
	(void)probation_free(probation);
}

/* Whoever was not looked at in time, since the slot was busy, is given some time all the same. */
static void settle(struct probation *probation, const struct probation_period *now)
{
	probation->n_stragglers = now->events;
	if (now->ns < SETTLE_NS)
		return;
	probation->has_settled = true;
	probation->duration_ns = EUB_MAX(probation->duration_ns, now->ns + SETTLE_NS);
}

static void look(struct probation *probation, uint64_t now_ns)
{
	struct slot_entry *entry = find_entry(probation);
	uint64_t since_ns = now_ns - probation->looked_at_ns;
	struct probation_period now = { 0 };
	char reason[PROBATION_REASON_MAX] = "";
	enum probation_moment moment;

	probation->looked_at_ns = now_ns;
	if (!entry) {
		(void)probation_free(probation);
		return;
	}
	if (entry->phase == SLOT_PHASE_PAUSED) {
		probation->paused_ns += since_ns;
		return;
	}
	if (entry->is_busy)
		return;
	measure_runs(probation, entry, &now);
	now.ns = now_ns - entry->deeds.begin_ns - probation->paused_ns;
	now.events = entry->deeds.events;
	now.decode_errors = entry->deeds.decode_errors;
	now.lost -= EUB_MIN(now.lost, entry->deeds.lost_before);
	if (!probation->has_settled)
		settle(probation, &now);
	now.stragglers = probation->n_stragglers;
	moment = now.ns >= probation->duration_ns ? PROBATION_AT_END : PROBATION_MEANWHILE;
	if (probation_judge(&probation->before, &now, moment, reason)) {
		go_back(probation, entry, reason);
	} else if (moment == PROBATION_AT_END) {
		pass(probation, entry, &now);
	}
}

static void on_tick(uv_timer_t *timer)
{
	struct probations *set = timer->data;
	uint64_t now_ns = eub_clock_mono_ns();

	EUB_LIST_FOREACH (item, &set->items, struct probation, link)
		look(item, now_ns);
	if (eub_list_is_empty(&set->items))
		(void)uv_timer_stop(timer); /* cannot fail */
}
