/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which results are printed: one table of names, and standard output itself. */
#pragma once

#include <eunomia/error.h>

#include "base/buf.h"

#include <stdbool.h>

enum output_format {
	OUTPUT_NONE, /* print nothing; cannot be asked for by name */
	OUTPUT_TABLE,
	OUTPUT_TEXT,
	OUTPUT_JSON,
	OUTPUT_JSONL,
	OUTPUT_YAML,
	OUTPUT_NAME,
	OUTPUT_RAW_JSON,
	OUTPUT_RAW,
	_OUTPUT_FORMAT_MAX,
};

#define OUTPUT_BIT(format) (1u << (format))

/* Sets of forms that a command can print, for commands.def. */
enum {
	OUTPUTS_NONE = 0,
	OUTPUTS_RECORD = OUTPUT_BIT(OUTPUT_TABLE) | OUTPUT_BIT(OUTPUT_JSON) |
			 OUTPUT_BIT(OUTPUT_JSONL) | OUTPUT_BIT(OUTPUT_YAML) |
			 OUTPUT_BIT(OUTPUT_NAME),
	OUTPUTS_EVENTS = OUTPUT_BIT(OUTPUT_TEXT) | OUTPUT_BIT(OUTPUT_JSONL) |
			 OUTPUT_BIT(OUTPUT_RAW_JSON) | OUTPUT_BIT(OUTPUT_RAW),
};

/* "table"; "none" for OUTPUT_NONE. */
const char *output_format_to_string(enum output_format format);
/**
 * output_format_from_string() - the form of that name
 * @allowed: set of OUTPUT_BIT()
 *
 * Return: 0; -EINVAL with the allowed names in @err.
 */
int output_format_from_string(const char *name, unsigned int allowed,
			      enum output_format *ret_format, struct eun_error *err);
/* Appends "table|json|jsonl". */
void output_append_formats(struct eub_buf *buf, unsigned int allowed);

/**
 * output_write() - write bytes to standard output
 *
 * Return: 0; -EPIPE when the reader has gone, which is no failure of ours: end quietly; other
 * -errno of write(2) with @err filled.
 */
int output_write(const void *data, size_t n, struct eun_error *err);
bool output_is_terminal(void);
/* Columns that lines must fit: COLUMNS of the environment, or those of the terminal on standard
 * output; 0 if there is neither. */
unsigned int output_get_width(void);
