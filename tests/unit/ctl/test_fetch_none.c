/* SPDX-License-Identifier: Apache-2.0 */
/* The build without libcurl: URLs are known as such, and refused with a way out. */
#include "fetch.h"

#include <eunomia/error.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_is_refused(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	assert_true(fetch_is_url("HTTPS://example.org/x"));
	assert_false(fetch_is_url("ftp://example.org/x"));
	assert_int_equal(fetch_url("http://127.0.0.1:1/x", NULL, &buf, &err), -EOPNOTSUPP);
	assert_int_equal(err.reason, EUN_REASON_UNSUPPORTED);
	assert_non_null(strstr(err.message, "no libcurl"));
	assert_non_null(strstr(err.hint, "standard input"));
	assert_int_equal(buf.len, 0);
	eun_error_done(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
