/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of text that fits a width: columns are as wide as their contents; when the sum is too
 * wide, numbers are humanised (1234567 becomes 1.2M), and at last the widest text is cut.
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum table_kind {
	TABLE_TEXT,   /* left-aligned, may be cut */
	TABLE_FIXED,  /* left-aligned, never cut */
	TABLE_NUMBER, /* right-aligned, may be humanised */
};

struct table_column {
	const char *title;
	enum table_kind kind;
};

struct table {
	const struct table_column *columns; /* borrowed */
	size_t n_columns;
	/* n_cells strings in row order, owned; for TABLE_NUMBER the digits of a number. */
	char **cells;
	size_t n_cells;
	size_t cells_cap;
	bool has_failed; /* no memory: table_write() says so */
};

enum table_flags {
	TABLE_NO_HEADERS = 1 << 0,
	TABLE_CUT_TEXT = 1 << 1, /* without it, text is never cut and lines may be too wide */
};

#define TABLE_COLUMNS_MAX 16
/* Bytes of a humanised number with its terminator: "18.4E". */
#define TABLE_HUMAN_MAX	  8

void table_init(struct table *table, const struct table_column *columns, size_t n_columns);
void table_done(struct table *table);
/* Adds the next cell, row by row. Bytes from outside are made harmless. */
void table_add(struct table *table, const char *text);
/* As table_add() for what was put together in @text, which is emptied. */
void table_add_buf(struct table *table, struct eub_buf *text);
void table_add_u64(struct table *table, uint64_t value);
/* Adds a rate as a whole number; one decimal below 10. */
void table_add_rate(struct table *table, double per_second);
/* Adds a time as RFC 3339 text, UTC. */
void table_add_time(struct table *table, uint64_t wall_ns);
/* Adds "17s", "5m03s", "3h20m", "12d4h". */
void table_add_duration(struct table *table, uint64_t ns);
/**
 * table_write() - append the table, one line per row
 * @width: columns that are there
 * @flags: of enum table_flags
 *
 * Return: 0; -ENOMEM.
 */
int table_write(struct table *table, struct eub_buf *out, unsigned int width, unsigned int flags);
/* Writes @value in at most five characters: "950", "12k", "1.2M". */
void table_humanise(uint64_t value, char ret_text[static TABLE_HUMAN_MAX]);
