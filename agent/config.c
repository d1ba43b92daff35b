/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of the agent, driven by config.def: one row per key with its type, range and default,
 * which both the file and the command line set by name.
 */
#include "config.h"

#include "agent_limits.h"
#include "budget.h"
#include "ini_file.h"

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"

#include <eunomia/engine.h>

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

/* The last byte is the terminator. */
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)
#define GROUP_NAME_MAX	32

#define KEY(section_, name_, type_, member, min_, max_, fallback_, reload, help)                   \
	{                                                                                          \
		.section = #section_,                                                              \
		.name = #name_,                                                                    \
		.type = type_,                                                                     \
		.offset = offsetof(struct config, member),                                         \
		.min = min_,                                                                       \
		.max = max_,                                                                       \
		.fallback = fallback_,                                                             \
		.is_reloadable = reload,                                                           \
	},
static const struct config_key keys[] = {
#include "config.def"
};
#undef KEY

const struct config_key *config_get_key(size_t i)
{
	return i < EUB_ARRAY_SIZE(keys) ? &keys[i] : NULL;
}

const struct config_key *config_find_key(const char *section, const char *name)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(keys); i++)
		if (eub_streq(keys[i].section, section) && eub_streq(keys[i].name, name))
			return &keys[i];
	return NULL;
}

static bool holds_text(const struct config_key *key)
{
	return key->type == CONFIG_PATH || key->type == CONFIG_STRING;
}

/* The table's offsets are of members of the type that the row's type says. */
static uint64_t *number_of(struct config *config, const struct config_key *key)
{
	return (uint64_t *)(void *)((char *)config + key->offset);
}

static char **text_of(struct config *config, const struct config_key *key)
{
	return (char **)(void *)((char *)config + key->offset);
}

int config_init(struct config *config, struct eun_error *err)
{
	*config = (struct config){ 0 };
	for (size_t i = 0; i < EUB_ARRAY_SIZE(keys); i++) {
		int r = config_set(config, &keys[i], keys[i].fallback, err);

		if (r < 0) {
			config_done(config);
			return r;
		}
	}
	return 0;
}

void config_done(struct config *config)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(keys); i++)
		if (holds_text(&keys[i]))
			free(*text_of(config, &keys[i]));
	*config = (struct config){ 0 };
}

static int parse_bool(const struct config_key *key EUB_UNUSED, const char *value,
		      uint64_t *ret_number)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = { { "yes", true }, { "true", true },   { "on", true },   { "1", true },
		      { "no", false }, { "false", false }, { "off", false }, { "0", false } };

	for (size_t i = 0; i < EUB_ARRAY_SIZE(words); i++) {
		if (eub_streq(words[i].word, value)) {
			*ret_number = words[i].value;
			return 0;
		}
	}
	return -EINVAL;
}

static int check_range(const struct config_key *key, uint64_t number)
{
	return number < key->min || number > key->max ? -ERANGE : 0;
}

static int parse_uint(const struct config_key *key, const char *value, uint64_t *ret_number)
{
	int r = eub_parse_u64(value, ret_number);

	return r < 0 ? r : check_range(key, *ret_number);
}

static int parse_octal(const struct config_key *key, const char *value, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!*value || strlen(value) > 7)
		return -EINVAL;
	for (const char *p = value; *p; p++) {
		if (*p < '0' || *p > '7')
			return -EINVAL;
		number = number * 8 + (uint64_t)(*p - '0');
	}
	*ret_number = number;
	return check_range(key, number);
}

static int parse_level(const struct config_key *key EUB_UNUSED, const char *value,
		       uint64_t *ret_number)
{
	enum log_level level;
	int r = log_level_from_string(value, &level);

	if (r == 0)
		*ret_number = level;
	return r;
}

