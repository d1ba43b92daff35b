/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the doctor asked the agent is in the report as it was then; only single slots are asked for
 * anew. Without an agent these parts give the reason why there is none.
 */
#include "cmd_report_agent.h"

#include "base/error.h"
#include "cmd_doctor.h"
#include "cmd_history.h"
#include "cmd_info.h"
#include "cmd_slot.h"
#include "redact.h"

#include <eunomia/version.h>

#include <inttypes.h>

#define TEXT_WIDTH 100

/* Appends an answer as JSON, without what sounds secret. */
static int append_json(const struct report *report, const struct record_kind *kind,
		       const void *object, struct eub_buf *out, struct eun_error *err)
{
	_cleanup_(eub_buf_done) struct eub_buf text = EUB_BUF_INIT;

	if (record_append(report->ctl, OUTPUT_JSON, kind, object, &text) < 0 || text.has_failed)
		return eub_error_no_memory(err);
	redact_text(out, text.data, text.len);
	return 0;
}

/* Return: 0 if the agent answered; else why not, in @err. */
static int need_agent(const struct report *report, struct eun_error *err)
{
	const struct doctor_agent *agent = report->agent;

	if (agent->is_there)
		return 0;
	return eun_error_set(err, -ENOTCONN, EUN_REASON_UNREACHABLE, "no answer from an agent: %s",
			     agent->error.message);
}

int report_versions(const struct report *report, struct eub_buf *out, struct eun_error *err)
{
	const struct doctor_agent *agent = report->agent;

	(void)err; /* of what is there something can be said */
	eub_buf_printf(out, "eunomiactl %s\nlibeunomia %s\neunomiad %s\n", EUNOMIA_VERSION,
		       eun_version(), agent->is_there ? agent->info->version : "not known");
	return 0;
}

int report_doctor(const struct report *report, struct eub_buf *out, struct eun_error *err)
{
	_cleanup_(eub_buf_done) struct eub_buf text = EUB_BUF_INIT;

	doctor_append_text(report->doctor, TEXT_WIDTH, &text);
	if (text.has_failed)
		return eub_error_no_memory(err);
	redact_text(out, text.data, text.len);
	return 0;
}

int report_doctor_json(const struct report *report, struct eub_buf *out, struct eun_error *err)
{
	return append_json(report, &doctor_kind, report->doctor, out, err);
}

int report_info(const struct report *report, struct eub_buf *out, struct eun_error *err)
{
	int r = need_agent(report, err);

	return r < 0 ? r : append_json(report, &info_kind, report->agent->info, out, err);
}

int report_slots(const struct report *report, struct eub_buf *out, struct eun_error *err)
{
	int r = need_agent(report, err);
	struct slot_list list;

	if (r < 0)
		return r;
	list.slots = report->agent->list->slots;
	list.n = report->agent->list->n_slots;
	return append_json(report, &slot_list_kind, &list, out, err);
}

/* SLOT GENERATION PROGRAM SECTION KIND MODE of each program that hangs somewhere. */
int report_programs(const struct report *report, struct eub_buf *out, struct eun_error *err)
{
	int r = need_agent(report, err);

	for (size_t i = 0; r == 0 && i < report->agent->list->n_slots; i++) {
		const Eunomia__V1__Slot *slot = report->agent->list->slots[i];

		for (size_t n = 0; n < slot->n_hooks; n++)
			eub_buf_printf(out, "%s %" PRIu32 " %s %s %s %s\n", slot->name,
				       slot->generation, slot->hooks[n]->program,
				       slot->hooks[n]->section, slot->hooks[n]->kind,
				       slot->hooks[n]->mode);
	}
	return r;
}

const char *report_get_slot(const struct report *report, size_t i)
{
	const struct doctor_agent *agent = report->agent;

	return agent->is_there && i < agent->list->n_slots ? agent->list->slots[i]->name : NULL;
}

const char *report_get_declared_dir(const struct report *report)
{
	const struct doctor_agent *agent = report->agent;

	return agent->is_there && *agent->info->trackers_conf_dir ? agent->info->trackers_conf_dir
								  : "/etc/eunomia/trackers.d";
}

int report_show(const struct report *report, const char *slot, struct eub_buf *out,
		struct eun_error *err)
{
	Eunomia__V1__SlotReply *reply = NULL;
	int r = slot_call_name(report->ctl, "/eunomia.v1.Trackers/Get", slot, &reply, err);

	if (r < 0)
		return r;
	r = append_json(report, &slot_kind, reply->slot, out, err);
	eunomia__v1__slot_reply__free_unpacked(reply, NULL);
	return r;
}

/* Puts what @redact leaves of a string in its place. */
static int replace(char **text, void (*redact)(struct eub_buf *, const char *, size_t))
{
	struct eub_buf out = EUB_BUF_INIT;
	char *copy;

	redact(&out, *text, strlen(*text));
	copy = eub_buf_take_string(&out);
	if (!copy)
		return -ENOMEM;
	free(*text); /* the decoder's, or ours: both are from malloc(3) */
	*text = copy;
	return 0;
}

static int redact_generation(Eunomia__V1__Generation *generation)
{
	for (size_t i = 0; i < generation->n_settings; i++)
		if (replace(&generation->settings[i]->value, redact_value) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < generation->n_args; i++)
		if (replace(&generation->args[i], redact_argument) < 0)
			return -ENOMEM;
	return 0;
}

int report_history(const struct report *report, const char *slot, struct eub_buf *out,
		   struct eun_error *err)
{
	Eunomia__V1__HistoryReply *reply = NULL;
	int r = history_call(report->ctl, slot, &reply, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < reply->n_generations; i++)
		if (redact_generation(reply->generations[i]) < 0)
			r = eub_error_no_memory(err);
	if (r == 0)
		r = append_json(report, &history_kind, reply, out, err);
	eunomia__v1__history_reply__free_unpacked(reply, NULL);
	return r;
}
