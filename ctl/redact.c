/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cursor goes through the text; at each place the rules of a table are tried, and the first that
 * matches writes its own replacement and says how much it replaces. What no rule knows is copied.
 * Rules err on the side of taking out too much, since nobody can take back what was sent.
 */
#include "redact.h"

#include "base/str.h"

#include <ctype.h>
#include <strings.h>

#define MARK "[redacted]"

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static size_t span_word(const char *text, size_t n)
{
	size_t i = 0;

	while (i < n && is_word(text[i]))
		i++;
	return i;
}

/* Bytes before the first of @ends, or all @n. */
static size_t span_until(const char *text, size_t n, const char *ends)
{
	size_t i = 0;

	while (i < n && text[i] && !strchr(ends, text[i]))
		i++;
	return i;
}

static bool contains(const char *text, size_t n, const char *word)
{
	size_t n_word = strlen(word);

	for (size_t i = 0; i + n_word <= n; i++)
		if (strncasecmp(text + i, word, n_word) == 0)
			return true;
	return false;
}

static bool sounds_secret(const char *key, size_t n)
{
	static const char *const words[] = {
		"token",      "secret",	     "passw",	    "passphrase",    "credential",
		"apikey",     "api_key",     "api-key",	    "authorization", "cookie",
		"privatekey", "private_key", "private-key", "access_key",    "accesskey",
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(words); i++)
		if (contains(key, n, words[i]))
			return true;
	return false;
}

/* A quoted string, the first byte of which is the quote. Return: its length with both quotes. */
static size_t span_quoted(const char *text, size_t n)
{
	size_t i = 1;

	while (i < n && text[i] != text[0] && text[i] != '\n')
		i += text[i] == '\\' && i + 1 < n ? 2 : 1;
	return EUB_MIN(i < n && text[i] == text[0] ? i + 1 : i, n);
}

/* The value after KEY= or KEY: */
static size_t replace_value(struct eub_buf *out, const char *text, size_t n, char separator)
{
	if (n > 0 && (text[0] == '"' || text[0] == '\'')) {
		eub_buf_printf(out, "%c" MARK "%c", text[0], text[0]);
		return span_quoted(text, n);
	}
	eub_buf_append_str(out, MARK);
	/* "Authorization: Basic dXNlcg==" goes on to the end of the line. */
	return span_until(text, n, separator == ':' ? "\n" : " \t\n,;&");
}

/* token=VALUE, "password": "VALUE", Authorization: VALUE */
static size_t replace_pair(struct eub_buf *out, const char *text, size_t n)
{
	size_t i = span_word(text, n);
	char separator;

	if (i == 0 || !sounds_secret(text, i))
		return 0;
	/* Also the end of a key in JSON, and of one in JSON inside a string. */
	while (i < n && strchr("\\\"' \t", text[i]) && text[i])
		i++;
	if (i >= n || (text[i] != '=' && text[i] != ':'))
		return 0;
	separator = text[i++];
	while (i < n && (text[i] == ' ' || text[i] == '\t'))
		i++;
	eub_buf_append(out, text, i);
	return i + replace_value(out, text + i, n - i, separator);
}

/* ://USER:PASSWORD@HOST/PATH?QUERY */
static size_t replace_url(struct eub_buf *out, const char *text, size_t n)
{
	static const char start[] = "://";
	size_t i = sizeof(start) - 1;
	size_t n_authority, n_path;
	const char *at;

	if (n < i || memcmp(text, start, i) != 0)
		return 0;
	eub_buf_append(out, text, i);
	n_authority = span_until(text + i, n - i, "/?# \t\n\"'<>");
	at = memrchr(text + i, '@', n_authority);
	if (at) {
		eub_buf_append_str(out, MARK);
		n_authority -= (size_t)(at - (text + i));
		i = (size_t)(at - text);
	}
	n_path = span_until(text + i, n - i, "? \t\n\"'<>");
	eub_buf_append(out, text + i, n_path);
	i += n_path;
	if (i < n && text[i] == '?') {
		eub_buf_append_str(out, "?" MARK);
		i += span_until(text + i, n - i, " \t\n\"'<>");
	}
	return i;
}

