/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams of events to clients. Events of a dispatch are gathered into a batch per format that
 * somebody wants, encoded once, and handed to every stream that matches.
 *
 * A client that does not read must cost neither memory nor others' events: the messages that wait
 * for it lie in its call's queue, up to StreamBacklogBytes=. Beyond that its stream is lossy:
 * further events are dropped and counted per slot, and when half of the backlog is gone the client
 * is told what it missed, in-band and in order, before the next batch.
 *
 * A client that goes on where an earlier stream ended (StreamRequest.from) gets batches that begin
 * there: a batch ends before the first event that some stream wants and did not want before, so
 * each stream takes it as a whole or not at all.
 *
 * A stream belongs to its call and is freed by the call's on_done, which may happen within any
 * function that finishes the call: nobody looks at a stream after that.
 */
#include "watch.h"

#include "config.h"
#include "agent_limits.h"
#include "delivery.h"
#include "log.h"
#include "rejoin.h"
#include "slots.h"
#include "watch_stream.h"

#include "base/cleanup.h"
#include "rpc/server.h"

#include <assert.h>

/* A batch buffer that grew larger gives its memory back. */
#define KEPT_BATCH_BYTES ((size_t)4 * LIMIT_BATCH_BYTES)

void watch_init(struct watch *watch, struct slots *slots, const struct config *config,
		struct log *log)
{
	*watch = (struct watch){ .slots = slots, .config = config, .log = log };
	eub_list_init(&watch->streams);
}

void watch_done(struct watch *watch)
{
	for (size_t i = 0; i < _EUN_FORMAT_MAX; i++)
		watch_batch_done(&watch->batches[i]);
	eub_buf_done(&watch->scratch);
}

void watch_count_listeners(struct watch *watch, const struct slot_entry *entry)
{
	uint32_t n = 0;

	if (!entry->slot || (watch->rejoin && rejoin_is_waiting(watch->rejoin, entry)))
		return;
	EUB_LIST_FOREACH (stream, &watch->streams, const struct stream, link)
		n += stream_wants(stream, entry->name);
	eun_slot_set_n_listeners(entry->slot, n);
}

/* In every slot that the stream listens to, or did. */
static void count_listeners(struct watch *watch, const struct stream *stream)
{
	if (watch->is_ending)
		return;
	EUB_LIST_FOREACH (entry, &watch->slots->entries, struct slot_entry, link)
		if (stream_wants(stream, entry->name))
			watch_count_listeners(watch, entry);
}

/* Becomes lossy: the batch that is being sent has no room. May end the stream. */
static void stream_drop(struct stream *stream)
{
	struct watch *watch = stream->watch;
	const char *slot = watch->head.slot;

	stream->is_lossy = true;
	if (!stream->was_lossy) {
		stream->was_lossy = true;
		log_write(stream->watch->log, LOG_LEVEL_WARNING, LOG_ID_SLOW_CLIENT,
			  LOG_FIELDS({ "EUNOMIA_SLOT", slot }),
			  "an event stream does not keep up with slot '%s', continuing without "
			  "events that it has no room for",
			  slot);
	}
	(void)stream_add_loss(stream, slot, account_reason_to_string(ACCOUNT_SLOW_CLIENT),
			      watch->batches[stream->format].n_events, watch->first_seq,
			      watch->last_seq);
}

