/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a slot beyond the engine: whether it is enabled, its history, how each
 * generation was started. The table of slots keeps one per slot, on the loop; a job gets its bytes.
 */
#pragma once

#include "budget.h"
#include "spec.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <eunomia/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Generations of which the history tells; the oldest are forgotten. */
#define STATE_HISTORY_MAX 32
/* Bytes with the terminator. */
#define STATE_NAME_MAX	  64
#define STATE_BOOT_ID_MAX 64
#define STATE_PINS_MAX	  80

/* Why a generation came. The names are those of Generation.origin (state.proto, eunomia.proto). */
enum state_origin {
	STATE_ORIGIN_START,
	STATE_ORIGIN_SWAP,
	STATE_ORIGIN_ROLLBACK,
	STATE_ORIGIN_PROBATION,
	STATE_ORIGIN_RESTORED,
	STATE_ORIGIN_DECLARED,
	_STATE_ORIGIN_MAX,
};

const char *state_origin_to_string(enum state_origin origin);

struct state_generation {
	uint32_t number;
	char *package; /* its name and version, as the package says */
	char *package_version;
	uint64_t loaded_wall_ns;
	enum state_origin origin;
	bool is_stored;	  /* its package is on disk */
	struct spec spec; /* options only, without the package's bytes */
};

struct state_slot {
	char name[STATE_NAME_MAX];
	bool is_enabled;
	char boot_id[STATE_BOOT_ID_MAX];
	char pins[STATE_PINS_MAX]; /* folder below BpffsDir=; "": nothing is pinned */
	uint32_t current;
	uint32_t next;
	struct state_generation *generations; /* oldest first */
	size_t n_generations;
	struct budget_limits budget;
	uint64_t declared_fingerprint; /* 0: not declared */
	uint64_t started_wall_ns;      /* also by an agent before this one */
};

/* Return: 0; -ENOMEM. */
int state_slot_new(const char *name, struct state_slot **ret_slot);
/* NULL is allowed. Returns NULL. */
struct state_slot *state_slot_free(struct state_slot *slot);
EUB_DEFINE_CLEANUP(struct state_slot *, state_slot_free);

/**
 * state_slot_add() - append a generation with the slot's next number
 * @spec: its options are copied
 *
 * The oldest that is not stored is forgotten when there are too many.
 *
 * Return: 0; -ENOMEM.
 */
int state_slot_add(struct state_slot *slot, const struct spec *spec, enum state_origin origin,
		   struct state_generation **ret_generation);
/* Undoes state_slot_add() of the last one; its number stays used. */
void state_slot_drop_last(struct state_slot *slot);
/* Sets what is known once the package is parsed. Return: 0; -ENOMEM. */
int state_generation_name(struct state_generation *generation, const char *package,
			  const char *package_version);
/* NULL if the history does not know @number. */
struct state_generation *state_slot_find(const struct state_slot *slot, uint32_t number);

/* Appends the bytes to store. Return: 0; -ENOMEM. */
int state_slot_encode(const struct state_slot *slot, struct eub_buf *buf);
/**
 * state_slot_decode() - check bytes and make a slot of them
 *
 * Return: 0; -EBADMSG with what is wrong; -ENOMEM.
 */
int state_slot_decode(const void *data, size_t n, struct state_slot **ret_slot,
		      struct eun_error *err);
