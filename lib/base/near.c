/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the few best in order; a name that contains the wanted one counts as near as well. */
#include "base/near.h"

#include "base/str.h"

#include <stdio.h>

static size_t distance_of(const char *wanted, const char *name)
{
	size_t n = strlen(wanted);
	size_t distance = eub_edit_distance(wanted, name);

	if (distance <= 2 || distance <= n / 3)
		return distance;
	if (n >= 4 && strstr(name, wanted))
		return n / 3 + strlen(name) - n;
	return SIZE_MAX;
}

void eub_near_offer(struct eub_near *near, const char *name)
{
	size_t distance = distance_of(near->wanted, name);
	size_t i = near->n_best;

	if (distance == SIZE_MAX || strlen(name) >= sizeof(near->best[0].name))
		return;
	if (i == EUB_NEAR_MATCHES) {
		if (near->best[i - 1].distance <= distance)
			return;
		i--;
	} else {
		near->n_best++;
	}
	for (; i > 0 && near->best[i - 1].distance > distance; i--)
		near->best[i] = near->best[i - 1];
	near->best[i].distance = distance;
	(void)snprintf(near->best[i].name, sizeof(near->best[i].name), "%s", name);
}

bool eub_near_hint(const struct eub_near *near, struct eun_error *err)
{
	struct eub_buf text = EUB_BUF_INIT;
	char *s;

	if (near->n_best == 0)
		return false;
	for (size_t i = 0; i < near->n_best; i++)
		eub_buf_printf(&text, "%s'%s'", i ? ", " : "", near->best[i].name);
	s = eub_buf_take_string(&text);
	if (s)
		eun_error_set_hint(err, "did you mean %s?", s);
	free(s);
	return true;
}
