/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/notes.h"

#include "engine/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_order_and_bound(void **state EUB_UNUSED)
{
	struct eun__notes notes = { 0 };

	for (int i = 0; i < EUN__NOTES_MAX + 10; i++)
		eun__notes_add(&notes, "note %d", i);
	assert_int_equal(notes.n_items, EUN__NOTES_MAX);
	assert_string_equal(notes.items[0], "note 0");
	assert_string_equal(notes.items[EUN__NOTES_MAX - 1], "note 63");
	eun__notes_done(&notes);
	assert_int_equal(notes.n_items, 0);
	eun__notes_done(&notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_order_and_bound) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
