/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and their bounds, settings by key, equality and fingerprint, the engine's view. */
#include "spec.h"

#include "agent_limits.h"
#include "agent_test.h"

#include <eunomia/slot.h>

#include <errno.h>

static void test_settings_by_key(void **state)
{
	struct spec spec = SPEC_INIT;
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	assert_int_equal(spec_set(&spec, "pid", "1", NULL), 0);
	assert_int_equal(spec_set_text(&spec, "name=a=b", NULL), 0);
	assert_int_equal(spec_set(&spec, "pid", "77", NULL), 0);
	assert_int_equal(spec.keys.n, 2);
	assert_int_equal(spec.values.n, 2);
	assert_string_equal(spec.keys.items[0], "pid");
	assert_string_equal(spec.values.items[0], "77");
	assert_string_equal(spec.keys.items[1], "name");
	assert_string_equal(spec.values.items[1], "a=b");
	assert_int_equal(spec.text_bytes,
			 sizeof("pid") + sizeof("77") + sizeof("name") + sizeof("a=b"));
	assert_int_equal(spec_set_text(&spec, "=x", &err), -EINVAL);
	assert_int_equal(err.reason, EUN_REASON_INVALID_ARGUMENT);
	eun_error_done(&err);
	assert_int_equal(spec_set_text(&spec, "novalue", NULL), -EINVAL);
	spec_done(&spec);
	assert_int_equal(spec.keys.n, 0);
}

static void test_lists_are_bounded_in_number(void **state)
{
	struct spec spec = SPEC_INIT;
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	for (int i = 0; i < LIMIT_START_LIST; i++)
		assert_int_equal(spec_add(&spec, &spec.args, "x", NULL), 0);
	assert_int_equal(spec_add(&spec, &spec.args, "x", &err), -E2BIG);
	assert_int_equal(err.reason, EUN_REASON_TOO_LARGE);
	assert_int_equal(spec.args.n, LIMIT_START_LIST);
	assert_int_equal(spec_add(&spec, &spec.types, "x", NULL), 0);
	eun_error_done(&err);
	spec_done(&spec);
}

