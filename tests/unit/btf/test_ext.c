/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "btf/ext.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

/* Header of 32 bytes, one section of function info and one of two relocations. */
static const uint32_t words[] = {
	BTF_MAGIC | 1 << 16,
	32,
	0,
	20,
	0,
	0,
	20,
	44, /* header: offsets and lengths */
	8,
	5,
	1,
	0,
	11, /* function info: size, section, n, record */
	16,
	5,
	2,
	0,
	21,
	1,
	0,
	8,
	22,
	1,
	0, /* relocations */
};

struct seen {
	uint32_t n;
	uint32_t section;
	uint32_t sum;
};

static void on_record(const struct eun__btf_ext_record *record, void *userdata)
{
	struct seen *seen = userdata;

	seen->n++;
	seen->section = record->section;
	seen->sum += record->type_id;
}

static int walk(const void *data, size_t size, enum eun__btf_ext_part part, struct seen *seen)
{
	void *copy = malloc(size > 0 ? size : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, data, size);
	*seen = (struct seen){ 0 };
	r = eun__btf_ext_walk(copy, size, part, on_record, seen);
	free(copy);
	return r;
}

static void test_both_parts(void **state)
{
	struct seen seen;

	(void)state;
	assert_int_equal(walk(words, sizeof(words), EUN__BTF_EXT_FUNC_INFO, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.section, 5);
	assert_int_equal(seen.sum, 11);
	assert_int_equal(walk(words, sizeof(words), EUN__BTF_EXT_CORE_RELO, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.sum, 43);
}

static void test_truncations(void **state)
{
	struct seen seen;

	(void)state;
	for (size_t n = 0; n < sizeof(words); n++)
		assert_int_equal(walk(words, n, EUN__BTF_EXT_CORE_RELO, &seen), -EINVAL);
}

static void test_old_header_without_relocations(void **state)
{
	uint32_t old[] = { BTF_MAGIC | 1 << 16, 24, 0, 0, 0, 0 };
	struct seen seen;

	(void)state;
	assert_int_equal(walk(old, sizeof(old), EUN__BTF_EXT_CORE_RELO, &seen), 0);
	assert_int_equal(seen.n, 0);
}

static void test_numbers_too_large(void **state)
{
	static const size_t fields[] = { 1, 6, 7, 15 };
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint32_t copy[sizeof(words) / sizeof(words[0])];

		memcpy(copy, words, sizeof(words));
		copy[fields[i]] = UINT32_MAX;
		assert_int_equal(walk(copy, sizeof(copy), EUN__BTF_EXT_CORE_RELO, &seen), -EINVAL);
		copy[fields[i]] = words[fields[i]];
		copy[13] = 4; /* records too short for a type id */
		assert_int_equal(walk(copy, sizeof(copy), EUN__BTF_EXT_CORE_RELO, &seen), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_parts),
		cmocka_unit_test(test_truncations),
		cmocka_unit_test(test_old_header_without_relocations),
		cmocka_unit_test(test_numbers_too_large),
	};

	return cmocka_run_group_tests_name("btf_ext", tests, NULL, NULL);
}
