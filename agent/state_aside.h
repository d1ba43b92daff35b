/* SPDX-License-Identifier: Apache-2.0 */
/* The slots that were set aside: what state_quarantine() made, for people to look at. */
#pragma once

#include "state.h"

#include <stddef.h>

/* As many are listed as somebody may want to hear of. */
#define STATE_ASIDE_MAX 32

struct state_aside {
	char *slot;
	char *time;   /* RFC 3339, UTC */
	char *reason; /* one line; "" if it cannot be read */
	char *path;   /* its folder */
};

/**
 * state_list_aside() - slots in quarantine, the newest first
 * @ret_items: at most STATE_ASIDE_MAX; state_free_aside()
 *
 * Folders whose names are of another make are passed over. Blocks: a folder and small files.
 *
 * Return: 0; -ENOMEM; -errno of reading the folder.
 */
int state_list_aside(const struct state *state, struct state_aside **ret_items, size_t *ret_n);
void state_free_aside(struct state_aside *items, size_t n);
