/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl history: what ran in a slot, oldest first, and what of it is still loaded. */
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "client.h"
#include "cmd_history.h"
#include "table.h"

const struct option_row cmd_history_options[] = { { 0 } };

static const struct table_column columns[] = {
	{ "GEN", TABLE_NUMBER },    { "STATE", TABLE_FIXED },  { "PACKAGE", TABLE_TEXT },
	{ "VERSION", TABLE_TEXT },  { "LOADED", TABLE_FIXED }, { "ORIGIN", TABLE_FIXED },
	{ "SETTINGS", TABLE_TEXT },
};

static void write_generation(struct document *doc, const Eunomia__V1__Generation *generation)
{
	document_begin_object(doc, NULL);
	document_add_u64(doc, "generation", generation->number);
	document_add_string(doc, "state", generation->state);
	document_add_string(doc, "package", generation->package);
	document_add_string(doc, "package_version", generation->package_version);
	document_add_time(doc, "loaded", generation->loaded_unix_ns);
	document_add_string(doc, "origin", generation->origin);
	document_begin_array(doc, "settings");
	for (size_t i = 0; i < generation->n_settings; i++) {
		document_begin_object(doc, NULL);
		document_add_string(doc, "key", generation->settings[i]->key);
		document_add_string(doc, "value", generation->settings[i]->value);
		document_end(doc);
	}
	document_end(doc);
	document_begin_array(doc, "args");
	for (size_t i = 0; i < generation->n_args; i++)
		document_add_string(doc, NULL, generation->args[i]);
	document_end(doc);
	document_end(doc);
}

static bool write_item(struct document *doc, const void *object, size_t i)
{
	const Eunomia__V1__HistoryReply *history = object;

	if (i >= history->n_generations)
		return false;
	write_generation(doc, history->generations[i]);
	return true;
}

static void write_history(struct document *doc, const void *object)
{
	document_begin_array(doc, NULL);
	for (size_t i = 0; write_item(doc, object, i); i++)
		;
	document_end(doc);
}

/* Adds "pid=7 comm=sh -- --all": what would be typed after the package. */
static void add_settings(struct table *table, const Eunomia__V1__Generation *generation)
{
	struct eub_buf text = EUB_BUF_INIT;

	for (size_t i = 0; i < generation->n_settings; i++)
		eub_buf_printf(&text, "%s%s=%s", i > 0 ? " " : "", generation->settings[i]->key,
			       generation->settings[i]->value);
	for (size_t i = 0; i < generation->n_args; i++)
		eub_buf_printf(&text, "%s%s",
			       i > 0	      ? " "
			       : text.len > 0 ? " -- "
					      : "-- ",
			       generation->args[i]);
	table_add_buf(table, &text);
}

static int append_table(const struct ctl *ctl, const void *object, struct eub_buf *out)
{
	const Eunomia__V1__HistoryReply *history = object;
	struct table table;

	table_init(&table, columns, EUB_ARRAY_SIZE(columns));
	for (size_t i = 0; i < history->n_generations; i++) {
		const Eunomia__V1__Generation *generation = history->generations[i];

		table_add_u64(&table, generation->number);
		table_add(&table, generation->state);
		table_add(&table, generation->package);
		table_add(&table, generation->package_version);
		table_add_time(&table, generation->loaded_unix_ns);
		table_add(&table, generation->origin);
		add_settings(&table, generation);
	}
	return record_finish_table(ctl, &table, 0, out);
}

static void append_numbers(const void *object, struct eub_buf *out)
{
	const Eunomia__V1__HistoryReply *history = object;

	for (size_t i = 0; i < history->n_generations; i++)
		eub_buf_printf(out, "%u\n", history->generations[i]->number);
}

const struct record_kind history_kind = {
	.write = write_history,
	.write_item = write_item,
	.append_table = append_table,
	.append_names = append_numbers,
};

int history_call(struct ctl *ctl, const char *name, Eunomia__V1__HistoryReply **ret_reply,
		 struct eun_error *err)
{
	Eunomia__V1__SlotRequest request;
	_cleanup_(eub_freep) char *copy = strdup(name);
	ProtobufCMessage *message = NULL;
	int r;

	if (!copy)
		return eub_error_no_memory(err);
	eunomia__v1__slot_request__init(&request);
	request.name = copy;
	r = client_call(ctl, "/eunomia.v1.Trackers/History", &request.base,
			&eunomia__v1__history_reply__descriptor, &message, err);
	if (r == 0)
		*ret_reply = (Eunomia__V1__HistoryReply *)message;
	return r;
}

enum ctl_exit cmd_history(struct ctl *ctl)
{
	const char *name = ctl->arguments.positional.items[0];
	struct eun_error err = EUN_ERROR_INIT;
	Eunomia__V1__HistoryReply *reply = NULL;
	enum ctl_exit status;

	if (history_call(ctl, name, &reply, &err) < 0) {
		status = ctl_fail(ctl, name, &err);
	} else {
		status = record_print(ctl, &history_kind, reply);
		eunomia__v1__history_reply__free_unpacked(reply, NULL);
	}
	eun_error_done(&err);
	return status;
}
