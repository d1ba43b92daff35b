/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads quarantine/NAME-TIME/reason. Names of slots may contain '-', so the time, whose length is
 * fixed, is taken from the end of the folder's name. What people put there themselves is not ours.
 */
#include "state_aside.h"

#include "folder.h"
#include "state_internal.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <eunomia/slot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_LENGTH	 (sizeof("2026-11-21T02:05:58.123456789Z") - 1)
#define REASON_BYTES_MAX 4096

void state_free_aside(struct state_aside *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(items[i].slot);
		free(items[i].time);
		free(items[i].reason);
		free(items[i].path);
	}
	free(items);
}

/* Where in a folder's name the time begins; NULL if it is no NAME-TIME. */
static const char *find_time(const char *folder)
{
	size_t n = strlen(folder);
	const char *time;

	if (n < TIME_LENGTH + 2)
		return NULL;
	time = folder + n - TIME_LENGTH;
	return time[-1] == '-' && strspn(time, "0123456789-:.TZ") == TIME_LENGTH ? time : NULL;
}

/* The first line of the file "reason" in @folder; free() it; NULL if there is no memory. */
static char *read_reason(const char *folder)
{
	_cleanup_(eub_buf_done) struct eub_buf text = EUB_BUF_INIT;
	struct eub_buf reason = EUB_BUF_INIT;
	_cleanup_(eub_freep) char *path = NULL;
	const char *end = NULL;

	if (asprintf(&path, "%s/reason", folder) < 0) {
		path = NULL;
		return NULL;
	}
	if (eub_read_file(path, REASON_BYTES_MAX, &text) < 0 || text.len == 0)
		return strdup("");
	end = memchr(text.data, '\n', text.len);
	eub_append_printable(&reason, text.data, end ? (size_t)(end - text.data) : text.len);
	return eub_buf_take_string(&reason);
}

/* Return: 1, an item was filled; 0, the folder is no slot's; -ENOMEM, @item may be half filled. */
static int fill(const struct state *state, const char *folder, struct state_aside *item)
{
	const char *time = find_time(folder);

	if (!time)
		return 0;
	item->slot = strndup(folder, (size_t)(time - folder) - 1);
	if (item->slot && !eun_slot_name_is_valid(item->slot)) {
		free(EUB_TAKE_PTR(item->slot));
		return 0;
	}
	item->time = strdup(time);
	item->path = state_make_path(state, "quarantine/%s", folder);
	item->reason = item->path ? read_reason(item->path) : NULL;
	if (!item->slot || !item->time || !item->reason)
		return -ENOMEM;
	return 1;
}

/* By time, the newest first; what has none comes last. */
static int compare(const void *a, const void *b)
{
	const char *x = find_time(*(char *const *)a);
	const char *y = find_time(*(char *const *)b);

	if (!x || !y)
		return (x == NULL) - (y == NULL);
	return strcmp(y, x);
}

int state_list_aside(const struct state *state, struct state_aside **ret_items, size_t *ret_n)
{
	_cleanup_(eub_freep) char *path = state_make_path(state, "quarantine");
	struct state_aside *items = calloc(STATE_ASIDE_MAX, sizeof(*items));
	char **names = NULL;
	size_t n_names = 0, n = 0;
	int r = path && items ? folder_list(path, &names, &n_names) : -ENOMEM;

	if (r == 0 && n_names > 0)
		qsort(names, n_names, sizeof(*names), compare);
	for (size_t i = 0; r >= 0 && i < n_names && n < STATE_ASIDE_MAX; i++) {
		r = fill(state, names[i], &items[n]);
		n += r != 0; /* also one that is half filled, so that it is released */
	}
	folder_free_names(names, n_names);
	if (r < 0) {
		state_free_aside(items, n);
		return r;
	}
	*ret_items = items;
	*ret_n = n;
	return 0;
}
