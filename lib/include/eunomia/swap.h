/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchanging what runs in a slot: prepare (blocking, any thread), commit (engine's thread, one
 * memory store for all gated hooks), retire (wait, drain, unload what is no longer kept). A failure
 * before the commit leaves the slot as it was. docs/architecture.md, "Swap".
 *
 *   eun_swap_new()      any thread; the slot keeps running and its events may be dispatched
 *   eun_swap_commit()   engine's thread
 *   eun_swap_settle()   any thread: until nothing runs any more that began before the switch
 *   eun_swap_drain()    engine's thread: the last events of generations that go
 *   eun_swap_free()     any thread: unloads them
 *
 * Of one slot there is at most one swap at a time; from eun_swap_new() to eun_swap_commit(), and
 * during eun_swap_settle() and eun_swap_free(), nothing else may be done to it; until
 * eun_swap_free() it must not be removed.
 */
#ifndef EUNOMIA_SWAP_H
#define EUNOMIA_SWAP_H

#include <eunomia/error.h>
#include <eunomia/package.h>
#include <eunomia/slot.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct eun_swap;

enum eun_map_policy {
	EUN_MAPS_REUSE, /* a map of equal name and layout goes on with its contents */
	EUN_MAPS_FRESH, /* every map is new */
	_EUN_MAP_POLICY_MAX,
};

#define EUN_SWAP_KEEP_DEFAULT 3
#define EUN_SWAP_KEEP_MAX     8

struct eun_swap_options {
	size_t size;		      /* sizeof(struct eun_swap_options) */
	uint32_t expected_generation; /* refused unless this one runs; 0: whichever does */
	uint32_t generation; /* the number it gets, if no lower than the next; 0: the next */
	enum eun_map_policy maps;
	uint32_t keep;			     /* generations loaded afterwards, the new one included;
						0: EUN_SWAP_KEEP_DEFAULT; at most EUN_SWAP_KEEP_MAX */
	bool is_dry_run;		     /* it will not be committed */
	const struct eun_slot_options *slot; /* settings, arguments, types, attach points, ring
						size; its name is not looked at; NULL: defaults */
};

enum eun_hook_change {
	EUN_HOOK_KEPT,	  /* both generations hang there */
	EUN_HOOK_ADDED,	  /* only the new one does */
	EUN_HOOK_REMOVED, /* only the old one did */
	_EUN_HOOK_CHANGE_MAX,
};

struct eun_swap_hook {
	struct eun_slot_hook hook;
	enum eun_hook_change change;
	bool is_exact; /* behind a gate: nothing lost, nothing repeated. Else the new program is
			  attached before the old one is detached, and events in between come twice
			*/
};

struct eun_swap_map {
	const char *name;
	bool is_reused;
	const char *reason; /* why it is fresh; "" if it is reused */
};

struct eun_swap_info {
	uint32_t old_generation;
	uint32_t new_generation;
	bool is_exact; /* every hook is */
	bool is_committed;
	uint64_t switch_ns; /* what the store took, for all hooks at once; 0 before the commit */
};

/**
 * eun_swap_new() - load a generation beside the running one
 * @slot:    in an engine; running or paused
 * @package: ownership moves to the swap on success only
 * @options: NULL for defaults
 *
 * Hooks that only the new generation has are attached, closed. Those without a gate begin at once,
 * beside the old ones, if the slot runs and this is no dry run.
 *
 * Return: 0; -ESTALE (EUN_REASON_WRONG_STATE: another generation runs than expected), -EINVAL;
 * as eun_slot_new().
 */
EUN_PUBLIC int eun_swap_new(struct eun_slot *slot, struct eun_package *package,
			    const struct eun_swap_options *options, struct eun_swap **ret_swap,
			    struct eun_error *err);
/**
 * eun_rollback_new() - prepare the way back to a loaded generation
 * @generation: 0: the one that ran before the running one
 * @expected_generation: as in struct eun_swap_options
 *
 * Loads nothing, and attaches only hooks without a gate; else it does not block.
 *
 * Return: 0; -ENOENT (EUN_REASON_NOT_FOUND: not loaded, the hint names those that are), -ESTALE,
 * -EINVAL, -ENOMEM.
 */
EUN_PUBLIC int eun_rollback_new(struct eun_slot *slot, uint32_t generation,
				uint32_t expected_generation, struct eun_swap **ret_swap,
				struct eun_error *err);
/**
 * eun_swap_commit() - let the new generation run
 *
 * One store; does not block. A paused slot stays paused, and resumes with the new generation.
 *
 * Return: 0; -EINVAL (a dry run, or committed already), -errno of epoll_ctl(2).
 */
EUN_PUBLIC int eun_swap_commit(struct eun_swap *swap, struct eun_error *err);
/* Detaches the old generation's hooks without a gate. If a generation goes, waits for a kernel
 * grace period: until none of its programs runs any more. Blocks; any thread. */
EUN_PUBLIC void eun_swap_settle(struct eun_swap *swap);
/* Whether all that the rings of generations that go held was handed up and committed
 * (eun_engine_commit()). Engine's thread, after eun_swap_settle(): nothing is added any more.
 * Waiting for it keeps the promise of exactly once through a crash. */
EUN_PUBLIC bool eun_swap_is_handed_on(const struct eun_swap *swap);
/* Hands up what the rings of generations that go still hold. */
EUN_PUBLIC void eun_swap_drain(struct eun_swap *swap);
/* Unloads the generations that go; of a swap that was not committed, the new one. Blocks. NULL is
 * allowed. Returns NULL. */
EUN_PUBLIC struct eun_swap *eun_swap_free(struct eun_swap *swap);

EUN_PUBLIC void eun_swap_get_info(const struct eun_swap *swap, struct eun_swap_info *ret_info);
/* Borrowed, as long as the swap; NULL when @i is past the end. */
EUN_PUBLIC const struct eun_swap_hook *eun_swap_get_hook(const struct eun_swap *swap, size_t i);
EUN_PUBLIC const struct eun_swap_map *eun_swap_get_map(const struct eun_swap *swap, size_t i);
EUN_PUBLIC const char *eun_hook_change_to_string(enum eun_hook_change change);

#ifdef __cplusplus
}
#endif
#endif
