/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs on slots share: calls that name a slot or answer with one, and their tables. */
#include "cmd_slot.h"

#include "base/error.h"
#include "base/str.h"
#include "client.h"
#include "cmd_slot_document.h"
#include "table.h"

#include <assert.h>

static const char *const state_names[] = {
	[EUNOMIA__V1__SLOT_STATE__SLOT_STATE_UNSPECIFIED] = "unknown",
	[EUNOMIA__V1__SLOT_STATE__SLOT_STATE_RUNNING] = "running",
	[EUNOMIA__V1__SLOT_STATE__SLOT_STATE_PAUSED] = "paused",
	[EUNOMIA__V1__SLOT_STATE__SLOT_STATE_STOPPED] = "stopped",
	[EUNOMIA__V1__SLOT_STATE__SLOT_STATE_WAITING] = "waiting",
};

static const struct table_column list_columns[] = {
	{ "NAME", TABLE_TEXT },	    { "STATE", TABLE_FIXED },	{ "GEN", TABLE_NUMBER },
	{ "EVENTS", TABLE_NUMBER }, { "RATE", TABLE_NUMBER },	{ "LOST", TABLE_NUMBER },
	{ "UPTIME", TABLE_FIXED },  { "ENABLED", TABLE_FIXED },
};

const char *slot_state_to_string(Eunomia__V1__SlotState state)
{
	if ((unsigned int)state >= EUB_ARRAY_SIZE(state_names))
		return "unknown";
	return state_names[state];
}

const char *slot_get_enabled_text(const Eunomia__V1__Slot *slot)
{
	if (slot->declared)
		return "declared";
	return slot->enabled ? "yes" : "no";
}

const Eunomia__V1__SlotStats *slot_get_stats(const Eunomia__V1__Slot *slot)
{
	static const Eunomia__V1__SlotStats none = EUNOMIA__V1__SLOT_STATS__INIT;

	return slot->stats ? slot->stats : &none;
}

void slot_append_name(const void *object, struct eub_buf *out)
{
	const Eunomia__V1__Slot *slot = object;

	record_append_name(out, slot->name);
}

static void write_list(struct document *doc, const void *object)
{
	const struct slot_list *list = object;

	document_begin_array(doc, NULL);
	for (size_t i = 0; i < list->n; i++)
		slot_write(doc, list->slots[i]);
	document_end(doc);
}

static bool write_list_item(struct document *doc, const void *object, size_t i)
{
	const struct slot_list *list = object;

	if (i >= list->n)
		return false;
	slot_write(doc, list->slots[i]);
	return true;
}

static void add_row(struct table *table, const Eunomia__V1__Slot *slot)
{
	const Eunomia__V1__SlotStats *stats = slot_get_stats(slot);

	table_add(table, slot->name);
	table_add(table, slot_state_to_string(slot->state));
	table_add_u64(table, slot->generation);
	table_add_u64(table, stats->events);
	table_add_rate(table, stats->events_per_second);
	table_add_u64(table, stats->lost);
	table_add_duration(table, slot->uptime_ns);
	table_add(table, slot_get_enabled_text(slot));
}

static int append_list_table(const struct ctl *ctl, const void *object, struct eub_buf *out)
{
	const struct slot_list *list = object;
	struct table table;

	table_init(&table, list_columns, EUB_ARRAY_SIZE(list_columns));
	for (size_t i = 0; i < list->n; i++)
		add_row(&table, list->slots[i]);
	return record_finish_table(ctl, &table, 0, out);
}

static void append_list_names(const void *object, struct eub_buf *out)
{
	const struct slot_list *list = object;

	for (size_t i = 0; i < list->n; i++)
		slot_append_name(list->slots[i], out);
}

const struct record_kind slot_list_kind = {
	.write = write_list,
	.write_item = write_list_item,
	.append_table = append_list_table,
	.append_names = append_list_names,
};

static int append_slot_table(const struct ctl *ctl, const void *object, struct eub_buf *out)
{
	struct table table;

	table_init(&table, list_columns, EUB_ARRAY_SIZE(list_columns));
	add_row(&table, object);
	return record_finish_table(ctl, &table, 0, out);
}

const struct record_kind slot_kind = {
	.write = slot_write,
	.append_table = append_slot_table,
	.append_names = slot_append_name,
};

int slot_call(struct ctl *ctl, const char *path, const ProtobufCMessage *request,
	      Eunomia__V1__SlotReply **ret_reply, struct eun_error *err)
{
	ProtobufCMessage *message = NULL;
	Eunomia__V1__SlotReply *reply;
	int r;

	r = client_call(ctl, path, request, &eunomia__v1__slot_reply__descriptor, &message, err);
	if (r < 0)
		return r;
	reply = (Eunomia__V1__SlotReply *)message;
	if (!reply || !reply->slot) {
		eunomia__v1__slot_reply__free_unpacked(reply, NULL);
		return eun_error_set(err, -EPROTO, EUN_REASON_INTERNAL,
				     "the agent's answer holds no slot");
	}
	*ret_reply = reply;
	return 0;
}

int slot_call_name(struct ctl *ctl, const char *path, const char *name,
		   Eunomia__V1__SlotReply **ret_reply, struct eun_error *err)
{
	Eunomia__V1__SlotRequest request;
	_cleanup_(eub_freep) char *copy = strdup(name);

	if (!copy)
		return eub_error_no_memory(err);
	eunomia__v1__slot_request__init(&request);
	request.name = copy;
	return slot_call(ctl, path, &request.base, ret_reply, err);
}

/* Calls @path for each name; stores the answers that came and their slots. */
static enum ctl_exit call_each(struct ctl *ctl, const char *path, Eunomia__V1__SlotReply **replies,
			       Eunomia__V1__Slot **slots, size_t *n)
{
	enum ctl_exit status = CTL_EXIT_OK;

	for (size_t i = 0; i < ctl->arguments.positional.n; i++) {
		const char *name = ctl->arguments.positional.items[i];
		struct eun_error err = EUN_ERROR_INIT;
		Eunomia__V1__SlotReply *reply = NULL;

		if (slot_call_name(ctl, path, name, &reply, &err) < 0) {
			enum ctl_exit failure = ctl_fail(ctl, name, &err);

			status = status == CTL_EXIT_OK ? failure : status;
		} else {
			assert(reply);
			replies[*n] = reply;
			slots[(*n)++] = reply->slot;
		}
		eun_error_done(&err);
		/* Without an agent the other names fail for the same reason. */
		if (status == CTL_EXIT_UNREACHABLE)
			break;
	}
	return status;
}

enum ctl_exit slot_run_verb(struct ctl *ctl, const char *path)
{
	size_t n_names = ctl->arguments.positional.n;
	_cleanup_(eub_freep) Eunomia__V1__SlotReply **replies = calloc(n_names, sizeof(void *));
	_cleanup_(eub_freep) Eunomia__V1__Slot **slots = calloc(n_names, sizeof(void *));
	struct slot_list list = { .slots = slots };
	enum ctl_exit status = CTL_EXIT_FAILED;

	if (replies && slots)
		status = call_each(ctl, path, replies, slots, &list.n);
	if (n_names == 1 && list.n == 1)
		status = record_print(ctl, &slot_kind, slots[0]);
	else if (list.n > 0 && record_print(ctl, &slot_list_kind, &list) != CTL_EXIT_OK)
		status = CTL_EXIT_FAILED;
	for (size_t i = 0; i < list.n; i++)
		eunomia__v1__slot_reply__free_unpacked(replies[i], NULL);
	return status;
}
