/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole packages that went wrong: every member replaced by a value of every other type or left out,
 * text cut off anywhere, other machines' objects, and memory that runs out at any point. Nothing
 * may crash or leak, and each refusal says why.
 */
#include "fixture.h"

#include "base/buf.h"
#include "failing_malloc.h"
#include "package/base64.h"

#include <stdlib.h>

static const enum eun_package_format formats[] = {
	EUN_PACKAGE_GEN0,
	EUN_PACKAGE_GEN1,
	EUN_PACKAGE_GEN2,
	EUN_PACKAGE_GEN3,
};

/* Must be accepted, or refused with everything an error needs. @root stays the caller's. */
static int parse_either(json_t *root)
{
	struct eun_package *package = NULL;
	struct eun_error err = EUN_ERROR_INIT;
	int r = fixture_parse(json_incref(root), &package, &err);

	assert_true((r == 0) == (package != NULL));
	if (r < 0) {
		assert_int_equal(err.code, r);
		assert_int_not_equal(err.reason, EUN_REASON_NONE);
		assert_int_not_equal(err.reason, EUN_REASON_INTERNAL);
		assert_true(err.message[0]);
		assert_true(err.subject[0]);
	}
	eun_package_free(package);
	eun_error_done(&err);
	return r;
}

static json_t *make_value(int which)
{
	switch (which) {
	case 0:
		return json_object();
	case 1:
		return json_pack("[{}]");
	case 2:
		return json_string("");
	case 3:
		return json_integer(-1);
	case 4:
		return json_integer(2147483648);
	case 5:
		return json_real(1.5);
	case 6:
		return json_true();
	case 7:
		return json_null();
	default:
		return NULL;
	}
}

static unsigned int mutate(json_t *root, json_t *container);

/* Puts each value in the place of member @key or element @index, then the old one back. */
static unsigned int mutate_place(json_t *root, json_t *container, const char *key, size_t index)
{
	json_t *old =
	    json_incref(key ? json_object_get(container, key) : json_array_get(container, index));
	unsigned int n = 0;
	json_t *value;

	for (; (value = make_value((int)n)); n++) {
		if (key)
			assert_int_equal(json_object_set_new(container, key, value), 0);
		else
			assert_int_equal(json_array_set_new(container, index, value), 0);
		(void)parse_either(root); /* either answer is right */
	}
	if (key)
		assert_int_equal(json_object_set(container, key, old), 0);
	else
		assert_int_equal(json_array_set(container, index, old), 0);
	n += mutate(root, old);
	json_decref(old);
	return n;
}

/* The documents are at most nine levels deep. */
static unsigned int mutate(json_t *root, json_t *container)
{
	unsigned int n = 0;
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(container, next, key, value) n +=
	    mutate_place(root, container, key, 0);
	for (size_t i = 0; i < json_array_size(container); i++)
		n += mutate_place(root, container, NULL, i);
	return n;
}

static void test_every_value_of_another_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(formats); i++) {
		json_t *root = fixture_json(formats[i]);

		assert_true(mutate(root, root) > 40);
		assert_int_equal(parse_either(root), 0);
		json_decref(root);
	}
}

static void test_text_cut_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(formats); i++) {
		json_t *root = fixture_json(formats[i]);
		char *text = json_dumps(root, JSON_COMPACT);
		size_t size = strlen(text);

		for (size_t n = 0; n < size; n += n < size - 2000 ? 97 : 1) {
			struct eun_package *package = NULL;

			assert_int_equal(eun_package_parse(text, n, NULL, &package, NULL), -EINVAL);
		}
		free(text);
		json_decref(root);
	}
}

static void test_object_of_another_machine(void **state)
{
	json_t *root = fixture_json(EUN_PACKAGE_GEN1);
	struct eub_buf text = EUB_BUF_INIT;
	size_t size;
	unsigned char *data = fixture_object(&size);

	(void)state;
	data[18] = 0xb7; /* e_machine: EM_AARCH64 */
	data[19] = 0x00;
	eun__base64_append(&text, data, size);
	fixture_set(root, "", "data", json_stringn(text.data, text.len));
	fixture_refuse(root, EUN_REASON_WRONG_ARCH, "arm64", "arm64");
	eub_buf_done(&text);
	free(data);
}

/* Fails one allocation after the other. Return: how many there are. */
static unsigned int fail_each_allocation(const char *text, size_t size, bool is_strict)
{
	unsigned int n = 0;
	bool has_failed;

	do {
		struct eun_package *package = NULL;
		struct eun_error err = EUN_ERROR_INIT;
		int r;

		failing_malloc_arm(++n);
		r = eun_package_parse(text, size, "file", &package, &err);
		has_failed = failing_malloc_disarm();
		if (is_strict || !has_failed)
			assert_int_equal(r, has_failed ? -ENOMEM : 0);
		assert_true((r < 0) == (package == NULL));
		eun_package_free(package);
		eun_error_done(&err);
	} while (has_failed);
	return n;
}

static unsigned int fail_each_allocation_of(enum eun_package_format format, bool is_strict)
{
	json_t *root = fixture_json(format);
	char *text = json_dumps(root, JSON_COMPACT);
	unsigned int n = fail_each_allocation(text, strlen(text), is_strict);

	free(text);
	json_decref(root);
	return n;
}

static void test_no_memory_while_parsing(void **state)
{
	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(formats); i++)
		assert_true(fail_each_allocation_of(formats[i], true) > 10);
}

/* jansson's lexer drops bytes when it has no memory, so that the refusal may name anything. */
static void test_no_memory_within_jansson(void **state)
{
	(void)state;
	failing_malloc_init();
	for (size_t i = 0; i < EUB_ARRAY_SIZE(formats); i++)
		assert_true(fail_each_allocation_of(formats[i], false) > 20);
}

static void test_no_memory_while_packing(void **state)
{
	size_t size;
	unsigned char *data = fixture_object(&size);
	unsigned int n = 0;
	bool has_failed;

	(void)state;
	assert_true(fail_each_allocation((const char *)data, size, true) > 10);
	do {
		struct eun_error err = EUN_ERROR_INIT;
		char *json = NULL;
		size_t json_size;
		int r;

		failing_malloc_arm(++n);
		r = eun_package_pack(data, size, "x", &json, &json_size, &err);
		has_failed = failing_malloc_disarm();
		assert_int_equal(r, has_failed ? -ENOMEM : 0);
		assert_true(r < 0 || json);
		free(json);
		eun_error_done(&err);
	} while (has_failed);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_value_of_another_type),
		cmocka_unit_test(test_text_cut_off),
		cmocka_unit_test(test_object_of_another_machine),
		cmocka_unit_test(test_no_memory_while_parsing),
		cmocka_unit_test(test_no_memory_while_packing),
		cmocka_unit_test(test_no_memory_within_jansson),
	};

	return cmocka_run_group_tests_name("package_bad_input", tests, NULL, NULL);
}