/* May end the stream. */
static void stream_send_batch(struct stream *stream, struct account *account)
{
	struct watch *watch = stream->watch;
	struct watch_batch *batch = &watch->batches[stream->format];
	uint64_t n = EUB_MIN(stream->n_left, (uint64_t)batch->n_events);
	/* Events that could not be encoded are missing from the batch. */
	uint64_t n_too_large = watch->n_events - batch->n_events;
	size_t size;
	const void *message;

	account->offered += watch->n_events;
	account->filtered += batch->n_events - n;
	account->lost[ACCOUNT_TOO_LARGE] += n_too_large;
	if (n_too_large > 0 && stream->n_left > batch->n_events &&
	    !stream_add_loss(stream, watch->head.slot, account_reason_to_string(ACCOUNT_TOO_LARGE),
			     n_too_large, 0, 0))
		return;
	if (batch->n_events == 0)
		return;
	message = watch_batch_encode(batch, &watch->head, n, &size);
	if (!stream_has_room(stream, size)) {
		account->lost[ACCOUNT_SLOW_CLIENT] += n;
		stream_drop(stream);
		return;
	}
	account->delivered += n;
	stream_tell_losses(stream);
	(void)rpc_call_send_encoded(stream->call, message, size);
	if (stream->n_left == UINT64_MAX)
		return;
	stream->n_left -= n;
	if (stream->n_left == 0)
		rpc_call_finish(stream->call);
}

/* Whether the batch is of events that the stream wants. */
static bool stream_takes_batch(const struct stream *stream)
{
	const struct watch *watch = stream->watch;

	return stream_wants(stream, watch->head.slot) &&
	       !watch_positions_have_seen(&stream->positions, watch->head.slot, watch->ring,
					  watch->first_seq);
}

void watch_flush(struct watch *watch)
{
	struct slot_entry *entry = watch->entry;

	watch->entry = NULL;
	if (!entry || watch->n_events == 0)
		return;
	EUB_LIST_FOREACH (stream, &watch->streams, struct stream, link)
		if (stream->n_left > 0 && stream_takes_batch(stream))
			stream_send_batch(stream, &entry->streams);
	for (size_t i = 0; i < _EUN_FORMAT_MAX; i++) {
		if (watch_batch_get_size(&watch->batches[i]) > KEPT_BATCH_BYTES)
			watch_batch_done(&watch->batches[i]); /* a rare giant */
		else
			watch_batch_clear(&watch->batches[i]);
	}
}

/* @event will be its first. */
static void begin_batch(struct watch *watch, struct slot_entry *entry, uint32_t schema_id,
			const struct eun_event *event)
{
	watch_flush(watch);
	watch->entry = entry;
	watch->head = (struct watch_batch_head){ entry->name, event->generation, schema_id };
	watch->ring = event->ring;
	watch->first_seq = event->seq;
	watch->next_cut = UINT64_MAX;
	watch->wanted = 0;
	watch->n_events = 0;
	EUB_LIST_FOREACH (stream, &watch->streams, struct stream, link) {
		uint64_t from_seq;

		if (!stream_wants(stream, entry->name))
			continue;
		from_seq = watch_positions_advance(&stream->positions, entry->name, event->ring,
						   event->seq);
		if (from_seq <= event->seq)
			watch->wanted |= 1u << stream->format;
		else
			watch->next_cut = EUB_MIN(watch->next_cut, from_seq);
	}
}

/* Whether @event goes on with the batch that is being gathered. */
static bool is_in_batch(const struct watch *watch, const struct slot_entry *entry,
			uint32_t schema_id, const struct eun_event *event)
{
	return watch->entry == entry && watch->head.schema_id == schema_id &&
	       watch->head.generation == event->generation && watch->ring == event->ring &&
	       event->seq < watch->next_cut;
}

static bool is_full(const struct watch *watch)
{
	for (size_t i = 0; i < _EUN_FORMAT_MAX; i++)
		if (watch_batch_get_size(&watch->batches[i]) >= LIMIT_BATCH_BYTES)
			return true;
	return false;
}

void watch_event(struct watch *watch, struct slot_entry *entry, const struct slot_schema *schema,
		 const struct eun_event *event)
{
	if (watch->n_streams == 0)
		return;
	if (!is_in_batch(watch, entry, schema->id, event))
		begin_batch(watch, entry, schema->id, event);
	if (!watch->wanted)
		return;
	watch->n_events++;
	watch->last_seq = event->seq;
	for (unsigned int i = 0; i < _EUN_FORMAT_MAX; i++)
		if (watch->wanted & 1u << i)
			/* What does not fit is missing from the count, which tells the streams. */
			(void)watch_batch_add(&watch->batches[i], (enum eun_format)i, event,
					      &watch->scratch);
	if (is_full(watch))
		watch_flush(watch);
}

