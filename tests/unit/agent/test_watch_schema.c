/* SPDX-License-Identifier: Apache-2.0 */
/* An event type as a message. */
#include "watch_schema.h"

#include "agent_test.h"

static void test_message(void **state)
{
	struct eun_schema *schema = test_schema_of_pair();
	Eunomia__V1__Schema *message = watch_schema_message_new("s1", 2, 9, schema);

	(void)state;
	assert_non_null(message);
	assert_string_equal(message->slot, "s1");
	assert_int_equal(message->generation, 2);
	assert_int_equal(message->id, 9);
	assert_string_equal(message->type, "pair");
	assert_int_equal(message->size, 12);
	assert_int_equal(message->n_members, 2);
	assert_string_equal(message->members[1]->name, "comm");
	assert_string_equal(message->members[1]->type, "char[8]");
	assert_int_equal(message->members[1]->offset_bits, 32);
	assert_int_equal(message->members[1]->size_bits, 64);
	assert_string_equal(message->text_header, eun_schema_get_text_header(schema));
	eunomia__v1__schema__free_unpacked(message, NULL);
	(void)eun__schema_free(schema);
}

static void test_untyped(void **state)
{
	struct eun_schema *schema = NULL;
	Eunomia__V1__Schema *message;

	(void)state;
	assert_int_equal(eun__schema_untyped("", &schema, NULL), 0);
	message = watch_schema_message_new("s1", 1, 1, schema);
	assert_non_null(message);
	assert_string_equal(message->type, "");
	assert_int_equal(message->n_members, eun_schema_get_n_members(schema));
	eunomia__v1__schema__free_unpacked(message, NULL);
	(void)eun__schema_free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_untyped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
