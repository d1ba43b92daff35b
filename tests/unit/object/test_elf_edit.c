/* SPDX-License-Identifier: Apache-2.0 */
/* Edited files as our own checked reader sees them. */
#include "object/elf_edit.h"

#include "base/macro.h"
#include "object/gate_elf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct bpf_insn insns[] = { { .code = 0xb7 }, { .code = 0x95 } };

struct fixture {
	struct eub_buf original;
	struct eun__elf elf;
	struct eun__elf_edit edit;
	struct eub_buf out;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	*state = f;
	assert_int_equal(eun__gate_elf_build("tp/a/b", insns, EUB_ARRAY_SIZE(insns), &f->original),
			 0);
	assert_int_equal(eun__elf_init(&f->elf, f->original.data, f->original.len, NULL), 0);
	assert_int_equal(eun__elf_edit_init(&f->edit, &f->elf), 0);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	eun__elf_edit_done(&f->edit);
	eub_buf_done(&f->original);
	eub_buf_done(&f->out);
	free(f);
	return 0;
}

static size_t index_of(const struct fixture *f, const char *name)
{
	struct eun__elf_section section;

	assert_true(eun__elf_find_section(&f->elf, name, &section));
	return section.index;
}

static void finish(struct fixture *f, struct eun__elf *ret_elf)
{
	struct eun_error err = EUN_ERROR_INIT;

	assert_int_equal(eun__elf_edit_finish(&f->edit, &f->out), 0);
	if (eun__elf_init(ret_elf, f->out.data, f->out.len, &err) < 0)
		fail_msg("%s", err.message);
}

static void expect_contents(const struct eun__elf *elf, const char *name, const void *data,
			    size_t n)
{
	struct eun__elf_section section;

	assert_true(eun__elf_find_section(elf, name, &section));
	assert_int_equal(section.header.sh_size, n);
	assert_memory_equal(section.data, data, n);
}

static void test_unchanged(void **state)
{
	struct fixture *f = *state;
	struct eun__elf elf;

	finish(f, &elf);
	assert_int_equal(elf.n_sections, f->elf.n_sections);
	expect_contents(&elf, "tp/a/b", insns, sizeof(insns));
	expect_contents(&elf, "license", "GPL", 4);
	assert_string_equal(eun__elf_symbol(&elf, 1).name, "gate");
}

static void test_in_place(void **state)
{
	struct fixture *f = *state;
	struct eun__elf elf;

	memcpy(eun__elf_edit_data(&f->edit, index_of(f, "license")), "BSD", 4);
	finish(f, &elf);
	expect_contents(&elf, "license", "BSD", 4);
	assert_memory_equal(f->original.data, f->elf.data, f->original.len);
}

static void test_append_and_replace(void **state)
{
	struct fixture *f = *state;
	size_t license = index_of(f, "license");
	size_t code = index_of(f, "tp/a/b");
	struct bpf_insn twice[2 * EUB_ARRAY_SIZE(insns)];
	struct eun__elf elf;

	/* Appending in turns moves a section more than once. */
	assert_int_equal(eun__elf_edit_append(&f->edit, license, "one", 4), 4);
	assert_int_equal(eun__elf_edit_append(&f->edit, code, insns, sizeof(insns)), sizeof(insns));
	assert_int_equal(eun__elf_edit_append(&f->edit, license, "two", 4), 8);
	assert_int_equal(eun__elf_edit_append(&f->edit, license, "six", 4), 12);
	finish(f, &elf);
	memcpy(twice, insns, sizeof(insns));
	memcpy(twice + EUB_ARRAY_SIZE(insns), insns, sizeof(insns));
	expect_contents(&elf, "tp/a/b", twice, sizeof(twice));
	expect_contents(&elf, "license", "GPL\0one\0two\0six", 16);
}

static void test_new_section(void **state)
{
	struct fixture *f = *state;
	size_t names = index_of(f, ".strtab");
	Elf64_Shdr header = { .sh_type = SHT_PROGBITS };
	struct eun__elf elf;
	size_t added;

	header.sh_name = (Elf64_Word)eun__elf_edit_append(&f->edit, names, ".new", 5);
	added = eun__elf_edit_add(&f->edit, &header);
	eun__elf_edit_replace(&f->edit, added, "some", 5);
	eun__elf_edit_replace(&f->edit, added, "contents", 9);
	finish(f, &elf);
	assert_int_equal(elf.n_sections, f->elf.n_sections + 1);
	expect_contents(&elf, ".new", "contents", 9);
	assert_string_equal(eun__elf_symbol(&elf, 1).name, "gate");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unchanged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_append_and_replace, setup, teardown),
		cmocka_unit_test_setup_teardown(test_new_section, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
