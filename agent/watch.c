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
#include "watch_position.h"
#include "watch_schema.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "rpc/server.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A batch buffer that grew larger gives its memory back. */
#define KEPT_BATCH_BYTES ((size_t)4 * LIMIT_BATCH_BYTES)

#define REASON_CLIENT_AWAY "client-away"

/* What a stream has missed of one slot for one reason. */
struct loss {
	char slot[EUN_SLOT_NAME_MAX]; /* "": of several, when there were too many to tell apart */
	char reason[24];
	uint64_t count;
	uint64_t from_seq, to_seq; /* 0: not known */
};

struct stream {
	struct eub_list link; /* in watch.streams */
	struct watch *watch;
	struct rpc_call *call;
	struct delivery_sink sink;
	enum eun_format format;
	uint64_t n_left; /* events until its limit; UINT64_MAX: none */
	bool is_lossy;
	bool was_lossy;			  /* said in the log once */
	char (*slots)[EUN_SLOT_NAME_MAX]; /* NULL: all */
	size_t n_slots;
	bool is_back;			  /* it listened before, and said where it ended */
	struct watch_positions positions; /* that its slots have not come to yet */
	struct loss *losses;		  /* not yet told */
	size_t n_losses;
};

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

static bool stream_wants(const struct stream *stream, const char *slot)
{
	if (!stream->slots)
		return true;
	for (size_t i = 0; i < stream->n_slots; i++)
		if (eub_streq(stream->slots[i], slot))
			return true;
	return false;
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

static struct stream *stream_free(struct stream *stream)
{
	if (!stream)
		return NULL;
	if (!eub_list_is_empty(&stream->link)) {
		eub_list_remove(&stream->link);
		stream->watch->n_streams--;
		count_listeners(stream->watch, stream);
	}
	delivery_remove(&stream->sink);
	watch_positions_done(&stream->positions);
	free(stream->slots);
	free(stream->losses);
	free(stream);
	return NULL;
}
EUB_DEFINE_CLEANUP(struct stream *, stream_free);

static size_t backlog_bytes(const struct stream *stream)
{
	return stream->watch->config->stream_backlog_bytes;
}

static void send_reply(struct stream *stream, Eunomia__V1__StreamReply *reply)
{
	(void)rpc_call_send(stream->call, &reply->base); /* watched by its queue's size */
}

static void send_loss(struct stream *stream, struct loss *loss)
{
	Eunomia__V1__StreamReply reply;
	Eunomia__V1__Lost lost;

	eunomia__v1__stream_reply__init(&reply);
	eunomia__v1__lost__init(&lost);
	lost.slot = loss->slot;
	lost.count = loss->count;
	lost.from_seq = loss->from_seq;
	lost.to_seq = loss->to_seq;
	lost.reason = loss->reason;
	lost.time_unix_ns = eub_clock_wall_ns();
	reply.kind_case = EUNOMIA__V1__STREAM_REPLY__KIND_LOST;
	reply.lost = &lost;
	send_reply(stream, &reply);
}

static void tell_losses(struct stream *stream)
{
	for (size_t i = 0; i < stream->n_losses; i++)
		send_loss(stream, &stream->losses[i]);
	stream->n_losses = 0;
	stream->is_lossy = false;
}

/* The entry to count a loss in. NULL: out of memory. */
static struct loss *get_loss(struct stream *stream, const char *slot, const char *reason)
{
	struct loss *loss;

	for (size_t i = 0; i < stream->n_losses; i++) {
		loss = &stream->losses[i];
		if (eub_streq(loss->slot, slot) && eub_streq(loss->reason, reason))
			return loss;
	}
	if (!stream->losses)
		stream->losses = calloc(LIMIT_STREAM_SLOTS, sizeof(*stream->losses));
	if (!stream->losses)
		return NULL;
	if (stream->n_losses == LIMIT_STREAM_SLOTS) {
		loss = &stream->losses[LIMIT_STREAM_SLOTS - 1];
		*loss = (struct loss){ .count = loss->count };
	} else {
		loss = &stream->losses[stream->n_losses++];
		*loss = (struct loss){ 0 };
		(void)snprintf(loss->slot, sizeof(loss->slot), "%s", slot);
	}
	(void)snprintf(loss->reason, sizeof(loss->reason), "%s", reason);
	return loss;
}

static void fail_no_memory(struct stream *stream)
{
	rpc_call_finish_status(stream->call, RPC_RESOURCE_EXHAUSTED,
			       "out of memory while counting lost events");
}

/* Notes that @count events of @slot were missed, from one position to another or 0 and 0. Return:
 * false: out of memory, and the stream has ended. */
static bool add_loss(struct stream *stream, const char *slot, const char *reason, uint64_t count,
		     uint64_t from_seq, uint64_t to_seq)
{
	struct loss *loss = get_loss(stream, slot, reason);

	if (!loss) {
		fail_no_memory(stream);
		return false;
	}
	if (loss->count == 0)
		loss->from_seq = from_seq;
	loss->to_seq = to_seq;
	loss->count += count;
	return true;
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
	(void)add_loss(stream, slot, account_reason_to_string(ACCOUNT_SLOW_CLIENT),
		       watch->batches[stream->format].n_events, watch->first_seq, watch->last_seq);
}

/* Whether the stream may be sent to now; tells what it missed if it may again. */
static bool stream_has_room(struct stream *stream, size_t size)
{
	size_t queued = rpc_call_get_queued_bytes(stream->call);

	if (stream->is_lossy) {
		if (queued > backlog_bytes(stream) / 2)
			return false;
		tell_losses(stream);
		return true;
	}
	return queued == 0 || queued + size <= backlog_bytes(stream);
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
	    !add_loss(stream, watch->head.slot, account_reason_to_string(ACCOUNT_TOO_LARGE),
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
	tell_losses(stream);
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

/* Tells @stream now or as soon as it has room. May end the stream. */
static void stream_miss(struct stream *stream, const char *slot, const char *reason, uint64_t count,
			uint64_t from_seq, uint64_t to_seq)
{
	if (!add_loss(stream, slot, reason, count, from_seq, to_seq))
		return;
	if (stream_has_room(stream, sizeof(struct loss)))
		tell_losses(stream);
	else
		stream->is_lossy = true;
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

/*
 * Tells a client that is back of what it missed of a ring. Perf buffers count anew after each
 * restart, so nobody knows what of theirs.
 */
static void tell_missed(struct stream *stream, const struct slot_entry *entry,
			const struct eun_slot_ring *ring, const struct watch_begin *begin)
{
	if (begin->lost_to > 0 || (ring->ring == 0 && stream->is_back))
		stream_miss(stream, entry->name, REASON_CLIENT_AWAY, 0, begin->lost_from,
			    begin->lost_to);
}

/* Return: whether the stream goes on. */
static bool announce_schema(struct stream *stream, const struct slot_entry *entry,
			    const struct slot_schema *schema)
{
	Eunomia__V1__StreamReply reply;
	struct eun_slot_ring ring;
	struct watch_begin begin;

	if (eun_slot_get_ring(entry->slot, schema->schema, &ring) < 0)
		return true; /* its generation is being unloaded */
	watch_positions_announce(&stream->positions, entry->name, ring.ring, ring.next_seq, &begin);
	eunomia__v1__stream_reply__init(&reply);
	reply.kind_case = EUNOMIA__V1__STREAM_REPLY__KIND_SCHEMA;
	reply.schema =
	    watch_schema_message_new(entry->name, schema->generation, schema->id, schema->schema);
	if (!reply.schema) {
		fail_no_memory(stream);
		return false;
	}
	reply.schema->ring = ring.ring;
	reply.schema->next_seq = begin.next_seq;
	send_reply(stream, &reply);
	eunomia__v1__schema__free_unpacked(reply.schema, NULL);
	tell_missed(stream, entry, &ring, &begin);
	return true;
}

/* May end the stream. */
static void stream_announce(struct stream *stream, const struct slot_entry *entry)
{
	struct rejoin *rejoin = stream->watch->rejoin;
	/* Asked before the announcement takes the position away. */
	bool is_back = watch_positions_has_slot(&stream->positions, entry->name);
	size_t i = 0;

	while (i < entry->n_schemas && announce_schema(stream, entry, &entry->schemas[i]))
		i++;
	if (is_back && rejoin)
		rejoin_note(rejoin, entry);
}

void watch_announce(struct watch *watch, const struct slot_entry *entry)
{
	EUB_LIST_FOREACH (stream, &watch->streams, struct stream, link) {
		if (!stream_wants(stream, entry->name))
			continue;
		/* A type must not be left out: who lets even these pile up is cut off. */
		if (rpc_call_get_queued_bytes(stream->call) > 2 * backlog_bytes(stream))
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
		tell_losses(stream);
}

static void on_done(struct rpc_call *call)
{
	(void)stream_free(rpc_call_get_userdata(call));
}

static const struct rpc_call_ops stream_ops = { .on_writable = on_writable, .on_done = on_done };

static int parse_format(Eunomia__V1__Format wire, enum eun_format *ret_format)
{
	static const struct {
		Eunomia__V1__Format wire;
		enum eun_format format;
	} formats[] = {
		{ EUNOMIA__V1__FORMAT__FORMAT_UNSPECIFIED, EUN_FORMAT_JSON },
		{ EUNOMIA__V1__FORMAT__FORMAT_JSON, EUN_FORMAT_JSON },
		{ EUNOMIA__V1__FORMAT__FORMAT_TEXT, EUN_FORMAT_TEXT },
		{ EUNOMIA__V1__FORMAT__FORMAT_RAW, EUN_FORMAT_RAW },
		{ EUNOMIA__V1__FORMAT__FORMAT_RAW_JSON, EUN_FORMAT_RAW_JSON },
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(formats); i++) {
		if (formats[i].wire == wire) {
			*ret_format = formats[i].format;
			return 0;
		}
	}
	return -EINVAL;
}

/*
 * Whether a stream may be of a slot of this name. It must exist now, so that a slip of the finger
 * is told; or it did when a client that is back listened first.
 */
static int check_name(struct stream *stream, const char *name, struct eun_error *err)
{
	struct slot_entry *entry;
	int r = slots_get(stream->watch->slots, name, &entry, err);

	if (r == -EBUSY || (r == -ENOENT && stream->is_back && eun_slot_name_is_valid(name))) {
		eun_error_done(err);
		r = 0;
	}
	return r;
}

/* Copies the filter. */
static int copy_slots(struct stream *stream, const Eunomia__V1__StreamRequest *request,
		      struct eun_error *err)
{
	if (request->n_slots == 0)
		return 0;
	if (request->n_slots > LIMIT_STREAM_SLOTS)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "a stream can be of at most %d named slots",
				     LIMIT_STREAM_SLOTS);
	stream->slots = calloc(request->n_slots, sizeof(*stream->slots));
	if (!stream->slots)
		return eub_error_no_memory(err);
	for (; stream->n_slots < request->n_slots; stream->n_slots++) {
		const char *name = request->slots[stream->n_slots];
		int r = check_name(stream, name, err);

		if (r < 0)
			return r;
		(void)snprintf(stream->slots[stream->n_slots], EUN_SLOT_NAME_MAX, "%s", name);
	}
	return 0;
}

static uint64_t get_sent_bytes(struct delivery_sink *sink)
{
	return rpc_call_get_sent_bytes(EUB_CONTAINER_OF(sink, struct stream, sink)->call);
}

static uint64_t get_written_bytes(struct delivery_sink *sink)
{
	return rpc_call_get_written_bytes(EUB_CONTAINER_OF(sink, struct stream, sink)->call);
}

static int stream_new(struct watch *watch, struct rpc_call *call,
		      const Eunomia__V1__StreamRequest *request, struct stream **ret_stream,
		      struct eun_error *err)
{
	_cleanup_(stream_freep) struct stream *stream = NULL;
	int r;

	if (watch->n_streams >= watch->config->max_event_streams)
		return eun_error_set(err, -ENOSPC, EUN_REASON_TOO_LARGE,
				     "there are %zu event streams already (MaxEventStreams=)",
				     watch->n_streams);
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return eub_error_no_memory(err);
	eub_list_init(&stream->link);
	eub_list_init(&stream->sink.link);
	stream->sink.get_given = get_sent_bytes;
	stream->sink.get_taken = get_written_bytes;
	stream->watch = watch;
	stream->call = call;
	stream->is_back = request->n_from > 0;
	stream->n_left = request->limit ? request->limit : UINT64_MAX;
	if (parse_format(request->format, &stream->format) < 0)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "there is no format %d", (int)request->format);
	r = copy_slots(stream, request, err);
	if (r == 0)
		r = watch_positions_copy(&stream->positions, request, err);
	if (r < 0)
		return r;
	*ret_stream = EUB_TAKE_PTR(stream);
	return 0;
}

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
			tell_losses(stream);
		rpc_call_finish_status(stream->call, RPC_UNAVAILABLE, "the agent stops");
	}
}
