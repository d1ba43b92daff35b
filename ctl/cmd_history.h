/* SPDX-License-Identifier: Apache-2.0 */
/* What ran in a slot, for the verbs that print it. */
#pragma once

#include "record.h"

#include "eunomia/v1/eunomia.pb-c.h"

/* Prints an Eunomia__V1__HistoryReply. */
extern const struct record_kind history_kind;
/**
 * history_call() - ask for the generations of a slot
 * @ret_reply: eunomia__v1__history_reply__free_unpacked()
 *
 * Return: as client_call().
 */
int history_call(struct ctl *ctl, const char *name, Eunomia__V1__HistoryReply **ret_reply,
		 struct eun_error *err);
