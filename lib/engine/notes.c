/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/notes.h"

#include "base/buf.h"
#include "engine/limits.h"

#include <stdarg.h>

void eun__notes_add(struct eun__notes *notes, const char *format, ...)
{
	struct eub_buf text = EUB_BUF_INIT;
	char **items;
	va_list args;
	char *s;

	if (notes->n_items == EUN__NOTES_MAX)
		return;
	va_start(args, format);
	eub_buf_vprintf(&text, format, args);
	va_end(args);
	s = eub_buf_take_string(&text);
	items = reallocarray(notes->items, notes->n_items + 1, sizeof(char *));
	if (items)
		notes->items = items;
	if (!s || !items) {
		free(s);
		return;
	}
	items[notes->n_items++] = s;
}

void eun__notes_done(struct eun__notes *notes)
{
	for (size_t i = 0; i < notes->n_items; i++)
		free(notes->items[i]);
	free(notes->items);
	*notes = (struct eun__notes){ 0 };
}
