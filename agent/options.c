/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line, from one table: most options are keys of the configuration under another name,
 * so that both are checked alike and --help cannot forget one.
 */
#include "options.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

static const struct option_row rows[] = {
	{ "--config", "FILE", OPTION_SET_CONFIG_PATH, NULL,
	  "configuration (" CONFIG_DEFAULT_PATH ")" },
	{ "--socket", "PATH", OPTION_SET_KEY, "Socket", "Unix socket to listen on" },
	{ "--state-dir", "DIR", OPTION_SET_KEY, "StateDir", "where slots are kept over restarts" },
	{ "--bpffs-dir", "DIR", OPTION_SET_KEY, "BpffsDir",
	  "BPF file system folder to pin them in" },
	{ "--trackers-conf-dir", "DIR", OPTION_SET_KEY, "TrackersConfDir",
	  "declared trackers (*.conf)" },
	{ "--log-level", "LEVEL", OPTION_SET_KEY, "LogLevel",
	  "err, warning, notice, info or debug" },
	{ "--foreground-log", NULL, OPTION_SET_FOREGROUND, NULL,
	  "log to standard error in any case" },
	{ "--end-trackers", NULL, OPTION_END_TRACKERS, NULL,
	  "end what a stopped agent left, and exit" },
	{ "--version", NULL, OPTION_SHOW_VERSION, NULL, "print the version" },
	{ "--help", NULL, OPTION_SHOW_HELP, NULL, "print this text" },
};
_Static_assert(EUB_ARRAY_SIZE(rows) <= OPTIONS_MAX_OVERRIDES, "each may be an override");

const struct option_row *options_get_row(size_t i)
{
	return i < EUB_ARRAY_SIZE(rows) ? &rows[i] : NULL;
}

/* Finds the row of "--name" or "--name=value"; points *@ret_value behind the '=', or to NULL. */
static const struct option_row *find_row(const char *arg, const char **ret_value)
{
	size_t length = strcspn(arg, "=");

	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++) {
		if (strlen(rows[i].name) != length || strncmp(rows[i].name, arg, length) != 0)
			continue;
		*ret_value = arg[length] ? arg + length + 1 : NULL;
		return &rows[i];
	}
	return NULL;
}

/* A key given twice counts as given the last time. */
static void add_override(struct options *options, const char *name, const char *value)
{
	const struct config_key *key = config_find_key("Agent", name);
	size_t i = 0;

	while (i < options->n_overrides && options->overrides[i].key != key)
		i++;
	options->overrides[i].key = key;
	options->overrides[i].value = value;
	if (i == options->n_overrides)
		options->n_overrides++;
}

static void apply_row(struct options *options, const struct option_row *row, const char *value)
{
	switch (row->effect) {
	case OPTION_SET_KEY:
		add_override(options, row->key, value);
		break;
	case OPTION_SET_CONFIG_PATH:
		options->config_path = value;
		break;
	case OPTION_SET_FOREGROUND:
		options->is_log_foreground = true;
		break;
	case OPTION_END_TRACKERS:
		options->action = OPTIONS_END_TRACKERS;
		break;
	case OPTION_SHOW_HELP:
		options->action = OPTIONS_HELP;
		break;
	case OPTION_SHOW_VERSION:
		options->action = OPTIONS_VERSION;
		break;
	}
}

static int refuse(struct eun_error *err, const char *format, const char *arg)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* literals of the callers below */
	(void)eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT, format, arg);
#pragma GCC diagnostic pop
	eun_error_set_hint(err, "'eunomiad --help' lists the options");
	return -EINVAL;
}

int options_parse(int argc, char *const argv[], struct options *ret_options, struct eun_error *err)
{
	struct options options = { .action = OPTIONS_RUN };

	for (int i = 1; i < argc; i++) {
		const char *value = NULL;
		const struct option_row *row = find_row(argv[i], &value);

		if (!row)
			return refuse(err, "unknown argument '%.64s'", argv[i]);
		if (!row->argument && value)
			return refuse(err, "%s takes no argument", row->name);
		if (row->argument && !value) {
			if (i + 1 >= argc)
				return refuse(err, "%s needs an argument", row->name);
			value = argv[++i];
		}
		apply_row(&options, row, value);
	}
	*ret_options = options;
	return 0;
}

static int apply(const struct options *options, struct config *config, struct eun_error *err)
{
	for (size_t i = 0; i < options->n_overrides; i++) {
		int r =
		    config_set(config, options->overrides[i].key, options->overrides[i].value, err);

		if (r < 0) {
			eun_error_prefix(err, "command line");
			return r;
		}
	}
	return 0;
}

int options_configure(const struct options *options, config_warning_fn on_warning, void *userdata,
		      struct config *ret_config, struct eun_error *err)
{
	const char *given = options->config_path;
	int r = config_init(ret_config, err);

	if (r < 0)
		return r;
	r = config_read(ret_config, given ? given : CONFIG_DEFAULT_PATH, on_warning, userdata, err);
	if (r == -ENOENT && !given) {
		eun_error_done(err);
		r = 0;
	}
	if (r == 0)
		r = apply(options, ret_config, err);
	if (r < 0)
		config_done(ret_config);
	return r;
}

void options_print_help(FILE *file)
{
	(void)fprintf(file, "Usage: eunomiad [OPTION]...\n"
			    "Runs eBPF trackers in slots and serves their events.\n\n");
	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++) {
		const char *argument = rows[i].argument ? rows[i].argument : "";

		(void)fprintf(file, "  %-19s %-6s %s\n", rows[i].name, argument, rows[i].help);
	}
	(void)fprintf(file,
		      "\nOptions win over the configuration file. Socket, journal and limits: "
		      "eunomiad.conf.\n");
}
