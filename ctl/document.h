/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes one structured value as JSON or YAML: the same calls give either. Strings may hold any
 * bytes; the result is valid UTF-8 all the same (eub_append_json_string()).
 *
 *	document_init(&doc, &buf, DOCUMENT_YAML);
 *	document_begin_object(&doc, NULL);
 *	document_add_string(&doc, "name", name);
 *	document_end(&doc);
 *	document_finish(&doc);
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum document_style {
	DOCUMENT_JSON,	    /* over several lines, indented by two blanks */
	DOCUMENT_JSON_LINE, /* one line, no blanks */
	DOCUMENT_YAML,	    /* YAML 1.2, block style */
	_DOCUMENT_STYLE_MAX,
};

#define DOCUMENT_DEPTH_MAX 8

struct document_level {
	bool is_array;
	bool is_empty;
	bool is_inline; /* YAML: the first member stands on the line of its "- " */
};

struct document {
	struct eub_buf *out; /* borrowed */
	enum document_style style;
	unsigned int depth;
	struct document_level levels[DOCUMENT_DEPTH_MAX];
};

void document_init(struct document *doc, struct eub_buf *out, enum document_style style);
/* @key is NULL at the root and in arrays, a plain word elsewhere. */
void document_begin_object(struct document *doc, const char *key);
void document_begin_array(struct document *doc, const char *key);
/* Ends the object or array that was begun last. */
void document_end(struct document *doc);
void document_add_string(struct document *doc, const char *key, const char *value);
void document_add_u64(struct document *doc, const char *key, uint64_t value);
/* Infinities and NaN, which JSON lacks, become 0. */
void document_add_double(struct document *doc, const char *key, double value);
void document_add_bool(struct document *doc, const char *key, bool value);
/* Time as RFC 3339 text; null for 0. */
void document_add_time(struct document *doc, const char *key, uint64_t wall_ns);
/* Ends the last line. Every object and array has been ended. */
void document_finish(struct document *doc);
