/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/str.h"

#include <jansson.h>
#include <stdlib.h>

/* What eub_append_json_string() promises: stray bytes come back from U+EF80..U+EFFF. */
static size_t decode_json(const char *json, char *bytes)
{
	json_t *string = json_loads(json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	const char *text = json_string_value(string);
	size_t size = json_string_length(string);
	size_t n = 0;

	assert_non_null(string);
	for (size_t i = 0; i < size;) {
		size_t length = eub_utf8_length(text + i, size - i);

		assert_true(length > 0);
		if (length == 3 && (unsigned char)text[i] == 0xee &&
		    ((unsigned char)text[i + 1] & 0xfe) == 0xbe) {
			bytes[n++] = (char)(((text[i + 1] & 1) << 6) | (text[i + 2] & 0x3f) | 0x80);
		} else {
			memcpy(bytes + n, text + i, length);
			n += length;
		}
		i += length;
	}
	json_decref(string);
	return n;
}

static void assert_json_round_trip(const char *bytes, size_t n)
{
	struct eub_buf buf = EUB_BUF_INIT;
	char decoded[64];
	char *json;

	eub_append_json_string(&buf, bytes, n);
	json = eub_buf_take_string(&buf);
	assert_int_equal(decode_json(json, decoded), n);
	assert_memory_equal(decoded, bytes, n);
	free(json);
}

static void test_json_keeps_every_pair_of_bytes(void **state)
{
	(void)state;
	for (unsigned int first = 0; first < 256; first++) {
		for (unsigned int second = 0; second < 256; second++) {
			char bytes[4] = { 'a', (char)first, (char)second, 'z' };

			assert_json_round_trip(bytes, sizeof(bytes));
			assert_json_round_trip(bytes + 1, 2);
		}
	}
}

static void test_json_keeps_long_sequences(void **state)
{
	static const char *const cases[] = {
		"\xe2\x82\xac",	    /* euro */
		"\xf0\x9f\x90\x9d", /* bee */
		"\xee\xbe\x80",	    /* the private range itself */
		"\xee\xbf\xbf",	    /* its end */
		"\xee\xbd\xbf",	    /* just before it */
		"\xed\xa0\x80",	    /* surrogate */
		"\xf4\x90\x80\x80", /* above U+10FFFF */
		"\xc0\x80",	    /* overlong */
		"\xe2\x82",	    /* cut off */
		"\"\\/\b\f\n\r\t\x7f",
	};

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(cases); i++)
		assert_json_round_trip(cases[i], strlen(cases[i]));
}

static void assert_text(void (*append)(struct eub_buf *, const char *, size_t), const char *s,
			const char *expected)
{
	struct eub_buf buf = EUB_BUF_INIT;
	char *text;

	append(&buf, s, strlen(s));
	text = eub_buf_take_string(&buf);
	assert_string_equal(text, expected);
	free(text);
}

static void test_json_forms(void **state)
{
	(void)state;
	assert_text(eub_append_json_string, "a\"b\\c\n", "\"a\\\"b\\\\c\\n\"");
	assert_text(eub_append_json_string, "\x01\x7f", "\"\\u0001\\u007f\"");
	assert_text(eub_append_json_string, "\xff\xc3\xa9", "\"\\uefff\xc3\xa9\"");
	assert_text(eub_append_json_string, "", "\"\"");
}

static void test_printable(void **state)
{
	(void)state;
	assert_text(eub_append_printable, "plain \xc3\xa9", "plain \xc3\xa9");
	assert_text(eub_append_printable, "\033[0m\n", "\\x1b[0m\\x0a");
	assert_text(eub_append_printable,
		    "\xc2\x9b"
		    "1m",
		    "\\xc2\\x9b1m");
	assert_text(eub_append_printable, "\x80z", "\\x80z");
}

