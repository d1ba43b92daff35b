/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One writer per shell walks the same tables as the parser, so a new option needs no word here. The
 * scripts hold verbs and options; names of slots and trackers they ask of "eunomiactl completion
 * --slots" and "--trackers" at the moment of the Tab, which answer fast or not at all.
 */
#include "completion.h"

#include "base/str.h"
#include "commands.h"

#include <assert.h>

/* Calls @fn for each option that @command (NULL: before the verb) has. */
static void for_each_option(const struct command *command, struct eub_buf *buf,
			    void (*fn)(struct eub_buf *buf, const struct command *command,
				       const struct option_row *row))
{
	const struct option_row *tables[COMMAND_TABLES_MAX];
	size_t n = command_get_tables(command, tables);

	for (size_t t = 0; t < n; t++)
		for (const struct option_row *row = tables[t]; row->name; row++)
			if (options_find(tables, n, row->name, strlen(row->name)) == row)
				fn(buf, command, row);
}

static void append_verbs(struct eub_buf *buf)
{
	for (size_t i = 0; command_get(i); i++)
		eub_buf_printf(buf, "%s%s", i > 0 ? " " : "", command_get(i)->verb);
}

static void append_formats(struct eub_buf *buf, const struct command *command)
{
	/* Before the verb stands what most verbs understand. */
	unsigned int outputs = command ? command->outputs : OUTPUTS_RECORD;
	const char *separator = "";

	for (unsigned int i = 0; i < _OUTPUT_FORMAT_MAX; i++) {
		if (!(outputs & OUTPUT_BIT(i)))
			continue;
		eub_buf_printf(buf, "%s%s", separator,
			       output_format_to_string((enum output_format)i));
		separator = " ";
	}
}

/* Appends @text for use between single quotes, with @escape before characters of @special. */
static void append_quoted(struct eub_buf *buf, const char *text, const char *special,
			  const char *quote)
{
	for (; *text; text++) {
		if (*text == '\'')
			eub_buf_append_str(buf, quote);
		else if (strchr(special, *text))
			eub_buf_printf(buf, "\\%c", *text);
		else
			eub_buf_append_char(buf, *text);
	}
}

/* --- bash --- */

static const char bash_head[] =
    "# bash completion for eunomiactl; made by 'eunomiactl completion bash'\n"
    "_eunomiactl_words()\n"
    "{\n"
    "\tmapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "_eunomiactl_files()\n"
    "{\n"
    "\tcompopt -o filenames 2>/dev/null\n"
    "\tmapfile -t COMPREPLY < <(compgen \"$1\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "_eunomiactl_sources()\n"
    "{\n"
    "\t_eunomiactl_files -f\n"
    "\tlocal names\n"
    "\tnames=\"$(eunomiactl completion --trackers 2>/dev/null) ${1-}\"\n"
    "\tlocal -a found\n"
    "\tmapfile -t found < <(compgen -W \"$names\" -- \"$cur\")\n"
    "\tCOMPREPLY+=(\"${found[@]}\")\n"
    "}\n"
    "\n"
    "_eunomiactl()\n"
    "{\n"
    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' i\n"
    "\tCOMPREPLY=()\n"
    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
    "\t\tcase ${COMP_WORDS[i]} in\n";

/* Bash makes words of their own of '=' and ':'. */
static const char bash_after_options[] = ") ((i++)); [[ ${COMP_WORDS[i]} != '=' ]] || ((i++)) ;;\n"
					 "\t\t[:=]) ((i++)) ;;\n"
					 "\t\t-*) ;;\n"
					 "\t\t*) verb=${COMP_WORDS[i]}; break ;;\n"
					 "\t\tesac\n"
					 "\tdone\n"
					 "\tif [[ $cur == '=' ]]; then\n"
					 "\t\tcur=''\n"
					 "\telif [[ $prev == '=' ]]; then\n"
					 "\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
					 "\tfi\n";

/* What bash does to complete an argument. */
static void append_bash_action(struct eub_buf *buf, const struct command *command,
			       enum complete complete)
{
	static const char *const actions[] = {
		[COMPLETE_NOTHING] = ":",
		[COMPLETE_FILE] = "_eunomiactl_files -f",
		[COMPLETE_FOLDER] = "_eunomiactl_files -d",
		[COMPLETE_SLOT] =
		    "_eunomiactl_words \"$(eunomiactl completion --slots 2>/dev/null)\"",
		[COMPLETE_SOURCE] = "_eunomiactl_sources",
		[COMPLETE_SLOT_OR_SOURCE] =
		    "_eunomiactl_sources \"$(eunomiactl completion --slots 2>/dev/null)\"",
		[COMPLETE_MAPS] = "_eunomiactl_words 'reuse fresh'",
		[COMPLETE_SHELL] = "_eunomiactl_words 'bash zsh fish'",
		[COMPLETE_COMMAND] = "_eunomiactl_words \"$verbs\"",
		[COMPLETE_OUTPUT] = NULL, /* depends on the command */
	};
	static_assert(EUB_ARRAY_SIZE(actions) == _COMPLETE_MAX, "one action per kind");

