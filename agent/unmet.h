/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations that are not met: what was declared, and why it is not so. Loop thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct unmet {
	char *slot;   /* owned; "": the folder, or a file whose name is no slot's */
	char *reason; /* owned; one line, with the path of the file or folder */
	bool waits;   /* for an interface or a cgroup, and is tried again by itself */
};

struct unmet_list {
	struct unmet *items; /* owned */
	size_t n;
};

/* Copies the texts. Return: 0; -ENOMEM, and it is left out. */
int unmet_add(struct unmet_list *list, const char *slot, const char *reason, bool waits);
bool unmet_has(const struct unmet_list *list, const char *slot, const char *reason);
/* Moves all of @from, which is empty after it, in the place of what @list held. */
void unmet_replace(struct unmet_list *list, struct unmet_list *from);
/* Empties it. */
void unmet_done(struct unmet_list *list);
