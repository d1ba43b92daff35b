/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the tables of verbs and options for docs/man, which makes manual pages and parts of
 * documents of them. It is run by the build and not installed. A row is a line, columns are
 * separated by tabs:
 *
 *   verb NAME SYNOPSIS HELP FORMS FORM          forms of output; the one without -o
 *   option VERB NAME LETTER ARGUMENT HELP       VERB is "-" before the verb
 */
#include "commands.h"

#include "base/fd.h"

#include <stdlib.h>

static void append_options(struct eub_buf *buf, const struct command *command)
{
	const struct option_row *tables[COMMAND_TABLES_MAX];
	size_t n = command_get_tables(command, tables);

	for (size_t t = 0; t < n; t++) {
		for (const struct option_row *row = tables[t]; row->name; row++) {
			if (options_find(tables, n, row->name, strlen(row->name)) != row)
				continue;
			eub_buf_printf(buf, "option\t%s\t%s\t%.1s\t%s\t%s\n",
				       command ? command->verb : "-", row->name, &row->short_name,
				       row->argument ? row->argument : "", row->help);
		}
	}
}

static void append_verb(struct eub_buf *buf, const struct command *command)
{
	eub_buf_printf(buf, "verb\t%s\t%s\t%s\t", command->verb, command->synopsis, command->help);
	output_append_formats(buf, command->outputs);
	eub_buf_printf(buf, "\t%s\n", output_format_to_string(command->output));
}

int main(void)
{
	struct eub_buf buf = EUB_BUF_INIT;
	int r;

	append_options(&buf, NULL);
	for (size_t i = 0; command_get(i); i++) {
		append_verb(&buf, command_get(i));
		append_options(&buf, command_get(i));
	}
	r = buf.has_failed ? -ENOMEM : eub_write_all(STDOUT_FILENO, buf.data, buf.len);
	eub_buf_done(&buf);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
