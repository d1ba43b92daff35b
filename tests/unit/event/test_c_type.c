/* SPDX-License-Identifier: Apache-2.0 */
/* C type strings as packages of 2022 hold them. */
#include "event/c_type.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct eun__c_type parse(const char *text)
{
	struct eun__c_type type;

	assert_int_equal(eun__c_type_parse(text, &type), 0);
	return type;
}

static void check_type(const char *text, enum eun__step_kind kind, uint32_t size, bool is_signed)
{
	struct eun__c_type type = parse(text);

	assert_int_equal(type.kind, kind);
	assert_int_equal(type.size_bytes, size);
	assert_int_equal(type.is_signed, is_signed);
	assert_int_equal(type.n_lengths, 0);
}

static void test_words_of_integers(void **state)
{
	(void)state;
	check_type("int", EUN__STEP_INT, 4, true);
	check_type("unsigned", EUN__STEP_INT, 4, false);
	check_type("unsigned int", EUN__STEP_INT, 4, false);
	check_type("long long unsigned int", EUN__STEP_INT, 8, false);
	check_type("unsigned long long", EUN__STEP_INT, 8, false);
	check_type("long", EUN__STEP_INT, 8, true);
	check_type("short unsigned int", EUN__STEP_INT, 2, false);
	check_type("char", EUN__STEP_INT, 1, true);
	check_type("unsigned char", EUN__STEP_INT, 1, false);
	check_type("const volatile int", EUN__STEP_INT, 4, true);
	check_type("unsigned __int128", EUN__STEP_WIDE, 16, false);
	check_type("__int128", EUN__STEP_WIDE, 16, true);
}

static void test_named_types(void **state)
{
	(void)state;
	check_type("__u32", EUN__STEP_INT, 4, false);
	check_type("pid_t", EUN__STEP_INT, 4, true);
	check_type("_Bool", EUN__STEP_BOOL, 1, false);
	check_type("bool", EUN__STEP_BOOL, 1, false);
	check_type("double", EUN__STEP_FLOAT, 8, false);
	check_type("eun_ip", EUN__STEP_IP, 16, false);
}

static void test_unknown_types(void **state)
{
	(void)state;
	check_type("struct event", EUN__STEP_BYTES, 0, false);
	check_type("enum state", EUN__STEP_BYTES, 0, false);
	check_type("long double", EUN__STEP_BYTES, 0, false);
	check_type("", EUN__STEP_BYTES, 0, false);
	check_type("%$&", EUN__STEP_BYTES, 0, false);
	check_type(
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    EUN__STEP_BYTES, 0, false);
}

static void test_pointers(void **state)
{
	(void)state;
	check_type("struct event *", EUN__STEP_INT, 8, false);
	check_type("char*", EUN__STEP_INT, 8, false);
	assert_false(parse("char *").is_char);
}

static void test_arrays(void **state)
{
	struct eun__c_type type = parse("char [16]");

	(void)state;
	assert_true(type.is_char);
	assert_int_equal(type.n_lengths, 1);
	assert_int_equal(type.lengths[0], 16);
	type = parse("unsigned char[2][ 3 ]");
	assert_false(type.is_char);
	assert_int_equal(type.size_bytes, 1);
	assert_int_equal(type.n_lengths, 2);
	assert_int_equal(type.lengths[1], 3);
}

static void test_bad_arrays(void **state)
{
	struct eun__c_type type;
	char text[EVENT_MAX_DEPTH * 3 + 8] = "int";

	(void)state;
	assert_int_equal(eun__c_type_parse("char[x]", &type), -EINVAL);
	assert_int_equal(eun__c_type_parse("char[4", &type), -EINVAL);
	assert_int_equal(eun__c_type_parse("char[", &type), -EINVAL);
	assert_int_equal(eun__c_type_parse("char[-1]", &type), -EINVAL);
	assert_int_equal(eun__c_type_parse("char[99999999999999999999999999]", &type), -E2BIG);
	for (unsigned int i = 0; i < EVENT_MAX_DEPTH; i++)
		memcpy(text + 3 + 3 * (size_t)i, "[1]", 4);
	assert_int_equal(eun__c_type_parse(text, &type), 0);
	memcpy(text + 3 + 3 * (size_t)EVENT_MAX_DEPTH, "[1]", 4);
	assert_int_equal(eun__c_type_parse(text, &type), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_of_integers),
		cmocka_unit_test(test_named_types),
		cmocka_unit_test(test_unknown_types),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_bad_arrays),
	};

	return cmocka_run_group_tests_name("c_type", tests, NULL, NULL);
}
