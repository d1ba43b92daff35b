/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of slots. An entry is born when a start reserves its name, so that of two starts with
 * one name the second fails at once, and dies when the stopped slot is detached. The table owns the
 * entries; it also owns the eun_slot from slots_stop() on, before that the engine does.
 *
 *   waiting <-> starting -> running <-> paused -> stopped
 *                 `-> (gone: the start failed)  `-> running may stop directly
 *
 * set_phase() is the only place that changes a phase; it checks the step and logs it. Stopping is
 * quick because the slow part, detaching, happens afterwards as a job: wait for programs that still
 * run (off the loop), hand up what they wrote (on the loop), detach (off the loop).
 */
#include "slots.h"

#include "sink_journal.h"
#include "state_slot.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/near.h"
#include "base/str.h"

#include <eunomia/engine.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	unsigned int from;  /* phases that may precede it: a bit each */
	const char *log_id; /* of entering it */
} phases[] = {
	[SLOT_PHASE_STARTING] = { "starting", 1u << SLOT_PHASE_WAITING, NULL },
	[SLOT_PHASE_WAITING] = { "waiting", 1u << SLOT_PHASE_STARTING, NULL },
	[SLOT_PHASE_RUNNING] = { "running", 1u << SLOT_PHASE_STARTING | 1u << SLOT_PHASE_PAUSED,
				 LOG_ID_SLOT_STARTED },
	/* From the start: it was paused when another process had it. */
	[SLOT_PHASE_PAUSED] = { "paused", 1u << SLOT_PHASE_STARTING | 1u << SLOT_PHASE_RUNNING,
				LOG_ID_SLOT_PAUSED },
	[SLOT_PHASE_STOPPED] = { "stopped",
				 1u << SLOT_PHASE_WAITING | 1u << SLOT_PHASE_RUNNING |
				     1u << SLOT_PHASE_PAUSED,
				 LOG_ID_SLOT_STOPPED },
	[SLOT_PHASE_LEFT] = { "left attached", 1u << SLOT_PHASE_RUNNING | 1u << SLOT_PHASE_PAUSED,
			      LOG_ID_SLOT_LEFT },
};
_Static_assert(EUB_ARRAY_SIZE(phases) == _SLOT_PHASE_MAX, "one row per phase");

const char *slot_phase_to_string(enum slot_phase phase)
{
	return phases[phase].name;
}

void slots_init(struct slots *slots, struct eun_engine *engine, struct job_pool *jobs,
		struct sink_journal *journal, struct log *log)
{
	*slots = (struct slots){ .engine = engine, .jobs = jobs, .journal = journal, .log = log };
	eub_list_init(&slots->entries);
	eub_list_init(&slots->retired);
}

bool slots_are_gone(const struct slots *slots)
{
	return eub_list_is_empty(&slots->entries) && eub_list_is_empty(&slots->retired);
}

static void tell_changed(const struct slots *slots)
{
	if (slots->listener.on_changed)
		slots->listener.on_changed(slots->listener.userdata);
}

static void log_phase(const struct slot_entry *entry, enum slot_phase before)
{
	const char *id = before == SLOT_PHASE_PAUSED && entry->phase == SLOT_PHASE_RUNNING
			     ? LOG_ID_SLOT_RESUMED
			     : phases[entry->phase].log_id;
	const char *tracker = eun_package_get_name(eun_slot_get_package(entry->slot));
	char generation[16];

	(void)snprintf(generation, sizeof(generation), "%u", eun_slot_get_generation(entry->slot));
	log_write(entry->slots->log, LOG_LEVEL_NOTICE, id,
		  LOG_FIELDS({ "EUNOMIA_SLOT", entry->name }, { "EUNOMIA_TRACKER", tracker },
			     { "EUNOMIA_GENERATION", generation },
			     { "EUNOMIA_STATE", phases[entry->phase].name }),
		  "slot '%s': %s -> %s (tracker '%.64s', generation %s)", entry->name,
		  phases[before].name, phases[entry->phase].name, tracker, generation);
}

static void set_phase(struct slot_entry *entry, enum slot_phase phase)
{
	struct slots *slots = entry->slots;
	enum slot_phase before = entry->phase;

	assert(phases[phase].from & 1u << before);
	slots->n_phase[before]--;
	slots->n_phase[phase]++;
	entry->phase = phase;
	if (entry->slot) /* before there is one, whoever starts it says how that goes */
		log_phase(entry, before);
	tell_changed(slots);
}

