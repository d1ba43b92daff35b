/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads beside the load, as in an agent: the engine's thread reads events and makes the
 * switches, the operator's loads and unloads (what an agent does in jobs) and decides. Whatever
 * belongs to the engine's thread the operator hands over as a function and waits for.
 *
 * The operator does not assert, since cmocka may fail a test in its own thread only: it ends with
 * the first failure, which the engine's thread reports.
 */
#include "storm.h"

#include "base/clock.h"
#include "base/macro.h"

#include <eunomia/engine.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define RING_BYTES	(4u << 20)
#define LEAD_BYTES	(RING_BYTES / 4) /* that all callers may write ahead of the reader */
#define EVENT_BYTES	48		 /* at most, in the ring */
#define CALLS_MAX	(8u << 20)	 /* of a thread and round */
#define ROUND_CALLS	(UINT64_C(3) * CALLS_MAX / 4) /* of all threads: a round ends soon after */
#define SWITCHES_A_SWAP 8 /* at most, with what comes between two swaps */
#define KEEP		4
#define GENERATIONS_MAX 64 /* more than are loaded at once, so that numbers do not collide */
#define CALLS_BETWEEN	64 /* between two switches */
#define SETTINGS_MAX	5

struct storm;

struct operation {
	int (*act)(struct storm *storm);
	int result;
	atomic_bool is_pending;
	sem_t is_done;
};

/* What runs, and what the operator is at. */
struct storm {
	const struct storm_plan *plan;
	struct storm_result *result;
	struct eun_engine *engine;
	struct eun_slot *slot;
	struct judge *judge;
	struct flood *flood;
	struct load_regions regions;
	uint64_t random;
	struct operation operation;
	atomic_bool is_over;
	uint32_t last_marker;
	uint32_t wanted_marker; /* of the swap under way */
	uint32_t wanted_hooks;
	struct eun_swap *swap;
	struct {
		uint32_t marker;
		uint32_t hooks;
	} generations[GENERATIONS_MAX]; /* by number */
	uint64_t *switch_ns;
	size_t n_switches;
	unsigned int n_swaps_left;
	struct eun_error error;
};

static uint32_t draw(struct storm *storm, uint32_t below)
{
	storm->random ^= storm->random << 13;
	storm->random ^= storm->random >> 7;
	storm->random ^= storm->random << 17;
	return (uint32_t)((storm->random >> 32) % below);
}

static void on_event(struct eun_slot *slot EUB_UNUSED, const struct eun_event *event,
		     void *userdata)
{
	struct storm *storm = userdata;
	struct oracle_record record;

	if (event->size < sizeof(record) || event->size != eun_schema_get_size(event->schema)) {
		storm->result->n_misread++;
		return;
	}
	memcpy(&record, event->data, sizeof(record));
	if (storm->generations[event->generation % GENERATIONS_MAX].marker != record.marker)
		storm->result->n_misattributed++;
	judge_add_event(storm->judge, &record);
}

static void on_lost(struct eun_slot *slot EUB_UNUSED, uint64_t count, const char *reason,
		    void *userdata)
{
	print_message("%lu lost: %s\n", count, reason);
	((struct storm *)userdata)->result->n_lost += count;
}

/* Settings and attach points of a generation. */
struct generation_options {
	char texts[SETTINGS_MAX][24];
	struct eun_setting settings[SETTINGS_MAX];
	struct eun_slot_options options;
};

static void set(struct generation_options *o, const char *key, uint64_t value)
{
	size_t i = o->options.n_settings++;

	(void)snprintf(o->texts[i], sizeof(o->texts[i]), "%lu", value);
	o->settings[i] = (struct eun_setting){ .key = key, .value = o->texts[i] };
}

static void fill_options(const struct storm *storm, struct generation_options *o)
{
	o->options = (struct eun_slot_options){ .size = sizeof(o->options),
						.name = "storm",
						.settings = o->settings,
						.ring_bytes = RING_BYTES,
						.attach = storm->plan->attach,
						.n_attach = storm->plan->n_attach };
	set(o, "marker", storm->wanted_marker);
	if (storm->plan->has_tgid)
		set(o, "tgid", (uint64_t)getpid());
	if (storm->plan->load == LOAD_FAULTS) {
		set(o, "base", storm->regions.base);
		set(o, "stride_bits", storm->regions.stride_bits);
		set(o, "regions", flood_get_n_threads());
	}
}