static void test_lists_are_bounded_in_bytes(void **state)
{
	struct spec spec = SPEC_INIT;
	char *text = calloc(1, LIMIT_START_TEXT_BYTES + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', LIMIT_START_TEXT_BYTES - 4);
	assert_int_equal(spec_add(&spec, &spec.args, text, NULL), 0);
	assert_int_equal(spec_add(&spec, &spec.args, "xyz", NULL), -E2BIG);
	assert_int_equal(spec_set(&spec, "k", "v", NULL), -E2BIG);
	assert_int_equal(spec.keys.n, 0);
	assert_int_equal(spec_add(&spec, &spec.args, "xy", NULL), 0);
	assert_int_equal(spec.text_bytes, LIMIT_START_TEXT_BYTES);
	assert_int_equal(spec_add(&spec, &spec.args, "", NULL), -E2BIG);
	spec_done(&spec);
	text[100] = '\0';
	assert_int_equal(spec_set(&spec, "k", text, NULL), 0);
	memset(text, 'a', LIMIT_START_TEXT_BYTES);
	assert_int_equal(spec_set(&spec, "k", text, NULL), -E2BIG);
	assert_int_equal(strlen(spec.values.items[0]), 100);
	assert_int_equal(spec_set(&spec, "k", "v", NULL), 0);
	assert_int_equal(spec.text_bytes, 4);
	free(text);
	spec_done(&spec);
}

static void fill(struct spec *spec)
{
	assert_int_equal(spec_set(spec, "k", "v", NULL), 0);
	assert_int_equal(spec_add(spec, &spec->args, "-p", NULL), 0);
	assert_int_equal(spec_add(spec, &spec->types, "event", NULL), 0);
	assert_int_equal(spec_add(spec, &spec->attach, "iface=lo", NULL), 0);
	spec->ring_bytes = 4096;
	eub_buf_append(&spec->package, "bytes", 5);
}

/* Each difference must show in both. */
static void assert_differs(const struct spec *a, const struct spec *b)
{
	assert_false(spec_is_equal(a, b));
	assert_true(spec_fingerprint(a) != spec_fingerprint(b));
}

static void test_equality_and_fingerprint(void **state)
{
	struct spec a = SPEC_INIT, b = SPEC_INIT;

	(void)state;
	fill(&a);
	fill(&b);
	assert_true(spec_is_equal(&a, &b));
	assert_true(spec_fingerprint(&a) == spec_fingerprint(&b));
	b.ring_bytes = 8192;
	assert_differs(&a, &b);
	b.ring_bytes = 4096;
	b.package.data[0] = 'B';
	assert_differs(&a, &b);
	b.package.data[0] = 'b';
	assert_int_equal(spec_set(&b, "k", "w", NULL), 0);
	assert_differs(&a, &b);
	assert_int_equal(spec_set(&b, "k", "v", NULL), 0);
	assert_true(spec_is_equal(&a, &b));
	/* The same texts, but in other lists. */
	assert_int_equal(spec_add(&a, &a.args, "x", NULL), 0);
	assert_int_equal(spec_add(&b, &b.types, "x", NULL), 0);
	assert_differs(&a, &b);
	spec_done(&a);
	spec_done(&b);
}

static void test_copy_is_without_package(void **state)
{
	struct spec a = SPEC_INIT, b = SPEC_INIT;

	(void)state;
	fill(&a);
	a.package_name = strdup("own");
	assert_int_equal(spec_copy_options(&b, &a), 0);
	assert_int_equal(b.package.len, 0);
	assert_string_equal(b.package_name, "own");
	assert_false(spec_is_equal(&a, &b));
	eub_buf_append(&b.package, "bytes", 5);
	assert_true(spec_is_equal(&a, &b));
	assert_int_equal(a.text_bytes, b.text_bytes);
	spec_done(&a);
	spec_done(&b);
}

static void test_view(void **state)
{
	struct spec spec = SPEC_INIT;
	struct spec_view *view = NULL;
	const struct eun_slot_options *options;

	(void)state;
	fill(&spec);
	assert_int_equal(spec_view_new(&spec, "slot", "/pins", &view), 0);
	options = spec_view_get(view);
	assert_int_equal(options->size, sizeof(*options));
	assert_string_equal(options->name, "slot");
	assert_string_equal(options->pin_dir, "/pins");
	assert_int_equal(options->n_settings, 1);
	assert_string_equal(options->settings[0].key, "k");
	assert_string_equal(options->settings[0].value, "v");
	assert_int_equal(options->n_args, 1);
	assert_string_equal(options->args[0], "-p");
	assert_string_equal(options->types[0], "event");
	assert_string_equal(options->attach[0], "iface=lo");
	assert_int_equal(options->ring_bytes, 4096);
	assert_null(spec_view_free(view));
	spec_done(&spec);
}

static void test_package_of_a_file(void **state)
{
	struct spec spec = SPEC_INIT;
	struct eun_package *package = NULL;
	struct test_folder folder;
	struct eun_error err = EUN_ERROR_INIT;
	char *path;

	(void)state;
	test_folder_make(&folder);
	path = test_path(&folder, "p.json");
	spec.package_path = strdup(path);
	assert_int_equal(spec_read_package(&spec, &err), -ENOENT);
	assert_non_null(strstr(err.message, path));
	eun_error_done(&err);
	test_write_file(path, "no package");
	spec.package_path = strdup(path);
	assert_int_equal(spec_read_package(&spec, NULL), 0);
	assert_int_equal(spec_read_package(&spec, NULL), 0); /* it is read once */
	assert_int_equal(spec.package.len, 10);
	assert_int_equal(spec_parse_package(&spec, &package, NULL), -EINVAL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder.path), 0);
	free(path);
	spec_done(&spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings_by_key),
		cmocka_unit_test(test_lists_are_bounded_in_number),
		cmocka_unit_test(test_lists_are_bounded_in_bytes),
		cmocka_unit_test(test_equality_and_fingerprint),
		cmocka_unit_test(test_copy_is_without_package),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_package_of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
