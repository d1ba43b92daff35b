/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "package/sniff.h"

#include <string.h>

static void assert_content(const char *data, size_t size, enum eun__content expected,
			   const char *message)
{
	struct eun_error err = EUN_ERROR_INIT;

	assert_int_equal(eun__sniff(data, size, &err), expected);
	if (!strstr(err.message, message))
		fail_msg("'%s' does not say '%s'", err.message, message);
	assert_true(expected != EUN__CONTENT_REFUSED || err.hint[0]);
	eun_error_done(&err);
}

static void test_accepted(void **state)
{
	(void)state;
	assert_content("{}", 2, EUN__CONTENT_JSON, "");
	assert_content(" \r\n\t{", 5, EUN__CONTENT_JSON, "");
	assert_content("\x7f"
		       "ELF",
		       4, EUN__CONTENT_ELF, "");
}

static void test_refused_by_name(void **state)
{
	char tar[512] = "package.json";

	(void)state;
	memcpy(tar + 257, "ustar", 5);
	assert_content(tar, sizeof(tar), EUN__CONTENT_REFUSED, "tar archive");
	assert_content("\x1f\x8b\x08", 3, EUN__CONTENT_REFUSED, "gzip");
	assert_content("\0asm\1\0\0\0", 8, EUN__CONTENT_REFUSED, "WebAssembly");
	assert_content("<!DOCTYPE html>", 15, EUN__CONTENT_REFUSED, "HTML");
	assert_content("#include <x>", 12, EUN__CONTENT_REFUSED, "C source");
	assert_content("bpf_object: eJ", 14, EUN__CONTENT_REFUSED, "YAML");
	assert_content("PK\x03\x04", 4, EUN__CONTENT_REFUSED, "zip");
	assert_content("hello", 5, EUN__CONTENT_REFUSED, "neither");
	assert_content("", 0, EUN__CONTENT_REFUSED, "empty");
	assert_content("   ", 3, EUN__CONTENT_REFUSED, "neither");
	assert_content("\x7f"
		       "EL",
		       3, EUN__CONTENT_REFUSED, "neither");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused_by_name),
	};

	return cmocka_run_group_tests_name("package_sniff", tests, NULL, NULL);
}
