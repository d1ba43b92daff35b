/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl list: all slots of the agent. */
#include "client.h"
#include "cmd_slot.h"

const struct option_row cmd_list_options[] = { { 0 } };

enum ctl_exit cmd_list(struct ctl *ctl)
{
	Eunomia__V1__ListRequest request = EUNOMIA__V1__LIST_REQUEST__INIT;
	struct eun_error err = EUN_ERROR_INIT;
	ProtobufCMessage *message = NULL;
	enum ctl_exit status;

	if (client_call(ctl, "/eunomia.v1.Trackers/List", &request.base,
			&eunomia__v1__list_reply__descriptor, &message, &err) < 0) {
		status = ctl_fail(ctl, NULL, &err);
	} else {
		const Eunomia__V1__ListReply *reply = (const Eunomia__V1__ListReply *)message;
		const struct slot_list list = { .slots = reply->slots, .n = reply->n_slots };

		status = record_print(ctl, &slot_list_kind, &list);
		protobuf_c_message_free_unpacked(message, NULL);
	}
	eun_error_done(&err);
	return status;
}
