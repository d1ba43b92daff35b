/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's table of slots: reserves names, keeps what the sinks need beside each slot of the
 * engine, and is the one place where a slot's state changes. Loop thread.
 */
#pragma once

#include "account.h"
#include "budget.h"
#include "job.h"
#include "log.h"
#include "rate.h"

#include "base/list.h"

#include <eunomia/error.h>
#include <eunomia/slot.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct eun_engine;
struct eun_swap;
struct journal_schema;
struct journal_slot;
struct sink_journal;
struct keep;
struct state_slot;

/* An event type of a loaded generation. */
struct slot_schema {
	uint32_t generation;
	const struct eun_schema *schema;
	uint32_t id; /* unique in the agent's life: what EventBatch.schema_id says */
	struct journal_schema *journal;
};

enum slot_phase {
	SLOT_PHASE_STARTING, /* the name is reserved, a job loads the tracker */
	SLOT_PHASE_WAITING,  /* kept, but what it attaches to is not there yet; tried again */
	SLOT_PHASE_RUNNING,
	SLOT_PHASE_PAUSED,
	SLOT_PHASE_STOPPED, /* its name is free again; a job detaches it, then the entry goes */
	SLOT_PHASE_LEFT,    /* the same, but its pins stay and it goes on without the agent */
	_SLOT_PHASE_MAX,
};

struct slots;
struct slot_entry;
struct slot_swap;

/* Whoever wants to do something to a busy slot, in a line; embedded in what it is about. */
struct slot_waiter {
	struct eub_list link;
	/* Its turn has come: the slot is free. @entry: NULL: it was stopped meanwhile. */
	void (*on_turn)(struct slot_waiter *waiter, struct slot_entry *entry);
};

/* What a generation did while it ran, as far as this process saw it. */
struct slot_deeds {
	uint32_t generation;
	uint64_t begin_ns; /* monotonic */
	uint64_t events;
	uint64_t decode_errors;
	uint64_t lost_before; /* by the slot, before it ran */
	uint64_t run_count;   /* with run_time_ns: of its programs, in the probation it passed */
	uint64_t run_time_ns;
};

struct slot_entry {
	struct eub_list link;
	struct slots *slots;
	char name[EUN_SLOT_NAME_MAX];
	enum slot_phase phase;
	bool is_busy;		 /* a job does something to it */
	struct eub_list waiters; /* struct slot_waiter, first come first */
	struct eun_slot *slot;	 /* NULL before it runs; the engine's while it runs or is paused */
	char *waits_for;	 /* while it waits: the last attempt's failure; else NULL. Owned */
	struct slot_schema *schemas;
	size_t n_schemas;
	struct journal_slot *journal;
	struct account streams; /* what became of its events in all streams that there were */
	struct budget budget;
	struct slot_deeds deeds;	/* of the running generation */
	struct slot_deeds deeds_before; /* of the one that ran before it */
	char probation[256];		/* the last way back that probation took; "": none */
	struct rate lost_lines;		/* in the log */
	uint64_t n_lost_unsaid;
	struct slot_swap *settled; /* waits until its last events are committed; else NULL */
	struct job retire;	   /* detaching after the stop */
	struct state_slot *record; /* what the state folder keeps of it; NULL: nothing. Owned */
};

/* Told at each step; @entry is borrowed. Each may be NULL. */
struct slots_listener {
	void (*on_started)(struct slot_entry *entry, void *userdata);
	/* Its events so far were handed up; those of the grace period may still follow. */
	void (*on_stopped)(struct slot_entry *entry, void *userdata);
	/* Another generation runs, of other event types perhaps. */
	void (*on_swapped)(struct slot_entry *entry, void *userdata);
	/* The table changed in any way, also when a stopped slot is finally gone. */
	void (*on_changed)(void *userdata);
	/* After events were handed up outside the pump's turn. */
	void (*on_drained)(void *userdata);
	void *userdata;
};

struct slots {
	struct eun_engine *engine;
	struct job_pool *jobs;
	struct sink_journal *journal;
	struct log *log;
	const struct keep *keep;
	struct slots_listener listener;
	struct eub_list entries; /* starting, waiting, running, paused */
	struct eub_list retired; /* stopped, not yet detached */
	size_t n_phase[_SLOT_PHASE_MAX];
	size_t max_slots;
	uint32_t keep_generations; /* loaded per slot, the running one included */
	uint32_t max_ring_bytes;   /* of a tracker's ring buffer */
	uint32_t last_schema_id;
};

