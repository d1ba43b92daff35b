/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the tables of options and keys for docs/man, which makes manual pages and parts of
 * documents of them. It is run by the build and not installed. A row is a line, columns are
 * separated by tabs:
 *
 *   agent-option NAME ARGUMENT HELP
 *   key SECTION NAME DEFAULT RANGE WHEN HELP    WHEN: a change takes effect at a reload or restart
 *   tracker-key NAME                            of a file in trackers.d
 */
#include "config.h"
#include "declared.h"
#include "options.h"

#include <stdio.h>
#include <stdlib.h>

/* The agent has no use for these texts, so its own table is without them. */
static const char *const helps[] = {
#define KEY(section, name, type, member, min, max, fallback, reload, help) help,
#include "config.def"
#undef KEY
};

static void print_options(void)
{
	const struct option_row *row;

	for (size_t i = 0; (row = options_get_row(i)); i++)
		(void)printf("agent-option\t%s\t%s\t%s\n", row->name,
			     row->argument ? row->argument : "", row->help);
}

static void print_keys(void)
{
	const struct config_key *key;
	char range[CONFIG_RANGE_MAX];

	for (size_t i = 0; (key = config_get_key(i)); i++) {
		config_format_range(key, range, sizeof(range));
		(void)printf("key\t%s\t%s\t%s\t%s\t%s\t%s\n", key->section, key->name,
			     key->fallback, range, key->is_reloadable ? "reload" : "restart",
			     helps[i]);
	}
}

int main(void)
{
	print_options();
	print_keys();
	for (size_t i = 0; declared_get_key(i); i++)
		(void)printf("tracker-key\t%s\n", declared_get_key(i));
	return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
