/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "package/variable.h"

#include <stdlib.h>

struct expectation {
	const char *section;
	const char *name;
	const char *type;
	const char *default_value;
};

static const struct expectation expectations[] = {
	{ ".rodata", "target_pid", "int", "-7" }, { ".rodata", "is_verbose", "bool", "true" },
	{ ".rodata", "prefix", "char[8]", "ab" }, { ".rodata", "two_texts", "char[6]", "" },
	{ ".rodata", "masks", "__u32[2]", "" },	  { ".rodata", "wanted_kind", "enum kind", "7" },
	{ ".bss", "n_seen", "__u64", "0" },	  { ".data", "scale", "short", "300" },
};

/* Order is the BTF's and of no meaning; the number of variables is compared by the caller. */
static void assert_variable(const struct eun_package *package, const struct expectation *expected)
{
	const struct eun_package_variable *variable = NULL;

	for (size_t i = 0; i < package->n_variables; i++)
		if (strcmp(package->variables[i].name, expected->name) == 0)
			variable = &package->variables[i];
	if (!variable) {
		fail_msg("no variable '%s'", expected->name);
		return;
	}
	assert_string_equal(variable->section, expected->section);
	assert_string_equal(variable->type, expected->type);
	assert_string_equal(variable->default_value, expected->default_value);
	assert_string_equal(variable->long_option, expected->name);
	assert_string_equal(variable->short_option, "");
	assert_string_equal(variable->description, "");
}

static void test_variables_of_an_object(void **state)
{
	size_t size;
	unsigned char *data = fixture_object(&size);
	struct eun_package *package = NULL;

	(void)state;
	assert_int_equal(eun_package_parse(data, size, NULL, &package, NULL), 0);
	assert_int_equal(package->n_variables, sizeof(expectations) / sizeof(expectations[0]));
	for (size_t i = 0; i < package->n_variables; i++)
		assert_variable(package, &expectations[i]);
	eun_package_free(package);
	free(data);
}

static void test_dummies_are_never_added(void **state)
{
	struct eun_package *package = calloc(1, sizeof(*package));
	struct eun_package_variable variable;

	(void)state;
	assert_non_null(package);
	assert_int_equal(eun__variables_reserve(package, 2, NULL), 0);
	eun__variable_init(&variable, ".bss");
	variable.name = "__eunomia_dummy_event_ptr";
	eun__variable_add(package, &variable);
	assert_int_equal(package->n_variables, 0);
	variable.name = "seen";
	eun__variable_add(package, &variable);
	assert_int_equal(package->n_variables, 1);
	assert_string_equal(package->variables[0].type, "");
	assert_int_equal(eun__variables_reserve(package, 1 << 20, NULL), -E2BIG);
	assert_int_equal(eun__variables_reserve(package, 3, NULL), 0);
	assert_string_equal(package->variables[0].name, "seen");
	eun_package_free(package);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_variables_of_an_object),
		cmocka_unit_test(test_dummies_are_never_added),
	};

	return cmocka_run_group_tests_name("package_variable", tests, NULL, NULL);
}