static void remember(struct storm *storm, uint32_t generation)
{
	storm->generations[generation % GENERATIONS_MAX].marker = storm->wanted_marker;
	storm->generations[generation % GENERATIONS_MAX].hooks = storm->wanted_hooks;
}

static void choose_variant(struct storm *storm, const struct storm_variant *variant)
{
	storm->wanted_marker = ++storm->last_marker;
	storm->wanted_hooks = variant->hooks;
}

/* The engine's thread. */

static int commit(struct storm *storm)
{
	bool is_paused = eun_slot_get_state(storm->slot) == EUN_SLOT_PAUSED;
	struct eun_swap_info info;
	int r;

	eun_swap_get_info(storm->swap, &info);
	remember(storm, info.new_generation);
	if (!is_paused)
		judge_begin_switch(storm->judge, storm->wanted_marker, storm->wanted_hooks);
	r = eun_swap_commit(storm->swap, &storm->error);
	if (!is_paused)
		judge_end_switch(storm->judge);
	eun_swap_get_info(storm->swap, &info);
	if (r == 0 && !info.is_exact)
		return eun_error_set(&storm->error, -EPROTO, EUN_REASON_INTERNAL,
				     "a swap that is not exact");
	storm->switch_ns[storm->n_switches++] = info.switch_ns;
	return r;
}

static int drain(struct storm *storm)
{
	eun_swap_drain(storm->swap);
	return 0;
}

static int pause_slot(struct storm *storm)
{
	int r;

	judge_begin_switch(storm->judge, 0, 0);
	r = eun_slot_pause(storm->slot, &storm->error);
	judge_end_switch(storm->judge);
	return r;
}

static int resume_slot(struct storm *storm)
{
	uint32_t i = eun_slot_get_generation(storm->slot) % GENERATIONS_MAX;
	int r;

	judge_begin_switch(storm->judge, storm->generations[i].marker, storm->generations[i].hooks);
	r = eun_slot_resume(storm->slot, &storm->error);
	judge_end_switch(storm->judge);
	return r;
}

/* To any loaded generation but the running one, if there is one. */
static int roll_back(struct storm *storm)
{
	uint32_t others[EUN_SWAP_KEEP_MAX];
	const struct eun_generation *generation;
	uint32_t n = 0;
	uint32_t number;
	int r;

	for (size_t i = 0; (generation = eun_slot_get_loaded(storm->slot, i)); i++) {
		if (!generation->is_running && n < EUB_ARRAY_SIZE(others))
			others[n++] = generation->number;
	}
	if (n == 0)
		return 0;
	number = others[draw(storm, n)];
	storm->wanted_marker = storm->generations[number % GENERATIONS_MAX].marker;
	storm->wanted_hooks = storm->generations[number % GENERATIONS_MAX].hooks;
	r = eun_rollback_new(storm->slot, number, eun_slot_get_generation(storm->slot),
			     &storm->swap, &storm->error);
	if (r == 0)
		r = commit(storm);
	storm->result->n_rollbacks++;
	return r;
}

static void run_operation(struct storm *storm)
{
	if (!atomic_load(&storm->operation.is_pending))
		return;
	storm->operation.result = storm->operation.act(storm);
	atomic_store(&storm->operation.is_pending, false);
	(void)sem_post(&storm->operation.is_done); /* one at a time: cannot overflow */
}

/* The callers may go on if what they may write still has room, whatever else is unread. */
static void allow(struct storm *storm)
{
	struct eun_slot_stats stats;

	eun_slot_get_stats(storm->slot, &stats);
	if (stats.ring_used_bytes <= LEAD_BYTES)
		flood_allow(storm->flood,
			    LEAD_BYTES / (EVENT_BYTES * ORACLE_HOOKS) / flood_get_n_threads());
}

