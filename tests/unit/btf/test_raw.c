/* SPDX-License-Identifier: Apache-2.0 */
/* Raw BTF is trusted for nothing: every cut and every wrong length must be refused. */
#include "btf/raw.h"

#include "base/macro.h"

#include <bpf/btf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct btf *new_btf(void)
{
	struct btf *btf = btf__new_empty();

	assert_non_null(btf);
	assert_int_equal(btf__add_int(btf, "int", 4, BTF_INT_SIGNED), 1);
	assert_int_equal(btf__add_struct(btf, "pair", 8), 2);
	assert_int_equal(btf__add_field(btf, "a", 1, 0, 0), 0);
	assert_int_equal(btf__add_field(btf, "b", 1, 32, 0), 0);
	assert_int_equal(btf__add_enum(btf, "color", 4), 3);
	assert_int_equal(btf__add_enum_value(btf, "RED", 0), 0);
	assert_int_equal(btf__add_ptr(btf, 2), 4);
	return btf;
}

static void test_index(void **state EUB_UNUSED)
{
	static const char *const names[] = { "int", "pair", "color", "" };
	struct btf *btf = new_btf();
	struct eun__raw_btf raw;
	uint32_t size;
	const void *data = btf__raw_data(btf, &size);

	assert_int_equal(eun__raw_btf_init(&raw, data, size), 0);
	assert_int_equal(raw.n_types, btf__type_cnt(btf));
	for (uint32_t id = 1; id < raw.n_types; id++)
		assert_string_equal(
		    eun__raw_btf_string(&raw, eun__raw_btf_type(&raw, id)->name_off),
		    names[id - 1]);
	assert_string_equal(eun__raw_btf_string(&raw, UINT32_MAX), "");
	eun__raw_btf_done(&raw);
	btf__free(btf);
}

static void test_every_cut(void **state EUB_UNUSED)
{
	struct btf *btf = new_btf();
	struct eun__raw_btf raw;
	uint32_t size;
	const void *data = btf__raw_data(btf, &size);

	for (uint32_t n = 0; n < size; n++) {
		void *cut = malloc(n + 1);

		assert_non_null(cut);
		memcpy(cut, data, n);
		assert_int_equal(eun__raw_btf_init(&raw, cut, n), -EINVAL);
		free(cut);
	}
	btf__free(btf);
}

/* Each word of the file set to extremes: refused or indexed, never read out of bounds. */
static void test_every_word(void **state EUB_UNUSED)
{
	static const uint32_t extremes[] = { 0, 1, 0x7fffffff, UINT32_MAX, 0x04ffffff, 0x1300ffff };
	struct btf *btf = new_btf();
	uint32_t size;
	const void *data = btf__raw_data(btf, &size);
	unsigned int n_refused = 0;

	for (uint32_t at = 0; at + 4 <= size; at += 4)
		for (size_t i = 0; i < EUB_ARRAY_SIZE(extremes); i++) {
			struct eun__raw_btf raw;
			unsigned char *copy = malloc(size);

			assert_non_null(copy);
			memcpy(copy, data, size);
			memcpy(copy + at, &extremes[i], 4);
			if (eun__raw_btf_init(&raw, copy, size) == 0)
				eun__raw_btf_done(&raw);
			else
				n_refused++;
			free(copy);
		}
	assert_true(n_refused > 10);
	btf__free(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_every_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
