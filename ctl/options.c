/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A parser of rows. It knows the kinds of values and nothing of the options themselves: each value
 * is stored at the row's offset in struct options. Words of the command line are borrowed, only the
 * arrays that point to them are owned.
 *
 * getopt_long() is not used: it accepts abbreviations, which scripts come to lean on and which then
 * break when an option is added, and its tables carry neither help nor types.
 */
#include "options.h"

#include "base/error.h"
#include "base/near.h"
#include "base/str.h"
#include "ctl_limits.h"

#include <assert.h>

#define HELP_COLUMN 28 /* where help texts begin */

/* The state of one parse. */
struct parser {
	const char *const *argv;
	size_t argc;
	size_t i; /* next word */
	const struct option_row *const *tables;
	size_t n_tables;
	struct options *options;
	struct eun_error *err;
};

static int words_append(struct words *words, const char *word)
{
	const char **items = reallocarray(words->items, words->n + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	items[words->n] = word;
	words->items = items;
	words->n++;
	return 0;
}

static int set_flag(void *value, const char *argument)
{
	(void)argument; /* flags have none */
	*(bool *)value = true;
	return 0;
}

static int set_string(void *value, const char *argument)
{
	if (!*argument)
		return -EINVAL;
	*(const char **)value = argument;
	return 0;
}

static int set_words(void *value, const char *argument)
{
	return words_append(value, argument);
}

static int set_count(void *value, const char *argument)
{
	uint64_t count;
	int r = eub_parse_u64(argument, &count);

	if (r < 0)
		return r;
	if (count == 0)
		return -ERANGE;
	*(uint64_t *)value = count;
	return 0;
}

static int set_size(void *value, const char *argument)
{
	char digits[24];
	size_t n = strlen(argument);
	uint64_t unit = 1;
	uint64_t size;
	int r;

	if (n == 0 || n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, argument, n + 1);
	if (strchr("kK", digits[n - 1]))
		unit = 1024;
	else if (strchr("mM", digits[n - 1]))
		unit = (uint64_t)1024 * 1024;
	if (unit > 1)
		digits[n - 1] = '\0';
	r = eub_parse_u64(digits, &size);
	if (r < 0)
		return r;
	if (eub_mul_overflow(size, unit, &size) || size == 0 || size > UINT32_MAX)
		return -ERANGE;
	*(uint32_t *)value = (uint32_t)size;
	return 0;
}

static int set_number(void *value, const char *argument)
{
	struct number *number = value;
	uint64_t parsed;
	int r = eub_parse_u64(argument, &parsed);

	if (r < 0)
		return r;
	*number = (struct number){ .is_given = true, .value = parsed };
	return 0;
}

static int set_generation(void *value, const char *argument)
{
	uint64_t generation;
	int r = eub_parse_u64(argument, &generation);

	if (r < 0)
		return r;
	if (generation == 0 || generation > UINT32_MAX)
		return -ERANGE;
	*(uint32_t *)value = (uint32_t)generation;
	return 0;
}

/* The ms in the unit that @name calls it by; 0 if there is no such unit. */
static uint64_t get_unit_ms(const char *name)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };

	for (size_t i = 0; i < EUB_ARRAY_SIZE(units); i++)
		if (eub_streq(units[i].name, name))
			return units[i].ms;
	return 0;
}

static int set_duration(void *value, const char *argument)
{
	static const char digits[] = "0123456789";
	size_t n_whole = strspn(argument, digits);
	bool has_point = argument[n_whole] == '.';
	const char *fraction = argument + n_whole + (has_point ? 1 : 0);
	size_t n_fraction = has_point ? strspn(fraction, digits) : 0;
	uint64_t unit_ms = get_unit_ms(fraction + n_fraction);
	uint64_t ms = 0;

	if (unit_ms == 0 || n_whole + n_fraction == 0)
		return -EINVAL;
	for (size_t i = 0; i < n_whole; i++) {
		ms = ms * 10 + (uint64_t)(argument[i] - '0') * unit_ms;
		if (ms > (uint64_t)CTL_TIMEOUT_MAX_S * 1000)
			return -ERANGE;
	}
	for (size_t i = 0; i < n_fraction; i++) {
		unit_ms /= 10;
		ms += (uint64_t)(fraction[i] - '0') * unit_ms;
	}
	if (ms == 0)
		return -ERANGE;
	*(int64_t *)value = (int64_t)ms;
	return 0;
}

/* How a value of each kind is stored, and what it should look like. */
static const struct {
	int (*set)(void *value, const char *argument);
	const char *expected;
} kinds[] = {
	[OPTION_FLAG] = { set_flag, "" },
	[OPTION_STRING] = { set_string, "a text that is not empty" },
	[OPTION_WORDS] = { set_words, "a text" },
	[OPTION_COUNT] = { set_count, "a whole number above 0" },
	[OPTION_SIZE] = { set_size, "a number of bytes, such as 262144, 256k or 1M" },
	[OPTION_NUMBER] = { set_number, "a whole number" },
	[OPTION_GENERATION] = { set_generation, "the number of a generation, 1 or more" },
	[OPTION_DURATION] = { set_duration, "a time above 0 in seconds, such as 10, 0.5 or 5m" },
};
static_assert(EUB_ARRAY_SIZE(kinds) == _OPTION_KIND_MAX, "one row per kind");

