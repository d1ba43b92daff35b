/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eunomiactl completion: the script of a shell, or the names that such a script asks for. Names are
 * asked for while a user holds the Tab key: no error is told and no time is lost.
 */
#include "base/str.h"
#include "client.h"
#include "completion.h"
#include "ctl.h"
#include "ctl_limits.h"
#include "record.h"
#include "source.h"

#include "eunomia/v1/eunomia.pb-c.h"

#include <eunomia/package.h>

const struct option_row cmd_completion_options[] = {
	{ "slots", 0, OPTION_FLAG, OPTION_OFFSET(wants_slots), NULL, COMPLETE_NOTHING,
	  "print the names of the agent's slots instead" },
	{ "trackers", 0, OPTION_FLAG, OPTION_OFFSET(wants_trackers), NULL, COMPLETE_NOTHING,
	  "print the names of the installed trackers instead" },
	{ 0 },
};

static void append_slots(struct ctl *ctl, struct eub_buf *out)
{
	Eunomia__V1__ListRequest request = EUNOMIA__V1__LIST_REQUEST__INIT;
	ProtobufCMessage *message = NULL;
	const Eunomia__V1__ListReply *reply;
	struct eun_error err = EUN_ERROR_INIT;

	ctl->options.timeout_ms = CTL_COMPLETION_TIMEOUT_MS;
	if (client_call(ctl, "/eunomia.v1.Trackers/List", &request.base,
			&eunomia__v1__list_reply__descriptor, &message, &err) == 0) {
		reply = (const Eunomia__V1__ListReply *)message;
		for (size_t i = 0; i < reply->n_slots; i++)
			record_append_name(out, reply->slots[i]->name);
		protobuf_c_message_free_unpacked(message, NULL);
	}
	eun_error_done(&err);
}

/* One a line. What cannot be listed completes to nothing. */
static void append_trackers(struct eub_buf *out)
{
	char **names;
	size_t n;

	if (eun_tracker_list(source_get_folder(), &names, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		eub_buf_printf(out, "%s\n", names[i]);
	eun_tracker_free_list(names, n);
}

enum ctl_exit cmd_completion(struct ctl *ctl)
{
	const struct words *words = &ctl->arguments.positional;
	const char *shell = words->n > 0 ? words->items[0] : "";
	struct eub_buf out = EUB_BUF_INIT;
	struct eun_error err = EUN_ERROR_INIT;

	if (ctl->options.wants_slots)
		append_slots(ctl, &out);
	if (ctl->options.wants_trackers)
		append_trackers(&out);
	if (!ctl->options.wants_slots && !ctl->options.wants_trackers &&
	    completion_append(&out, shell) < 0) {
		eub_buf_done(&out);
		(void)eun_error_set(&err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				    "a shell must be named");
		eun_error_set_hint(&err, "shells are: bash, zsh, fish");
		return ctl_fail(ctl, *shell ? shell : NULL, &err);
	}
	return ctl_print(ctl, &out);
}
