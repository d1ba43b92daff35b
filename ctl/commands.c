/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of verbs made from commands.def, and what follows from it: which options a verb has and
 * its help text. Options that several verbs share stand in tables of their own here. A name in an
 * earlier table hides a later one: --timeout bounds a stream of events, and a call elsewhere.
 */
#include "commands.h"

#include "base/near.h"
#include "base/str.h"

#include <assert.h>

static const struct command commands[] = {
/* clang-format off */
#define COMMAND(verb_, synopsis_, phrase_, min, max, flags_, output_, outputs_, complete_, help_)   \
	{                                                                                          \
		.verb = #verb_,                                                                    \
		.synopsis = synopsis_,                                                             \
		.phrase = phrase_,                                                                 \
		.min_args = min,                                                                   \
		.max_args = max,                                                                   \
		.flags = flags_,                                                                   \
		.output = output_,                                                                 \
		.outputs = outputs_,                                                               \
		.complete = complete_,                                                             \
		.help = help_,                                                                     \
		.options = cmd_##verb_##_options,                                                  \
		.run = cmd_##verb_,                                                                \
	},
#include "commands.def"
#undef COMMAND
	/* clang-format on */
};

static const struct option_row common_options[] = {
	{ "help", 'h', OPTION_FLAG, OPTION_OFFSET(wants_help), NULL, COMPLETE_NOTHING,
	  "show this help" },
	{ "quiet", 'q', OPTION_FLAG, OPTION_OFFSET(is_quiet), NULL, COMPLETE_NOTHING,
	  "say nothing but errors on standard error" },
	{ 0 },
};

static const struct option_row name_options[] = {
	{ "name", 'n', OPTION_STRING, OPTION_OFFSET(name), "NAME", COMPLETE_NOTHING,
	  "name of the slot (default: the package's name)" },
	{ 0 },
};

static const struct option_row package_options[] = {
	{ "set", 's', OPTION_WORDS, OPTION_OFFSET(settings), "KEY=VALUE", COMPLETE_NOTHING,
	  "set a global variable of the tracker; may be repeated" },
	{ "type", 't', OPTION_WORDS, OPTION_OFFSET(types), "[MAP=]STRUCT", COMPLETE_NOTHING,
	  "struct of the events; may be repeated" },
	{ "attach", 0, OPTION_WORDS, OPTION_OFFSET(attach), "[PROG:]KEY=VALUE,...",
	  COMPLETE_NOTHING, "where to attach: iface=NAME,dir=ingress or cgroup=PATH; repeatable" },
	{ "ring-bytes", 0, OPTION_SIZE, OPTION_OFFSET(ring_bytes), "BYTES", COMPLETE_NOTHING,
	  "size of the ring buffer: a power of two, also as 256k or 1M" },
	{ 0 },
};

static const struct option_row budget_options[] = {
	{ "budget-events", 0, OPTION_COUNT, OPTION_OFFSET(budget_events), "N", COMPLETE_NOTHING,
	  "events a second to each sink; more are counted as lost" },
	{ "budget-bytes", 0, OPTION_SIZE, OPTION_OFFSET(budget_bytes), "BYTES", COMPLETE_NOTHING,
	  "bytes of events a second to each sink, also as 256k or 1M" },
	{ 0 },
};

static const struct option_row switch_options[] = {
	{ "expect-gen", 0, OPTION_GENERATION, OPTION_OFFSET(expected_generation), "N",
	  COMPLETE_NOTHING, "refuse unless this generation is running" },
	{ "verbose", 'v', OPTION_FLAG, OPTION_OFFSET(is_verbose), NULL, COMPLETE_NOTHING,
	  "report each hook and map" },
	{ 0 },
};

static const struct option_row events_options[] = {
	{ "count", 'c', OPTION_COUNT, OPTION_OFFSET(count), "N", COMPLETE_NOTHING,
	  "end after this many events" },
	{ "timeout", 0, OPTION_DURATION, OPTION_OFFSET(timeout_ms), "SECONDS", COMPLETE_NOTHING,
	  "end after this time" },
	{ 0 },
};

static const struct option_row reconnect_options[] = {
	{ "reconnect-timeout", 0, OPTION_DURATION, OPTION_OFFSET(reconnect_timeout_ms), "SECONDS",
	  COMPLETE_NOTHING, "how long to wait for an agent that went away (60)" },
	{ "no-reconnect", 0, OPTION_FLAG, OPTION_OFFSET(is_not_reconnecting), NULL,
	  COMPLETE_NOTHING, "end when the connection to the agent is lost" },
	{ 0 },
};

static const struct option_row output_options[] = {
	{ "output", 'o', OPTION_STRING, OPTION_OFFSET(output), "FORM", COMPLETE_OUTPUT,
	  "form of the output" },
	{ 0 },
};

static const struct option_row header_options[] = {
	{ "no-headers", 0, OPTION_FLAG, OPTION_OFFSET(has_no_headers), NULL, COMPLETE_NOTHING,
	  "leave out the header line of tables and text" },
	{ 0 },
};