static size_t replace_bearer(struct eub_buf *out, const char *text, size_t n)
{
	static const char start[] = "Bearer ";
	size_t i = sizeof(start) - 1;

	if (n < i || strncasecmp(text, start, i) != 0)
		return 0;
	eub_buf_append(out, text, i);
	eub_buf_append_str(out, MARK);
	return i + span_until(text + i, n - i, " \t\n\"',;");
}

static size_t replace_key_block(struct eub_buf *out, const char *text, size_t n)
{
	static const char start[] = "-----BEGIN ";
	static const char end[] = "-----END ";
	const char *found;

	if (n < sizeof(start) - 1 || memcmp(text, start, sizeof(start) - 1) != 0)
		return 0;
	eub_buf_append_str(out, MARK);
	found = memmem(text, n, end, sizeof(end) - 1);
	if (!found)
		return n;
	return (size_t)(found - text) + span_until(found, n - (size_t)(found - text), "\n");
}

void redact_text(struct eub_buf *out, const char *text, size_t n)
{
	static size_t (*const rules[])(struct eub_buf *, const char *, size_t) = {
		replace_key_block,
		replace_bearer,
		replace_pair,
		replace_url,
	};
	size_t i = 0;

	while (i < n) {
		bool is_inside = i > 0 && is_word(text[i]) && is_word(text[i - 1]);
		size_t n_replaced = 0;

		for (size_t r = 0; r < EUB_ARRAY_SIZE(rules) && n_replaced == 0 && !is_inside; r++)
			n_replaced = rules[r](out, text + i, n - i);
		if (n_replaced == 0)
			eub_buf_append_char(out, text[i]);
		i += EUB_MAX(n_replaced, (size_t)1);
	}
}

/* A number in decimal or, after 0x, in hexadecimal. Twenty digits hold any of 64 bits; what has
 * more may be a key. */
static bool is_number(const char *value, size_t n)
{
	bool is_hex = false;
	size_t i = n > 0 && (value[0] == '+' || value[0] == '-');

	if (n > i + 2 && value[i] == '0' && (value[i + 1] == 'x' || value[i + 1] == 'X')) {
		is_hex = true;
		i += 2;
	}
	if (i == n || n > 20)
		return false;
	for (; i < n; i++)
		if (is_hex ? !isxdigit((unsigned char)value[i])
			   : !isdigit((unsigned char)value[i]) && value[i] != '.')
			return false;
	return true;
}

static bool is_truth(const char *value, size_t n)
{
	static const char *const words[] = { "true", "false", "yes", "no", "on", "off" };

	for (size_t i = 0; i < EUB_ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == n && strncasecmp(words[i], value, n) == 0)
			return true;
	return false;
}

void redact_value(struct eub_buf *out, const char *value, size_t n)
{
	if (n == 0 || is_number(value, n) || is_truth(value, n))
		eub_buf_append(out, value, n);
	else
		eub_buf_printf(out, "[redacted, %zu bytes]", n);
}

