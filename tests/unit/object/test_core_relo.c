/* SPDX-License-Identifier: Apache-2.0 */
/* .BTF.ext built by hand: what counts as a root, and what damage is refused. */
#include "object/core_relo.h"

#include "base/macro.h"

#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TYPE_INT = 1, TYPE_TASK, TYPE_FLAVOUR, TYPE_TYPEDEF, TYPE_ENUM };

struct ext {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint32_t hdr_len;
	uint32_t func[2];
	uint32_t line[2];
	uint32_t core_off;
	uint32_t core_len;
	uint32_t record_size;
	uint32_t sec_name_off;
	uint32_t num_info;
	struct bpf_core_relo relos[4];
};

#define CORE_PART (sizeof(struct ext) - offsetof(struct ext, record_size))

static struct btf *new_btf(void)
{
	struct btf *btf = btf__new_empty();

	assert_non_null(btf);
	assert_int_equal(btf__add_int(btf, "int", 4, 0), TYPE_INT);
	assert_int_equal(btf__add_struct(btf, "task_struct", 0), TYPE_TASK);
	assert_int_equal(btf__add_struct(btf, "task_struct___new", 0), TYPE_FLAVOUR);
	assert_int_equal(btf__add_typedef(btf, "task_t", TYPE_TASK), TYPE_TYPEDEF);
	assert_int_equal(btf__add_enum(btf, "color", 4), TYPE_ENUM);
	return btf;
}

static struct ext new_ext(void)
{
	struct ext ext = { .magic = BTF_MAGIC,
			   .version = 1,
			   .hdr_len = offsetof(struct ext, record_size),
			   .core_len = CORE_PART,
			   .record_size = sizeof(struct bpf_core_relo),
			   .num_info = 4 };
	static const uint32_t types[] = { TYPE_TASK, TYPE_FLAVOUR, TYPE_ENUM, TYPE_TASK };

	for (size_t i = 0; i < EUB_ARRAY_SIZE(types); i++)
		ext.relos[i] = (struct bpf_core_relo){ .type_id = types[i] };
	return ext;
}

static int read_ext(const struct ext *ext, size_t size, struct eun__core_roots *roots)
{
	struct btf *btf = new_btf();
	void *copy = malloc(size + 1); /* so that reading past the end is seen */
	int r;

	assert_non_null(copy);
	memcpy(copy, ext, size);
	r = eun__core_roots_read(btf, copy, size, roots, NULL);
	free(copy);
	btf__free(btf);
	return r;
}

static void test_roots(void **state EUB_UNUSED)
{
	struct ext ext = new_ext();
	struct eun__core_roots roots;

	assert_int_equal(read_ext(&ext, sizeof(ext), &roots), 0);
	assert_int_equal(roots.n_items, 2);
	assert_string_equal(roots.items[0].name, "color");
	assert_string_equal(roots.items[1].name, "task_struct");
	assert_false(roots.needs_everything);
	eun__core_roots_done(&roots);
}

static void test_what_needs_everything(void **state EUB_UNUSED)
{
	static const struct {
		uint32_t type;
		uint32_t kind;
		bool needs;
		size_t n_items;
	} rows[] = {
		{ TYPE_TASK, BPF_CORE_TYPE_ID_TARGET, true, 0 },
		{ TYPE_TASK, BPF_CORE_TYPE_MATCHES, true, 0 },
		{ TYPE_TASK, 99, true, 0 },
		{ TYPE_TASK, BPF_CORE_TYPE_ID_LOCAL, false, 0 },
		{ TYPE_TASK, BPF_CORE_TYPE_SIZE, false, 1 },
		{ TYPE_TYPEDEF, BPF_CORE_TYPE_EXISTS, true, 0 },
		{ TYPE_TYPEDEF, BPF_CORE_FIELD_EXISTS, false, 1 },
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++) {
		struct ext ext = new_ext();
		struct eun__core_roots roots;

		ext.num_info = 1;
		ext.core_len = 12 + sizeof(struct bpf_core_relo);
		ext.relos[0].type_id = rows[i].type;
		ext.relos[0].kind = rows[i].kind;
		assert_int_equal(read_ext(&ext, sizeof(ext), &roots), 0);
		assert_int_equal(roots.needs_everything, rows[i].needs);
		assert_int_equal(roots.n_items, rows[i].n_items);
		eun__core_roots_done(&roots);
	}
}

static void test_every_cut(void **state EUB_UNUSED)
{
	struct ext ext = new_ext();
	struct eun__core_roots roots;

	for (size_t n = 0; n < sizeof(ext); n++)
		assert_int_equal(read_ext(&ext, n, &roots), -EINVAL);
}

static void test_wrong_numbers(void **state EUB_UNUSED)
{
	struct eun__core_roots roots;
	struct ext ext = new_ext();

	ext.record_size = 4;
	assert_int_equal(read_ext(&ext, sizeof(ext), &roots), -EINVAL);
	ext = new_ext();
	ext.num_info = UINT32_MAX;
	assert_int_equal(read_ext(&ext, sizeof(ext), &roots), -EINVAL);
	ext = new_ext();
	ext.core_off = UINT32_MAX;
	assert_int_equal(read_ext(&ext, sizeof(ext), &roots), -EINVAL);
	ext = new_ext();
	ext.relos[2].type_id = 1000;
	assert_int_equal(read_ext(&ext, sizeof(ext), &roots), -EINVAL);
	ext = new_ext();
	ext.magic = 0x9feb;
	assert_int_equal(read_ext(&ext, sizeof(ext), &roots), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_what_needs_everything),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_wrong_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