	if (actions[complete]) {
		eub_buf_append_str(buf, actions[complete]);
		return;
	}
	eub_buf_append_str(buf, "_eunomiactl_words '");
	append_formats(buf, command);
	eub_buf_append_char(buf, '\'');
}

/* Options before the verb whose next word is no verb. */
static void append_bash_skipped(struct eub_buf *buf, const struct command *command,
				const struct option_row *row)
{
	(void)command; /* none yet */
	if (row->kind == OPTION_FLAG)
		return;
	if (row->short_name)
		eub_buf_printf(buf, "|-%c", row->short_name);
	eub_buf_printf(buf, "|--%s", row->name);
}

static void append_bash_argument(struct eub_buf *buf, const struct command *command,
				 const struct option_row *row)
{
	const char *verb = command ? command->verb : "";

	if (row->kind == OPTION_FLAG)
		return;
	eub_buf_printf(buf, "\t%s,--%s", verb, row->name);
	if (row->short_name)
		eub_buf_printf(buf, "|%s,-%c", verb, row->short_name);
	eub_buf_append_str(buf, ") ");
	append_bash_action(buf, command, row->complete);
	eub_buf_append_str(buf, "; return ;;\n");
}

static void append_bash_option(struct eub_buf *buf, const struct command *command,
			       const struct option_row *row)
{
	(void)command; /* the same everywhere */
	eub_buf_printf(buf, " --%s", row->name);
	if (row->short_name)
		eub_buf_printf(buf, " -%c", row->short_name);
}

/* One branch of the last case: the options and the arguments of a verb. */
static void append_bash_verb(struct eub_buf *buf, const struct command *command)
{
	eub_buf_printf(buf, "\t%s)\n\t\tif [[ $cur == -* ]]; then\n\t\t\t_eunomiactl_words '",
		       command ? command->verb : "''");
	for_each_option(command, buf, append_bash_option);
	eub_buf_append_str(buf, "'\n\t\telse\n\t\t\t");
	append_bash_action(buf, command, command ? command->complete : COMPLETE_COMMAND);
	eub_buf_append_str(buf, "\n\t\tfi ;;\n");
}

static void append_bash(struct eub_buf *buf)
{
	eub_buf_append_str(buf, bash_head);
	eub_buf_append_str(buf, "\t\t''");
	for_each_option(NULL, buf, append_bash_skipped);
	eub_buf_append_str(buf, bash_after_options);
	eub_buf_append_str(buf, "\tlocal verbs='");
	append_verbs(buf);
	eub_buf_append_str(buf, "'\n\tcase $verb,$prev in\n");
	for_each_option(NULL, buf, append_bash_argument);
	for (size_t i = 0; command_get(i); i++)
		for_each_option(command_get(i), buf, append_bash_argument);
	eub_buf_append_str(buf, "\tesac\n\tcase $verb in\n");
	append_bash_verb(buf, NULL);
	for (size_t i = 0; command_get(i); i++)
		append_bash_verb(buf, command_get(i));
	eub_buf_append_str(buf, "\tesac\n}\n\ncomplete -F _eunomiactl eunomiactl\n");
}

/* --- zsh --- */

static const char zsh_head[] =
    "#compdef eunomiactl\n"
    "# zsh completion for eunomiactl; made by 'eunomiactl completion zsh'\n"
    "_eunomiactl_slots()\n"
    "{\n"
    "\tlocal -a names\n"
    "\tnames=(${(f)\"$(eunomiactl completion --slots 2>/dev/null)\"})\n"
    "\tcompadd -a names\n"
    "}\n"
    "\n"
    "_eunomiactl_sources()\n"
    "{\n"
    "\tlocal -a names\n"
    "\tnames=(${(f)\"$(eunomiactl completion --trackers 2>/dev/null)\"})\n"
    "\tcompadd -a names\n"
    "\t_files\n"
    "}\n"
    "\n"
    "_eunomiactl_slots_and_sources()\n"
    "{\n"
    "\t_eunomiactl_slots\n"
    "\t_eunomiactl_sources\n"
    "}\n"
    "\n"
    "_eunomiactl_verbs()\n"
    "{\n"
    "\tlocal -a verbs\n"
    "\tverbs=(\n";

