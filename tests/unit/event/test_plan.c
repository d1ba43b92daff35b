/* SPDX-License-Identifier: Apache-2.0 */
/* The builder: each limit from both sides, order, columns. */
#include "event_test.h"

#include "event/plan.h"

#include <stdio.h>

static const struct eun__step number = { .kind = EUN__STEP_INT, .size = 1, .n_need = 1 };

static void init(struct eun__plan *plan, struct eun_error *err)
{
	*err = (struct eun_error)EUN_ERROR_INIT;
	assert_int_equal(eun__plan_init(plan, "event", 1, err), 0);
}

static int add_number(struct eun__plan *plan, const char *name)
{
	struct eun_member member = { .name = name, .type = "unsigned char", .size_bits = 8 };
	int r = eun__plan_add_member(plan, &member);

	return r < 0 ? r : eun__plan_add_step(plan, name, &number);
}

static struct eun_schema *finish(struct eun__plan *plan)
{
	struct eun_schema *schema = NULL;

	assert_int_equal(eun__plan_finish(plan, &schema), 0);
	eun__plan_done(plan);
	return schema;
}

static void check_over(struct eun__plan *plan, struct eun_error *err, int r)
{
	assert_int_equal(r, -E2BIG);
	assert_int_equal(err->reason, EUN_REASON_TOO_LARGE);
	eun__plan_done(plan);
}

static void test_limit_of_members(void **state)
{
	struct eun__plan plan;
	struct eun_error err;
	char name[16];

	(void)state;
	init(&plan, &err);
	for (unsigned int i = 0; i < EVENT_MAX_MEMBERS; i++) {
		assert_true(snprintf(name, sizeof(name), "m%u", i) > 0);
		assert_int_equal(add_number(&plan, name), 0);
	}
	check_over(&plan, &err, add_number(&plan, "more"));
}

static void test_limit_of_depth(void **state)
{
	struct eun__step array = { .kind = EUN__STEP_ARRAY, .size = 1, .count = 1 };
	struct eun__plan plan;
	struct eun_error err;

	(void)state;
	init(&plan, &err);
	for (unsigned int i = 0; i < EVENT_MAX_DEPTH; i++)
		assert_int_equal(eun__plan_add_step(&plan, i ? NULL : "deep", &array), 0);
	check_over(&plan, &err, eun__plan_add_step(&plan, NULL, &array));
}

static void test_limit_of_steps(void **state)
{
	struct eun__plan plan;
	struct eun_error err;

	(void)state;
	init(&plan, &err);
	for (unsigned int i = 0; i < EVENT_MAX_STEPS; i++)
		assert_int_equal(eun__plan_add_step(&plan, NULL, &number), 0);
	check_over(&plan, &err, eun__plan_add_step(&plan, NULL, &number));
}

static void test_limit_of_values(void **state)
{
	struct eun__step array = { .kind = EUN__STEP_ARRAY, .size = 1 };
	struct eun__plan plan;
	struct eun_error err;

	(void)state;
	init(&plan, &err);
	array.count = EVENT_MAX_VALUES + 1;
	check_over(&plan, &err, eun__plan_add_step(&plan, "many", &array));

	init(&plan, &err);
	array.count = EVENT_MAX_VALUES / 2;
	assert_int_equal(eun__plan_add_step(&plan, "many", &array), 0);
	assert_int_equal(eun__plan_add_step(&plan, NULL, &number), 0);
	check_over(&plan, &err, eun__plan_add_step(&plan, NULL, &number));
}

static void test_limit_of_names(void **state)
{
	struct eun__step record = { .kind = EUN__STEP_RECORD, .size = 1, .n_need = 1 };
	char name[EVENT_MAX_NAME + 2];
	struct eun__plan plan;
	struct eun_error err;

	(void)state;
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	init(&plan, &err);
	assert_int_equal(add_number(&plan, name + 1), 0);
	check_over(&plan, &err, add_number(&plan, name));

	init(&plan, &err);
	assert_int_equal(eun__plan_open_record(&plan, "a", &record, "struct", name + 1), 0);
	check_over(&plan, &err, eun__plan_open_record(&plan, "b", &record, "struct", name));
	check_over(&plan, &err, eun__plan_init(&plan, name, 1, &err));
}

