/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of one slot and one type, encoded as a StreamReply with an EventBatch: once per format,
 * whatever the number of streams. Written by hand, because it is the hot path: the message types
 * are flat and their wire form is fixed by eunomia.proto. A unit test decodes it with the generated
 * code.
 */
#pragma once

#include "base/buf.h"

#include <eunomia/event.h>

#include <stddef.h>
#include <stdint.h>

/* Room for what stands before the events. */
#define WATCH_BATCH_HEAD_MAX 128

struct watch_batch {
	struct eub_buf events; /* WATCH_BATCH_HEAD_MAX unused bytes, then encoded events */
	size_t n_events;
};

void watch_batch_done(struct watch_batch *batch);
/* Empties it but keeps its memory. */
void watch_batch_clear(struct watch_batch *batch);
/* Bytes of its events. */
size_t watch_batch_get_size(const struct watch_batch *batch);

/**
 * watch_batch_add() - encode one event
 * @scratch: any buffer; its contents are lost
 *
 * Return: 0; -E2BIG (over LIMIT_EVENT_BYTES), -ENOMEM; the batch is unchanged then.
 */
int watch_batch_add(struct watch_batch *batch, enum eun_format format,
		    const struct eun_event *event, struct eub_buf *scratch);

/* What all events of a batch share. */
struct watch_batch_head {
	const char *slot;
	uint32_t generation;
	uint32_t schema_id;
};

/**
 * watch_batch_encode() - the message that carries the first events of a batch
 * @max_events: at most so many, > 0
 * @ret_size:   bytes of the message
 *
 * Valid until the batch is changed or encoded again.
 *
 * Return: the first byte of the message, in the batch's memory.
 */
const void *watch_batch_encode(struct watch_batch *batch, const struct watch_batch_head *head,
			       uint64_t max_events, size_t *ret_size);