static const struct {
	int (*parse)(const struct config_key *key, const char *value, uint64_t *ret_number);
	const char *takes; /* what it takes, for messages; ranges are appended */
} types[] = {
	[CONFIG_BOOL] = { parse_bool, "yes or no" },
	[CONFIG_UINT] = { parse_uint, "a number from %llu to %llu" },
	[CONFIG_OCTAL] = { parse_octal, "an octal number from %#llo to %#llo" },
	[CONFIG_LEVEL] = { parse_level, "one of err, warning, notice, info, debug" },
	[CONFIG_PATH] = { NULL, "an absolute path of %llu to %llu bytes" },
	[CONFIG_STRING] = { NULL, "text of %llu to %llu bytes" },
};
_Static_assert(EUB_ARRAY_SIZE(types) == _CONFIG_TYPE_MAX, "one row per type");

void config_format_range(const struct config_key *key, char *ret_text, size_t size)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* formats of the table above */
	(void)snprintf(ret_text, size, types[key->type].takes, (unsigned long long)key->min,
		       (unsigned long long)key->max);
#pragma GCC diagnostic pop
}

static int refuse(const struct config_key *key, const char *value, int code, struct eun_error *err)
{
	char range[CONFIG_RANGE_MAX];

	config_format_range(key, range, sizeof(range));
	return eun_error_set(err, code, EUN_REASON_INVALID_ARGUMENT, "%s= takes %s, not '%.64s'",
			     key->name, range, value);
}

static int set_text(struct config *config, const struct config_key *key, const char *value,
		    struct eun_error *err)
{
	size_t length = strlen(value);
	char *copy;

	if (key->type == CONFIG_PATH && value[0] != '/')
		return refuse(key, value, -EINVAL, err);
	if (check_range(key, length) < 0)
		return refuse(key, value, -ERANGE, err);
	copy = strdup(value);
	if (!copy)
		return eub_error_no_memory(err);
	free(*text_of(config, key));
	*text_of(config, key) = copy;
	return 0;
}

int config_set(struct config *config, const struct config_key *key, const char *value,
	       struct eun_error *err)
{
	uint64_t number = 0;
	int r;

	if (holds_text(key))
		return set_text(config, key, value, err);
	r = types[key->type].parse(key, value, &number);
	if (r < 0)
		return refuse(key, value, r, err);
	*number_of(config, key) = number;
	return 0;
}

uint64_t config_get_number(const struct config *config, const struct config_key *key)
{
	uint64_t number;

	assert(!holds_text(key));
	memcpy(&number, (const char *)config + key->offset, sizeof(number));
	return number;
}

bool config_is_equal(const struct config *a, const struct config *b, const struct config_key *key)
{
	const char *member_a = (const char *)a + key->offset;
	const char *member_b = (const char *)b + key->offset;

	if (!holds_text(key))
		return config_get_number(a, key) == config_get_number(b, key);
	return eub_streq(*(char *const *)(const void *)member_a,
			 *(char *const *)(const void *)member_b);
}

void config_swap(struct config *a, struct config *b, const struct config_key *key)
{
	if (holds_text(key)) {
		char *text = *text_of(a, key);

		*text_of(a, key) = *text_of(b, key);
		*text_of(b, key) = text;
	} else {
		uint64_t number = *number_of(a, key);

		*number_of(a, key) = *number_of(b, key);
		*number_of(b, key) = number;
	}
}

/* What a file is read into. */
struct reading {
	struct config *config;
	config_warning_fn on_warning;
	void *userdata;
};

static void warn(const struct reading *reading, const struct ini_key *key)
{
	char text[512];

	if (!reading->on_warning)
		return;
	(void)snprintf(text, sizeof(text), "%s:%u: unknown key %s= in section [%s], ignoring it",
		       key->path, key->line, key->name, key->section);
	reading->on_warning(reading->userdata, text);
}

static int on_key(void *userdata, const struct ini_key *given, struct eun_error *err)
{
	const struct reading *reading = userdata;
	const struct config_key *key = config_find_key(given->section, given->name);

	if (key)
		return config_set(reading->config, key, given->value, err);
	warn(reading, given);
	return 0;
}

int config_read(struct config *config, const char *path, config_warning_fn on_warning,
		void *userdata, struct eun_error *err)
{
	struct reading reading = { .config = config,
				   .on_warning = on_warning,
				   .userdata = userdata };

	return ini_file_read(path, on_key, &reading, err);
}
