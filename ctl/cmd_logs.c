/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eunomiactl logs: becomes journalctl with the match of the slot. The journal keeps what the agent
 * wrote there (at most JournalRateLimit= events a second); all events are in "events".
 */
#include "ctl.h"

#include <eunomia/slot.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

#include <signal.h>
#include <stdio.h>

const struct option_row cmd_logs_options[] = {
	{ "follow", 'f', OPTION_FLAG, OPTION_OFFSET(is_following), NULL, COMPLETE_NOTHING,
	  "go on with new entries" },
	{ "lines", 'n', OPTION_COUNT, OPTION_OFFSET(lines), "N", COMPLETE_NOTHING,
	  "show the last N entries" },
	{ "since", 0, OPTION_STRING, OPTION_OFFSET(since), "TIME", COMPLETE_NOTHING,
	  "show entries from this time on, as '10 min ago' or '2026-11-21 08:00'" },
	{ 0 },
};

/* Returns only if journalctl cannot be started. */
static int become_journalctl(const struct ctl *ctl, const char *name, struct eun_error *err)
{
	const struct options *options = &ctl->options;
	size_t n = 0;
	_cleanup_(eub_freep) const char **argv = calloc(ctl->arguments.n_tail + 8, sizeof(*argv));
	char identifier[80];
	char lines[24];

	if (!argv)
		return eub_error_no_memory(err);
	(void)snprintf(identifier, sizeof(identifier), "--identifier=eunomia/%s", name);
	(void)snprintf(lines, sizeof(lines), "%llu", (unsigned long long)options->lines);
	argv[n++] = "journalctl";
	argv[n++] = identifier;
	if (options->is_following)
		argv[n++] = "--follow";
	if (options->lines > 0) {
		argv[n++] = "--lines";
		argv[n++] = lines;
	}
	if (options->since) {
		argv[n++] = "--since";
		argv[n++] = options->since;
	}
	for (size_t i = 0; i < ctl->arguments.n_tail; i++)
		argv[n++] = ctl->arguments.tail[i];
	/* eunomiactl ignores it; journalctl should end when its reader goes away. */
	(void)signal(SIGPIPE, SIG_DFL);
	/* POSIX's type of execvp() lacks const for history's sake; the words are not changed. */
	(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	(void)eun_error_set(err, -errno, EUN_REASON_IO, "cannot start journalctl: %s",
			    strerror(errno));
	eun_error_set_hint(err,
			   "without a journal, 'eunomiactl events %s' shows events as they "
			   "come",
			   name);
	return err->code;
}

enum ctl_exit cmd_logs(struct ctl *ctl)
{
	const char *name = ctl->arguments.positional.items[0];
	struct eun_error err = EUN_ERROR_INIT;
	enum ctl_exit status;

	if (eun_slot_name_is_valid(name))
		(void)become_journalctl(ctl, name, &err);
	else
		(void)eun_error_set(&err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				    "this is no name of a slot");
	status = ctl_fail(ctl, name, &err);
	eun_error_done(&err);
	return status;
}
