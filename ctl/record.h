/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the answer of a command in the form that -o asks for. */
#pragma once

#include "ctl.h"
#include "document.h"
#include "table.h"

/* How one kind of answer is printed. @object is the answer, of a type that the kind knows. */
struct record_kind {
	/* The whole as one value. */
	void (*write)(struct document *doc, const void *object);
	/* Item @i as one value, for JSON lines; false when @i is past the end. NULL: one line. */
	bool (*write_item)(struct document *doc, const void *object, size_t i);
	/* For people. Return: 0; -ENOMEM. */
	int (*append_table)(const struct ctl *ctl, const void *object, struct eub_buf *out);
	/* Names of its items, one a line. */
	void (*append_names)(const void *object, struct eub_buf *out);
};

/* Appends the answer in a form; OUTPUT_NONE and forms of events append nothing. Return: 0; -ENOMEM.
 */
int record_append(const struct ctl *ctl, enum output_format format, const struct record_kind *kind,
		  const void *object, struct eub_buf *out);
/* Return: CTL_EXIT_OK, or a failure that the user has been told of. */
enum ctl_exit record_print(const struct ctl *ctl, const struct record_kind *kind,
			   const void *object);
/* Begins a table of two columns, FIELD and VALUE. */
void record_begin_fields(struct table *table);
/**
 * record_finish_table() - append a table as the output and the options want it
 * @flags: more flags of enum table_flags
 *
 * Releases @table.
 *
 * Return: 0; -ENOMEM.
 */
int record_finish_table(const struct ctl *ctl, struct table *table, unsigned int flags,
			struct eub_buf *out);
/* As record_finish_table(), after an empty line; a table without rows is left out. */
int record_finish_section(const struct ctl *ctl, struct table *table, struct eub_buf *out);
/* Appends @name, made harmless, and a line feed. */
void record_append_name(struct eub_buf *out, const char *name);