static struct slot_entry *entry_free(struct slot_entry *entry)
{
	for (size_t i = 0; i < entry->n_schemas; i++)
		(void)journal_schema_free(entry->schemas[i].journal);
	free(entry->schemas);
	(void)journal_slot_free(entry->journal);
	(void)state_slot_free(entry->record);
	free(entry->waits_for);
	entry->slots->n_phase[entry->phase]--;
	eub_list_remove(&entry->link);
	free(entry);
	return NULL;
}

struct slot_entry *slots_find(struct slots *slots, const char *name)
{
	EUB_LIST_FOREACH (entry, &slots->entries, struct slot_entry, link)
		if (eub_streq(entry->name, name))
			return entry;
	return NULL;
}

static void hint_near_name(const struct slots *slots, const char *name, struct eun_error *err)
{
	struct eub_near near = EUB_NEAR_INIT(name);

	EUB_LIST_FOREACH (entry, &slots->entries, struct slot_entry, link)
		eub_near_offer(&near, entry->name);
	if (!eub_near_hint(&near, err))
		eun_error_set_hint(err, "'eunomiactl list' shows the slots");
}

int slots_get_any(struct slots *slots, const char *name, struct slot_entry **ret_entry,
		  struct eun_error *err)
{
	struct slot_entry *entry = slots_find(slots, name);

	if (!entry) {
		(void)eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND, "there is no slot '%.64s'",
				    name);
		eun_error_set_subject(err, name);
		hint_near_name(slots, name, err);
		return -ENOENT;
	}
	if (entry->phase == SLOT_PHASE_STARTING) {
		eun_error_set_subject(err, name);
		return eun_error_set(err, -EBUSY, EUN_REASON_BUSY, "slot '%s' is starting",
				     entry->name);
	}
	*ret_entry = entry;
	return 0;
}

int slots_get(struct slots *slots, const char *name, struct slot_entry **ret_entry,
	      struct eun_error *err)
{
	int r = slots_get_any(slots, name, ret_entry, err);

	if (r < 0 || (*ret_entry)->phase != SLOT_PHASE_WAITING)
		return r;
	eun_error_set_subject(err, name);
	eun_error_set_hint(err, "it starts when that is there; to forget it: eunomiactl stop %s",
			   name);
	return eun_error_set(err, -EAGAIN, EUN_REASON_WRONG_STATE, "slot '%s' waits: %s",
			     (*ret_entry)->name,
			     (*ret_entry)->waits_for ? (*ret_entry)->waits_for : "");
}

int slots_reserve(struct slots *slots, const char *name, struct slot_entry **ret_entry,
		  struct eun_error *err)
{
	size_t n = slots->n_phase[SLOT_PHASE_STARTING] + slots->n_phase[SLOT_PHASE_WAITING] +
		   slots->n_phase[SLOT_PHASE_RUNNING] + slots->n_phase[SLOT_PHASE_PAUSED];
	struct slot_entry *entry;

	if (!eun_slot_name_is_valid(name))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "'%.64s' is no slot name: letters, digits, '_', '.', '-', at "
				     "most %d bytes, beginning with a letter or digit",
				     name, EUN_SLOT_NAME_MAX - 1);
	if (slots_find(slots, name)) {
		(void)eun_error_set(err, -EEXIST, EUN_REASON_NAME_TAKEN,
				    "a slot '%s' exists already", name);
		eun_error_set_subject(err, name);
		eun_error_set_hint(err, "give another name, or stop it: eunomiactl stop %s", name);
		return -EEXIST;
	}
	if (n >= slots->max_slots)
		return eun_error_set(err, -ENOSPC, EUN_REASON_TOO_LARGE,
				     "there are %zu slots already (MaxSlots=)", n);
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return eub_error_no_memory(err);
	(void)snprintf(entry->name, sizeof(entry->name), "%s", name);
	entry->slots = slots;
	entry->phase = SLOT_PHASE_STARTING;
	entry->lost_lines.limit = 1;
	eub_list_init(&entry->waiters);
	slots->n_phase[SLOT_PHASE_STARTING]++;
	eub_list_append(&slots->entries, &entry->link);
	*ret_entry = entry;
	return 0;
}

