/* SPDX-License-Identifier: Apache-2.0 */
/* Events as journal entries with a field for each member. Loop thread; see journal_queue.h. */
#pragma once

#include "account.h"
#include "config.h"

#include <eunomia/event.h>

#include <stdint.h>
#include <uv.h>

struct delivery;
struct journal_queue;
struct journal_schema;
struct journal_slot;
struct sink_journal;

/**
 * sink_journal_new() - make the sink
 * @queue: borrowed
 *
 * Return: 0; -errno.
 */
int sink_journal_new(uv_loop_t *loop, struct journal_queue *queue, const struct config *config,
		     struct sink_journal **ret_sink);
/* Events count as delivered when the journal has taken them, or its losses are counted. */
void sink_journal_deliver(struct sink_journal *sink, struct delivery *delivery);
/* Takes over the reloadable settings. */
void sink_journal_configure(struct sink_journal *sink, const struct config *config);
/* Queues the last summaries. The owner of the loop closes the timer. NULL allowed. */
void sink_journal_close(struct sink_journal *sink);
/* NULL allowed. Returns NULL. */
struct sink_journal *sink_journal_free(struct sink_journal *sink);

/* What the sink keeps per slot. Return: 0; -ENOMEM. */
int journal_slot_new(struct sink_journal *sink, const char *name, const char *tracker,
		     struct journal_slot **ret_slot);
/* NULL allowed. Returns NULL. */
struct journal_slot *journal_slot_free(struct journal_slot *slot);
/* Events that did not and will not get into the journal. */
uint64_t journal_slot_get_n_dropped(const struct journal_slot *slot);
/* What became of the slot's events; those that wait in the queue are offered only. */
void journal_slot_get_account(const struct journal_slot *slot, struct account *ret_account);

/* The journal's names of an event type's members. Return: 0; -ENOMEM. */
int journal_schema_new(const struct eun_schema *schema, struct journal_schema **ret_schema);
/* NULL allowed. Returns NULL. */
struct journal_schema *journal_schema_free(struct journal_schema *schema);

/* Notes @count events that the slot's budget cut. */
void sink_journal_cut(struct sink_journal *sink, struct journal_slot *slot, uint64_t count);
/* Queues one event, if the journal is on and the slot's rate limit allows. */
void sink_journal_event(struct sink_journal *sink, struct journal_slot *slot,
			const struct journal_schema *schema, const struct eun_event *event);
