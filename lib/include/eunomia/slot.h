/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot: the named place in which one tracker runs. Life: eun_slot_new() loads and attaches with
 * the gate closed (blocking, any thread); eun_engine_add() opens the gate (engine thread, one
 * memory store); eun_engine_remove() closes it and hands the slot back; eun_slot_free() detaches
 * (blocking, any thread). Between add and remove a slot belongs to the engine's thread.
 */
#ifndef EUNOMIA_SLOT_H
#define EUNOMIA_SLOT_H

#include <eunomia/error.h>
#include <eunomia/event.h>
#include <eunomia/package.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct eun_engine;
struct eun_slot;

#define EUN_SLOT_NAME_MAX 64 /* bytes with the terminator: [A-Za-z0-9][A-Za-z0-9_.-]* */

enum eun_slot_state {
	EUN_SLOT_PREPARED, /* loaded and attached, the gate is closed */
	EUN_SLOT_ADOPTED,  /* found running or paused, not yet in an engine */
	EUN_SLOT_RUNNING,
	EUN_SLOT_PAUSED,   /* attached, the gate is closed; skipped invocations are counted */
	EUN_SLOT_STOPPED,  /* taken out of the engine, the gate is closed for good */
	EUN_SLOT_RELEASED, /* taken out of the engine with the gate as it was */
	_EUN_SLOT_STATE_MAX,
};

/* One KEY=VALUE for a global variable of the tracker. Borrowed during eun_slot_new(). */
struct eun_setting {
	const char *key;
	const char *value;
};

struct eun_slot_options {
	size_t size;	  /* sizeof(struct eun_slot_options) */
	const char *name; /* slot name; NULL: the package's name */
	const struct eun_setting *settings;
	size_t n_settings;
	const char *const
	    *args; /* tracker arguments ("--pid", "7"), as the package's options say */
	size_t n_args;
	/*
	 * Event types: "STRUCT" for the exported map, or "MAP=STRUCT" for a named one; NULL: found
	 * in the package or the object (docs/package-format.md, "Event types").
	 */
	const char *const *types;
	size_t n_types;
	uint32_t ring_bytes; /* size of the ring buffers, a power of two; 0: as the package says */
	uint32_t max_ring_bytes; /* a tracker with a larger one is refused; 0: no bound */
	/*
	 * Attach points that a section cannot name: "PROGRAM:iface=NAME,dir=ingress" (XDP, tc,
	 * tcx), "PROGRAM:cgroup=PATH"; without "PROGRAM:" for every program that needs one.
	 */
	const char *const *attach;
	size_t n_attach;
	/*
	 * A folder to make in a mounted BPF file system: programs, maps and links are pinned there
	 * and outlive the process (eun_slot_leave(), eun_slot_adopt()). NULL: they end with it.
	 */
	const char *pin_dir;
	/* Number of the first generation; 0: 1. A slot that is started again goes on counting. */
	uint32_t first_generation;
};

/* How a program hangs on its hook (docs/architecture.md, "The gate"). */
enum eun_attach_mode {
	EUN_ATTACH_GATE,   /* behind the slot's switch word: exact pause and swap */
	EUN_ATTACH_DIRECT, /* by itself: the kernel takes no gate here; pause detaches it */
	EUN_ATTACH_NONE,   /* not attached (a tail-call target or a subprogram of the tracker's own)
			    */
	_EUN_ATTACH_MODE_MAX,
};

struct eun_slot_hook {
	const char *program;
	const char *section; /* libbpf's section name, which names the attach point */
	const char *kind;    /* "tracepoint", "raw_tp", ... as in lib/object/attach_kind.def */
	enum eun_attach_mode mode;
	const char *mode_reason; /* why it is not a gate; "" for a gate */
};

struct eun_slot_stats {
	uint64_t events;	/* handed to the event callback */
	uint64_t bytes;		/* of those, as records */
	uint64_t lost;		/* known to be lost: perf lost records, counted failed reserves */
	uint64_t ring_full;	/* times a ring was found without room for one more record */
	uint64_t decode_errors; /* records too short for their type; handed on all the same */
	uint64_t skipped;	/* program invocations that a closed gate let pass by */
	uint64_t run_count;	/* program runs, with the kernel's BPF statistics on; else 0 */
	uint64_t run_time_ns;
	uint64_t ring_bytes;		/* size of all rings of the slot */
	uint64_t ring_used_bytes;	/* of those, unread now */
	double events_per_second;	/* over the last whole seconds, at most 5 */
	uint64_t ring_high_water_bytes; /* most that was unread of a ring, by this process */
	uint64_t memory_bytes;		/* of the kernel, in maps of all loaded generations */
	/* Every event that found no room is in lost: events + lost is what trackers produced. */
	bool lost_is_exact;
};

