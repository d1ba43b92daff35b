/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings for the engine ("run", "check") and for the agent ("start"). The array and its keys live
 * in one block of memory, so that one free() releases them.
 */
#include "cmd_settings.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <string.h>

int settings_parse(const struct words *words, struct eun_setting **ret_settings,
		   struct eun_error *err)
{
	size_t size = words->n * sizeof(struct eun_setting);
	struct eun_setting *settings;
	char *key;

	for (size_t i = 0; i < words->n; i++) {
		const char *equals = strchr(words->items[i], '=');

		if (!equals || equals == words->items[i])
			return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
					     "option '--set' wants KEY=VALUE, not '%.80s'",
					     words->items[i]);
		size += (size_t)(equals - words->items[i]) + 1;
	}
	settings = malloc(size + 1);
	if (!settings)
		return eub_error_no_memory(err);
	key = (char *)(settings + words->n);
	for (size_t i = 0; i < words->n; i++) {
		size_t n = strcspn(words->items[i], "=");

		memcpy(key, words->items[i], n);
		key[n] = '\0';
		settings[i].key = key;
		settings[i].value = words->items[i] + n + 1;
		key += n + 1;
	}
	*ret_settings = settings;
	return 0;
}
