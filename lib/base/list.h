/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intrusive doubly linked list with a head node. A node that is in no list points to itself, so
 * eub_list_remove() may be called twice and a destructor may leave its parent's list blindly.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>

struct eub_list {
	struct eub_list *next;
	struct eub_list *prev;
};

static inline void eub_list_init(struct eub_list *node)
{
	node->next = node;
	node->prev = node;
}

static inline bool eub_list_is_empty(const struct eub_list *head)
{
	return head->next == head;
}

static inline void eub_list_append(struct eub_list *head, struct eub_list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

static inline void eub_list_remove(struct eub_list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	eub_list_init(node);
}

#define EUB_LIST_ENTRY(node, type, member) EUB_CONTAINER_OF(node, type, member)

/* Walks @head; the current entry may be removed and freed in the body. */
#define EUB_LIST_FOREACH(pos, head, type, member)                                                  \
	for (type *pos = EUB_LIST_ENTRY((head)->next, type, member),                               \
		  *pos##_next = EUB_LIST_ENTRY(pos->member.next, type, member);                    \
	     &pos->member != (head);                                                               \
	     pos = pos##_next, pos##_next = EUB_LIST_ENTRY(pos->member.next, type, member))
