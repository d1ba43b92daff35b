/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eun_schema -> eunomia.v1.Schema. Every string is copied, so that the generated destructor can
 * release the message, also one that is half built.
 */
#include "watch_schema.h"

#include <stdlib.h>
#include <string.h>

static Eunomia__V1__Member *member_message_new(const struct eun_member *member)
{
	Eunomia__V1__Member *message = malloc(sizeof(*message));

	if (!message)
		return NULL;
	eunomia__v1__member__init(message);
	message->name = strdup(member->name);
	message->type = strdup(member->type);
	message->offset_bits = member->offset_bits;
	message->size_bits = member->size_bits;
	if (!message->name || !message->type) {
		eunomia__v1__member__free_unpacked(message, NULL);
		return NULL;
	}
	return message;
}

static int add_members(Eunomia__V1__Schema *message, const struct eun_schema *schema)
{
	size_t n = eun_schema_get_n_members(schema);

	if (n == 0)
		return 0;
	message->members = calloc(n, sizeof(Eunomia__V1__Member *));
	if (!message->members)
		return -1;
	for (; message->n_members < n; message->n_members++) {
		const struct eun_member *member = eun_schema_get_member(schema, message->n_members);

		message->members[message->n_members] = member_message_new(member);
		if (!message->members[message->n_members])
			return -1;
	}
	return 0;
}

Eunomia__V1__Schema *watch_schema_message_new(const char *slot, uint32_t generation, uint32_t id,
					      const struct eun_schema *schema)
{
	Eunomia__V1__Schema *message = malloc(sizeof(*message));

	if (!message)
		return NULL;
	eunomia__v1__schema__init(message);
	message->generation = generation;
	message->id = id;
	message->size = eun_schema_get_size(schema);
	message->slot = strdup(slot);
	message->type = strdup(eun_schema_get_name(schema));
	message->text_header = strdup(eun_schema_get_text_header(schema));
	if (!message->slot || !message->type || !message->text_header ||
	    add_members(message, schema) < 0) {
		eunomia__v1__schema__free_unpacked(message, NULL);
		return NULL;
	}
	return message;
}
