/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One report for both ways of changing the running generation. Scripts get the slot's name alone,
 * or its object with one more member, "swap". People get a line, and below it the hooks and maps
 * that are worth a look: hooks where the change was not exact or that came or went, and maps that
 * began anew though they might have gone on; all of them with --verbose.
 */
#include "cmd_swap_report.h"

#include "base/fd.h"
#include "base/str.h"
#include "client.h"
#include "cmd_slot.h"
#include "record.h"
#include "cmd_slot_document.h"
#include "table.h"

#include <assert.h>

static const struct table_column hook_columns[] = {
	{ "PROGRAM", TABLE_TEXT }, { "SECTION", TABLE_TEXT }, { "HOW", TABLE_FIXED },
	{ "CHANGE", TABLE_FIXED }, { "EXACT", TABLE_FIXED },  { "WHY", TABLE_TEXT },
};
static const struct table_column map_columns[] = {
	{ "MAP", TABLE_TEXT },
	{ "CONTENTS", TABLE_FIXED },
	{ "WHY", TABLE_TEXT },
};

static void write_hooks(struct document *doc, const Eunomia__V1__SwapReply *swap)
{
	document_begin_array(doc, "hooks");
	for (size_t i = 0; i < swap->n_hooks; i++) {
		document_begin_object(doc, NULL);
		document_add_string(doc, "program", swap->hooks[i]->program);
		document_add_string(doc, "section", swap->hooks[i]->section);
		document_add_string(doc, "how", swap->hooks[i]->how);
		document_add_string(doc, "change", swap->hooks[i]->change);
		document_add_bool(doc, "exact", swap->hooks[i]->exact);
		document_add_string(doc, "reason", swap->hooks[i]->reason);
		document_end(doc);
	}
	document_end(doc);
}

static void write_maps(struct document *doc, const Eunomia__V1__SwapReply *swap)
{
	document_begin_array(doc, "maps");
	for (size_t i = 0; i < swap->n_maps; i++) {
		document_begin_object(doc, NULL);
		document_add_string(doc, "name", swap->maps[i]->name);
		document_add_bool(doc, "reused", swap->maps[i]->reused);
		document_add_string(doc, "reason", swap->maps[i]->reason);
		document_end(doc);
	}
	document_end(doc);
}

static void write_reply(struct document *doc, const void *object)
{
	const Eunomia__V1__SwapReply *swap = object;

	document_begin_object(doc, NULL);
	slot_write_members(doc, swap->slot);
	document_begin_object(doc, "swap");
	document_add_u64(doc, "old_generation", swap->old_generation);
	document_add_u64(doc, "new_generation", swap->new_generation);
	document_add_bool(doc, "exact", swap->exact);
	document_add_bool(doc, "dry_run", swap->dry_run);
	document_add_u64(doc, "switch_ns", swap->switch_ns);
	document_add_u64(doc, "prepare_ns", swap->prepare_ns);
	write_hooks(doc, swap);
	write_maps(doc, swap);
	document_end(doc);
	document_end(doc);
}

/* Appends "40 ns", "2.1 ms", "1.5 s". */
static void append_ns(struct eub_buf *buf, uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = { { 1000000000, "s" }, { 1000000, "ms" }, { 1000, "us" }, { 1, "ns" } };
	size_t i = 0;

	while (i + 1 < EUB_ARRAY_SIZE(units) && ns < units[i].ns)
		i++;
	eub_buf_append_u64(buf, ns / units[i].ns);
	if (units[i].ns > 1)
		eub_buf_printf(buf, ".%u", (unsigned int)(ns % units[i].ns / (units[i].ns / 10)));
	eub_buf_printf(buf, " %s", units[i].name);
}

static void append_summary(const Eunomia__V1__SwapReply *swap, struct eub_buf *out)
{
	eub_append_printable(out, swap->slot->name, strlen(swap->slot->name));
	eub_buf_printf(out, ": generation %u -> %u, ", swap->old_generation, swap->new_generation);
	if (swap->dry_run) {
		eub_buf_printf(out, "dry run, would be %s; prepared in ",
			       swap->exact ? "exact" : "inexact");
		append_ns(out, swap->prepare_ns);
		eub_buf_append_str(out, "; nothing was changed\n");
		return;
	}
	eub_buf_append_str(out, swap->exact ? "exact, switched in " : "not exact, switched in ");
	append_ns(out, swap->switch_ns);
	eub_buf_append_str(out, ", prepared in ");
	append_ns(out, swap->prepare_ns);
	eub_buf_append_str(out, swap->exact ? "; lost 0, repeated 0\n"
					    : "; events of hooks that are not exact may have been "
					      "repeated or lost\n");
}

