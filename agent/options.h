/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of eunomiad. */
#pragma once

#include "config.h"

#include <stdbool.h>
#include <stdio.h>

#define OPTIONS_MAX_OVERRIDES 16

enum options_action {
	OPTIONS_RUN,
	OPTIONS_END_TRACKERS,
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

enum option_effect {
	OPTION_SET_KEY,
	OPTION_SET_CONFIG_PATH,
	OPTION_SET_FOREGROUND,
	OPTION_END_TRACKERS,
	OPTION_SHOW_HELP,
	OPTION_SHOW_VERSION,
};

struct option_row {
	const char *name;     /* with its dashes */
	const char *argument; /* its name in the help; NULL: it takes none */
	enum option_effect effect;
	const char *key; /* in section [Agent], for OPTION_SET_KEY */
	const char *help;
};

struct options {
	enum options_action action;
	const char *config_path; /* NULL: CONFIG_DEFAULT_PATH, which need not exist */
	bool is_log_foreground;
	/* Keys given on the command line, which win over the file, also after a reload. */
	struct {
		const struct config_key *key;
		const char *value; /* of argv */
	} overrides[OPTIONS_MAX_OVERRIDES];
	size_t n_overrides;
};

/**
 * options_parse() - read the command line
 * @argv: must outlive @ret_options
 *
 * Return: 0; -EINVAL (unknown option, missing or surplus argument), with a hint in @err.
 */
int options_parse(int argc, char *const argv[], struct options *ret_options, struct eun_error *err);
/**
 * options_configure() - defaults, then the file, then the command line
 * @on_warning: of config_read(), with @userdata
 *
 * The default file may be missing.
 *
 * Return: 0, then config_done() releases; as config_read() and config_set().
 */
int options_configure(const struct options *options, config_warning_fn on_warning, void *userdata,
		      struct config *ret_config, struct eun_error *err);
void options_print_help(FILE *file);
/* NULL when @i is past the end. */
const struct option_row *options_get_row(size_t i);
