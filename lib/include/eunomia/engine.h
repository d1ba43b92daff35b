/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine owns slots and hands up their events. It has no event loop and no threads: the owner
 * polls eun_engine_fd() and calls eun_engine_dispatch(), or simply calls eun_engine_poll(). Except
 * for eun_slot_new() and eun_slot_free(), everything is called from one thread at a time.
 * A complete example: docs/embedding.md.
 */
#ifndef EUNOMIA_ENGINE_H
#define EUNOMIA_ENGINE_H

#include <eunomia/error.h>
#include <eunomia/event.h>
#include <eunomia/slot.h>
#include <eunomia/swap.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Callbacks, called inside eun_engine_dispatch() and eun_engine_poll() only. They may call getters
 * and formatters and must not add, remove or free slots.
 */
typedef void (*eun_event_fn)(struct eun_slot *slot, const struct eun_event *event, void *userdata);
/* @count events of @slot were lost; @reason is "perf-lost", "ring-full", ... */
typedef void (*eun_lost_fn)(struct eun_slot *slot, uint64_t count, const char *reason,
			    void *userdata);

struct eun_engine_options {
	size_t size;					    /* sizeof(struct eun_engine_options) */
	eun_event_fn on_event;				    /* NULL: events are only counted */
	eun_lost_fn on_lost;				    /* NULL: losses are only counted */
	void *userdata;					    /* given to both */
	uint32_t max_slots;				    /* 0: EUN_ENGINE_MAX_SLOTS */
	const char *kernel_btf_path;			    /* NULL: the running kernel's */
	void (*on_debug)(const char *line, void *userdata); /* libbpf's words; any thread */
};

#define EUN_ENGINE_MAX_SLOTS 1024

/**
 * eun_engine_new() - make an engine without slots
 * @options: NULL for defaults
 *
 * Costs a few microseconds; the kernel's types are read at the first start of a tracker that needs
 * them. One engine a process: libbpf's print hook is process-wide.
 *
 * Return: 0; -EINVAL, -ENOMEM, -errno of epoll_create1(2).
 */
EUN_PUBLIC int eun_engine_new(const struct eun_engine_options *options,
			      struct eun_engine **ret_engine, struct eun_error *err);
/* Removes and frees all slots (blocks as eun_slot_free() does). NULL is allowed. Returns NULL. */
EUN_PUBLIC struct eun_engine *eun_engine_free(struct eun_engine *engine);

/**
 * eun_engine_add() - put a prepared slot in and open its gate
 * @slot: ownership moves to the engine on success only
 *
 * All hooks of the slot begin at one instant.
 *
 * Return: 0; -EEXIST (NAME_TAKEN), -ENOSPC (TOO_LARGE: max_slots), -ENOMEM.
 */
EUN_PUBLIC int eun_engine_add(struct eun_engine *engine, struct eun_slot *slot,
			      struct eun_error *err);
/**
 * eun_engine_remove() - close a slot's gate, hand up what its rings hold, take it out
 *
 * Does not block. Invocations that are under way in the kernel may still write a record afterwards;
 * eun_slot_drain() after eun_engine_quiesce() hands those up too.
 *
 * Return: the slot, owned by the caller.
 */
EUN_PUBLIC struct eun_slot *eun_engine_remove(struct eun_engine *engine, struct eun_slot *slot);
/* Takes a slot out and leaves its gate as it is, open or closed: for eun_slot_leave(). Return: the
 * slot, owned by the caller. */
EUN_PUBLIC struct eun_slot *eun_engine_release(struct eun_engine *engine, struct eun_slot *slot);
/* Hands up what the rings of a removed slot hold, through the engine's callbacks. */
EUN_PUBLIC void eun_slot_drain(struct eun_slot *slot);
/* Waits until no program that ran when the call began runs any more (a kernel grace period,
 * typically 10 to 50 ms). Blocks; any thread. */
EUN_PUBLIC void eun_engine_quiesce(void);

/* NULL if there is none. */
EUN_PUBLIC struct eun_slot *eun_engine_find(struct eun_engine *engine, const char *name);
/* In the order of adding; NULL when @i is past the end. */
EUN_PUBLIC struct eun_slot *eun_engine_get_slot(struct eun_engine *engine, size_t i);
EUN_PUBLIC size_t eun_engine_get_n_slots(const struct eun_engine *engine);

