/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl info: the agent, the kernel it runs on, and what both can do. */
#include "base/str.h"
#include "client.h"
#include "cmd_info.h"
#include "table.h"

#include "eunomia/v1/eunomia.pb-c.h"

const struct option_row cmd_info_options[] = { { 0 } };

static const struct table_column feature_columns[] = { { "FEATURE", TABLE_FIXED },
						       { "HERE", TABLE_FIXED },
						       { "REMARK", TABLE_TEXT } };
static const struct table_column limit_columns[] = { { "LIMIT", TABLE_FIXED },
						     { "VALUE", TABLE_NUMBER },
						     { "UNIT", TABLE_FIXED } };

static const struct table_column aside_columns[] = { { "SET ASIDE", TABLE_TEXT },
						     { "TIME", TABLE_FIXED },
						     { "REASON", TABLE_TEXT } };

static const struct table_column unmet_columns[] = { { "NOT AS DECLARED", TABLE_TEXT },
						     { "REASON", TABLE_TEXT } };

static void write_features(struct document *doc, const Eunomia__V1__InfoReply *info)
{
	document_begin_array(doc, "features");
	for (size_t i = 0; i < info->n_features; i++) {
		document_begin_object(doc, NULL);
		document_add_string(doc, "name", info->features[i]->name);
		document_add_bool(doc, "available", info->features[i]->available);
		document_add_string(doc, "detail", info->features[i]->detail);
		document_end(doc);
	}
	document_end(doc);
}

static void write_limits(struct document *doc, const Eunomia__V1__InfoReply *info)
{
	document_begin_array(doc, "limits");
	for (size_t i = 0; i < info->n_limits; i++) {
		document_begin_object(doc, NULL);
		document_add_string(doc, "name", info->limits[i]->name);
		document_add_u64(doc, "value", info->limits[i]->value);
		document_add_string(doc, "unit", info->limits[i]->unit);
		document_end(doc);
	}
	document_end(doc);
}

static void write_set_aside(struct document *doc, const Eunomia__V1__InfoReply *info)
{
	document_begin_array(doc, "set_aside");
	for (size_t i = 0; i < info->n_set_aside; i++) {
		document_begin_object(doc, NULL);
		document_add_string(doc, "slot", info->set_aside[i]->slot);
		document_add_string(doc, "time", info->set_aside[i]->time);
		document_add_string(doc, "reason", info->set_aside[i]->reason);
		document_add_string(doc, "folder", info->set_aside[i]->folder);
		document_end(doc);
	}
	document_end(doc);
}

static void write_unmet(struct document *doc, const Eunomia__V1__InfoReply *info)
{
	document_begin_array(doc, "unmet_declarations");
	for (size_t i = 0; i < info->n_unmet_declarations; i++) {
		document_begin_object(doc, NULL);
		document_add_string(doc, "slot", info->unmet_declarations[i]->slot);
		document_add_string(doc, "reason", info->unmet_declarations[i]->reason);
		document_add_bool(doc, "waits", info->unmet_declarations[i]->waits);
		document_end(doc);
	}
	document_end(doc);
}

static void write_info(struct document *doc, const void *object)
{
	const Eunomia__V1__InfoReply *info = object;

	document_begin_object(doc, NULL);
	document_add_string(doc, "version", info->version);
	document_add_string(doc, "kernel_release", info->kernel_release);
	document_add_string(doc, "machine", info->machine);
	document_add_time(doc, "started", info->started_unix_ns);
	document_add_u64(doc, "pid", info->pid);
	document_add_string(doc, "state_dir", info->state_dir);
	document_add_string(doc, "bpffs_dir", info->bpffs_dir);
	document_add_string(doc, "trackers_dir", info->trackers_dir);
	document_add_string(doc, "trackers_conf_dir", info->trackers_conf_dir);
	write_features(doc, info);
	write_limits(doc, info);
	document_begin_array(doc, "trackers");
	for (size_t i = 0; i < info->n_trackers; i++)
		document_add_string(doc, NULL, info->trackers[i]);
	document_end(doc);
	write_set_aside(doc, info);
	write_unmet(doc, info);
	document_end(doc);
}

static int append_fields(const struct ctl *ctl, const Eunomia__V1__InfoReply *info,
			 struct eub_buf *out)
{
	const struct {
		const char *name;
		const char *value;
	} folders[] = {
		{ "state folder", info->state_dir },
		{ "pins", info->bpffs_dir },
		{ "trackers", info->trackers_dir },
		{ "declared", info->trackers_conf_dir },
	};
	struct table table;

