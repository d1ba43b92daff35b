/* SPDX-License-Identifier: Apache-2.0 */
/* One row per form of output; a form that no row prints (OUTPUT_NONE) prints nothing. */
#include "record.h"

#include "base/str.h"
#include "ctl_limits.h"

#include <assert.h>

static int append_value(const struct record_kind *kind, const void *object,
			enum document_style style, struct eub_buf *out)
{
	struct document doc;

	document_init(&doc, out, style);
	kind->write(&doc, object);
	document_finish(&doc);
	return 0;
}

static int append_json(const struct ctl *ctl, const struct record_kind *kind, const void *object,
		       struct eub_buf *out)
{
	(void)ctl; /* only tables depend on it */
	return append_value(kind, object, DOCUMENT_JSON, out);
}

static int append_yaml(const struct ctl *ctl, const struct record_kind *kind, const void *object,
		       struct eub_buf *out)
{
	(void)ctl; /* only tables depend on it */
	return append_value(kind, object, DOCUMENT_YAML, out);
}

static int append_json_lines(const struct ctl *ctl, const struct record_kind *kind,
			     const void *object, struct eub_buf *out)
{
	struct document doc;

	(void)ctl; /* only tables depend on it */
	if (!kind->write_item)
		return append_value(kind, object, DOCUMENT_JSON_LINE, out);
	document_init(&doc, out, DOCUMENT_JSON_LINE);
	for (size_t i = 0; kind->write_item(&doc, object, i); i++)
		document_finish(&doc);
	return 0;
}

static int append_table(const struct ctl *ctl, const struct record_kind *kind, const void *object,
			struct eub_buf *out)
{
	return kind->append_table(ctl, object, out);
}

static int append_names(const struct ctl *ctl, const struct record_kind *kind, const void *object,
			struct eub_buf *out)
{
	(void)ctl; /* only tables depend on it */
	kind->append_names(object, out);
	return 0;
}

static int (*const appenders[])(const struct ctl *ctl, const struct record_kind *kind,
				const void *object, struct eub_buf *out) = {
	[OUTPUT_TABLE] = append_table,	    [OUTPUT_JSON] = append_json,
	[OUTPUT_JSONL] = append_json_lines, [OUTPUT_YAML] = append_yaml,
	[OUTPUT_NAME] = append_names,	    [OUTPUT_RAW] = NULL,
};
static_assert(EUB_ARRAY_SIZE(appenders) == _OUTPUT_FORMAT_MAX, "one row per form");

int record_append(const struct ctl *ctl, enum output_format format, const struct record_kind *kind,
		  const void *object, struct eub_buf *out)
{
	return appenders[format] ? appenders[format](ctl, kind, object, out) : 0;
}

enum ctl_exit record_print(const struct ctl *ctl, const struct record_kind *kind,
			   const void *object)
{
	struct eub_buf out = EUB_BUF_INIT;

	if (record_append(ctl, ctl->output, kind, object, &out) < 0)
		out.has_failed = true;
	return ctl_print(ctl, &out);
}

void record_begin_fields(struct table *table)
{
	static const struct table_column columns[] = {
		{ "FIELD", TABLE_FIXED },
		{ "VALUE", TABLE_TEXT },
	};

	table_init(table, columns, EUB_ARRAY_SIZE(columns));
}

int record_finish_table(const struct ctl *ctl, struct table *table, unsigned int flags,
			struct eub_buf *out)
{
	unsigned int width = output_get_width();
	int r;

	if (ctl->options.has_no_headers)
		flags |= TABLE_NO_HEADERS;
	/* A script that reads names wants them whole. */
	if (width > 0)
		flags |= TABLE_CUT_TEXT;
	r = table_write(table, out, width > 0 ? width : CTL_TABLE_WIDTH, flags);
	table_done(table);
	return r;
}

int record_finish_section(const struct ctl *ctl, struct table *table, struct eub_buf *out)
{
	if (table->n_cells > 0)
		eub_buf_append_char(out, '\n');
	else if (!table->has_failed)
		return 0;
	return record_finish_table(ctl, table, 0, out);
}

void record_append_name(struct eub_buf *out, const char *name)
{
	eub_append_printable(out, name, strlen(name));
	eub_buf_append_char(out, '\n');
}