void redact_argument(struct eub_buf *out, const char *argument, size_t n)
{
	const char *equals = n > 0 && argument[0] == '-' ? memchr(argument, '=', n) : NULL;
	size_t n_name = equals ? (size_t)(equals - argument) + 1 : 0;

	if (n > 0 && argument[0] == '-' && !equals && !is_number(argument, n))
		n_name = n;
	eub_buf_append(out, argument, n_name);
	redact_value(out, argument + n_name, n - n_name);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Appends words separated by blanks, each by @redact; what stands in quotes is one word. */
static void redact_words(struct eub_buf *out, const char *text, size_t n,
			 void (*redact)(struct eub_buf *, const char *, size_t))
{
	size_t i = 0;

	while (i < n) {
		size_t start = i;

		while (i < n && !is_blank(text[i]))
			i += text[i] == '"' ? span_quoted(text + i, n - i) : 1;
		if (i > start)
			redact(out, text + start, i - start);
		for (; i < n && is_blank(text[i]); i++)
			eub_buf_append_char(out, text[i]);
	}
}

/* KEY=VALUE, as --set takes it. */
static void redact_setting(struct eub_buf *out, const char *text, size_t n)
{
	size_t n_key = span_until(text, n, "=");

	n_key = n_key < n ? n_key + 1 : 0;
	eub_buf_append(out, text, n_key);
	redact_value(out, text + n_key, n - n_key);
}

static void redact_arguments(struct eub_buf *out, const char *text, size_t n)
{
	redact_words(out, text, n, redact_argument);
}

/* The value of a KEY=VALUE line that only its owner should see is left to @redact. */
static const struct {
	const char *key;
	void (*redact)(struct eub_buf *out, const char *text, size_t n);
} private_keys[] = {
	{ "Set", redact_setting },
	{ "Args", redact_arguments },
	{ "Environment", redact_arguments },
};

static void redact_line(struct eub_buf *out, const char *line, size_t n)
{
	size_t n_blank = 0, n_name = 0, n_equals;

	while (n_blank < n && (line[n_blank] == ' ' || line[n_blank] == '\t'))
		n_blank++;
	n_name = span_word(line + n_blank, n - n_blank);
	n_equals = span_until(line, n, "=");
	for (size_t i = 0; i < EUB_ARRAY_SIZE(private_keys) && n_equals < n; i++) {
		if (strlen(private_keys[i].key) != n_name ||
		    memcmp(line + n_blank, private_keys[i].key, n_name) != 0)
			continue;
		eub_buf_append(out, line, n_equals + 1);
		private_keys[i].redact(out, line + n_equals + 1, n - n_equals - 1);
		return;
	}
	redact_text(out, line, n);
}

void redact_config(struct eub_buf *out, const char *text, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t n_line = span_until(text + i, n - i, "\n");

		redact_line(out, text + i, n_line);
		i += n_line;
		for (; i < n && (text[i] == '\n' || text[i] == '\0'); i++)
			eub_buf_append_char(out, text[i]);
	}
}

static void redact_parameter(struct eub_buf *out, const char *word, size_t n)
{
	/* What bears on BPF, tracing and control groups. */
	static const char *const kept[] = {
		"lsm",
		"security",
		"lockdown",
		"apparmor",
		"selinux",
		"mitigations",
		"cgroup_no_v1",
		"cgroup_disable",
		"isolcpus",
		"nohz_full",
		"preempt",
		"kpti",
		"debugfs",
		"trace_event",
		"ftrace",
		"fips",
		"slub_debug",
		"transparent_hugepage",
		"systemd.unified_cgroup_hierarchy",
	};
	size_t n_name = span_until(word, n, "=");

	for (size_t i = 0; i < EUB_ARRAY_SIZE(kept); i++) {
		if (strlen(kept[i]) == n_name && memcmp(kept[i], word, n_name) == 0) {
			eub_buf_append(out, word, n);
			return;
		}
	}
	/* What looks like no name of a parameter is none. */
	if (span_word(word, n_name) < n_name) {
		eub_buf_append_str(out, MARK);
		return;
	}
	eub_buf_append(out, word, n_name);
	if (n_name < n)
		eub_buf_append_str(out, "=" MARK);
}

void redact_cmdline(struct eub_buf *out, const char *text, size_t n)
{
	/* What follows is for the first process, not for the kernel. */
	const char *rest = memmem(text, n, " -- ", 4);

	redact_words(out, text, rest ? (size_t)(rest - text) : n, redact_parameter);
	if (rest)
		eub_buf_append_str(out, " -- " MARK "\n");
}
