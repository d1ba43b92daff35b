/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "btf/ext_append.h"

#include "base/macro.h"
#include "btf/ext.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>

/* Function information of two sections, line information of one, one relocation. */
static const uint32_t words[] = {
	/* clang-format off */
	BTF_MAGIC | 1 << 16, 32, 0, 36, 36, 28, 64, 28,
	8,  5, 1, 0, 11,  6, 1, 0, 12,
	16, 5, 1, 0, 1, 2, 3 << 10,
	16, 5, 1, 0, 21, 1, 0,
	/* clang-format on */
};

static const struct eun__btf_ext_function functions[] = {
	{ .at_bytes = 80, .type_id = 31, .file = 7, .line = 8 },
	{ .at_bytes = 160, .type_id = 32, .file = 7, .line = 8 },
};

static int append(const void *data, size_t size, uint32_t section, struct eub_buf *out)
{
	void *copy = malloc(size > 0 ? size : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, data, size);
	r = eun__btf_ext_append(copy, size, section, functions, EUB_ARRAY_SIZE(functions), out);
	free(copy);
	return r;
}

static void expect_words(const struct eub_buf *out, const uint32_t *expected, size_t n)
{
	assert_int_equal(out->len, n * sizeof(*expected));
	assert_memory_equal(out->data, expected, out->len);
}

static void test_known_section_grows(void **state EUB_UNUSED)
{
	static const uint32_t expected[] = {
		/* clang-format off */
		BTF_MAGIC | 1 << 16, 32, 0, 52, 52, 60, 112, 28,
		8,  5, 3, 0, 11, 80, 31, 160, 32,  6, 1, 0, 12,
		16, 5, 3, 0, 1, 2, 3 << 10, 80, 7, 8, 1 << 10, 160, 7, 8, 1 << 10,
		16, 5, 1, 0, 21, 1, 0,
		/* clang-format on */
	};
	struct eub_buf out = EUB_BUF_INIT;

	assert_int_equal(append(words, sizeof(words), 5, &out), 0);
	expect_words(&out, expected, EUB_ARRAY_SIZE(expected));
	eub_buf_done(&out);
}

static void test_new_section_is_added(void **state EUB_UNUSED)
{
	static const uint32_t expected[] = {
		/* clang-format off */
		BTF_MAGIC | 1 << 16, 32, 0, 60, 60, 68, 128, 28,
		8,  5, 1, 0, 11,  6, 1, 0, 12,  9, 2, 80, 31, 160, 32,
		16, 5, 1, 0, 1, 2, 3 << 10,  9, 2, 80, 7, 8, 1 << 10, 160, 7, 8, 1 << 10,
		16, 5, 1, 0, 21, 1, 0,
		/* clang-format on */
	};
	struct eub_buf out = EUB_BUF_INIT;

	assert_int_equal(append(words, sizeof(words), 9, &out), 0);
	expect_words(&out, expected, EUB_ARRAY_SIZE(expected));
	eub_buf_done(&out);
}

static void test_what_is_not_there_stays_away(void **state EUB_UNUSED)
{
	static const uint32_t old[] = { BTF_MAGIC | 1 << 16, 24, 0, 0, 0, 0 };
	static const uint32_t expected[] = { BTF_MAGIC | 1 << 16, 32, 0, 0, 0, 0, 0, 0 };
	struct eub_buf out = EUB_BUF_INIT;

	assert_int_equal(append(old, sizeof(old), 5, &out), 0);
	expect_words(&out, expected, EUB_ARRAY_SIZE(expected));
	eub_buf_done(&out);
}

static void test_records_may_be_longer(void **state EUB_UNUSED)
{
	static const uint32_t longer[] = {
		BTF_MAGIC | 1 << 16, 24, 0, 24, 24, 0, 12, 5, 1, 0, 11, 77,
	};
	static const uint32_t expected[] = {
		BTF_MAGIC | 1 << 16,
		32,
		0,
		48,
		48,
		0,
		48,
		0,
		12,
		5,
		3,
		0,
		11,
		77,
		80,
		31,
		0,
		160,
		32,
		0,
	};
	struct eub_buf out = EUB_BUF_INIT;

	assert_int_equal(append(longer, sizeof(longer), 5, &out), 0);
	expect_words(&out, expected, EUB_ARRAY_SIZE(expected));
	eub_buf_done(&out);
}

static void test_truncations(void **state EUB_UNUSED)
{
	struct eub_buf out = EUB_BUF_INIT;

	for (size_t n = 0; n < sizeof(words); n++) {
		assert_int_equal(append(words, n, 5, &out), -EINVAL);
		assert_int_equal(out.len, 0);
	}
}

static void test_numbers_too_large(void **state EUB_UNUSED)
{
	/* header length, offset and length of each part, sizes and numbers of records */
	static const size_t fields[] = { 1, 2, 3, 4, 5, 6, 7, 8, 10, 17, 19 };
	struct eub_buf out = EUB_BUF_INIT;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(fields); i++) {
		uint32_t copy[EUB_ARRAY_SIZE(words)];

		memcpy(copy, words, sizeof(words));
		copy[fields[i]] = UINT32_MAX;
		assert_int_equal(append(copy, sizeof(copy), 5, &out), -EINVAL);
		copy[fields[i]] = 0;
		(void)append(copy, sizeof(copy), 5, &out);
		eub_buf_done(&out);
	}
}

static void test_unknown_parts_are_refused(void **state EUB_UNUSED)
{
	static const uint32_t newer[] = { BTF_MAGIC | 1 << 16, 40, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct eub_buf out = EUB_BUF_INIT;

	assert_int_equal(append(newer, sizeof(newer), 5, &out), -EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_section_grows),
		cmocka_unit_test(test_new_section_is_added),
		cmocka_unit_test(test_what_is_not_there_stays_away),
		cmocka_unit_test(test_records_may_be_longer),
		cmocka_unit_test(test_truncations),
		cmocka_unit_test(test_numbers_too_large),
		cmocka_unit_test(test_unknown_parts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