static const struct option_row agent_options[] = {
	{ "host", 'H', OPTION_STRING, OPTION_OFFSET(host), "unix:///PATH", COMPLETE_NOTHING,
	  "address of the agent (also: environment variable EUNOMIA_HOST)" },
	{ "timeout", 0, OPTION_DURATION, OPTION_OFFSET(timeout_ms), "SECONDS", COMPLETE_NOTHING,
	  "give up when the agent has not answered by then (60)" },
	{ 0 },
};

/* Understood in place of a verb. */
static const struct option_row program_options[] = {
	{ "version", 'V', OPTION_FLAG, OPTION_OFFSET(wants_version), NULL, COMPLETE_NOTHING,
	  "show the version" },
	{ 0 },
};

static const char program_help[] = "eunomiactl runs eBPF trackers, in an agent or by itself.\n"
				   "\n"
				   "Usage: eunomiactl VERB [OPTIONS] [ARGUMENTS]\n"
				   "\n"
				   "Verbs:\n";

static const char source_help[] =
    "\n"
    "SOURCE is a package or BPF object file, '-' for standard input, an http(s) URL, a package\n"
    "given literally as JSON, or the name of an installed tracker.\n";

static const char exit_help[] =
    "\n"
    "Exit status: 0 done, 1 failed, 2 usage, 3 no such slot or not running, 4 agent not\n"
    "reachable, 5 permission. 'eunomiactl VERB --help' tells more of a verb.\n";

const struct command *command_get(size_t i)
{
	return i < EUB_ARRAY_SIZE(commands) ? &commands[i] : NULL;
}

const struct command *command_find(const char *verb)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(commands); i++)
		if (eub_streq(commands[i].verb, verb))
			return &commands[i];
	return NULL;
}

void command_hint_near(const char *word, struct eun_error *err)
{
	struct eub_near near = EUB_NEAR_INIT(word);

	for (size_t i = 0; i < EUB_ARRAY_SIZE(commands); i++)
		eub_near_offer(&near, commands[i].verb);
	(void)eub_near_hint(&near, err);
}

size_t command_get_tables(const struct command *command,
			  const struct option_row *ret_tables[static COMMAND_TABLES_MAX])
{
	static const struct {
		const struct option_row *rows;
		unsigned int flags;   /* one of the command's flags, or */
		unsigned int outputs; /* one of its output forms, says that it has these rows */
	} shared[] = {
		{ name_options, COMMAND_NAMED, 0 },
		{ package_options, COMMAND_PACKAGE, 0 },
		{ budget_options, COMMAND_BUDGET, 0 },
		{ switch_options, COMMAND_SWITCH, 0 },
		{ events_options, COMMAND_EVENTS, 0 },
		{ reconnect_options, COMMAND_RECONNECT, 0 },
		{ output_options, 0, OUTPUTS_RECORD | OUTPUTS_EVENTS },
		{ header_options, 0, OUTPUT_BIT(OUTPUT_TABLE) | OUTPUT_BIT(OUTPUT_TEXT) },
		{ agent_options, COMMAND_AGENT, 0 },
	};
	/* Before the verb stands what most verbs understand. */
	unsigned int flags = command ? command->flags : COMMAND_AGENT;
	unsigned int outputs = command ? command->outputs : OUTPUTS_RECORD;
	size_t n = 0;

	static_assert(EUB_ARRAY_SIZE(shared) + 2 <= COMMAND_TABLES_MAX, "room for all tables");
	ret_tables[n++] = command ? command->options : program_options;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(shared); i++)
		if ((flags & shared[i].flags) || (outputs & shared[i].outputs))
			ret_tables[n++] = shared[i].rows;
	ret_tables[n++] = common_options;
	return n;
}

static void append_command_help(struct eub_buf *buf, const struct command *command)
{
	const struct option_row *tables[COMMAND_TABLES_MAX];
	size_t n = command_get_tables(command, tables);

	eub_buf_printf(buf, "eunomiactl %s: %s\n\nUsage: eunomiactl %s [OPTIONS]%s%s\n",
		       command->verb, command->help, command->verb, *command->synopsis ? " " : "",
		       command->synopsis);
	if (command->complete == COMPLETE_SOURCE || command->complete == COMPLETE_SLOT_OR_SOURCE)
		eub_buf_append_str(buf, source_help);
	eub_buf_append_str(buf, "\nOptions:\n");
	options_append_help(buf, tables, n);
	if (command->outputs) {
		eub_buf_append_str(buf, "\nForms of output: ");
		output_append_formats(buf, command->outputs);
		eub_buf_append_char(buf, '\n');
	}
}

void command_append_help(struct eub_buf *buf, const struct command *command)
{
	if (command) {
		append_command_help(buf, command);
		return;
	}
	eub_buf_append_str(buf, program_help);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(commands); i++)
		eub_buf_printf(buf, "  %-11s %s\n", commands[i].verb, commands[i].help);
	eub_buf_append_str(buf, exit_help);
}
