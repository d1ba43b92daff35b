/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any words as a command line of eunomiactl: the first byte chooses the verb whose option tables
 * are used, each line is a word. Nothing is run.
 */
#include "fuzz.h"

#include "commands.h"

#include "base/cleanup.h"

#include <assert.h>
#include <string.h>

#define WORDS_MAX 64

/* Cuts @text at its line feeds; returns the number of words. */
static size_t split(char *text, const char **words)
{
	size_t n = 0;

	for (char *line = text; line && n < WORDS_MAX; n++) {
		char *end = strchr(line, '\n');

		if (end)
			*end++ = '\0';
		words[n] = line;
		line = end;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct option_row *tables[COMMAND_TABLES_MAX];
	const struct command *command = size > 0 ? command_get(data[0]) : NULL;
	struct options options = { 0 };
	struct arguments arguments = { 0 };
	struct eun_error err = EUN_ERROR_INIT;
	const char *words[WORDS_MAX];
	_cleanup_(eub_freep) char *text = NULL;
	size_t n;
	int r;

	if (size < 1)
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	assert(text);
	n = split(text, words);
	r = options_parse(words, n, tables, command_get_tables(command, tables),
			  command ? 0 : OPTIONS_STOP_AT_WORD, &options, &arguments, &err);
	assert(r >= 0 ? (size_t)r <= n && err.code == 0 : err.code == r && err.message[0]);
	assert(arguments.positional.n + arguments.n_tail <= n);
	assert(options.timeout_ms >= 0);
	options_done(&options, &arguments);
	eun_error_done(&err);
	return 0;
}