/* -A: options behind the verb are the verb's. */
static const char zsh_tail[] = "\t)\n"
			       "\t_describe -t verbs verb verbs\n"
			       "}\n"
			       "\n"
			       "_eunomiactl()\n"
			       "{\n"
			       "\tlocal curcontext=\"$curcontext\" state line\n"
			       "\ttypeset -A opt_args\n"
			       "\t_arguments -C -A '-*'";

static void append_zsh_action(struct eub_buf *buf, const struct command *command,
			      enum complete complete)
{
	static const char *const actions[] = {
		[COMPLETE_NOTHING] = " ",
		[COMPLETE_FILE] = "_files",
		[COMPLETE_FOLDER] = "_files -/",
		[COMPLETE_SLOT] = "_eunomiactl_slots",
		[COMPLETE_SOURCE] = "_eunomiactl_sources",
		[COMPLETE_SLOT_OR_SOURCE] = "_eunomiactl_slots_and_sources",
		[COMPLETE_MAPS] = "(reuse fresh)",
		[COMPLETE_SHELL] = "(bash zsh fish)",
		[COMPLETE_COMMAND] = "_eunomiactl_verbs",
		[COMPLETE_OUTPUT] = NULL, /* depends on the command */
	};
	static_assert(EUB_ARRAY_SIZE(actions) == _COMPLETE_MAX, "one action per kind");

	if (actions[complete]) {
		eub_buf_append_str(buf, actions[complete]);
		return;
	}
	eub_buf_append_char(buf, '(');
	append_formats(buf, command);
	eub_buf_append_char(buf, ')');
}

static void append_zsh_option(struct eub_buf *buf, const struct command *command,
			      const struct option_row *row)
{
	/* An option that may be repeated must not exclude itself. */
	const char *again = row->kind == OPTION_WORDS ? "*" : "";
	/* An argument may stand in the same word, after "--name=" or "-n", or in the next. */
	const char *plus = row->argument ? "+" : "";
	const char *equals = row->argument ? "=" : "";

	eub_buf_append_str(buf, " \\\n\t\t\t");
	if (row->short_name)
		eub_buf_printf(buf, "'%s'{-%c%s,--%s%s}'[", again, row->short_name, plus, row->name,
			       equals);
	else
		eub_buf_printf(buf, "'%s--%s%s[", again, row->name, equals);
	append_quoted(buf, row->help, "[]:\\", "'\\''");
	eub_buf_append_char(buf, ']');
	if (row->argument) {
		eub_buf_append_char(buf, ':');
		append_quoted(buf, row->argument, "[]:\\", "'\\''");
		eub_buf_append_char(buf, ':');
		append_zsh_action(buf, command, row->complete);
	}
	eub_buf_append_char(buf, '\'');
}

static void append_zsh(struct eub_buf *buf)
{
	const struct command *command;

	eub_buf_append_str(buf, zsh_head);
	for (size_t i = 0; (command = command_get(i)); i++) {
		eub_buf_printf(buf, "\t\t'%s:", command->verb);
		append_quoted(buf, command->help, ":\\", "'\\''");
		eub_buf_append_str(buf, "'\n");
	}
	eub_buf_append_str(buf, zsh_tail);
	for_each_option(NULL, buf, append_zsh_option);
	eub_buf_append_str(buf, " \\\n\t\t\t'1:verb:_eunomiactl_verbs' '*::argument:->argument'\n"
				"\t[[ $state == argument ]] || return\n"
				"\tcase $words[1] in\n");
	for (size_t i = 0; (command = command_get(i)); i++) {
		eub_buf_printf(buf, "\t%s)\n\t\t_arguments", command->verb);
		for_each_option(command, buf, append_zsh_option);
		eub_buf_append_str(buf, " \\\n\t\t\t'*:argument:");
		append_zsh_action(buf, command, command->complete);
		eub_buf_append_str(buf, "' ;;\n");
	}
	eub_buf_append_str(buf, "\tesac\n}\n\n"
				"if [[ $funcstack[1] == _eunomiactl ]]; then\n"
				"\t_eunomiactl \"$@\"\n"
				"else\n"
				"\tcompdef _eunomiactl eunomiactl\n"
				"fi\n");
}

/* --- fish --- */

/* fish's own functions take the argument of an option, and a slot's name, for a verb. */
static const char fish_head[] =
    "# fish completion for eunomiactl; made by 'eunomiactl completion fish'\n"
    "function __eunomiactl_verb_is -a wanted\n"
    "\tset -l is_argument yes\n"
    "\tfor word in (commandline -opc)\n"
    "\t\tif test $is_argument = yes\n"
    "\t\t\tset is_argument no\n"
    "\t\t\tcontinue\n"
    "\t\tend\n"
    "\t\tswitch $word\n"
    "\t\t\tcase ''";