/* The operator. */

static int on_engine(struct storm *storm, int (*act)(struct storm *storm))
{
	storm->operation.act = act;
	atomic_store(&storm->operation.is_pending, true);
	while (sem_wait(&storm->operation.is_done) < 0)
		continue;
	return storm->operation.result;
}

/* So that each state sees calls; looks now and then, since spinning would take the callers' time.
 * Ends early when they have made all that they may. */
static void let_calls_pass(const struct storm *storm)
{
	uint64_t wanted = flood_get_n_calls(storm->flood) + CALLS_BETWEEN;
	uint64_t deadline = eub_clock_mono_ns() + UINT64_C(1000000000);
	const struct timespec pause = { .tv_nsec = 50000 };

	while (flood_get_n_calls(storm->flood) < wanted && eub_clock_mono_ns() < deadline)
		(void)nanosleep(&pause, NULL);
}

static int prepare(struct storm *storm, enum eun_map_policy maps)
{
	const struct storm_variant *variant =
	    &storm->plan->variants[draw(storm, (uint32_t)storm->plan->n_variants)];
	struct generation_options generation = { 0 };
	const struct eun_swap_options options = {
		.size = sizeof(options), .maps = maps, .keep = KEEP, .slot = &generation.options
	};
	struct eun_package *package = NULL;
	int r = eun_package_read(variant->path, &package, &storm->error);

	if (r < 0)
		return r;
	choose_variant(storm, variant);
	fill_options(storm, &generation);
	r = eun_swap_new(storm->slot, package, &options, &storm->swap, &storm->error);
	if (r < 0)
		eun_package_free(package);
	return r;
}

static int swap(struct storm *storm)
{
	enum eun_map_policy maps = draw(storm, 2) == 0 ? EUN_MAPS_REUSE : EUN_MAPS_FRESH;
	int r = prepare(storm, maps);

	if (r == 0)
		r = on_engine(storm, commit);
	if (r == 0) {
		eun_engine_quiesce();
		r = on_engine(storm, drain);
	}
	storm->swap = eun_swap_free(storm->swap);
	*(maps == EUN_MAPS_REUSE ? &storm->result->n_reuse : &storm->result->n_fresh) += 1;
	return r;
}

static int swap_and_take_back(struct storm *storm)
{
	int r = prepare(storm, EUN_MAPS_REUSE);

	storm->swap = eun_swap_free(storm->swap);
	storm->result->n_cancelled++;
	return r;
}

static int go_back(struct storm *storm)
{
	int r = on_engine(storm, roll_back);

	storm->swap = eun_swap_free(storm->swap);
	return r;
}

/* With a swap in between now and then, which the resumed slot then runs. */
static int pause_and_resume(struct storm *storm)
{
	int r = on_engine(storm, pause_slot);

	let_calls_pass(storm);
	if (r == 0 && draw(storm, 4) == 0)
		r = go_back(storm);
	if (r == 0)
		r = on_engine(storm, resume_slot);
	storm->result->n_pauses++;
	return r;
}

static void *operate(void *argument)
{
	static int (*const between[])(struct storm * storm) = {
		go_back, go_back, go_back, pause_and_resume, swap_and_take_back,
	};
	struct storm *storm = argument;
	int r = 0;

	while (storm->n_swaps_left > 0 && r == 0 && flood_get_n_calls(storm->flood) < ROUND_CALLS) {
		let_calls_pass(storm);
		if (draw(storm, 2) == 0) {
			r = between[draw(storm, EUB_ARRAY_SIZE(between))](storm);
			let_calls_pass(storm);
		}
		if (r == 0)
			r = swap(storm);
		for (unsigned int i = 0; i < storm->plan->n_rollbacks && r == 0; i++) {
			let_calls_pass(storm);
			r = go_back(storm);
		}
		storm->n_swaps_left--;
	}
	atomic_store(&storm->is_over, true);
	return NULL;
}

