/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct eun_schema: the compiled layout of one event type. It owns all it names (members, steps,
 * strings) in a handful of blocks and never changes once made, so any number of threads may format
 * events of it. Made by the builder in plan.c; how events are written is in format.c.
 */
#include "event/schema.h"

#include "base/str.h"
#include "event/plan.h"

#include <assert.h>

/* Heads the one column of events that have no type, if the caller gives it no name. */
#define UNTYPED_COLUMN "data"

static const char *const format_names[] = {
	[EUN_FORMAT_TEXT] = "text",
	[EUN_FORMAT_JSON] = "json",
	[EUN_FORMAT_RAW_JSON] = "raw-json",
	[EUN_FORMAT_RAW] = "raw",
};
static_assert(EUB_ARRAY_SIZE(format_names) == _EUN_FORMAT_MAX, "one name per format");

const char *eun_format_to_string(enum eun_format format)
{
	if ((unsigned int)format >= _EUN_FORMAT_MAX)
		return "unknown";
	return format_names[format];
}

int eun_format_from_string(const char *name, enum eun_format *ret_format)
{
	if (!name || !ret_format)
		return -EINVAL;
	for (unsigned int i = 0; i < _EUN_FORMAT_MAX; i++) {
		if (eub_streq(format_names[i], name)) {
			*ret_format = (enum eun_format)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *eun_schema_get_name(const struct eun_schema *schema)
{
	return schema->strings.data + schema->name;
}

uint32_t eun_schema_get_size(const struct eun_schema *schema)
{
	return schema->size_bytes;
}

size_t eun_schema_get_n_members(const struct eun_schema *schema)
{
	return schema->n_members;
}

const struct eun_member *eun_schema_get_member(const struct eun_schema *schema, size_t i)
{
	return i < schema->n_members ? &schema->members[i] : NULL;
}

const char *eun_schema_get_text_header(const struct eun_schema *schema)
{
	return schema->strings.data + schema->text_header;
}

int eun__schema_untyped(const char *name, struct eun_schema **ret_schema, struct eun_error *err)
{
	struct eun__plan plan;
	int r = eun__plan_init(&plan, "", 0, err);

	if (r == 0) {
		plan.schema->is_untyped = true;
		r = eun__plan_add_column(&plan, name[0] ? name : UNTYPED_COLUMN);
	}
	if (r == 0)
		r = eun__plan_finish(&plan, ret_schema);
	eun__plan_done(&plan);
	return r;
}

struct eun_schema *eun__schema_free(struct eun_schema *schema)
{
	if (!schema)
		return NULL;
	free(schema->members);
	free(schema->columns);
	free(schema->steps);
	free(schema->enumerators);
	eub_buf_done(&schema->strings);
	free(schema);
	return NULL;
}