static bool is_notable_hook(const Eunomia__V1__SwapHook *hook)
{
	/* A program that hangs nowhere is exact in its own way. */
	return !eub_streq(hook->how, "none") && (!hook->exact || !eub_streq(hook->change, "kept"));
}

static int append_hooks(const struct ctl *ctl, const Eunomia__V1__SwapReply *swap,
			struct eub_buf *out)
{
	struct table table;

	table_init(&table, hook_columns, EUB_ARRAY_SIZE(hook_columns));
	for (size_t i = 0; i < swap->n_hooks; i++) {
		const Eunomia__V1__SwapHook *hook = swap->hooks[i];

		if (!ctl->options.is_verbose && !is_notable_hook(hook))
			continue;
		table_add(&table, hook->program);
		table_add(&table, hook->section);
		table_add(&table, hook->how);
		table_add(&table, hook->change);
		table_add(&table, hook->exact ? "yes" : "no");
		table_add(&table, hook->reason);
	}
	return record_finish_section(ctl, &table, out);
}

/* Data sections, libbpf's maps with a dot in their name, begin anew in every generation. */
static bool is_notable_map(const Eunomia__V1__SwapMap *map)
{
	return !map->reused && !strchr(map->name, '.');
}

static int append_maps(const struct ctl *ctl, const Eunomia__V1__SwapReply *swap,
		       struct eub_buf *out)
{
	struct table table;

	table_init(&table, map_columns, EUB_ARRAY_SIZE(map_columns));
	for (size_t i = 0; i < swap->n_maps; i++) {
		const Eunomia__V1__SwapMap *map = swap->maps[i];

		if (!ctl->options.is_verbose && !is_notable_map(map))
			continue;
		table_add(&table, map->name);
		table_add(&table, map->reused ? "reused" : "fresh");
		table_add(&table, map->reason);
	}
	return record_finish_section(ctl, &table, out);
}

static int append_report(const struct ctl *ctl, const void *object, struct eub_buf *out)
{
	const Eunomia__V1__SwapReply *swap = object;
	int r;

	append_summary(swap, out);
	r = append_hooks(ctl, swap, out);
	return r < 0 ? r : append_maps(ctl, swap, out);
}

static void append_name(const void *object, struct eub_buf *out)
{
	const Eunomia__V1__SwapReply *swap = object;

	slot_append_name(swap->slot, out);
}

static const struct record_kind reply_kind = {
	.write = write_reply,
	.append_table = append_report,
	.append_names = append_name,
};

/* For people beside what is printed for scripts. Nothing can be told when this fails. */
static void tell(const struct ctl *ctl, const Eunomia__V1__SwapReply *swap)
{
	struct eub_buf report = EUB_BUF_INIT;

	if (ctl->options.is_quiet)
		return;
	for (size_t i = 0; i < swap->slot->n_notes; i++)
		ctl_remark(ctl, "note: %s", swap->slot->notes[i]);
	if (ctl->output != OUTPUT_TABLE && append_report(ctl, swap, &report) == 0)
		(void)eub_write_all(STDERR_FILENO, report.data, report.len);
	eub_buf_done(&report);
}

static int call(struct ctl *ctl, const char *path, const ProtobufCMessage *request,
		Eunomia__V1__SwapReply **ret_reply, struct eun_error *err)
{
	ProtobufCMessage *message = NULL;
	Eunomia__V1__SwapReply *reply;
	int r;

	r = client_call(ctl, path, request, &eunomia__v1__swap_reply__descriptor, &message, err);
	if (r < 0)
		return r;
	reply = (Eunomia__V1__SwapReply *)message;
	if (!reply || !reply->slot) {
		eunomia__v1__swap_reply__free_unpacked(reply, NULL);
		return eun_error_set(err, -EPROTO, EUN_REASON_INTERNAL,
				     "the agent's answer holds no slot");
	}
	*ret_reply = reply;
	return 0;
}

enum ctl_exit swap_report_call(struct ctl *ctl, const char *path, const ProtobufCMessage *request,
			       const char *subject)
{
	struct eun_error err = EUN_ERROR_INIT;
	Eunomia__V1__SwapReply *reply = NULL;
	enum ctl_exit status;

	if (call(ctl, path, request, &reply, &err) < 0) {
		status = ctl_fail(ctl, subject, &err);
		/* A variable or a tracker that does not exist is no slot. */
		if (err.reason == EUN_REASON_NOT_FOUND && err.subject[0] &&
		    !eub_streq(err.subject, subject))
			status = CTL_EXIT_FAILED;
	} else {
		assert(reply);
		tell(ctl, reply);
		status = record_print(ctl, &reply_kind, reply);
		eunomia__v1__swap_reply__free_unpacked(reply, NULL);
	}
	eun_error_done(&err);
	return status;
}