/* Frees an entry for whose slot others may wait: they learn that there is none. */
static void turn_away(struct slot_entry *entry)
{
	struct eub_list waiters;

	eub_list_init(&waiters);
	EUB_LIST_FOREACH (waiter, &entry->waiters, struct slot_waiter, link) {
		eub_list_remove(&waiter->link);
		eub_list_append(&waiters, &waiter->link);
	}
	(void)entry_free(entry);
	while (!eub_list_is_empty(&waiters)) {
		struct slot_waiter *first =
		    EUB_CONTAINER_OF(waiters.next, struct slot_waiter, link);

		eub_list_remove(&first->link);
		first->on_turn(first, NULL);
	}
}

void slots_abandon(struct slot_entry *entry, const struct eun_error *why)
{
	struct slots *slots;

	if (!entry)
		return;
	assert(entry->phase == SLOT_PHASE_STARTING);
	slots = entry->slots;
	if (why)
		log_write(slots->log, LOG_LEVEL_ERR, LOG_ID_SLOT_START_FAILED,
			  LOG_FIELDS({ "EUNOMIA_SLOT", entry->name },
				     { "EUNOMIA_REASON", eun_reason_to_string(why->reason) }),
			  "slot '%s' did not start: %s", entry->name, why->message);
	turn_away(EUB_TAKE_PTR(entry));
	tell_changed(slots);
}

static bool has_schema(const struct slot_entry *entry, const struct eun_schema *schema)
{
	return slot_find_schema(entry, schema);
}

static int add_schema(struct slot_entry *entry, const struct eun_schema *schema,
		      uint32_t generation)
{
	struct slot_schema *schemas =
	    reallocarray(entry->schemas, entry->n_schemas + 1, sizeof(*schemas));
	struct slot_schema *added;
	int r;

	if (!schemas)
		return -ENOMEM;
	entry->schemas = schemas;
	added = &schemas[entry->n_schemas];
	*added = (struct slot_schema){ .generation = generation, .schema = schema };
	r = journal_schema_new(schema, &added->journal);
	if (r < 0)
		return r;
	added->id = ++entry->slots->last_schema_id;
	entry->n_schemas++;
	return 0;
}

/* The event types of all loaded generations that are not known yet. */
static int add_schemas(struct slot_entry *entry, const struct eun_slot *slot)
{
	const struct eun_generation *generation;
	const struct eun_schema *schema;

	for (size_t i = 0; (generation = eun_slot_get_loaded(slot, i)); i++)
		for (size_t j = 0; (schema = eun_slot_get_schema_of(slot, generation->number, j));
		     j++) {
			int r = has_schema(entry, schema)
				    ? 0
				    : add_schema(entry, schema, generation->number);

			if (r < 0)
				return r;
		}
	return 0;
}

void slot_forget_schemas(struct slot_entry *entry)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < entry->n_schemas; i++) {
		if (eun_slot_find_loaded(entry->slot, entry->schemas[i].generation))
			entry->schemas[n_kept++] = entry->schemas[i];
		else
			(void)journal_schema_free(entry->schemas[i].journal);
	}
	entry->n_schemas = n_kept;
}

/* Another generation runs from now on. */
static void begin_deeds(struct slot_entry *entry)
{
	struct eun_slot_stats stats;

	eun_slot_get_stats(entry->slot, &stats);
	entry->deeds_before = entry->deeds;
	entry->deeds = (struct slot_deeds){ .generation = eun_slot_get_generation(entry->slot),
					    .begin_ns = eub_clock_mono_ns(),
					    .lost_before = stats.lost };
}

int slots_begin(struct slot_entry *entry, struct eun_slot *slot, struct eun_error *err)
{
	struct slots *slots = entry->slots;
	int r = add_schemas(entry, slot);

	if (r == 0)
		r = journal_slot_new(slots->journal, entry->name,
				     eun_package_get_name(eun_slot_get_package(slot)),
				     &entry->journal);
	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_NO_MEMORY, "out of memory");
	eun_slot_set_userdata(slot, entry);
	r = eun_engine_add(slots->engine, slot, err);
	if (r < 0)
		return r;
	entry->slot = slot;
	begin_deeds(entry);
	set_phase(entry, eun_slot_get_state(slot) == EUN_SLOT_PAUSED ? SLOT_PHASE_PAUSED
								     : SLOT_PHASE_RUNNING);
	if (slots->listener.on_started)
		slots->listener.on_started(entry, slots->listener.userdata);
	return 0;
}