void watch_lost(struct watch *watch, const struct slot_entry *entry, uint64_t count,
		const char *reason)
{
	watch_flush(watch); /* what came before is sent before */
	EUB_LIST_FOREACH (stream, &watch->streams, struct stream, link)
		if (stream_wants(stream, entry->name))
			stream_miss(stream, entry->name, reason, count, 0, 0);
}

void watch_cut(struct watch *watch, struct slot_entry *entry, const struct budget_cut *cut)
{
	const char *reason = account_reason_to_string(ACCOUNT_BUDGET);

	watch_flush(watch); /* what came before is sent before */
	EUB_LIST_FOREACH (stream, &watch->streams, struct stream, link) {
		if (stream->n_left == 0 || !stream_wants(stream, entry->name) ||
		    watch_positions_have_seen(&stream->positions, entry->name, cut->ring,
					      cut->to_seq))
			continue;
		entry->streams.offered += cut->count;
		entry->streams.lost[ACCOUNT_BUDGET] += cut->count;
		stream_miss(stream, entry->name, reason, cut->count, cut->from_seq, cut->to_seq);
	}
}

void watch_announce(struct watch *watch, const struct slot_entry *entry)
{
	EUB_LIST_FOREACH (stream, &watch->streams, struct stream, link) {
		if (!stream_wants(stream, entry->name))
			continue;
		/* A type must not be left out: who lets even these pile up is cut off. */
		if (rpc_call_get_queued_bytes(stream->call) >
		    2 * watch->config->stream_backlog_bytes)
			rpc_call_finish_status(stream->call, RPC_RESOURCE_EXHAUSTED,
					       "the client does not read its event stream");
		else
			stream_announce(stream, entry);
	}
}

static void on_writable(struct rpc_call *call)
{
	struct stream *stream = rpc_call_get_userdata(call);

	if (stream->is_lossy && stream_has_room(stream, 0))
		stream_tell_losses(stream);
}

static void on_done(struct rpc_call *call)
{
	struct stream *stream = rpc_call_get_userdata(call);
	struct watch *watch = stream->watch;

	eub_list_remove(&stream->link);
	watch->n_streams--;
	count_listeners(watch, stream);
	(void)stream_free(stream);
}

static const struct rpc_call_ops stream_ops = { .on_writable = on_writable, .on_done = on_done };

void watch_open(struct watch *watch, struct rpc_call *call,
		const Eunomia__V1__StreamRequest *request)
{
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct stream *stream = NULL;

	if (stream_new(watch, call, request, &stream, &err) < 0) {
		rpc_call_finish_error(call, &err);
		return;
	}
	assert(stream);
	eub_list_append(&watch->streams, &stream->link);
	watch->n_streams++;
	rpc_call_set_ops(call, &stream_ops, stream);
	if (watch->delivery)
		delivery_add(watch->delivery, &stream->sink);
	count_listeners(watch, stream);
	EUB_LIST_FOREACH (entry, &watch->slots->entries, struct slot_entry, link)
		if (entry->slot && stream_wants(stream, entry->name))
			stream_announce(stream, entry);
	stream->is_back = false; /* told */
}

void watch_end(struct watch *watch)
{
	watch_flush(watch);
	watch->is_ending = true;
	EUB_LIST_FOREACH (stream, &watch->streams, struct stream, link) {
		if (stream->n_losses > 0)
			stream_tell_losses(stream);
		rpc_call_finish_status(stream->call, RPC_UNAVAILABLE, "the agent stops");
	}
}