static int set_value(struct parser *p, const struct option_row *row, const char *argument)
{
	char *base = (char *)p->options;
	int r = kinds[row->kind].set(base + row->offset, argument);

	if (r == -ENOMEM)
		return eub_error_no_memory(p->err);
	if (r < 0)
		return eun_error_set(p->err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "option '--%s' wants %s, not '%.80s'", row->name,
				     kinds[row->kind].expected, argument);
	return 0;
}

const struct option_row *options_find(const struct option_row *const *tables, size_t n_tables,
				      const char *name, size_t n)
{
	for (size_t t = 0; t < n_tables; t++)
		for (const struct option_row *row = tables[t]; row->name; row++)
			if (strlen(row->name) == n && memcmp(row->name, name, n) == 0)
				return row;
	return NULL;
}

static const struct option_row *find_short(const struct parser *p, char c)
{
	for (size_t t = 0; t < p->n_tables; t++)
		for (const struct option_row *row = p->tables[t]; row->name; row++)
			if (row->short_name == c)
				return row;
	return NULL;
}

static void hint_near_option(const struct parser *p, const char *name)
{
	struct eub_near near = EUB_NEAR_INIT(name);

	for (size_t t = 0; t < p->n_tables; t++)
		for (const struct option_row *row = p->tables[t]; row->name; row++)
			eub_near_offer(&near, row->name);
	if (near.n_best > 0)
		eun_error_set_hint(p->err, "did you mean '--%s'?", near.best[0].name);
}

/* The next word as the argument of @row. */
static int take_argument(struct parser *p, const struct option_row *row, const char **ret_argument)
{
	if (p->i >= p->argc)
		return eun_error_set(p->err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "option '--%s' needs an argument: %s", row->name,
				     row->argument);
	*ret_argument = p->argv[p->i++];
	return 0;
}

/* @word is what follows "--". */
static int parse_long(struct parser *p, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t n = equals ? (size_t)(equals - word) : strlen(word);
	const struct option_row *row = options_find(p->tables, p->n_tables, word, n);
	const char *argument = equals ? equals + 1 : NULL;
	int r = 0;

	if (!row) {
		r = eun_error_set(p->err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				  "there is no option '--%.*s'", (int)EUB_MIN(n, (size_t)80), word);
		hint_near_option(p, word);
		return r;
	}
	if (row->kind == OPTION_FLAG && argument)
		return eun_error_set(p->err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "option '--%s' takes no argument", row->name);
	if (row->kind != OPTION_FLAG && !argument)
		r = take_argument(p, row, &argument);
	return r < 0 ? r : set_value(p, row, argument);
}

/* @word is what follows "-": flags, and at its end perhaps an option with its argument. */
static int parse_short(struct parser *p, const char *word)
{
	while (*word) {
		const struct option_row *row = find_short(p, *word);
		const char *argument = NULL;
		int r;

		if (!row)
			return eun_error_set(p->err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
					     "there is no option '-%c'", *word);
		word++;
		if (row->kind != OPTION_FLAG && *word) {
			argument = word;
			word += strlen(word);
		} else if (row->kind != OPTION_FLAG) {
			r = take_argument(p, row, &argument);
			if (r < 0)
				return r;
		}
		r = set_value(p, row, argument);
		if (r < 0)
			return r;
	}
	return 0;
}

int options_parse(const char *const *argv, size_t argc, const struct option_row *const *tables,
		  size_t n_tables, unsigned int flags, struct options *options,
		  struct arguments *arguments, struct eun_error *err)
{
	struct parser p = {
		.argv = argv,
		.argc = argc,
		.tables = tables,
		.n_tables = n_tables,
		.options = options,
		.err = err,
	};

	while (p.i < argc) {
		const char *word = argv[p.i++];
		bool is_option = word[0] == '-' && word[1] != '\0';
		int r;

		if (eub_streq(word, "--")) {
			arguments->tail = argv + p.i;
			arguments->n_tail = argc - p.i;
			return (int)argc;
		}
		if (!is_option)
			r = words_append(&arguments->positional, word);
		else if (word[1] == '-')
			r = parse_long(&p, word + 2);
		else
			r = parse_short(&p, word + 1);
		if (r < 0)
			return eun_error_set(err, r, EUN_REASON_NO_MEMORY, "out of memory");
		if ((flags & OPTIONS_STOP_AT_WORD) && !is_option)
			break;
	}
	return (int)p.i;
}

void options_done(struct options *options, struct arguments *arguments)
{
	struct words *all[] = {
		&options->settings, &options->types,	    &options->attach,
		&options->cflags,   &options->include_dirs, &arguments->positional
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(all); i++) {
		free(all[i]->items);
		*all[i] = (struct words){ 0 };
	}
}

static void append_row_help(struct eub_buf *buf, const struct option_row *row)
{
	size_t start = buf->len;

	if (row->short_name)
		eub_buf_printf(buf, "  -%c, --%s", row->short_name, row->name);
	else
		eub_buf_printf(buf, "      --%s", row->name);
	if (row->argument)
		eub_buf_printf(buf, " %s", row->argument);
	if (buf->len - start + 2 > HELP_COLUMN) {
		eub_buf_append_char(buf, '\n');
		start = buf->len;
	}
	eub_buf_fill(buf, ' ', HELP_COLUMN - (buf->len - start));
	eub_buf_printf(buf, "%s\n", row->help);
}

void options_append_help(struct eub_buf *buf, const struct option_row *const *tables,
			 size_t n_tables)
{
	for (size_t t = 0; t < n_tables; t++)
		for (const struct option_row *row = tables[t]; row->name; row++)
			if (options_find(tables, n_tables, row->name, strlen(row->name)) == row)
				append_row_help(buf, row);
}