static void test_limit_of_size(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct eun__plan plan;

	(void)state;
	assert_int_equal(eun__plan_init(&plan, "event", EVENT_MAX_SIZE_BYTES, &err), 0);
	eun__plan_done(&plan);
	check_over(&plan, &err, eun__plan_init(&plan, "event", EVENT_MAX_SIZE_BYTES + 1, &err));
}

static void test_limits_of_enumerators(void **state)
{
	char name[EVENT_MAX_NAME + 1];
	struct eun__plan plan;
	struct eun_error err;
	int r = 0;

	(void)state;
	init(&plan, &err);
	for (uint32_t i = 0; i < EVENT_MAX_ENUMERATORS; i++)
		assert_int_equal(eun__plan_add_enumerator(&plan, "E", i, false), 0);
	check_over(&plan, &err, eun__plan_add_enumerator(&plan, "E", 0, false));

	memset(name, 'a', sizeof(name));
	name[EVENT_MAX_NAME] = '\0';
	init(&plan, &err);
	for (uint32_t i = 0; i < EVENT_MAX_ENUMERATORS && r == 0; i++)
		r = eun__plan_add_enumerator(&plan, name, i, false);
	assert_true(plan.schema->strings.len < EVENT_MAX_STRINGS_BYTES + 1024);
	check_over(&plan, &err, r);
}

static void test_keys_are_sorted_bytewise(void **state)
{
	static const char *const names[] = { "b", "ab", "a_", "aB", "a", "Z", "_" };
	struct eun__plan plan;
	struct eun_error err;
	struct eun_schema *schema;

	(void)state;
	init(&plan, &err);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(names); i++)
		assert_int_equal(add_number(&plan, names[i]), 0);
	schema = finish(&plan);
	check_format(schema, EUN_FORMAT_RAW_JSON, "\1", 1,
		     "{\"Z\":1,\"_\":1,\"a\":1,\"aB\":1,\"a_\":1,\"ab\":1,\"b\":1}");
	eun__schema_free(schema);
}

static void test_header_columns(void **state)
{
	struct eun__plan plan;
	struct eun_error err;
	struct eun_schema *schema;

	(void)state;
	init(&plan, &err);
	assert_int_equal(add_number(&plan, "pid"), 0);
	assert_int_equal(add_number(&plan, "exit_code"), 0);
	assert_int_equal(add_number(&plan, "x"), 0);
	schema = finish(&plan);
	assert_string_equal(eun_schema_get_text_header(schema),
			    "TIME     PID    EXIT_CODE X      ");
	assert_int_equal(schema->columns[0].column, 9);
	assert_int_equal(schema->columns[1].column, 16);
	assert_int_equal(schema->columns[2].column, 26);
	eun__schema_free(schema);
}

static void test_first_of_equal_enumerators_wins(void **state)
{
	struct eun__plan plan;
	struct eun_error err;

	(void)state;
	init(&plan, &err);
	assert_int_equal(eun__plan_add_enumerator(&plan, "B", 2, false), 0);
	assert_int_equal(eun__plan_add_enumerator(&plan, "A", 1, false), 0);
	assert_int_equal(eun__plan_add_enumerator(&plan, "LATER", 2, false), 0);
	eun__plan_sort_enumerators(&plan, 0);
	assert_int_equal(plan.schema->n_enumerators, 2);
	assert_memory_equal(plan.schema->strings.data + plan.schema->enumerators[1].text,
			    "\"B(2)\"", 6);
	eun__plan_sort_enumerators(&plan, 2);
	assert_int_equal(plan.schema->n_enumerators, 2);
	eun__plan_done(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit_of_members),
		cmocka_unit_test(test_limit_of_depth),
		cmocka_unit_test(test_limit_of_steps),
		cmocka_unit_test(test_limit_of_values),
		cmocka_unit_test(test_limit_of_names),
		cmocka_unit_test(test_limit_of_size),
		cmocka_unit_test(test_limits_of_enumerators),
		cmocka_unit_test(test_keys_are_sorted_bytewise),
		cmocka_unit_test(test_header_columns),
		cmocka_unit_test(test_first_of_equal_enumerators_wins),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
