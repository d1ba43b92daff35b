/* SPDX-License-Identifier: Apache-2.0 */
/* What a swap or a rollback did, for people and for scripts. */
#pragma once

#include "ctl.h"

#include "eunomia/v1/eunomia.pb-c.h"

/**
 * swap_report_call() - call a method that answers with a SwapReply, and print the answer
 * @subject: name of the slot
 *
 * Standard output gets what -o asks for, standard error a summary unless --quiet was given; with
 * -o table the whole report is on standard output.
 *
 * Return: the exit status of the command.
 */
enum ctl_exit swap_report_call(struct ctl *ctl, const char *path, const ProtobufCMessage *request,
			       const char *subject);