static int start(struct storm *storm, struct eun_error *err)
{
	const struct eun_engine_options options = {
		.size = sizeof(options), .on_event = on_event, .on_lost = on_lost, .userdata = storm
	};
	struct generation_options generation = { 0 };
	struct eun_package *package = NULL;
	int r = eun_engine_new(&options, &storm->engine, err);

	if (r == 0)
		r = eun_package_read(storm->plan->variants[0].path, &package, err);
	if (r < 0)
		return r;
	choose_variant(storm, &storm->plan->variants[0]);
	fill_options(storm, &generation);
	r = eun_slot_new(storm->engine, package, &generation.options, &storm->slot, err);
	if (r < 0) {
		eun_package_free(package);
		return r;
	}
	remember(storm, eun_slot_get_generation(storm->slot));
	judge_begin_switch(storm->judge, storm->wanted_marker, storm->wanted_hooks);
	r = eun_engine_add(storm->engine, storm->slot, err);
	judge_end_switch(storm->judge);
	return r;
}

static void run_round(struct storm *storm)
{
	int gate = storm->plan->load == LOAD_FAULTS ? load_find_gate("on_fault") : -EBADF;
	pthread_t operator;

	assert_true(gate != -ENOENT);
	storm->flood =
	    flood_start(storm->plan->load, storm->judge, CALLS_MAX, &storm->regions, gate);
	atomic_store(&storm->is_over, false);
	assert_int_equal(pthread_create(&operator, NULL, operate, storm), 0);
	while (!atomic_load(&storm->is_over)) {
		run_operation(storm);
		(void)eun_engine_poll(storm->engine, 1);
		allow(storm);
	}
	assert_int_equal(pthread_join(operator, NULL), 0);
	assert_int_equal(flood_stop(storm->flood), 0);
	/* No caller runs: what has been written is all that there will be. */
	while (eun_engine_dispatch(storm->engine, 4096, 0) > 0)
		continue;
	if (storm->error.code != 0)
		fail_msg("%s\n%s", storm->error.message, storm->error.log ? storm->error.log : "");
	judge_round(storm->judge, &storm->result->verdict);
}

static int compare_ns(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void run_rounds(struct storm *storm)
{
	uint64_t begin = eub_clock_mono_ns();
	struct eun_slot_stats stats;

	storm->n_swaps_left = storm->plan->n_swaps;
	while (storm->n_swaps_left > 0)
		run_round(storm);
	eun_slot_get_stats(storm->slot, &stats);
	storm->result->n_skipped = stats.skipped;
	storm->result->n_lost += stats.lost;
	storm->result->elapsed_ns = eub_clock_mono_ns() - begin;
	qsort(storm->switch_ns, storm->n_switches, sizeof(*storm->switch_ns), compare_ns);
	storm->result->switch_p50_ns = storm->switch_ns[storm->n_switches / 2];
	storm->result->switch_p99_ns = storm->switch_ns[storm->n_switches * 99 / 100];
}

int storm_run(const struct storm_plan *plan, struct storm_result *ret_result, struct eun_error *err)
{
	uint32_t n_switches = (plan->n_swaps + 1) * (SWITCHES_A_SWAP + plan->n_rollbacks);
	struct storm storm = {
		.plan = plan, .result = ret_result, .random = plan->seed, .error = EUN_ERROR_INIT
	};
	int r = 0;

	*ret_result = (struct storm_result){ 0 };
	storm.judge = judge_new(flood_get_n_threads(), CALLS_MAX, n_switches);
	storm.switch_ns = calloc(n_switches, sizeof(*storm.switch_ns));
	assert_non_null(storm.switch_ns);
	assert_int_equal(sem_init(&storm.operation.is_done, 0, 0), 0);
	if (plan->load == LOAD_FAULTS)
		r = load_regions_map(&storm.regions, flood_get_n_threads(), CALLS_MAX);
	if (r == 0)
		r = start(&storm, err);
	if (r == 0)
		run_rounds(&storm);
	eun_engine_free(storm.engine);
	if (plan->load == LOAD_FAULTS)
		load_regions_unmap(&storm.regions);
	judge_free(storm.judge);
	free(storm.switch_ns);
	(void)sem_destroy(&storm.operation.is_done);
	eun_error_done(&storm.error);
	return r;
}