static const char fish_after_options[] = "\n"
					 "\t\t\t\tset is_argument yes\n"
					 "\t\t\tcase '-*'\n"
					 "\t\t\tcase '*'\n"
					 "\t\t\t\ttest \"$word\" = \"$wanted\"\n"
					 "\t\t\t\treturn\n"
					 "\t\tend\n"
					 "\tend\n"
					 "\ttest -z \"$wanted\"\n"
					 "end\n"
					 "\n"
					 "complete -c eunomiactl -f\n";

static void append_fish_action(struct eub_buf *buf, const struct command *command,
			       enum complete complete)
{
	static const char *const actions[] = {
		[COMPLETE_NOTHING] = "",
		[COMPLETE_FILE] = " -F",
		[COMPLETE_FOLDER] = " -a '(__fish_complete_directories)'",
		[COMPLETE_SLOT] = " -a '(eunomiactl completion --slots 2>/dev/null)'",
		[COMPLETE_SOURCE] = " -F -a '(eunomiactl completion --trackers 2>/dev/null)'",
		[COMPLETE_SLOT_OR_SOURCE] =
		    " -F -a '(eunomiactl completion --slots --trackers 2>/dev/null)'",
		[COMPLETE_MAPS] = " -a 'reuse fresh'",
		[COMPLETE_SHELL] = " -a 'bash zsh fish'",
		[COMPLETE_COMMAND] = NULL,
		[COMPLETE_OUTPUT] = NULL,
	};
	static_assert(EUB_ARRAY_SIZE(actions) == _COMPLETE_MAX, "one action per kind");

	if (actions[complete]) {
		eub_buf_append_str(buf, actions[complete]);
		return;
	}
	eub_buf_append_str(buf, " -a '");
	if (complete == COMPLETE_COMMAND)
		append_verbs(buf);
	else
		append_formats(buf, command);
	eub_buf_append_char(buf, '\'');
}

static void append_fish_condition(struct eub_buf *buf, const struct command *command)
{
	eub_buf_printf(buf, "complete -c eunomiactl -n '__eunomiactl_verb_is \"%s\"'",
		       command ? command->verb : "");
}

static void append_fish_skipped(struct eub_buf *buf, const struct command *command,
				const struct option_row *row)
{
	(void)command; /* none yet */
	if (row->kind == OPTION_FLAG)
		return;
	if (row->short_name)
		eub_buf_printf(buf, " -%c", row->short_name);
	eub_buf_printf(buf, " --%s", row->name);
}

static void append_fish_option(struct eub_buf *buf, const struct command *command,
			       const struct option_row *row)
{
	append_fish_condition(buf, command);
	eub_buf_printf(buf, " -l %s", row->name);
	if (row->short_name)
		eub_buf_printf(buf, " -s %c", row->short_name);
	if (row->argument) {
		eub_buf_append_str(buf, " -r");
		append_fish_action(buf, command, row->complete);
	}
	eub_buf_append_str(buf, " -d '");
	append_quoted(buf, row->help, "\\", "\\'");
	eub_buf_append_str(buf, "'\n");
}

static void append_fish(struct eub_buf *buf)
{
	const struct command *command;

	eub_buf_append_str(buf, fish_head);
	for_each_option(NULL, buf, append_fish_skipped);
	eub_buf_append_str(buf, fish_after_options);
	for_each_option(NULL, buf, append_fish_option);
	for (size_t i = 0; (command = command_get(i)); i++) {
		append_fish_condition(buf, NULL);
		eub_buf_printf(buf, " -a %s -d '", command->verb);
		append_quoted(buf, command->help, "\\", "\\'");
		eub_buf_append_str(buf, "'\n");
		for_each_option(command, buf, append_fish_option);
		if (command->complete == COMPLETE_NOTHING)
			continue;
		append_fish_condition(buf, command);
		append_fish_action(buf, command, command->complete);
		eub_buf_append_char(buf, '\n');
	}
}

static const struct {
	const char *name;
	void (*append)(struct eub_buf *buf);
} shells[] = {
	{ "bash", append_bash },
	{ "zsh", append_zsh },
	{ "fish", append_fish },
};

int completion_append(struct eub_buf *buf, const char *shell)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(shells); i++) {
		if (eub_streq(shells[i].name, shell)) {
			shells[i].append(buf);
			return 0;
		}
	}
	return -EINVAL;
}
