/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event stream: what its client asked for, what it was told, what it has missed. Private to
 * agent/watch*.c.
 */
#pragma once

#include "delivery.h"
#include "slots.h"
#include "watch_position.h"

#include "base/list.h"

#include <eunomia/event.h>

#include "eunomia/v1/eunomia.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loss;
struct rpc_call;
struct watch;

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

/* Return: 0; -ENOSPC (MaxEventStreams=), -E2BIG, -EINVAL, -ENOENT (no slot of a name), -ENOMEM. */
int stream_new(struct watch *watch, struct rpc_call *call,
	       const Eunomia__V1__StreamRequest *request, struct stream **ret_stream,
	       struct eun_error *err);
/* It is in no list any more. NULL is allowed. Returns NULL. */
struct stream *stream_free(struct stream *stream);
bool stream_wants(const struct stream *stream, const char *slot);

/* Whether it may be sent @size bytes now; tells what it missed if it may again. */
bool stream_has_room(struct stream *stream, size_t size);
/*
 * Notes that @count events of @slot were missed, from one position to another or 0 and 0. Return:
 * false: out of memory, and the stream has ended.
 */
bool stream_add_loss(struct stream *stream, const char *slot, const char *reason, uint64_t count,
		     uint64_t from_seq, uint64_t to_seq);
void stream_tell_losses(struct stream *stream);
/* As stream_add_loss(), and tells it now or as soon as there is room. May end the stream. */
void stream_miss(struct stream *stream, const char *slot, const char *reason, uint64_t count,
		 uint64_t from_seq, uint64_t to_seq);
/* Tells of the event types of a slot. May end the stream. */
void stream_announce(struct stream *stream, const struct slot_entry *entry);
