/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "package/name.h"

#include "package/limits.h"

#include <stdlib.h>
#include <string.h>

static void test_names(void **state)
{
	(void)state;
	assert_true(eun__is_name("", 1));
	assert_true(eun__is_name("handle_exec.____fmt", 20));
	assert_true(eun__is_name("caf\xc3\xa9", 6));
	assert_false(eun__is_name("abc", 3)); /* not terminated within the room */
	assert_false(eun__is_name("a\nb", 4));
	assert_false(eun__is_name("a\x7f", 3));
	assert_false(eun__is_name("\xff", 2));
	assert_false(eun__is_name("x", 0));
}

static void test_length(void **state)
{
	char *name = malloc(EUN__NAME_MAX + 2);

	(void)state;
	assert_non_null(name);
	memset(name, 'a', EUN__NAME_MAX + 1);
	name[EUN__NAME_MAX + 1] = '\0';
	assert_false(eun__is_name(name, EUN__NAME_MAX + 2));
	assert_true(eun__is_name(name + 1, EUN__NAME_MAX + 1));
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests_name("package_name", tests, NULL, NULL);
}
