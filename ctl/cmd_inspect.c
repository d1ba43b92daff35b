/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl inspect: what a package says of itself. Touches no kernel and needs no rights. */
#include "cmd_engine.h"

#include "base/str.h"
#include "record.h"
#include "table.h"

#include <stdio.h>

const struct option_row cmd_inspect_options[] = { { 0 } };

static const struct table_column program_columns[] = { { "PROGRAM", TABLE_TEXT },
						       { "SECTION", TABLE_TEXT } };
static const struct table_column map_columns[] = { { "MAP", TABLE_TEXT }, { "TYPE", TABLE_TEXT } };
static const struct table_column event_type_columns[] = { { "EVENT TYPE", TABLE_TEXT },
							  { "BYTES", TABLE_NUMBER } };
static const struct table_column variable_columns[] = {
	{ "VARIABLE", TABLE_TEXT }, { "TYPE", TABLE_TEXT },	   { "OPTION", TABLE_TEXT },
	{ "DEFAULT", TABLE_TEXT },  { "DESCRIPTION", TABLE_TEXT },
};

static size_t get_object_size(const struct eun_package *package)
{
	size_t size = 0;

	(void)eun_package_get_object(package, &size); /* only its size is shown */
	return size;
}

static void write_programs(struct document *doc, const struct eun_package *package)
{
	const struct eun_package_program *program;

	document_begin_array(doc, "programs");
	for (size_t i = 0; (program = eun_package_get_program(package, i)); i++) {
		document_begin_object(doc, NULL);
		document_add_string(doc, "name", program->name);
		document_add_string(doc, "section", program->section);
		document_end(doc);
	}
	document_end(doc);
}

static void write_maps(struct document *doc, const struct eun_package *package)
{
	const struct eun_package_map *map;

	document_begin_array(doc, "maps");
	for (size_t i = 0; (map = eun_package_get_map(package, i)); i++) {
		document_begin_object(doc, NULL);
		document_add_string(doc, "name", map->name);
		document_add_string(doc, "type", map->type);
		document_end(doc);
	}
	document_end(doc);
}

static void write_event_types(struct document *doc, const struct eun_package *package)
{
	struct eun_package_event_type type;

	document_begin_array(doc, "event_types");
	for (size_t i = 0; eun_package_get_event_type(package, i, &type); i++) {
		document_begin_object(doc, NULL);
		document_add_string(doc, "type", type.name);
		document_add_u64(doc, "size", type.size);
		document_end(doc);
	}
	document_end(doc);
}

static void write_variables(struct document *doc, const struct eun_package *package)
{
	const struct eun_package_variable *variable;

	document_begin_array(doc, "variables");
	for (size_t i = 0; (variable = eun_package_get_variable(package, i)); i++) {
		document_begin_object(doc, NULL);
		document_add_string(doc, "name", variable->name);
		document_add_string(doc, "type", variable->type);
		document_add_string(doc, "section", variable->section);
		document_add_string(doc, "description", variable->description);
		document_add_string(doc, "long_option", variable->long_option);
		document_add_string(doc, "short_option", variable->short_option);
		document_add_string(doc, "default", variable->default_value);
		document_end(doc);
	}
	document_end(doc);
}

static void write_package(struct document *doc, const void *object)
{
	const struct eun_package *package = object;

	document_begin_object(doc, NULL);
	document_add_string(doc, "name", eun_package_get_name(package));
	document_add_string(doc, "version", eun_package_get_version(package));
	document_add_string(doc, "format",
			    eun_package_format_to_string(eun_package_get_format(package)));
	document_add_string(doc, "description", eun_package_get_description(package));
	document_add_u64(doc, "object_size", get_object_size(package));
	write_programs(doc, package);
	write_maps(doc, package);
	write_event_types(doc, package);
	write_variables(doc, package);
	document_end(doc);
}

static int append_fields(const struct ctl *ctl, const struct eun_package *package,
			 struct eub_buf *out)
{
	const char *const fields[][2] = {
		{ "name", eun_package_get_name(package) },
		{ "version", eun_package_get_version(package) },
		{ "format", eun_package_format_to_string(eun_package_get_format(package)) },
		{ "description", eun_package_get_description(package) },
	};
	struct table table;

	record_begin_fields(&table);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(fields); i++) {
		table_add(&table, fields[i][0]);
		table_add(&table, fields[i][1]);
	}
	table_add(&table, "object bytes");
	table_add_u64(&table, get_object_size(package));
	return record_finish_table(ctl, &table, TABLE_NO_HEADERS, out);
}

static int append_programs(const struct ctl *ctl, const struct eun_package *package,
			   struct eub_buf *out)
{
	const struct eun_package_program *program;
	struct table table;

	table_init(&table, program_columns, EUB_ARRAY_SIZE(program_columns));
	for (size_t i = 0; (program = eun_package_get_program(package, i)); i++) {
		table_add(&table, program->name);
		table_add(&table, program->section);
	}
	return record_finish_section(ctl, &table, out);
}

static int append_maps(const struct ctl *ctl, const struct eun_package *package,
		       struct eub_buf *out)
{
	const struct eun_package_map *map;
	struct table table;

	table_init(&table, map_columns, EUB_ARRAY_SIZE(map_columns));
	for (size_t i = 0; (map = eun_package_get_map(package, i)); i++) {
		table_add(&table, map->name);
		table_add(&table, map->type);
	}
	return record_finish_section(ctl, &table, out);
}

static int append_event_types(const struct ctl *ctl, const struct eun_package *package,
			      struct eub_buf *out)
{
	struct eun_package_event_type type;
	struct table table;

	table_init(&table, event_type_columns, EUB_ARRAY_SIZE(event_type_columns));
	for (size_t i = 0; eun_package_get_event_type(package, i, &type); i++) {
		table_add(&table, type.name);
		table_add_u64(&table, type.size);
	}
	return record_finish_section(ctl, &table, out);
}

static int append_variables(const struct ctl *ctl, const struct eun_package *package,
			    struct eub_buf *out)
{
	const struct eun_package_variable *variable;
	struct table table;

	table_init(&table, variable_columns, EUB_ARRAY_SIZE(variable_columns));
	for (size_t i = 0; (variable = eun_package_get_variable(package, i)); i++) {
		table_add(&table, variable->name);
		table_add(&table, variable->type);
		table_add(&table, variable->long_option);
		table_add(&table, variable->default_value);
		table_add(&table, variable->description);
	}
	return record_finish_section(ctl, &table, out);
}

static int append_package(const struct ctl *ctl, const void *object, struct eub_buf *out)
{
	static int (*const parts[])(const struct ctl *ctl, const struct eun_package *package,
				    struct eub_buf *out) = {
		append_fields, append_programs, append_maps, append_event_types, append_variables,
	};
	int r = 0;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(parts) && r == 0; i++)
		r = parts[i](ctl, object, out);
	return r;
}

static void append_package_name(const void *object, struct eub_buf *out)
{
	record_append_name(out, eun_package_get_name(object));
}

static const struct record_kind package_kind = {
	.write = write_package,
	.append_table = append_package,
	.append_names = append_package_name,
};

enum ctl_exit cmd_inspect(struct ctl *ctl)
{
	const char *spec = ctl->arguments.positional.items[0];
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_package *package = NULL;
	enum ctl_exit status;

	if (engine_read_package(spec, &package, &err) < 0)
		status = ctl_fail(ctl, spec, &err);
	else
		status = record_print(ctl, &package_kind, package);
	eun_package_free(package);
	eun_error_done(&err);
	return status;
}
