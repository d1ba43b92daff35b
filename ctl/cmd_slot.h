/* SPDX-License-Identifier: Apache-2.0 */
/* Slots as the agent describes them: printing them, and the verbs that only name them. */
#pragma once

#include "ctl.h"
#include "record.h"

#include "eunomia/v1/eunomia.pb-c.h"

/* "running" and the like; "unknown" for states of a newer agent. */
const char *slot_state_to_string(Eunomia__V1__SlotState state);

/* The answer that slot_list_kind prints: a list. */
struct slot_list {
	Eunomia__V1__Slot *const *slots;
	size_t n;
};

/* Prints a struct slot_list; its table has the columns NAME STATE GEN EVENTS RATE LOST UPTIME
 * ENABLED. */
extern const struct record_kind slot_list_kind;
/* Prints an Eunomia__V1__Slot; its table has one line. */
extern const struct record_kind slot_kind;

/* Appends the name of an Eunomia__V1__Slot. */
void slot_append_name(const void *object, struct eub_buf *out);
/* Whether it comes back after a reboot: "yes", "no", "declared" (a file of the administrator's). */
const char *slot_get_enabled_text(const Eunomia__V1__Slot *slot);
/* Never NULL: proto3 may leave a message out. */
const Eunomia__V1__SlotStats *slot_get_stats(const Eunomia__V1__Slot *slot);
/**
 * slot_call() - call a method that answers with a slot
 * @ret_reply: its slot is not NULL; eunomia__v1__slot_reply__free_unpacked()
 *
 * Return: 0; as client_call(); -EPROTO if the answer holds no slot.
 */
int slot_call(struct ctl *ctl, const char *path, const ProtobufCMessage *request,
	      Eunomia__V1__SlotReply **ret_reply, struct eun_error *err);
/* As slot_call() for a method that takes a slot's name. */
int slot_call_name(struct ctl *ctl, const char *path, const char *name,
		   Eunomia__V1__SlotReply **ret_reply, struct eun_error *err);
/* Calls @path for each positional argument, going on after failures, and prints what -o asks for.
 * Return: the status of the first failure. */
enum ctl_exit slot_run_verb(struct ctl *ctl, const char *path);
