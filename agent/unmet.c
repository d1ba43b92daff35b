/* SPDX-License-Identifier: Apache-2.0 */
#include "unmet.h"

#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void free_item(struct unmet *item)
{
	free(item->slot);
	free(item->reason);
}

int unmet_add(struct unmet_list *list, const char *slot, const char *reason, bool waits)
{
	struct unmet *grown = reallocarray(list->items, list->n + 1, sizeof(*grown));
	struct unmet item;

	if (!grown)
		return -ENOMEM;
	list->items = grown;
	item = (struct unmet){ .slot = strdup(slot), .reason = strdup(reason), .waits = waits };
	if (!item.slot || !item.reason) {
		free_item(&item);
		return -ENOMEM;
	}
	grown[list->n++] = item;
	return 0;
}

bool unmet_has(const struct unmet_list *list, const char *slot, const char *reason)
{
	for (size_t i = 0; i < list->n; i++)
		if (eub_streq(list->items[i].slot, slot) &&
		    eub_streq(list->items[i].reason, reason))
			return true;
	return false;
}

void unmet_replace(struct unmet_list *list, struct unmet_list *from)
{
	unmet_done(list);
	*list = *from;
	*from = (struct unmet_list){ 0 };
}

void unmet_done(struct unmet_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free_item(&list->items[i]);
	free(list->items);
	*list = (struct unmet_list){ 0 };
}