static void wait_for_programs(struct job *job EUB_UNUSED)
{
	eun_engine_quiesce();
}

static void detach(struct job *job)
{
	struct slot_entry *entry = EUB_CONTAINER_OF(job, struct slot_entry, retire);

	entry->slot = eun_slot_free(entry->slot);
}

static void on_detached(struct job *job)
{
	struct slot_entry *entry = EUB_CONTAINER_OF(job, struct slot_entry, retire);
	struct slots *slots = entry->slots;

	log_debug(slots->log, "slot '%s' is detached", entry->name);
	(void)entry_free(entry);
	tell_changed(slots);
}

static void on_quiet(struct job *job)
{
	struct slot_entry *entry = EUB_CONTAINER_OF(job, struct slot_entry, retire);
	struct slots *slots = entry->slots;

	eun_slot_drain(entry->slot);
	if (slots->listener.on_drained)
		slots->listener.on_drained(slots->listener.userdata);
	job_start(slots->jobs, &entry->retire, JOB_PATIENT, detach, on_detached);
}

/* Each may make the slot busy again; the others then wait on. */
static void serve_waiters(struct slot_entry *entry)
{
	while (!entry->is_busy && !eub_list_is_empty(&entry->waiters)) {
		struct slot_waiter *first =
		    EUB_CONTAINER_OF(entry->waiters.next, struct slot_waiter, link);
		bool is_over = entry->phase >= SLOT_PHASE_STOPPED;

		eub_list_remove(&first->link);
		first->on_turn(first, is_over ? NULL : entry);
	}
}

void slots_defer(struct slot_entry *entry, struct state_slot *record, const struct eun_error *why)
{
	(void)state_slot_free(entry->record);
	entry->record = record;
	free(entry->waits_for);
	entry->waits_for = strdup(why->message); /* without, only the reason is missing */
	if (entry->phase != SLOT_PHASE_WAITING)
		set_phase(entry, SLOT_PHASE_WAITING);
	serve_waiters(entry);
}

void slots_retry(struct slot_entry *entry)
{
	entry->record = state_slot_free(entry->record);
	free(EUB_TAKE_PTR(entry->waits_for));
	set_phase(entry, SLOT_PHASE_STARTING);
}

/* Takes the entry out of the table: its name is free, a job does the rest. */
static void retire(struct slot_entry *entry, enum slot_phase phase, job_fn work_fn, job_fn done_fn)
{
	struct slots *slots = entry->slots;

	eub_list_remove(&entry->link);
	eub_list_append(&slots->retired, &entry->link);
	set_phase(entry, phase);
	if (slots->listener.on_drained)
		slots->listener.on_drained(slots->listener.userdata);
	if (slots->listener.on_stopped)
		slots->listener.on_stopped(entry, slots->listener.userdata);
	serve_waiters(entry);
	job_start(slots->jobs, &entry->retire, JOB_PATIENT, work_fn, done_fn);
}

void slots_stop(struct slot_entry *entry)
{
	if (!entry->slot) { /* it waits: nothing is attached */
		retire(entry, SLOT_PHASE_STOPPED, detach, on_detached);
		return;
	}
	entry->slot = eun_engine_remove(entry->slots->engine, entry->slot);
	retire(entry, SLOT_PHASE_STOPPED, wait_for_programs, on_quiet);
}

static void leave(struct job *job)
{
	struct slot_entry *entry = EUB_CONTAINER_OF(job, struct slot_entry, retire);

	entry->slot = eun_slot_leave(entry->slot);
}

void slots_done(struct slots *slots)
{
	EUB_LIST_FOREACH (entry, &slots->entries, struct slot_entry, link) {
		if (entry->slot)
			entry->slot =
			    eun_slot_leave(eun_engine_release(slots->engine, entry->slot));
		(void)entry_free(entry);
	}
}

void slots_leave(struct slot_entry *entry)
{
	entry->slot = eun_engine_release(entry->slots->engine, entry->slot);
	retire(entry, SLOT_PHASE_LEFT, leave, on_detached);
}

