/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of eunomiactl. */
#pragma once

#include "options.h"
#include "output.h"

#include <stddef.h>

struct ctl;

/* Exit status: stable, scripts lean on it. */
enum ctl_exit {
	CTL_EXIT_OK = 0,
	CTL_EXIT_FAILED = 1,
	CTL_EXIT_USAGE = 2,
	CTL_EXIT_NO_SLOT = 3, /* no such slot, or it is not running */
	CTL_EXIT_UNREACHABLE = 4,
	CTL_EXIT_PERMISSION = 5,
};

enum command_flags {
	COMMAND_AGENT = 1 << 0,	    /* talks to the agent: --host, --timeout */
	COMMAND_SLOTS = 1 << 1,	    /* arguments are slots: "not found" has its own exit status */
	COMMAND_TAIL = 1 << 2,	    /* takes words after "--" */
	COMMAND_PACKAGE = 1 << 3,   /* puts a package in a slot: --set, --type, ... */
	COMMAND_EVENTS = 1 << 4,    /* prints events: --count, --timeout as their bounds */
	COMMAND_NAMED = 1 << 5,	    /* makes a slot: --name */
	COMMAND_BUDGET = 1 << 6,    /* says what a slot may use: --budget-events, ... */
	COMMAND_SWITCH = 1 << 7,    /* changes the running generation: --expect-gen, --verbose */
	COMMAND_RECONNECT = 1 << 8, /* outlives the agent: --reconnect-timeout, --no-reconnect */
};

#define COMMAND_ARGS_MAX 1024

struct command {
	const char *verb;
	const char *synopsis;
	const char *phrase; /* "cannot PHRASE 'SUBJECT'" */
	size_t min_args;
	size_t max_args;
	unsigned int flags; /* of enum command_flags */
	enum output_format output;
	unsigned int outputs;
	enum complete complete;
	const char *help;
	const struct option_row *options;
	enum ctl_exit (*run)(struct ctl *ctl);
};

#define COMMAND(verb, ...)                                                                         \
	enum ctl_exit cmd_##verb(struct ctl *ctl);                                                 \
	extern const struct option_row cmd_##verb##_options[];
#include "commands.def"
#undef COMMAND

/* Option tables that apply to a command, the most special first. */
#define COMMAND_TABLES_MAX 12

/* NULL when @i is past the end. */
const struct command *command_get(size_t i);
/* NULL if there is no such verb. */
const struct command *command_find(const char *verb);
/* Sets @err's hint to the verbs nearest to @word, if there are any. */
void command_hint_near(const char *word, struct eun_error *err);
/* Return: how many tables were stored. @command is NULL for the words before the verb. */
size_t command_get_tables(const struct command *command,
			  const struct option_row *ret_tables[static COMMAND_TABLES_MAX]);
/* Appends the help text of @command, or of the whole program if it is NULL. */
void command_append_help(struct eub_buf *buf, const struct command *command);
