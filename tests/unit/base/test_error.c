/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void test_first_failure_is_kept(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	assert_int_equal(eun_error_set(&err, -ENOENT, EUN_REASON_NOT_FOUND, "no slot '%s'", "a"),
			 -ENOENT);
	assert_int_equal(eun_error_set(&err, -EIO, EUN_REASON_IO, "later"), -EIO);
	assert_int_equal(err.code, -ENOENT);
	assert_int_equal(err.reason, EUN_REASON_NOT_FOUND);
	assert_string_equal(err.message, "no slot 'a'");
	eun_error_set_subject(&err, "a");
	eun_error_set_subject(&err, "b");
	assert_string_equal(err.subject, "a");
	eun_error_prefix(&err, "start %s", "x");
	assert_string_equal(err.message, "start x: no slot 'a'");
	eun_error_done(&err);
	assert_int_equal(err.code, 0);
	assert_string_equal(err.message, "");
}

static void test_no_memory(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	assert_int_equal(eub_error_no_memory(&err), -ENOMEM);
	assert_int_equal(err.code, -ENOMEM);
	assert_int_equal(err.reason, EUN_REASON_NO_MEMORY);
	assert_int_equal(eub_error_no_memory(NULL), -ENOMEM);
}

static void test_null_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(eun_error_set(NULL, -EIO, EUN_REASON_IO, "x"), -EIO);
	eun_error_prefix(NULL, "x");
	eun_error_set_subject(NULL, "x");
	eun_error_set_hint(NULL, "x");
	eun_error_set_log(NULL, "x", 10);
	eun_error_done(NULL);
}

/* A path of several bytes a character: neither part is lost, no character is cut. */
static void test_long_prefix(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	char path[4096];

	(void)state;
	path[0] = '/';
	for (size_t i = 1; i + 2 < sizeof(path); i += 2)
		memcpy(path + i, "\xc3\xa9", 3);
	(void)eun_error_set(&err, -EIO, EUN_REASON_IO, "%s", path);
	eun_error_prefix(&err, "%s", path);
	assert_int_equal(strcspn(err.message, ":"), 399);
	assert_int_equal(strlen(err.message), EUN_ERROR_MESSAGE_MAX - 2);
	for (size_t i = 0, n; err.message[i]; i += n) {
		n = eub_utf8_length(err.message + i, strlen(err.message + i));
		assert_true(n > 0);
	}
	eun_error_done(&err);
}

static void test_prefix_needs_a_failure(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	eun_error_prefix(&err, "context");
	assert_string_equal(err.message, "");
}

static void test_control_characters_are_made_visible(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	(void)eun_error_set(&err, -EINVAL, EUN_REASON_BAD_PACKAGE, "a\nb\033[2J\xff");
	assert_string_equal(err.message, "a\\x0ab\\x1b[2J\\xff");
	eun_error_done(&err);
}

static void test_long_messages_end_at_a_character(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	char text[3000];

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 3);
	(void)eun_error_set(&err, -EINVAL, EUN_REASON_INTERNAL, "x%s", text);
	assert_int_equal(strlen(err.message), EUN_ERROR_MESSAGE_MAX - 1);
	assert_memory_equal(err.message + EUN_ERROR_MESSAGE_MAX - 3, "\xc3\xa9", 2);
	eun_error_done(&err);
}

static void test_log_keeps_the_end_from_a_line(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	eun_error_set_log(&err, "first\nsecond\nthird\n", 10);
	assert_string_equal(err.log, "third\n");
	eun_error_set_log(&err, "other", 10);
	assert_string_equal(err.log, "third\n");
	eun_error_done(&err);
	assert_null(err.log);
	eun_error_set_log(&err, "short", 10);
	assert_string_equal(err.log, "short");
	eun_error_done(&err);
}

static void test_reasons_round_trip(void **state)
{
	(void)state;
	for (int i = 0; i < _EUN_REASON_MAX; i++) {
		const char *name = eun_reason_to_string((enum eun_reason)i);

		assert_int_equal(eun_reason_from_string(name), i);
	}
	assert_string_equal(eun_reason_to_string(_EUN_REASON_MAX), "unknown");
	assert_string_equal(eun_reason_to_string(EUN_REASON_WRONG_ARCH), "wrong-arch");
	assert_int_equal(eun_reason_from_string("nonsense"), EUN_REASON_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_failure_is_kept),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_null_is_allowed),
		cmocka_unit_test(test_long_prefix),
		cmocka_unit_test(test_prefix_needs_a_failure),
		cmocka_unit_test(test_control_characters_are_made_visible),
		cmocka_unit_test(test_long_messages_end_at_a_character),
		cmocka_unit_test(test_log_keeps_the_end_from_a_line),
		cmocka_unit_test(test_reasons_round_trip),
	};

	return cmocka_run_group_tests_name("base_error", tests, NULL, NULL);
}
