/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream owns the copy of its request and the list of what it has missed. While there is no room
 * for it to be told, it is lossy: nothing is sent until half of the backlog is gone, then the
 * losses come first. Losses are told apart by slot and reason, up to a number.
 */
#include "watch_stream.h"

#include "config.h"
#include "agent_limits.h"
#include "rejoin.h"
#include "watch.h"
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

#define REASON_CLIENT_AWAY "client-away"

/* What a stream has missed of one slot for one reason. */
struct loss {
	char slot[EUN_SLOT_NAME_MAX]; /* "": of several, when there were too many to tell apart */
	char reason[24];
	uint64_t count;
	uint64_t from_seq, to_seq; /* 0: not known */
};

struct stream *stream_free(struct stream *stream)
{
	if (!stream)
		return NULL;
	assert(eub_list_is_empty(&stream->link));
	delivery_remove(&stream->sink);
	watch_positions_done(&stream->positions);
	free(stream->slots);
	free(stream->losses);
	free(stream);
	return NULL;
}
EUB_DEFINE_CLEANUP(struct stream *, stream_free);

bool stream_wants(const struct stream *stream, const char *slot)
{
	if (!stream->slots)
		return true;
	for (size_t i = 0; i < stream->n_slots; i++)
		if (eub_streq(stream->slots[i], slot))
			return true;
	return false;
}

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

void stream_tell_losses(struct stream *stream)
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

bool stream_add_loss(struct stream *stream, const char *slot, const char *reason, uint64_t count,
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

bool stream_has_room(struct stream *stream, size_t size)
{
	size_t queued = rpc_call_get_queued_bytes(stream->call);

	if (stream->is_lossy) {
		if (queued > backlog_bytes(stream) / 2)
			return false;
		stream_tell_losses(stream);
		return true;
	}
	return queued == 0 || queued + size <= backlog_bytes(stream);
}

void stream_miss(struct stream *stream, const char *slot, const char *reason, uint64_t count,
		 uint64_t from_seq, uint64_t to_seq)
{
	if (!stream_add_loss(stream, slot, reason, count, from_seq, to_seq))
		return;
	if (stream_has_room(stream, sizeof(struct loss)))
		stream_tell_losses(stream);
	else
		stream->is_lossy = true;
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

void stream_announce(struct stream *stream, const struct slot_entry *entry)
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

int stream_new(struct watch *watch, struct rpc_call *call,
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