static void test_utf8_length(void **state)
{
	(void)state;
	assert_int_equal(eub_utf8_length("a", 1), 1);
	assert_int_equal(eub_utf8_length("\xc3\xa9", 2), 2);
	assert_int_equal(eub_utf8_length("\xc3\xa9", 1), 0);
	assert_int_equal(eub_utf8_length("\xc1\xbf", 2), 0);
	assert_int_equal(eub_utf8_length("\xe0\x9f\xbf", 3), 0);
	assert_int_equal(eub_utf8_length("\xe0\xa0\x80", 3), 3);
	assert_int_equal(eub_utf8_length("\xed\x9f\xbf", 3), 3);
	assert_int_equal(eub_utf8_length("\xed\xa0\x80", 3), 0);
	assert_int_equal(eub_utf8_length("\xf0\x8f\xbf\xbf", 4), 0);
	assert_int_equal(eub_utf8_length("\xf4\x8f\xbf\xbf", 4), 4);
	assert_int_equal(eub_utf8_length("\xf5\x80\x80\x80", 4), 0);
}

static void test_numbers(void **state)
{
	uint64_t u = 1;
	int64_t i = 1;

	(void)state;
	assert_int_equal(eub_parse_u64("18446744073709551615", &u), 0);
	assert_true(u == UINT64_MAX);
	assert_int_equal(eub_parse_u64("18446744073709551616", &u), -ERANGE);
	assert_int_equal(eub_parse_u64("0xFf", &u), 0);
	assert_int_equal(u, 255);
	assert_int_equal(eub_parse_i64("-9223372036854775808", &i), 0);
	assert_true(i == INT64_MIN);
	assert_int_equal(eub_parse_i64("-9223372036854775809", &i), -ERANGE);
	assert_int_equal(eub_parse_i64("9223372036854775808", &i), -ERANGE);
	assert_int_equal(eub_parse_i64("+7", &i), 0);
	assert_int_equal(i, 7);
}

static void test_what_is_no_number(void **state)
{
	static const char *const cases[] = { "", " 1", "1 ", "0x", "--1", "1a", "-", "+", "0xg" };
	uint64_t u = 5;
	int64_t i = 5;

	(void)state;
	for (size_t k = 0; k < EUB_ARRAY_SIZE(cases); k++) {
		assert_int_equal(eub_parse_u64(cases[k], &u), -EINVAL);
		assert_int_equal(eub_parse_i64(cases[k], &i), -EINVAL);
	}
	assert_int_equal(eub_parse_u64("-1", &u), -EINVAL);
	assert_int_equal(u, 5);
	assert_int_equal(i, 5);
}

static void test_comparison(void **state)
{
	(void)state;
	assert_true(eub_streq("a", "a"));
	assert_false(eub_streq("a", "ab"));
	assert_true(eub_has_prefix("abc", "ab"));
	assert_false(eub_has_prefix("a", "ab"));
	assert_true(eub_has_suffix("abc", "bc"));
	assert_true(eub_has_suffix("abc", ""));
	assert_false(eub_has_suffix("c", "bc"));
}

static void test_edit_distance(void **state)
{
	char longest[65];

	(void)state;
	assert_int_equal(eub_edit_distance("", ""), 0);
	assert_int_equal(eub_edit_distance("", "abc"), 3);
	assert_int_equal(eub_edit_distance("kitten", "sitting"), 3);
	assert_int_equal(eub_edit_distance("same", "same"), 0);
	memset(longest, 'a', 64);
	longest[64] = '\0';
	assert_true(eub_edit_distance(longest, "a") == SIZE_MAX);
	assert_int_equal(eub_edit_distance(longest + 1, "a"), 62);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_keeps_every_pair_of_bytes),
		cmocka_unit_test(test_json_keeps_long_sequences),
		cmocka_unit_test(test_json_forms),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_utf8_length),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_what_is_no_number),
		cmocka_unit_test(test_comparison),
		cmocka_unit_test(test_edit_distance),
	};

	return cmocka_run_group_tests_name("base_str", tests, NULL, NULL);
}
