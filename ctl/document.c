/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A writer with a stack of levels and no memory of values. JSON and YAML differ only in what stands
 * before a value (comma, line feed and indentation, "- "), in how a container opens and closes, and
 * in which strings may stand bare; everything else is common.
 *
 * In YAML a container's opening is written when its first item comes: only then is it known whether
 * it is "[]", a block on the next line, or the rest of a "- " line.
 */
#include "document.h"

#include "base/clock.h"
#include "base/str.h"

#include <assert.h>
#include <math.h>

static const char yaml_bare_first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/";
static const char yaml_bare_rest[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/0123456789.-";
/* Words that YAML 1.1 or 1.2 reads as something other than a string, in lower case. */
static const char *const yaml_words[] = { "true", "false", "null", "yes", "no",
					  "on",	  "off",   "y",	   "n" };

void document_init(struct document *doc, struct eub_buf *out, enum document_style style)
{
	*doc = (struct document){ .out = out, .style = style };
}

static struct document_level *get_level(struct document *doc)
{
	return doc->depth > 0 ? &doc->levels[doc->depth - 1] : NULL;
}

static void begin_line(struct document *doc, unsigned int depth)
{
	eub_buf_append_char(doc->out, '\n');
	eub_buf_fill(doc->out, ' ', (size_t)depth * 2);
}

static void begin_json_item(struct document *doc, struct document_level *level, const char *key)
{
	if (level && !level->is_empty)
		eub_buf_append_char(doc->out, ',');
	if (level && doc->style == DOCUMENT_JSON)
		begin_line(doc, doc->depth);
	if (key) {
		eub_append_json_string(doc->out, key, strlen(key));
		eub_buf_append_str(doc->out, doc->style == DOCUMENT_JSON ? ": " : ":");
	}
}

static void begin_yaml_item(struct document *doc, struct document_level *level, const char *key)
{
	if (!level)
		return;
	if (level->is_inline)
		level->is_inline = false;
	else if (doc->depth > 1 || !level->is_empty)
		begin_line(doc, doc->depth - 1);
	if (level->is_array)
		eub_buf_append_str(doc->out, "- ");
	if (key) {
		eub_buf_append_str(doc->out, key);
		eub_buf_append_char(doc->out, ':');
	}
}

/* Writes what stands before a value of the present level. */
static void begin_item(struct document *doc, const char *key)
{
	struct document_level *level = get_level(doc);

	assert(!level == !doc->depth && (!level || level->is_array == !key));
	if (doc->style == DOCUMENT_YAML)
		begin_yaml_item(doc, level, key);
	else
		begin_json_item(doc, level, key);
	if (level)
		level->is_empty = false;
}

/* As begin_item() for a value that is no container: YAML wants a blank after "key:". */
static void begin_scalar(struct document *doc, const char *key)
{
	begin_item(doc, key);
	if (key && doc->style == DOCUMENT_YAML)
		eub_buf_append_char(doc->out, ' ');
}

static void begin_container(struct document *doc, const char *key, bool is_array)
{
	bool is_in_array = doc->depth > 0 && doc->levels[doc->depth - 1].is_array;

	assert(doc->depth < DOCUMENT_DEPTH_MAX);
	begin_item(doc, key);
	doc->levels[doc->depth++] = (struct document_level){
		.is_array = is_array,
		.is_empty = true,
		.is_inline = is_in_array,
	};
	if (doc->style != DOCUMENT_YAML)
		eub_buf_append_char(doc->out, is_array ? '[' : '{');
}

void document_begin_object(struct document *doc, const char *key)
{
	begin_container(doc, key, false);
}

void document_begin_array(struct document *doc, const char *key)
{
	begin_container(doc, key, true);
}

void document_end(struct document *doc)
{
	const struct document_level *level = get_level(doc);

	assert(level);
	doc->depth--;
	if (doc->style != DOCUMENT_YAML) {
		if (!level->is_empty && doc->style == DOCUMENT_JSON)
			begin_line(doc, doc->depth);
		eub_buf_append_char(doc->out, level->is_array ? ']' : '}');
		return;
	}
	if (!level->is_empty)
		return;
	if (doc->depth > 0 && !level->is_inline)
		eub_buf_append_char(doc->out, ' ');
	eub_buf_append_str(doc->out, level->is_array ? "[]" : "{}");
}

static bool is_bare_yaml(const char *s)
{
	if (!*s || !strchr(yaml_bare_first, *s) || strspn(s, yaml_bare_rest) != strlen(s))
		return false;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(yaml_words); i++)
		if (strcasecmp(s, yaml_words[i]) == 0)
			return false;
	return true;
}

void document_add_string(struct document *doc, const char *key, const char *value)
{
	begin_scalar(doc, key);
	/* A JSON string is a YAML double-quoted string (YAML 1.2, section 1.3). */
	if (doc->style == DOCUMENT_YAML && is_bare_yaml(value))
		eub_buf_append_str(doc->out, value);
	else
		eub_append_json_string(doc->out, value, strlen(value));
}

void document_add_u64(struct document *doc, const char *key, uint64_t value)
{
	begin_scalar(doc, key);
	eub_buf_append_u64(doc->out, value);
}

void document_add_double(struct document *doc, const char *key, double value)
{
	begin_scalar(doc, key);
	eub_buf_printf(doc->out, "%.15g", isfinite(value) ? value : 0.0);
}

void document_add_bool(struct document *doc, const char *key, bool value)
{
	begin_scalar(doc, key);
	eub_buf_append_str(doc->out, value ? "true" : "false");
}

void document_add_time(struct document *doc, const char *key, uint64_t wall_ns)
{
	begin_scalar(doc, key);
	if (wall_ns == 0) {
		eub_buf_append_str(doc->out, "null");
		return;
	}
	eub_buf_append_char(doc->out, '"');
	eub_append_rfc3339(doc->out, wall_ns);
	eub_buf_append_char(doc->out, '"');
}

void document_finish(struct document *doc)
{
	assert(doc->depth == 0);
	eub_buf_append_char(doc->out, '\n');
}
