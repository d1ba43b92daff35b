/* SPDX-License-Identifier: Apache-2.0 */
/* The event streams of clients (Events.Stream): a sink of events. Loop thread. */
#pragma once

#include "budget.h"
#include "watch_batch.h"

#include "base/list.h"

#include <eunomia/event.h>

#include "eunomia/v1/eunomia.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct delivery;
struct log;
struct rejoin;
struct rpc_call;
struct slot_entry;
struct slot_schema;
struct slots;

struct watch {
	struct slots *slots;
	const struct config *config;
	struct log *log;
	struct delivery *delivery; /* waits for the streams; NULL: nobody does */
	struct rejoin *rejoin;	   /* waits for clients that come back; NULL: nobody does */
	struct eub_list streams;
	size_t n_streams;
	bool is_ending; /* the streams end with the agent, and will come back */
	/* The batch that is being gathered: events of one slot and one type. */
	struct slot_entry *entry; /* NULL: none is */
	struct watch_batch_head head;
	unsigned int wanted; /* formats that some stream wants of this slot, a bit each */
	uint32_t ring;
	uint64_t first_seq, last_seq;
	uint64_t next_cut; /* where some stream begins to want its events */
	size_t n_events;
	struct watch_batch batches[_EUN_FORMAT_MAX];
	struct eub_buf scratch;
};

/* All pointers are borrowed and outlive it. */
void watch_init(struct watch *watch, struct slots *slots, const struct config *config,
		struct log *log);
void watch_done(struct watch *watch);

/**
 * watch_open() - answer a call of Events.Stream
 * @call: ends now with an error, or goes on with the stream
 */
void watch_open(struct watch *watch, struct rpc_call *call,
		const Eunomia__V1__StreamRequest *request);
/* Takes one event; it is sent by watch_flush() at the latest. */
void watch_event(struct watch *watch, struct slot_entry *entry, const struct slot_schema *schema,
		 const struct eun_event *event);
/* Sends what was gathered: at the end of each dispatch. */
void watch_flush(struct watch *watch);
/* Tells the streams that @count events of a slot never reached the agent. */
void watch_lost(struct watch *watch, const struct slot_entry *entry, uint64_t count,
		const char *reason);
/* Tells the streams of a run of events that the slot's budget cut. */
void watch_cut(struct watch *watch, struct slot_entry *entry, const struct budget_cut *cut);
/* A slot started: its event types are announced before its first event. */
void watch_announce(struct watch *watch, const struct slot_entry *entry);
/* Notes in the slot how many streams it has, for a successor to wait for them. */
void watch_count_listeners(struct watch *watch, const struct slot_entry *entry);
/* Ends every stream with UNAVAILABLE after what is queued for it. */
void watch_end(struct watch *watch);
