/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's object as libelf, an independent reader, sees it. */
#include "object/gate_elf.h"

#include "base/macro.h"

#include <libelf.h>
#include <gelf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static Elf_Scn *find_section(Elf *elf, const char *wanted, GElf_Shdr *ret_header)
{
	Elf_Scn *section = NULL;
	size_t names;

	assert_int_equal(elf_getshdrstrndx(elf, &names), 0);
	while ((section = elf_nextscn(elf, section))) {
		assert_non_null(gelf_getshdr(section, ret_header));
		if (strcmp(elf_strptr(elf, names, ret_header->sh_name), wanted) == 0)
			return section;
	}
	return NULL;
}

static void test_layout(void **state EUB_UNUSED)
{
	const struct bpf_insn insns[] = { { .code = 0xb7 }, { .code = 0x95 } };
	struct eub_buf out = EUB_BUF_INIT;
	GElf_Ehdr file;
	GElf_Shdr header;
	GElf_Sym symbol;
	Elf_Scn *section;
	Elf *elf;

	assert_int_equal(eun__gate_elf_build("tp/a/b", insns, EUB_ARRAY_SIZE(insns), &out), 0);
	assert_true(elf_version(EV_CURRENT) != EV_NONE);
	elf = elf_memory(out.data, out.len);
	assert_non_null(elf);
	assert_non_null(gelf_getehdr(elf, &file));
	assert_int_equal(file.e_machine, EM_BPF);
	assert_int_equal(file.e_type, ET_REL);

	section = find_section(elf, "tp/a/b", &header);
	assert_non_null(section);
	assert_int_equal(header.sh_flags, SHF_ALLOC | SHF_EXECINSTR);
	assert_int_equal(header.sh_size, sizeof(insns));
	assert_memory_equal(elf_getdata(section, NULL)->d_buf, insns, sizeof(insns));

	section = find_section(elf, "license", &header);
	assert_non_null(section);
	assert_string_equal(elf_getdata(section, NULL)->d_buf, "GPL");

	section = find_section(elf, ".symtab", &header);
	assert_non_null(section);
	assert_non_null(gelf_getsym(elf_getdata(section, NULL), 1, &symbol));
	assert_string_equal(elf_strptr(elf, header.sh_link, symbol.st_name), "gate");
	assert_int_equal(symbol.st_size, sizeof(insns));
	elf_end(elf);
	eub_buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_layout) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
