/* SPDX-License-Identifier: Apache-2.0 */
/* The parser: each kind of value, each way to write an option, each mistake. */
#include "options.h"

#include "base/cleanup.h"
#include "ctl_limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct option_row first[] = {
	{ "quiet", 'q', OPTION_FLAG, OPTION_OFFSET(is_quiet), NULL, COMPLETE_NOTHING, "be quiet" },
	{ "name", 'n', OPTION_STRING, OPTION_OFFSET(name), "NAME", COMPLETE_NOTHING, "a name" },
	{ "set", 's', OPTION_WORDS, OPTION_OFFSET(settings), "KEY=VALUE", COMPLETE_NOTHING,
	  "a setting" },
	{ "count", 'c', OPTION_COUNT, OPTION_OFFSET(count), "N", COMPLETE_NOTHING, "a number" },
	{ 0 },
};
static const struct option_row second[] = {
	{ "ring-bytes", 0, OPTION_SIZE, OPTION_OFFSET(ring_bytes), "BYTES", COMPLETE_NOTHING,
	  "a size" },
	{ "timeout", 0, OPTION_DURATION, OPTION_OFFSET(timeout_ms), "SECONDS", COMPLETE_NOTHING,
	  "a time" },
	{ "name", 'n', OPTION_STRING, OPTION_OFFSET(clang), "NAME", COMPLETE_NOTHING, "hidden" },
	{ 0 },
};
static const struct option_row *const tables[] = { first, second };

/* The result of one parse. */
struct parsed {
	int r;
	struct options options;
	struct arguments arguments;
	struct eun_error err;
};

static struct parsed parse_words(unsigned int flags, const char *const *words, size_t n)
{
	struct parsed parsed = { 0 };

	parsed.r = options_parse(words, n, tables, 2, flags, &parsed.options, &parsed.arguments,
				 &parsed.err);
	return parsed;
}

static void parsed_done(struct parsed *parsed)
{
	options_done(&parsed->options, &parsed->arguments);
	eun_error_done(&parsed->err);
}

#define PARSE(flags, ...)                                                                          \
	parse_words(flags, (const char *const[]){ __VA_ARGS__ },                                   \
		    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void test_forms(void **state)
{
	struct parsed p = PARSE(0, "a", "--name=x", "-q", "-s", "k=v", "--set", "l=w=", "b", "-c7",
				"-", "--", "--name", "tail");

	(void)state;
	assert_int_equal(p.r, 13);
	assert_string_equal(p.options.name, "x");
	assert_null(p.options.clang); /* the first table hides it */
	assert_true(p.options.is_quiet);
	assert_int_equal(p.options.settings.n, 2);
	assert_string_equal(p.options.settings.items[0], "k=v");
	assert_string_equal(p.options.settings.items[1], "l=w=");
	assert_int_equal(p.options.count, 7);
	assert_int_equal(p.arguments.positional.n, 3);
	assert_string_equal(p.arguments.positional.items[2], "-");
	assert_int_equal(p.arguments.n_tail, 2);
	assert_string_equal(p.arguments.tail[1], "tail");
	parsed_done(&p);
	p = PARSE(0, "-qnx", "--name", "y");
	assert_int_equal(p.r, 3);
	assert_true(p.options.is_quiet);
	assert_string_equal(p.options.name, "y"); /* the last one counts */
	parsed_done(&p);
}

static void test_stop_at_word(void **state)
{
	struct parsed p = PARSE(OPTIONS_STOP_AT_WORD, "-q", "verb", "--unknown");

	(void)state;
	assert_int_equal(p.r, 2);
	assert_string_equal(p.arguments.positional.items[0], "verb");
	parsed_done(&p);
}

static void test_values(void **state)
{
	static const struct {
		const char *option;
		const char *text;
		uint64_t value; /* 0: refused */
	} cases[] = {
		{ "--count", "1", 1 },
		{ "--count", "18446744073709551615", UINT64_MAX },
		{ "--count", "18446744073709551616", 0 },
		{ "--count", "0", 0 },
		{ "--count", "-1", 0 },
		{ "--count", "ten", 0 },
		{ "--count", "", 0 },
		{ "--ring-bytes", "4096", 4096 },
		{ "--ring-bytes", "256k", 262144 },
		{ "--ring-bytes", "2M", 2097152 },
		{ "--ring-bytes", "4096M", 0 },
		{ "--ring-bytes", "4G", 0 },
		{ "--ring-bytes", "k", 0 },
		{ "--ring-bytes", "", 0 },
		{ "--ring-bytes", "99999999999999999999999999", 0 },
		{ "--timeout", "2", 2000 },
		{ "--timeout", "0.25", 250 },
		{ "--timeout", ".5", 500 },
		{ "--timeout", "1.", 1000 },
		{ "--timeout", "1.2345", 1234 },
		{ "--timeout", "30s", 30000 },
		{ "--timeout", "250ms", 250 },
		{ "--timeout", "1.5m", 90000 },
		{ "--timeout", "2h", 7200000 },
		{ "--timeout", "2d", 0 },
		{ "--timeout", "s", 0 },
		{ "--timeout", "1 s", 0 },
		{ "--timeout", "0.4ms", 0 },
		{ "--timeout", "0", 0 },
		{ "--timeout", "0.0001", 0 },
		{ "--timeout", ".", 0 },
		{ "--timeout", "-1", 0 },
		{ "--timeout", "1.2.3", 0 },
		{ "--timeout", "1e3", 0 },
		{ "--timeout", "99999999999999999999999999", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parsed p = PARSE(0, cases[i].option, cases[i].text);
		uint64_t value =
		    p.options.count + p.options.ring_bytes + (uint64_t)p.options.timeout_ms;

		if ((p.r == 2) != (cases[i].value > 0) || value != cases[i].value)
			fail_msg("%s '%s': %d, %llu", cases[i].option, cases[i].text, p.r,
				 (unsigned long long)value);
		if (cases[i].value == 0)
			assert_int_equal(p.err.reason, EUN_REASON_INVALID_ARGUMENT);
		parsed_done(&p);
	}
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *word;
		const char *message;
		const char *hint;
	} cases[] = {
		{ "--nam", "there is no option '--nam'", "did you mean '--name'?" },
		{ "--unlike-any", "there is no option '--unlike-any'", "" },
		{ "-x", "there is no option '-x'", "" },
		{ "-qx", "there is no option '-x'", "" },
		{ "--name", "option '--name' needs an argument: NAME", "" },
		{ "-n", "option '--name' needs an argument: NAME", "" },
		{ "--name=", "option '--name' wants a text that is not empty, not ''", "" },
		{ "--quiet=yes", "option '--quiet' takes no argument", "" },
		{ "--count=x", "option '--count' wants a whole number above 0, not 'x'", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parsed p = PARSE(0, cases[i].word);

		assert_int_equal(p.r, -EINVAL);
		assert_string_equal(p.err.message, cases[i].message);
		assert_string_equal(p.err.hint, cases[i].hint);
		parsed_done(&p);
	}
}

static void test_help(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;
	char *text;

	(void)state;
	options_append_help(&buf, tables, 2);
	text = eub_buf_take_string(&buf);
	assert_string_equal(text, "  -q, --quiet               be quiet\n"
				  "  -n, --name NAME           a name\n"
				  "  -s, --set KEY=VALUE       a setting\n"
				  "  -c, --count N             a number\n"
				  "      --ring-bytes BYTES    a size\n"
				  "      --timeout SECONDS     a time\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),  cmocka_unit_test(test_stop_at_word),
		cmocka_unit_test(test_values), cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