/**
 * eun_slot_new() - load and attach a package's tracker, gate closed
 * @engine:  lends the cached kernel types and limits; must outlive the slot
 * @package: ownership moves to the slot on success only
 * @options: NULL for defaults
 *
 * Blocks for verification and attaching (0.5 ms to seconds). Thread-safe: several may run at the
 * same time, beside the engine's own thread.
 *
 * Return: 0; -EINVAL, -ENOENT (no such attach point, variable or type), -EACCES or -EPERM (verifier
 * log in @err->log, or missing capability), -EOPNOTSUPP, other -errno from bpf(2).
 */
EUN_PUBLIC int eun_slot_new(struct eun_engine *engine, struct eun_package *package,
			    const struct eun_slot_options *options, struct eun_slot **ret_slot,
			    struct eun_error *err);
/**
 * eun_slot_free() - detach and unload
 *
 * The slot must not be in an engine. Blocks: a tracepoint takes the kernel 50 to 90 ms. NULL is
 * allowed.
 *
 * Return: NULL.
 */
EUN_PUBLIC struct eun_slot *eun_slot_free(struct eun_slot *slot);

/* One loaded generation of a slot. Borrowed. */
struct eun_generation {
	uint32_t number; /* from 1 */
	const struct eun_package *package;
	uint64_t loaded_wall_ns; /* ns since 1970-01-01 UTC; 0: not known (adopted) */
	bool is_running;	 /* or would be, if the slot were not paused */
};

/* A generation to be found again by eun_slot_adopt(). */
struct eun_adopt_generation {
	uint32_t number;
	struct eun_package *package;		/* ownership moves to the slot on success only */
	const struct eun_slot_options *options; /* it was loaded with; NULL for defaults */
};

/**
 * eun_slot_adopt() - take over what another process pinned
 * @pin_dir:     as in the options of eun_slot_new()
 * @generations: those whose packages are known; pins of others are removed. Must hold the one that
 *		 the switch word names.
 *
 * Nothing is loaded or attached: programs ran all the while, and events wait in the rings. The slot
 * is EUN_SLOT_ADOPTED until eun_engine_add(), which takes it as it is, running or paused. A perf
 * buffer is opened anew: what came meanwhile is lost.
 *
 * Return: 0; -ENOENT (no such pins, or not all that are needed), -ESTALE (pinned by another version
 * of the engine), -EINVAL, -ENOMEM, -errno of bpf(2). On failure the pins are as they were.
 */
EUN_PUBLIC int eun_slot_adopt(struct eun_engine *engine, const char *name, const char *pin_dir,
			      struct eun_adopt_generation *generations, size_t n_generations,
			      struct eun_slot **ret_slot, struct eun_error *err);
/**
 * eun_slot_leave() - free the slot and leave its pins: the tracker goes on
 *
 * The slot must not be in an engine (eun_engine_release()). Without pins as eun_slot_free().
 *
 * Return: NULL.
 */
EUN_PUBLIC struct eun_slot *eun_slot_leave(struct eun_slot *slot);
/* Removes all that is pinned under @pin_dir, which detaches it. Blocks. Return: 0; -errno. */
EUN_PUBLIC int eun_pins_remove(const char *pin_dir);

/* Close and open the gate of a slot in an engine: exact, no events between. Return: 0;
 * -EINVAL (EUN_REASON_WRONG_STATE); for hooks without a gate -errno of attaching. Blocks only if a
 * hook's mode is EUN_ATTACH_DIRECT. */
EUN_PUBLIC int eun_slot_pause(struct eun_slot *slot, struct eun_error *err);
EUN_PUBLIC int eun_slot_resume(struct eun_slot *slot, struct eun_error *err);

/* 1 to EUN_SLOT_NAME_MAX - 1 of A-Z a-z 0-9 . _ -, the first a letter or digit. NULL is not valid.
 */
