/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of the agent. */
#include "client.h"

#include "base/macro.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_addresses(void **state)
{
	static const struct {
		const char *address;
		const char *path; /* NULL: refused */
	} cases[] = {
		{ CLIENT_DEFAULT_ADDRESS, "/run/eunomia/control.sock" },
		{ "unix:///a/b", "/a/b" },
		{ "unix:/a", "/a" },
		{ "unix:a/b", "a/b" },
		{ "/a/b", "/a/b" },
		{ "unix://host/a", NULL },
		{ "unix://", NULL },
		{ "unix:", NULL },
		{ "", NULL },
		{ "a/b", NULL },
		{ "https://host:8527", NULL },
	};

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(cases); i++) {
		struct eun_error err = EUN_ERROR_INIT;
		const char *path = NULL;
		int r = client_parse_address(cases[i].address, &path, &err);

		assert_int_equal(r, cases[i].path ? 0 : -EINVAL);
		if (cases[i].path)
			assert_string_equal(path, cases[i].path);
		else
			assert_int_equal(err.reason, EUN_REASON_INVALID_ARGUMENT);
		eun_error_done(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_addresses) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
