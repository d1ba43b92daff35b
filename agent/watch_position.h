/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a client of Events.Stream goes on: per ring of a slot the first sequence number that it has
 * not seen (StreamRequest.from). A position is kept until the ring has come there.
 */
#pragma once

#include <eunomia/error.h>

#include "eunomia/v1/eunomia.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct watch_position;

struct watch_positions {
	struct watch_position *items;
	size_t n;
};

/* Return: 0; -E2BIG over LIMIT_STREAM_POSITIONS; -EINVAL for what is no slot's name; -ENOMEM. */
int watch_positions_copy(struct watch_positions *positions,
			 const Eunomia__V1__StreamRequest *request, struct eun_error *err);
void watch_positions_done(struct watch_positions *positions);
bool watch_positions_has_slot(const struct watch_positions *positions, const char *slot);

/* What a client is told when a ring is announced to it. */
struct watch_begin {
	uint64_t next_seq;  /* the first that it will be told of */
	uint64_t lost_from; /* it asked for these, which are gone; both 0: for none that are */
	uint64_t lost_to;
};

/**
 * watch_positions_announce() - a ring has handed up events below @next_seq
 * @ring: 0 for a perf buffer, which has no positions
 */
void watch_positions_announce(struct watch_positions *positions, const char *slot, uint32_t ring,
			      uint64_t next_seq, struct watch_begin *ret_begin);
/**
 * watch_positions_advance() - a ring has come to an event
 *
 * Return: the sequence number from which on the client wants events: @seq, or a later one.
 */
uint64_t watch_positions_advance(struct watch_positions *positions, const char *slot, uint32_t ring,
				 uint64_t seq);
/* Whether the client has seen the event; changes nothing. */
bool watch_positions_have_seen(const struct watch_positions *positions, const char *slot,
			       uint32_t ring, uint64_t seq);
