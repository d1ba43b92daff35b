/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eunomiactl start: finds the package here, hands it to the agent and prints the slot's name. A
 * name that is not installed here is left to the agent, whose trackers may be others.
 */
#include "cmd_slot.h"
#include "cmd_start_request.h"

#include <assert.h>

const struct option_row cmd_start_options[] = {
	{ "enable", 0, OPTION_FLAG, OPTION_OFFSET(is_enabling), NULL, COMPLETE_NOTHING,
	  "start it again after a reboot" },
	{ 0 },
};

static int start(struct ctl *ctl, const char *spec, Eunomia__V1__SlotReply **ret_reply,
		 struct eun_error *err)
{
	struct start_request request;
	int r = start_request_init(&request, ctl, spec, NULL, err);

	if (r == 0)
		r = slot_call(ctl, "/eunomia.v1.Trackers/Start", &request.message.base, ret_reply,
			      err);
	start_request_done(&request);
	return r;
}

enum ctl_exit cmd_start(struct ctl *ctl)
{
	const char *spec = ctl->arguments.positional.items[0];
	struct eun_error err = EUN_ERROR_INIT;
	Eunomia__V1__SlotReply *reply = NULL;
	enum ctl_exit status;

	if (start(ctl, spec, &reply, &err) < 0) {
		status = ctl_fail(ctl, ctl->options.name ? ctl->options.name : spec, &err);
	} else {
		assert(reply);
		for (size_t i = 0; i < reply->slot->n_notes; i++)
			ctl_remark(ctl, "note: %s", reply->slot->notes[i]);
		status = record_print(ctl, &slot_kind, reply->slot);
		eunomia__v1__slot_reply__free_unpacked(reply, NULL);
	}
	eun_error_done(&err);
	return status;
}
