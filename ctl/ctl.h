/* SPDX-License-Identifier: Apache-2.0 */
/* One invocation of eunomiactl: what was asked for, and how it ends. */
#pragma once

#include <eunomia/error.h>

#include "commands.h"
#include "options.h"
#include "output.h"

struct rpc_client;

struct ctl {
	const struct command *command;
	struct options options;
	struct arguments arguments;
	enum output_format output;
	struct rpc_client *client; /* opened by the first call; NULL before */
};

/* Runs a command line. Return: the exit status of the process. */
enum ctl_exit ctl_main(size_t argc, const char *const *argv);

/**
 * ctl_fail() - tell the user why the command failed
 * @subject: what it failed on, or NULL
 * @err:     filled; -EPIPE of standard output is passed over in silence
 *
 * Writes cause, evidence and next step to standard error.
 *
 * Return: the exit status that belongs to the reason.
 */
enum ctl_exit ctl_fail(const struct ctl *ctl, const char *subject, const struct eun_error *err);
/**
 * ctl_print() - write an answer to standard output and empty it
 *
 * Return: CTL_EXIT_OK, also if the reader has gone; CTL_EXIT_FAILED after telling the user.
 */
enum ctl_exit ctl_print(const struct ctl *ctl, struct eub_buf *answer);
/* Writes "eunomiactl: REMARK" to standard error, unless --quiet was given. */
void ctl_remark(const struct ctl *ctl, const char *format, ...) EUB_PRINTF(2, 3);
/* The exit status of a command that failed for @reason; @flags are the command's. */
enum ctl_exit ctl_exit_from_reason(enum eun_reason reason, unsigned int flags);
/* Time of the calls that a command makes, ms. */
int ctl_get_call_timeout_ms(const struct ctl *ctl);
