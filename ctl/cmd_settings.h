/* SPDX-License-Identifier: Apache-2.0 */
/* The KEY=VALUE words of --set. */
#pragma once

#include <eunomia/slot.h>

#include "options.h"

/**
 * settings_parse() - split words at their first '='
 * @ret_settings: words->n entries, values borrowed from @words; one block of memory: free() it
 *
 * Return: 0; -EINVAL (INVALID_ARGUMENT), -ENOMEM.
 */
int settings_parse(const struct words *words, struct eun_setting **ret_settings,
		   struct eun_error *err);
