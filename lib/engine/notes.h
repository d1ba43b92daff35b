/* SPDX-License-Identifier: Apache-2.0 */
/* Remarks made while a slot is started, for the person who started it. */
#pragma once

#include "base/macro.h"

#include <stddef.h>

struct eun__notes {
	char **items;
	size_t n_items;
};

/* Beyond EUN__NOTES_MAX, or without memory, remarks are dropped: they decide nothing. */
void eun__notes_add(struct eun__notes *notes, const char *format, ...) EUB_PRINTF(2, 3);
void eun__notes_done(struct eun__notes *notes);
