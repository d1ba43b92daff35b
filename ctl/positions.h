/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a reader of events has come. A sequence number belongs to a ring of a slot, so there is
 * one position for each pair: the first number that was not seen yet. What is below was told, also
 * when it comes once more after the agent was restarted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct position {
	char *slot;
	uint32_t ring; /* the kernel's id of the map; 0: the next ring that the slot announces */
	uint64_t next_seq;
	uint64_t used_at; /* of struct positions' count */
};

struct positions {
	struct position *items;
	size_t n;
	uint64_t count; /* of uses */
};

/* Initialise with zeros. */
void positions_done(struct positions *positions);
/**
 * positions_expect() - what comes first from a slot whose ring is not known yet
 *
 * Return: 0; -ENOMEM.
 */
int positions_expect(struct positions *positions, const char *slot, uint64_t next_seq);
/**
 * positions_announce() - a ring is there, and will tell of @next_seq first
 *
 * A position that is known, by an earlier announcement or by positions_expect(), stays. Ring 0
 * counts anew after each restart: it has no position. At CTL_POSITIONS_MAX the one that was used
 * least lately is forgotten.
 *
 * Return: 0; -ENOMEM.
 */
int positions_announce(struct positions *positions, const char *slot, uint32_t ring,
		       uint64_t next_seq);
/* Borrowed until the next announcement; NULL if there is none, as for ring 0. */
struct position *positions_find(struct positions *positions, const char *slot, uint32_t ring);
/* Steps over @seq. Return: false if it is below the position: it was seen. NULL: always true. */
bool position_take(struct position *position, uint64_t seq);
/**
 * positions_skip() - events of a slot up to @to_seq will never come
 *
 * Nobody says of which ring: if the slot has several, nothing is done.
 */
void positions_skip(struct positions *positions, const char *slot, uint64_t to_seq);
