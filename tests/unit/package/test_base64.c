/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/buf.h"
#include "package/base64.h"

static void assert_decodes(const char *text, const char *expected)
{
	struct eun_error err = EUN_ERROR_INIT;
	size_t size = 99;
	void *data = NULL;

	if (eun__base64_decode(text, strlen(text), 1000, &data, &size, &err) < 0)
		fail_msg("'%s': %s", text, err.message);
	assert_int_equal(size, strlen(expected));
	assert_memory_equal(data, expected, size);
	free(data);
}

static void assert_refused(const char *text, const char *message)
{
	struct eun_error err = EUN_ERROR_INIT;
	size_t size = 99;
	void *data = NULL;

	assert_int_equal(eun__base64_decode(text, strlen(text), 1000, &data, &size, &err), -EINVAL);
	assert_int_equal(err.reason, EUN_REASON_BAD_PACKAGE);
	assert_non_null(strstr(err.message, message));
	assert_null(data);
	eun_error_done(&err);
}

static void test_wrapped_and_unpadded(void **state)
{
	(void)state;
	assert_decodes("", "");
	assert_decodes("Zg==", "f");
	assert_decodes("Zg", "f");
	assert_decodes("Zm8=", "fo");
	assert_decodes("Zm8", "fo");
	assert_decodes("Zm9v", "foo");
	assert_decodes("Zm9v\nYmFy\n", "foobar");
	assert_decodes("Zm\r\n9vYg = =\n", "foob");
	assert_decodes("/+/+", "\xff\xef\xfe");
}

static void test_damage_is_found(void **state)
{
	(void)state;
	assert_refused("Zm9v!", "offset 4");
	assert_refused("Z", "within a byte");
	assert_refused("Zg=", "padding");
	assert_refused("Zg===", "padding");
	assert_refused("====", "padding");
	assert_refused("Zg==Zg==", "after the padding");
	assert_refused("Zh", "left over");
	assert_refused("Zm9", "left over");
	assert_refused("Zm9v-_", "alphabet");
	assert_refused("Zm\xff"
		       "9v",
		       "alphabet");
}

static void test_limit_counts_bytes_not_characters(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	size_t size;
	void *data = NULL;

	(void)state;
	assert_int_equal(eun__base64_decode("Zm9v\n\n\n\n\n\n", 10, 3, &data, &size, &err), 0);
	free(data);
	data = NULL;
	assert_int_equal(eun__base64_decode("Zm9vYg==", 8, 3, &data, &size, &err), -E2BIG);
	assert_int_equal(err.reason, EUN_REASON_TOO_LARGE);
	assert_null(data);
	eun_error_done(&err);
}

static void test_round_trip_of_all_lengths(void **state)
{
	unsigned char bytes[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 37 + 200);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct eub_buf text = EUB_BUF_INIT;
		size_t size = 0;
		void *data = NULL;

		eun__base64_append(&text, bytes, n);
		assert_int_equal(text.len, (n + 2) / 3 * 4);
		assert_int_equal(eun__base64_decode(text.data, text.len, 64, &data, &size, NULL),
				 0);
		assert_int_equal(size, n);
		assert_memory_equal(data, bytes, n);
		free(data);
		eub_buf_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrapped_and_unpadded),
		cmocka_unit_test(test_damage_is_found),
		cmocka_unit_test(test_limit_counts_bytes_not_characters),
		cmocka_unit_test(test_round_trip_of_all_lengths),
	};

	return cmocka_run_group_tests_name("package_base64", tests, NULL, NULL);
}
