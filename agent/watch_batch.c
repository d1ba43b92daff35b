/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protobuf wire format (https://protobuf.dev/programming-guides/encoding/) of
 *
 *   StreamReply { EventBatch batch = 2 { slot = 1, generation = 2, schema_id = 3, events = 4 } }
 *   Event { seq = 1, fixed64 time_unix_ns = 2, json = 3 | text = 4 | raw = 5 }
 *
 * The length of a batch is known only when it is complete, and stands before it: so the events are
 * gathered behind a gap, and the head is written into the end of the gap when the batch is sent.
 * A head is written anew for each recipient that wants fewer events.
 */
#include "watch_batch.h"

#include "agent_limits.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Field number and wire type. */
#define TAG_VARINT(field)  ((field) << 3 | 0)
#define TAG_FIXED64(field) ((field) << 3 | 1)
#define TAG_BYTES(field)   ((field) << 3 | 2)

#define TAG_REPLY_BATCH	     TAG_BYTES(2)
#define TAG_BATCH_SLOT	     TAG_BYTES(1)
#define TAG_BATCH_GENERATION TAG_VARINT(2)
#define TAG_BATCH_SCHEMA_ID  TAG_VARINT(3)
#define TAG_BATCH_EVENTS     TAG_BYTES(4)
#define TAG_EVENT_SEQ	     TAG_VARINT(1)
#define TAG_EVENT_TIME	     TAG_FIXED64(2)

#define VARINT_MAX	     10
#define EVENT_HEAD_MAX	     (1 + VARINT_MAX + 1 + VARINT_MAX + 1 + 8 + 1 + VARINT_MAX)
#define SLOT_NAME_LENGTH_MAX 63

_Static_assert(WATCH_BATCH_HEAD_MAX >=
		   1 + VARINT_MAX + 2 + SLOT_NAME_LENGTH_MAX + 2 * (1 + VARINT_MAX),
	       "a head fits into its gap");

static const uint8_t body_tags[] = {
	[EUN_FORMAT_JSON] = TAG_BYTES(3),
	[EUN_FORMAT_RAW_JSON] = TAG_BYTES(3),
	[EUN_FORMAT_TEXT] = TAG_BYTES(4),
	[EUN_FORMAT_RAW] = TAG_BYTES(5),
};
_Static_assert(EUB_ARRAY_SIZE(body_tags) == _EUN_FORMAT_MAX, "one tag per format");

static uint8_t *put_varint(uint8_t *p, uint64_t value)
{
	while (value >= 0x80) {
		*p++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*p++ = (uint8_t)value;
	return p;
}

static uint8_t *put_fixed64(uint8_t *p, uint64_t value)
{
	for (unsigned int i = 0; i < 64; i += 8)
		*p++ = (uint8_t)(value >> i);
	return p;
}

static size_t varint_size(uint64_t value)
{
	size_t n = 1;

	for (; value >= 0x80; value >>= 7)
		n++;
	return n;
}

void watch_batch_done(struct watch_batch *batch)
{
	eub_buf_done(&batch->events);
	batch->n_events = 0;
}

void watch_batch_clear(struct watch_batch *batch)
{
	eub_buf_clear(&batch->events);
	batch->n_events = 0;
}

size_t watch_batch_get_size(const struct watch_batch *batch)
{
	return batch->n_events > 0 ? batch->events.len - WATCH_BATCH_HEAD_MAX : 0;
}

/* Points *@ret_body at the event in @format: the record itself, or text in @scratch. */
static int format_body(const struct eun_event *event, enum eun_format format,
		       struct eub_buf *scratch, const void **ret_body, size_t *ret_size)
{
	size_t n = event->size;

	*ret_body = event->data;
	if (format != EUN_FORMAT_RAW) {
		eub_buf_clear(scratch);
		n = eun_event_format(event, format, scratch->data, scratch->cap);
		if (n > LIMIT_EVENT_BYTES)
			return -E2BIG;
		if (n > scratch->cap) {
			if (eub_buf_reserve(scratch, n) < 0)
				return -ENOMEM;
			n = EUB_MIN(n,
				    eun_event_format(event, format, scratch->data, scratch->cap));
		}
		*ret_body = scratch->data;
	}
	*ret_size = n;
	return n > LIMIT_EVENT_BYTES ? -E2BIG : 0;
}

int watch_batch_add(struct watch_batch *batch, enum eun_format format,
		    const struct eun_event *event, struct eub_buf *scratch)
{
	uint8_t head[EVENT_HEAD_MAX];
	uint8_t *p = head;
	const void *body;
	size_t n, event_size;
	int r = format_body(event, format, scratch, &body, &n);

	if (r < 0)
		return r;
	event_size = 1 + varint_size(event->seq) + 1 + 8 + 1 + varint_size(n) + n;
	*p++ = TAG_BATCH_EVENTS;
	p = put_varint(p, event_size);
	*p++ = TAG_EVENT_SEQ;
	p = put_varint(p, event->seq);
	*p++ = TAG_EVENT_TIME;
	p = put_fixed64(p, event->time_wall_ns);
	*p++ = body_tags[format];
	p = put_varint(p, n);
	if (eub_buf_reserve(&batch->events, WATCH_BATCH_HEAD_MAX + sizeof(head) + n) < 0) {
		batch->events.has_failed = false; /* nothing was appended */
		return -ENOMEM;
	}
	if (batch->events.len == 0)
		eub_buf_fill(&batch->events, '\0', WATCH_BATCH_HEAD_MAX);
	eub_buf_append(&batch->events, head, (size_t)(p - head));
	eub_buf_append(&batch->events, body, n);
	batch->n_events++;
	return 0;
}

/* Bytes of the first @n_events events: each is a tag of one byte, a length, and so many bytes. */
static size_t measure_events(const struct watch_batch *batch, uint64_t n_events)
{
	const uint8_t *first = (const uint8_t *)batch->events.data + WATCH_BATCH_HEAD_MAX;
	const uint8_t *p = first;

	for (uint64_t i = 0; i < n_events; i++) {
		size_t length = 0;

		p++;
		for (unsigned int shift = 0;; shift += 7) {
			length |= (size_t)(*p & 0x7f) << shift;
			if (!(*p++ & 0x80))
				break;
		}
		p += length;
	}
	return (size_t)(p - first);
}

const void *watch_batch_encode(struct watch_batch *batch, const struct watch_batch_head *head,
			       uint64_t max_events, size_t *ret_size)
{
	bool is_whole = max_events >= batch->n_events;
	size_t events_size =
	    is_whole ? watch_batch_get_size(batch) : measure_events(batch, max_events);
	size_t slot_length = strlen(head->slot);
	uint8_t bytes[WATCH_BATCH_HEAD_MAX];
	uint8_t *p = bytes;
	size_t batch_size, head_size;
	uint8_t *start;

	assert(batch->n_events > 0 && slot_length <= SLOT_NAME_LENGTH_MAX);
	batch_size = 1 + varint_size(slot_length) + slot_length + 1 +
		     varint_size(head->generation) + 1 + varint_size(head->schema_id) + events_size;
	*p++ = TAG_REPLY_BATCH;
	p = put_varint(p, batch_size);
	*p++ = TAG_BATCH_SLOT;
	p = put_varint(p, slot_length);
	memcpy(p, head->slot, slot_length);
	p += slot_length;
	*p++ = TAG_BATCH_GENERATION;
	p = put_varint(p, head->generation);
	*p++ = TAG_BATCH_SCHEMA_ID;
	p = put_varint(p, head->schema_id);
	head_size = (size_t)(p - bytes);
	start = (uint8_t *)batch->events.data + WATCH_BATCH_HEAD_MAX - head_size;
	memcpy(start, bytes, head_size);
	*ret_size = head_size + events_size;
	return start;
}