	record_begin_fields(&table);
	table_add(&table, "agent version");
	table_add(&table, info->version);
	table_add(&table, "agent pid");
	table_add_u64(&table, info->pid);
	table_add(&table, "agent started");
	table_add_time(&table, info->started_unix_ns);
	table_add(&table, "kernel");
	table_add(&table, info->kernel_release);
	table_add(&table, "machine");
	table_add(&table, info->machine);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(folders); i++) {
		if (!*folders[i].value)
			continue; /* an older agent does not say */
		table_add(&table, folders[i].name);
		table_add(&table, folders[i].value);
	}
	return record_finish_table(ctl, &table, TABLE_NO_HEADERS, out);
}

static int append_features(const struct ctl *ctl, const Eunomia__V1__InfoReply *info,
			   struct eub_buf *out)
{
	struct table table;

	table_init(&table, feature_columns, EUB_ARRAY_SIZE(feature_columns));
	for (size_t i = 0; i < info->n_features; i++) {
		table_add(&table, info->features[i]->name);
		table_add(&table, info->features[i]->available ? "yes" : "no");
		table_add(&table, info->features[i]->detail);
	}
	return record_finish_section(ctl, &table, out);
}

static int append_limits(const struct ctl *ctl, const Eunomia__V1__InfoReply *info,
			 struct eub_buf *out)
{
	struct table table;

	table_init(&table, limit_columns, EUB_ARRAY_SIZE(limit_columns));
	for (size_t i = 0; i < info->n_limits; i++) {
		table_add(&table, info->limits[i]->name);
		table_add_u64(&table, info->limits[i]->value);
		table_add(&table, info->limits[i]->unit);
	}
	return record_finish_section(ctl, &table, out);
}

static int append_set_aside(const struct ctl *ctl, const Eunomia__V1__InfoReply *info,
			    struct eub_buf *out)
{
	struct table table;

	table_init(&table, aside_columns, EUB_ARRAY_SIZE(aside_columns));
	for (size_t i = 0; i < info->n_set_aside; i++) {
		table_add(&table, info->set_aside[i]->slot);
		table_add(&table, info->set_aside[i]->time);
		table_add(&table, info->set_aside[i]->reason);
	}
	return record_finish_section(ctl, &table, out);
}

static int append_unmet(const struct ctl *ctl, const Eunomia__V1__InfoReply *info,
			struct eub_buf *out)
{
	struct table table;

	table_init(&table, unmet_columns, EUB_ARRAY_SIZE(unmet_columns));
	for (size_t i = 0; i < info->n_unmet_declarations; i++) {
		table_add(&table, info->unmet_declarations[i]->slot);
		table_add(&table, info->unmet_declarations[i]->reason);
	}
	return record_finish_section(ctl, &table, out);
}

static void append_name(const void *object, struct eub_buf *out)
{
	(void)object; /* there is one agent */
	record_append_name(out, "eunomiad");
}

static int append_info(const struct ctl *ctl, const void *object, struct eub_buf *out)
{
	const Eunomia__V1__InfoReply *info = object;
	int r = append_fields(ctl, info, out);

	if (r == 0)
		r = append_features(ctl, info, out);
	if (r == 0)
		r = append_limits(ctl, info, out);
	if (r == 0)
		r = append_set_aside(ctl, info, out);
	if (r == 0)
		r = append_unmet(ctl, info, out);
	if (info->n_trackers > 0)
		eub_buf_append_str(out, "\nTRACKERS\n");
	for (size_t i = 0; i < info->n_trackers; i++)
		record_append_name(out, info->trackers[i]);
	return r;
}

const struct record_kind info_kind = {
	.write = write_info,
	.append_table = append_info,
	.append_names = append_name,
};

enum ctl_exit cmd_info(struct ctl *ctl)
{
	Eunomia__V1__InfoRequest request = EUNOMIA__V1__INFO_REQUEST__INIT;
	struct eun_error err = EUN_ERROR_INIT;
	ProtobufCMessage *message = NULL;
	enum ctl_exit status;

	if (client_call(ctl, "/eunomia.v1.Agent/Info", &request.base,
			&eunomia__v1__info_reply__descriptor, &message, &err) < 0) {
		status = ctl_fail(ctl, NULL, &err);
	} else {
		status = record_print(ctl, &info_kind, message);
		protobuf_c_message_free_unpacked(message, NULL);
	}
	eun_error_done(&err);
	return status;
}
