/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "package/json.h"

#include "base/buf.h"
#include "package/internal.h"
#include "package/limits.h"

#include <stdlib.h>

static int parse(const char *text, json_t **ret_root, struct eun_error *err)
{
	return eun__json_parse(text, strlen(text), ret_root, err);
}

static void assert_refused(const char *text, size_t n, int code, const char *message)
{
	struct eun_error err = EUN_ERROR_INIT;
	json_t *root = NULL;

	assert_int_equal(eun__json_parse(text, n, &root, &err), code);
	assert_null(root);
	if (!strstr(err.message, message))
		fail_msg("'%s' does not say '%s'", err.message, message);
	eun_error_done(&err);
}

static void test_depth(void **state)
{
	enum { LEVELS = 10000 };
	char *text = malloc(LEVELS * 6);
	size_t n = 0;

	(void)state;
	assert_non_null(text);
	memset(text, '[', LEVELS);
	assert_refused(text, LEVELS, -E2BIG, "levels deep");
	for (; n < LEVELS * 5; n += 5)
		memcpy(text + n, "{\"a\":", 5);
	assert_refused(text, n, -E2BIG, "levels deep");
	free(text);
}

static void test_number_of_values(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	eub_buf_append_str(&buf, "[0");
	for (int i = 0; i < EUN__JSON_VALUES_MAX; i++)
		eub_buf_append_str(&buf, ",0");
	eub_buf_append_str(&buf, "]");
	assert_refused(buf.data, buf.len, -E2BIG, "values");
	eub_buf_done(&buf);
}

static void test_strings_hide_brackets(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;
	json_t *root = NULL;

	(void)state;
	eub_buf_append_str(&buf, "[\"\\\\\",\"\\\"");
	eub_buf_fill(&buf, '[', 1000);
	eub_buf_append_str(&buf, "\"]");
	assert_int_equal(eun__json_parse(buf.data, buf.len, &root, NULL), 0);
	assert_int_equal(json_array_size(root), 2);
	json_decref(root);
	eub_buf_done(&buf);
}

static void test_malformed(void **state)
{
	(void)state;
	assert_refused("{\"a\":}", 6, -EINVAL, "line 1, column 6");
	assert_refused("{} x", 4, -EINVAL, "malformed");
	assert_refused("{\"a\":\"\\u0000\"}", 14, -EINVAL, "malformed");
	assert_refused("{\"a\":\"\xff\"}", 9, -EINVAL, "malformed");
	assert_refused("{\"a\":99999999999999999999}", 26, -EINVAL, "malformed");
	assert_refused("", 0, -EINVAL, "malformed");
	assert_refused("\"\\", 2, -EINVAL, "malformed");
}

static void test_the_last_of_repeated_members_counts(void **state)
{
	json_t *root = NULL;

	(void)state;
	assert_int_equal(parse("{\"a\":1,\"a\":2}", &root, NULL), 0);
	assert_int_equal(json_integer_value(json_object_get(root, "a")), 2);
	json_decref(root);
}

static void test_paths(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct eun__json root = { 0 };
	struct eun__json list;
	struct eun__json element;
	struct eun__json name;
	json_t *document = NULL;

	(void)state;
	assert_int_equal(parse("{\"maps\":[0,{\"name\":5}]}", &document, NULL), 0);
	root.value = document;
	list = eun__json_member(&root, "maps");
	element = eun__json_element(&list, 1);
	name = eun__json_member(&element, "name");
	assert_int_equal(eun__json_require(&name, JSON_STRING, &err), -EINVAL);
	assert_string_equal(err.message, "maps[1].name: expected a string, found a number");
	assert_string_equal(err.subject, "maps[1].name");
	eun_error_done(&err);
	name = eun__json_member(&element, "missing");
	assert_int_equal(eun__json_require(&name, JSON_STRING, &err), -EINVAL);
	assert_string_equal(err.message, "maps[1].missing: expected a string, found nothing");
	assert_int_equal(eun__json_allow(&name, JSON_STRING, NULL), 0);
	eun_error_done(&err);
	json_decref(document);
}

static void test_numbers(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct eun__json root = { 0 };
	json_t *document = NULL;
	uint32_t value = 7;

	(void)state;
	assert_int_equal(parse("[-1, 10, 11, 2147483648, 1.5, null]", &document, NULL), 0);
	root.value = document;
	for (size_t i = 0; i < 6; i++) {
		static const int expected[] = { -EINVAL, 0, -E2BIG, -E2BIG, -EINVAL, 0 };
		struct eun__json at = eun__json_element(&root, i);

		assert_int_equal(eun__json_u32(&at, 10, &value, &err), expected[i]);
		eun_error_done(&err);
	}
	assert_int_equal(value, 10);
	json_decref(document);
}

static void test_scalars_as_text(void **state)
{
	static const char *const expected[] = { "x", "true", "-3", "1.5", "0.1", "unset", "unset" };
	struct eun_package *package = calloc(1, sizeof(*package));
	struct eun__json root = { 0 };
	json_t *document = NULL;

	(void)state;
	assert_non_null(package);
	assert_int_equal(parse("[\"x\", true, -3, 1.5, 0.1, [], null]", &document, NULL), 0);
	root.value = document;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(expected); i++) {
		struct eun__json at = eun__json_element(&root, i);
		const char *text = "unset";

		assert_int_equal(eun__json_scalar(&at, package, &text, NULL), 0);
		assert_string_equal(text, expected[i]);
	}
	json_decref(document);
	eun_package_free(package);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_number_of_values),
		cmocka_unit_test(test_strings_hide_brackets),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_the_last_of_repeated_members_counts),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_scalars_as_text),
	};

	return cmocka_run_group_tests_name("package_json", tests, NULL, NULL);
}
