/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that are appended at one end and taken from the other. Taking n bytes costs O(n), not a
 * move of the rest; an emptied queue gives its memory back unless that is small.
 */
#pragma once

#include "base/buf.h"
#include "rpc/limits.h"

struct rpc_queue {
	struct eub_buf buf; /* append to it */
	size_t head;	    /* bytes of buf that were taken already */
};

static inline void rpc_queue_done(struct rpc_queue *queue)
{
	eub_buf_done(&queue->buf);
	queue->head = 0;
}

static inline size_t rpc_queue_get_size(const struct rpc_queue *queue)
{
	return queue->buf.len - queue->head;
}

static inline const char *rpc_queue_get_data(const struct rpc_queue *queue)
{
	return queue->buf.data ? queue->buf.data + queue->head : NULL;
}

/* Takes @n bytes, at most what there is. */
static inline void rpc_queue_consume(struct rpc_queue *queue, size_t n)
{
	queue->head += n;
	if (queue->head == queue->buf.len) {
		queue->head = 0;
		if (queue->buf.cap > RPC_QUEUE_KEEP_BYTES)
			eub_buf_done(&queue->buf);
		else
			eub_buf_clear(&queue->buf);
	} else if (queue->head > queue->buf.len / 2) {
		eub_buf_consume(&queue->buf, queue->head);
		queue->head = 0;
	}
}