int slot_move_gate(struct slot_entry *entry, enum slot_gate gate, struct eun_error *err)
{
	return gate == SLOT_GATE_CLOSE ? eun_slot_pause(entry->slot, err)
				       : eun_slot_resume(entry->slot, err);
}

void slot_note_gate(struct slot_entry *entry, enum slot_gate gate)
{
	set_phase(entry, gate == SLOT_GATE_CLOSE ? SLOT_PHASE_PAUSED : SLOT_PHASE_RUNNING);
}

void slot_set_busy(struct slot_entry *entry, bool is_busy)
{
	entry->is_busy = is_busy;
	tell_changed(entry->slots);
	serve_waiters(entry);
}

void slot_wait(struct slot_entry *entry, struct slot_waiter *waiter)
{
	eub_list_append(&entry->waiters, &waiter->link);
}

void slot_unwait(struct slot_waiter *waiter)
{
	eub_list_remove(&waiter->link);
}

int slot_note_swap(struct slot_entry *entry, const struct eun_swap *swap, const char *how)
{
	const char *tracker = eun_package_get_name(eun_slot_get_package(entry->slot));
	struct slots *slots = entry->slots;
	struct eun_swap_info info;
	char generation[16];
	int r;

	eun_swap_get_info(swap, &info);
	(void)snprintf(generation, sizeof(generation), "%u", info.new_generation);
	log_write(slots->log, LOG_LEVEL_NOTICE, LOG_ID_SLOT_SWAPPED,
		  LOG_FIELDS({ "EUNOMIA_SLOT", entry->name }, { "EUNOMIA_TRACKER", tracker },
			     { "EUNOMIA_GENERATION", generation }),
		  "slot '%s': %s from generation %u to %u (tracker '%.64s'), %s, %llu ns",
		  entry->name, how, info.old_generation, info.new_generation, tracker,
		  info.is_exact ? "exact" : "with overlap", (unsigned long long)info.switch_ns);
	begin_deeds(entry);
	r = add_schemas(entry, entry->slot);
	if (slots->listener.on_swapped)
		slots->listener.on_swapped(entry, slots->listener.userdata);
	tell_changed(slots);
	return r;
}

bool slot_needs_job(const struct slot_entry *entry)
{
	const struct eun_slot_hook *hook;

	for (size_t i = 0; (hook = eun_slot_get_hook(entry->slot, i)); i++)
		if (hook->mode == EUN_ATTACH_DIRECT)
			return true;
	return false;
}

const struct slot_schema *slot_find_schema(const struct slot_entry *entry,
					   const struct eun_schema *schema)
{
	for (size_t i = 0; i < entry->n_schemas; i++)
		if (entry->schemas[i].schema == schema)
			return &entry->schemas[i];
	return NULL;
}

void slot_count_event(struct slot_entry *entry, const struct eun_event *event)
{
	struct slot_deeds *deeds = &entry->deeds;

	if (event->generation != deeds->generation)
		deeds = &entry->deeds_before;
	if (event->generation != deeds->generation)
		return;
	deeds->events++;
	deeds->decode_errors += event->size < eun_schema_get_size(event->schema);
}

void slot_note_lost(struct slot_entry *entry, uint64_t count, const char *reason)
{
	entry->n_lost_unsaid += count;
	if (!rate_allow(&entry->lost_lines, eub_clock_mono_ns()))
		return;
	log_write(entry->slots->log, LOG_LEVEL_WARNING, LOG_ID_EVENTS_LOST,
		  LOG_FIELDS({ "EUNOMIA_SLOT", entry->name }, { "EUNOMIA_REASON", reason }),
		  "%llu events of slot '%s' were lost before the agent could read them (%s), "
		  "continuing",
		  (unsigned long long)entry->n_lost_unsaid, entry->name, reason);
	entry->n_lost_unsaid = 0;
}

uint64_t slot_get_journal_dropped(const struct slot_entry *entry)
{
	return entry->journal ? journal_slot_get_n_dropped(entry->journal) : 0;
}

struct account slot_get_journal_account(const struct slot_entry *entry)
{
	struct account account = { 0 };

	if (entry->journal)
		journal_slot_get_account(entry->journal, &account);
	return account;
}