EUN_PUBLIC bool eun_slot_name_is_valid(const char *name);

/* Leaves the events of a slot in its rings until it is let go again. Engine's thread. */
EUN_PUBLIC void eun_slot_hold(struct eun_slot *slot, bool is_held);
/*
 * A number that outlives the process with the slot, for those who listen to it: an adopted slot has
 * the one that was set last. 0 for a slot that is not pinned.
 */
EUN_PUBLIC uint32_t eun_slot_get_n_listeners(const struct eun_slot *slot);
EUN_PUBLIC void eun_slot_set_n_listeners(struct eun_slot *slot, uint32_t n);

/* Getters: engine thread only; borrowed; strings never NULL. */
EUN_PUBLIC const char *eun_slot_get_name(const struct eun_slot *slot);
EUN_PUBLIC enum eun_slot_state eun_slot_get_state(const struct eun_slot *slot);
EUN_PUBLIC const char *eun_slot_state_to_string(enum eun_slot_state state);
EUN_PUBLIC const struct eun_package *eun_slot_get_package(const struct eun_slot *slot);
EUN_PUBLIC uint32_t eun_slot_get_generation(const struct eun_slot *slot);
/* The number that the next swap will give. */
EUN_PUBLIC uint32_t eun_slot_get_next_generation(const struct eun_slot *slot);
/* Loaded generations, oldest first; NULL when @i is past the end. */
EUN_PUBLIC const struct eun_generation *eun_slot_get_loaded(const struct eun_slot *slot, size_t i);
/* NULL if generation @number is not loaded. */
EUN_PUBLIC const struct eun_generation *eun_slot_find_loaded(const struct eun_slot *slot,
							     uint32_t number);
/* Whether it is pinned; else @ret_why (NULL allowed) says why not. Static or the slot's. */
EUN_PUBLIC bool eun_slot_survives(const struct eun_slot *slot, const char **ret_why);
/* When it was started, ns since 1970-01-01 UTC, and CLOCK_MONOTONIC. */
EUN_PUBLIC uint64_t eun_slot_get_started_wall_ns(const struct eun_slot *slot);
EUN_PUBLIC uint64_t eun_slot_get_started_mono_ns(const struct eun_slot *slot);
/* NULL when @i is past the end. */
EUN_PUBLIC const struct eun_slot_hook *eun_slot_get_hook(const struct eun_slot *slot, size_t i);
/* Event types of the slot, in the order of its maps; NULL when @i is past the end. */
EUN_PUBLIC const struct eun_schema *eun_slot_get_schema(const struct eun_slot *slot, size_t i);
/* Where events of a schema come from. */
struct eun_slot_ring {
	uint32_t ring;	   /* the kernel's id of the map; 0: a perf buffer, which counts anew after
			      each restart */
	uint64_t next_seq; /* one more than the last event's seq; 0: there was none */
};
/* @schema: of any loaded generation. Return: 0; -ENOENT if it is of none. */
EUN_PUBLIC int eun_slot_get_ring(const struct eun_slot *slot, const struct eun_schema *schema,
				 struct eun_slot_ring *ret_ring);
/* How full the slot's fullest ring is, in percent. */
EUN_PUBLIC unsigned int eun_slot_get_ring_fill(const struct eun_slot *slot);
/* The same of any loaded generation; NULL also if that is not loaded. */
EUN_PUBLIC const struct eun_schema *eun_slot_get_schema_of(const struct eun_slot *slot,
							   uint32_t generation, size_t i);
/* Remarks made while starting ("two maps qualify, took 'events'"); NULL when @i is past the end. */
EUN_PUBLIC const char *eun_slot_get_note(const struct eun_slot *slot, size_t i);
EUN_PUBLIC const char *eun_attach_mode_to_string(enum eun_attach_mode mode);
/* A few system calls per program and ring. */
EUN_PUBLIC void eun_slot_get_stats(struct eun_slot *slot, struct eun_slot_stats *ret_stats);
/* A pointer of the embedder's own. */
EUN_PUBLIC void eun_slot_set_userdata(struct eun_slot *slot, void *userdata);
EUN_PUBLIC void *eun_slot_get_userdata(const struct eun_slot *slot);

#ifdef __cplusplus
}
#endif
#endif
