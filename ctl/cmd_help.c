/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl help [VERB]: the same text as VERB --help. */
#include "ctl.h"

#include "base/str.h"

const struct option_row cmd_help_options[] = { { 0 } };

enum ctl_exit cmd_help(struct ctl *ctl)
{
	const struct words *words = &ctl->arguments.positional;
	const struct command *command = words->n > 0 ? command_find(words->items[0]) : NULL;
	struct eub_buf help = EUB_BUF_INIT;

	if (words->n > 0 && !command) {
		struct eun_error err = EUN_ERROR_INIT;

		(void)eun_error_set(&err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				    "there is no such verb");
		command_hint_near(words->items[0], &err);
		return ctl_fail(ctl, words->items[0], &err);
	}
	command_append_help(&help, command);
	return ctl_print(ctl, &help);
}