/* Readable (level-triggered) when a slot has events. Owned by the engine: do not close. */
EUN_PUBLIC int eun_engine_fd(const struct eun_engine *engine);

enum eun_dispatch_flags {
	/*
	 * Leave the last record of each ring formally unread, so that the kernel sends no wake-up
	 * for the records that follow. The caller promises to dispatch again within its own delay,
	 * the last time without this flag. Saves most of the cost of an event at moderate rates.
	 */
	EUN_DISPATCH_HOLD = 1 << 0,
	/*
	 * The caller says by eun_engine_commit() when events are in good hands. Without this flag
	 * they are when their callback has returned.
	 */
	EUN_DISPATCH_UNCOMMITTED = 1 << 1,
};

/**
 * eun_engine_dispatch() - hand up events that are there, without blocking
 * @budget: at most this many events per slot, > 0, so that a flood cannot starve its neighbours
 * @flags:  of enum eun_dispatch_flags
 *
 * Return: the number of events handed up; at least @budget means that there may be more.
 */
EUN_PUBLIC unsigned int eun_engine_dispatch(struct eun_engine *engine, unsigned int budget,
					    unsigned int flags);
/**
 * eun_engine_checkpoint() - remember how far the events of all slots were handed up
 *
 * For slots that outlive the process: eun_slot_adopt() goes on after what was committed, so that
 * events which this process had read but not yet handed on come again, with the same seq. Costs as
 * much as there are slots with events since the last one; no system call.
 *
 * Return: whether a checkpoint is pending: the one that was, or a new one; false if no events came
 * since the last.
 */
EUN_PUBLIC bool eun_engine_checkpoint(struct eun_engine *engine);
/* What came before the pending checkpoint will not come again. Survives the process, not the
 * machine. */
EUN_PUBLIC void eun_engine_commit(struct eun_engine *engine);
/* Whether a checkpoint is pending, or events came since the last. */
EUN_PUBLIC bool eun_engine_has_uncommitted(const struct eun_engine *engine);
/**
 * eun_engine_poll() - wait for events and hand them up
 * @timeout_ms: -1 for ever
 *
 * For programs without a loop of their own. Batches as EUN_DISPATCH_HOLD allows, delaying an event
 * by at most 2 ms under load.
 *
 * Return: the number of events, 0 on timeout, -EINTR after a signal, other -errno of epoll_wait(2).
 */
EUN_PUBLIC int eun_engine_poll(struct eun_engine *engine, int timeout_ms);

/* Frees cached kernel types (about 10 MB after a start that needed them); they are read again when
 * needed. Any thread. */
EUN_PUBLIC void eun_engine_trim(struct eun_engine *engine);
/* Lets the kernel count and time the runs of all BPF programs of the machine, some 20 ns each,
 * until the descriptor is closed: run_count and run_time_ns of struct eun_slot_stats. Return: a
 * descriptor; -errno of bpf(2). */
EUN_PUBLIC int eun_engine_time_programs(void);
EUN_PUBLIC void *eun_engine_get_userdata(const struct eun_engine *engine);

/**
 * eun_package_check() - would this package run here?
 *
 * Loads it as eun_slot_new() does and looks every attach point up, but attaches nothing.
 *
 * Return: 0 if it would run; else as eun_slot_new().
 */
EUN_PUBLIC int eun_package_check(struct eun_engine *engine, const struct eun_package *package,
				 const struct eun_slot_options *options, struct eun_error *err);
/**
 * eun_hook_kind_check() - has the running kernel hooks of a kind?
 * @section: as a program's section begins: "kprobe/", "lsm/", "fentry/", ...
 *
 * Tells what the kernel lacks for it, or that it would never call such programs. Kinds of which
 * nothing is known pass: attaching will tell. Costs a few system calls.
 *
 * Return: 0; -EOPNOTSUPP (EUN_REASON_UNSUPPORTED) with cause and next step in @err; -EINVAL.
 */
EUN_PUBLIC int eun_hook_kind_check(const char *section, struct eun_error *err);

#ifdef __cplusplus
}
#endif
#endif