/* All pointers are borrowed and outlive the table. */
void slots_init(struct slots *slots, struct eun_engine *engine, struct job_pool *jobs,
		struct sink_journal *journal, struct log *log);
/* After a start of the agent that failed: what is pinned stays for the next. Blocks; no job is
 * under way. */
void slots_done(struct slots *slots);
bool slots_are_gone(const struct slots *slots);

/* A slot in any phase but stopped; NULL if there is none. */
struct slot_entry *slots_find(struct slots *slots, const char *name);
/* As slots_find() for a slot that runs or is paused, which most verbs need. Return: 0; -ENOENT
 * (NOT_FOUND, with near names in the hint); -EBUSY (it is starting); -EAGAIN (WRONG_STATE: it waits
 * for its target). It may be busy: slot_wait(). */
int slots_get(struct slots *slots, const char *name, struct slot_entry **ret_entry,
	      struct eun_error *err);
/* The same, but one that waits is also good. */
int slots_get_any(struct slots *slots, const char *name, struct slot_entry **ret_entry,
		  struct eun_error *err);
/* "running", ... */
const char *slot_phase_to_string(enum slot_phase phase);

/**
 * slots_reserve() - take a name
 *
 * Return: 0; -EINVAL (not a slot name), -EEXIST (NAME_TAKEN), -ENOSPC (TOO_LARGE), -ENOMEM.
 */
int slots_reserve(struct slots *slots, const char *name, struct slot_entry **ret_entry,
		  struct eun_error *err);
/* A slot that starts, or that waited and was tried again, cannot yet, for @why: it keeps its name
 * and waits. @record is taken. Who waits for the slot has its turn. */
void slots_defer(struct slot_entry *entry, struct state_slot *record, const struct eun_error *why);
/* A slot that waited starts, or fails for good. */
void slots_retry(struct slot_entry *entry);
/* Gives the name of a start that failed back. @why: the failure, for the log; NULL: nothing is
 * logged. */
void slots_abandon(struct slot_entry *entry, const struct eun_error *why);
/**
 * slots_begin() - put a loaded slot in and let it run
 * @slot: ownership moves to the table on success only
 *
 * Return: 0; -ENOMEM; as eun_engine_add(). On failure the entry still holds its name.
 */
int slots_begin(struct slot_entry *entry, struct eun_slot *slot, struct eun_error *err);
/* Closes the gate, hands up what is in the rings, frees the name; detaching goes on in a job. The
 * entry can be looked at until control returns to the loop. */
void slots_stop(struct slot_entry *entry);
/* As slots_stop(), but the tracker goes on, as it is, for a successor to take over. */
void slots_leave(struct slot_entry *entry);

/* The gate's next position. */
enum slot_gate {
	SLOT_GATE_CLOSE,
	SLOT_GATE_OPEN,
};
/* Pause or resume. Blocks if slot_needs_job(). Return: as eun_slot_pause(). */
int slot_move_gate(struct slot_entry *entry, enum slot_gate gate, struct eun_error *err);
/* Notes what slot_move_gate() achieved and logs it. */
void slot_note_gate(struct slot_entry *entry, enum slot_gate gate);
/* Nothing else is done to a busy slot. When it is free again, those who wait have their turn. */
void slot_set_busy(struct slot_entry *entry, bool is_busy);
/* Gets in line for a busy or starting slot: on_turn is called once, later, unless slot_unwait()
 * comes first. */
void slot_wait(struct slot_entry *entry, struct slot_waiter *waiter);
void slot_unwait(struct slot_waiter *waiter);

/* Notes that a swap or a rollback was committed: new event types, the log. Return: 0; -ENOMEM: the
 * events of types that found no room are not handed on. */
int slot_note_swap(struct slot_entry *entry, const struct eun_swap *swap, const char *how);
/* Forgets the event types of generations that are loaded no more. After eun_swap_drain(). */
void slot_forget_schemas(struct slot_entry *entry);
/* A hook hangs by itself, so that pausing attaches and detaches: not on the loop. */
bool slot_needs_job(const struct slot_entry *entry);

/* NULL if the slot has no such type. */
const struct slot_schema *slot_find_schema(const struct slot_entry *entry,
					   const struct eun_schema *schema);
/* Counts an event for its generation. */
void slot_count_event(struct slot_entry *entry, const struct eun_event *event);
/* Notes that events never reached the agent; the log says so at most once a second. */
void slot_note_lost(struct slot_entry *entry, uint64_t count, const char *reason);
/* Events that the journal sink left out, and what became of all. */
uint64_t slot_get_journal_dropped(const struct slot_entry *entry);
struct account slot_get_journal_account(const struct slot_entry *entry);
