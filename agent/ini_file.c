/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inih does the parsing. It tells its handler no line numbers (that is a choice of how the library
 * was built), so they are counted where it asks for lines; there, lines longer than its buffer,
 * which it would silently read as two, are refused.
 */
#include "ini_file.h"

#include "agent_limits.h"

#include "base/macro.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

/* What the two callbacks of inih share. */
struct parse {
	const char *path;
	FILE *file;
	unsigned int line;
	int code; /* of the first failure */
	ini_key_fn on_key;
	void *userdata;
	struct eun_error *err;
};

static void fail_at_line(struct parse *parse, int code)
{
	parse->code = code;
	eun_error_prefix(parse->err, "%s:%u", parse->path, parse->line);
}

/* As fgets(): one line into @buf of @size bytes. */
static char *read_line(char *buf, int size, void *userdata)
{
	struct parse *parse = userdata;
	char line[LIMIT_CONFIG_LINE_BYTES];
	size_t length, blank;

	if (parse->code < 0 || !fgets(line, sizeof(line), parse->file))
		return NULL;
	parse->line++;
	length = strlen(line);
	blank = strspn(line, " \t");
	if (line[blank] == '#' || line[blank] == ';') { /* may be longer than any buffer */
		while (length > 0 && line[length - 1] != '\n' &&
		       fgets(line, sizeof(line), parse->file))
			length = strlen(line);
		(void)snprintf(buf, (size_t)size, "#\n");
		return buf;
	}
	if (length >= (size_t)size) {
		(void)eun_error_set(parse->err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				    "the line is longer than %d bytes", size - 1);
		fail_at_line(parse, -EINVAL);
		return NULL;
	}
	memcpy(buf, line, length + 1);
	return buf;
}

/* Return: 1 as inih wants it on success, 0 on failure. */
static int on_inih_key(void *userdata, const char *section, const char *name, const char *value)
{
	struct parse *parse = userdata;
	const struct ini_key key = { .section = section,
				     .name = name,
				     .value = value,
				     .path = parse->path,
				     .line = parse->line };
	int r;

	if (parse->code < 0)
		return 0;
	r = parse->on_key(parse->userdata, &key, parse->err);
	if (r < 0)
		fail_at_line(parse, r);
	return r == 0;
}

int ini_file_read(const char *path, ini_key_fn on_key, void *userdata, struct eun_error *err)
{
	struct parse parse = { .path = path, .on_key = on_key, .userdata = userdata, .err = err };
	int first_bad_line;

	parse.file = fopen(path, "re");
	if (!parse.file)
		return eun_error_set(err, -errno, EUN_REASON_IO, "cannot open '%s': %s", path,
				     strerror(errno));
	first_bad_line = ini_parse_stream(read_line, &parse, on_inih_key, &parse);
	if (parse.code == 0 && ferror(parse.file))
		parse.code = eun_error_set(err, -EIO, EUN_REASON_IO, "cannot read '%s'", path);
	(void)fclose(parse.file); /* was only read */
	if (parse.code < 0)
		return parse.code;
	if (first_bad_line != 0)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "%s:%d: neither a section, a comment, nor KEY=VALUE", path,
				     first_bad_line);
	return 0;
}
