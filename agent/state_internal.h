/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the state folder share. */
#pragma once

#include "state.h"

#include "base/macro.h"

struct state {
	char *path;
	int lock_fd;
	char boot_id[STATE_BOOT_ID_MAX];
};

/* "FOLDER/..." as a string; free() it. NULL: out of memory. */
char *state_make_path(const struct state *state, const char *format, ...) EUB_PRINTF(2, 3);
/* Removes files of a slot's folder that are no longer wanted. @slot: NULL: temporary files only.
 * Return: 0; -errno. */
int state_sweep_slot(const char *folder, const struct state_slot *slot);
