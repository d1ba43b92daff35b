/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder that keeps slots beyond the life of the agent (docs/survival.md). All functions block
 * and may be called by any thread; of one slot, by one at a time. Nothing is kept in memory but the
 * way to the folder.
 */
#pragma once

#include "spec.h"
#include "state_file.h"
#include "state_slot.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <eunomia/error.h>

#include <stddef.h>
#include <stdint.h>

struct state;

#define STATE_BOOT_ID_PATH     "/proc/sys/kernel/random/boot_id"
/* If it is set, the boot's id is what it says. */
#define STATE_BOOT_ID_VARIABLE "EUNOMIA_BOOT_ID"

/**
 * state_open() - lock the folder for this process, migrate it, remove what crashes left
 * @path:         made if it is missing (its last component)
 * @boot_id_path: STATE_BOOT_ID_PATH, or another in tests
 *
 * Return: 0; -EBUSY (another agent has it; the message names its pid); -EPROTONOSUPPORT (written by
 * a newer version), -EBADMSG (its version cannot be read): the agent must not go on; other -errno:
 * the folder cannot be used.
 */
int state_open(const char *path, const char *boot_id_path, struct state **ret_state,
	       struct eun_error *err);
/* Unlocks. NULL is allowed. Returns NULL. */
struct state *state_close(struct state *state);
EUB_DEFINE_CLEANUP(struct state *, state_close);
/* This boot of the kernel; "" if it is not known. */
const char *state_get_boot_id(const struct state *state);

/* Names of the slots that have a folder, sorted. Release with state_free_names(). Return: 0;
 * -errno. */
int state_list(const struct state *state, char ***ret_names, size_t *ret_n, struct eun_error *err);
void state_free_names(char **names, size_t n);

/**
 * state_load_slot() - read a slot's record
 *
 * Return: 0; -ENOENT (no record: a start that never got far); -EBADMSG (damaged); other -errno.
 */
int state_load_slot(const struct state *state, const char *name, struct state_slot **ret_slot,
		    struct eun_error *err);
/* Writes a slot's record: @record is of state_slot_encode(). Return: 0; -errno, with a hint. */
int state_save_slot(const struct state *state, const char *name, const struct eub_buf *record,
		    enum state_durability durability, struct eun_error *err);
/* As state_load_slot() for a generation's package: appends its bytes. */
int state_load_package(const struct state *state, const char *name, uint32_t number,
		       struct eub_buf *package, struct eun_error *err);
int state_save_package(const struct state *state, const char *name, uint32_t number,
		       const struct eub_buf *package, enum state_durability durability,
		       struct eun_error *err);
/* One that is not there is no failure. */
int state_remove_package(const struct state *state, const char *name, uint32_t number,
			 struct eun_error *err);
/* Removes packages that the record does not tell of. */
int state_tidy(const struct state *state, const struct state_slot *slot, struct eun_error *err);
/* Makes what was written STATE_FAST last. */
int state_make_durable(const struct state *state, const char *name, struct eun_error *err);
/* Removes all of a slot, at one instant. One that is not there is no failure. */
int state_remove_slot(const struct state *state, const char *name, enum state_durability durability,
		      struct eun_error *err);
/**
 * state_quarantine() - set a slot aside with the reason, out of the way of the others
 * @ret_path: where it is now; free() it; NULL is allowed
 */
int state_quarantine(const struct state *state, const char *name, const char *reason,
		     char **ret_path, struct eun_error *err);
