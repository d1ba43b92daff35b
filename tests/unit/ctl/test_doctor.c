/* SPDX-License-Identifier: Apache-2.0 */
/* Findings, and how they are laid out. */
#include "doctor.h"

#include "base/str.h"
#include "host_tree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void find_some(struct doctor *doctor)
{
	doctor_remedy(doctor, "of nothing"); /* there is no finding yet */
	doctor_find(doctor, DOCTOR_OK, "all %s", "well");
	doctor_find(doctor, DOCTOR_PROBLEM,
		    "words that are rather many, so that they need another line");
	doctor_remedy(doctor, "first");
	doctor_remedy(doctor, "do \x1b[2J something");
	doctor_unseen(doctor, "/a", -EACCES);
	doctor_unseen(doctor, "/b", -EIO);
}

static void test_text(void **state)
{
	static const char expected[] =
	    "ok       check          all well\n"
	    "problem  check          words that are rather many, so that they\n"
	    "                        need another line\n"
	    "                        remedy: do \\x1b[2J something\n"
	    "note     check          cannot look at /a: Permission denied\n"
	    "                        remedy: root sees it: sudo eunomiactl doctor\n"
	    "note     check          cannot look at /b: Input/output error\n";
	struct eub_buf out = EUB_BUF_INIT;
	struct host_tree tree;
	char *text;

	(void)state;
	host_tree_init(&tree);
	host_tree_check(&tree, find_some);
	doctor_append_text(&tree.doctor, 66, &out);
	text = eub_buf_take_string(&out);
	assert_string_equal(text, expected);
	free(text);
	assert_int_equal(doctor_count(&tree.doctor, DOCTOR_OK), 1);
	assert_int_equal(doctor_count(&tree.doctor, DOCTOR_NOTE), 2);
	assert_int_equal(doctor_count(&tree.doctor, DOCTOR_WARNING), 0);
	assert_int_equal(doctor_count(&tree.doctor, DOCTOR_PROBLEM), 1);
	host_tree_done(&tree);
}

static void test_levels(void **state)
{
	(void)state;
	assert_string_equal(doctor_level_to_string(DOCTOR_WARNING), "warning");
	assert_string_equal(doctor_level_to_string(_DOCTOR_LEVEL_MAX), "unknown");
}

static void test_read(void **state)
{
	char text[DOCTOR_TEXT_MAX];
	char large[DOCTOR_TEXT_MAX + 1];
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	assert_int_equal(doctor_read(&tree.doctor, "/x", text), -ENOENT);
	host_tree_write(&tree, "/x", "");
	assert_int_equal(doctor_read(&tree.doctor, "/x", text), 0);
	assert_string_equal(text, "");
	host_tree_write(&tree, "/x", "a\nb\n");
	assert_int_equal(doctor_read(&tree.doctor, "/x", text), 0);
	assert_string_equal(text, "a\nb");
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	host_tree_write(&tree, "/x", large);
	assert_int_equal(doctor_read(&tree.doctor, "/x", text), -EFBIG);
	host_tree_done(&tree);
}

static void test_field(void **state)
{
	const char text[] = "Name:\tx\nCapEff:\t00ff\nCapBnd: 1";
	size_t n = 0;

	(void)state;
	assert_true(eub_has_prefix(doctor_find_field(text, "Name:", &n), "x"));
	assert_int_equal(n, 1);
	assert_true(eub_has_prefix(doctor_find_field(text, "CapEff:", &n), "00ff"));
	assert_int_equal(n, 4);
	assert_string_equal(doctor_find_field(text, "CapBnd:", &n), "1");
	assert_null(doctor_find_field(text, "Eff:", &n));
	assert_null(doctor_find_field("", "a", &n));
}

static void test_numbers(void **state)
{
	uint64_t numbers[3] = { 7, 7, 7 };

	(void)state;
	assert_int_equal(doctor_parse_numbers("6.18.4-x", ".", 10, numbers, 3), 3);
	assert_int_equal(numbers[1], 18);
	assert_int_equal(doctor_parse_numbers("  1\t2", " \t", 10, numbers, 3), 2);
	assert_int_equal(doctor_parse_numbers("00fF", "", 16, numbers, 1), 1);
	assert_int_equal(numbers[0], 255);
	assert_int_equal(doctor_parse_numbers("99999999999999999999", "", 10, numbers, 1), 1);
	assert_true(numbers[0] == UINT64_MAX);
	assert_int_equal(doctor_parse_numbers("-1", "", 10, numbers, 1), 0);
	assert_int_equal(doctor_parse_numbers("", ".", 10, numbers, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),	cmocka_unit_test(test_levels),
		cmocka_unit_test(test_read),	cmocka_unit_test(test_field),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
