/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate must be attached exactly as libbpf would attach the tracker, for every kind that libbpf
 * knows, so libbpf is given an object to attach: the smallest ELF that it takes. Sections: the code
 * (named as the tracker's), "license", the symbol table and its strings. There are no relocations,
 * maps or types: the descriptors stand in the instructions already. Layout: elf(5).
 */
#include "object/gate_elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

enum {
	SECTION_NULL,
	SECTION_CODE,
	SECTION_LICENSE,
	SECTION_STRINGS,
	SECTION_SYMBOLS,
	N_SECTIONS,
};

static const char license[] = "GPL";

static uint32_t add_name(struct eub_buf *strings, const char *name)
{
	uint32_t at = (uint32_t)strings->len;

	eub_buf_append(strings, name, strlen(name) + 1);
	return at;
}

/* Appends a section's contents, aligned to 8, and notes where they are. */
static void add_contents(struct eub_buf *out, Elf64_Shdr *header, const void *data, size_t n)
{
	eub_buf_fill(out, 0, (8 - out->len % 8) % 8);
	header->sh_offset = out->len;
	header->sh_size = n;
	header->sh_addralign = 8;
	eub_buf_append(out, data, n);
}

static void fill_file_header(Elf64_Ehdr *file, size_t table_offset)
{
	memset(file, 0, sizeof(*file));
	memcpy(file->e_ident, ELFMAG, SELFMAG);
	file->e_ident[EI_CLASS] = ELFCLASS64;
	file->e_ident[EI_DATA] = ELFDATA2LSB;
	file->e_ident[EI_VERSION] = EV_CURRENT;
	file->e_type = ET_REL;
	file->e_machine = EM_BPF;
	file->e_version = EV_CURRENT;
	file->e_ehsize = sizeof(Elf64_Ehdr);
	file->e_shoff = table_offset;
	file->e_shentsize = sizeof(Elf64_Shdr);
	file->e_shnum = N_SECTIONS;
	file->e_shstrndx = SECTION_STRINGS;
}

int eun__gate_elf_build(const char *section, const struct bpf_insn *insns, size_t n_insns,
			struct eub_buf *out)
{
	Elf64_Shdr headers[N_SECTIONS] = { 0 };
	Elf64_Sym symbols[2] = { 0 };
	Elf64_Ehdr file;
	struct eub_buf strings = EUB_BUF_INIT;

	eub_buf_append_char(&strings, '\0');
	headers[SECTION_CODE] = (Elf64_Shdr){ .sh_name = add_name(&strings, section),
					      .sh_type = SHT_PROGBITS,
					      .sh_flags = SHF_ALLOC | SHF_EXECINSTR };
	headers[SECTION_LICENSE] = (Elf64_Shdr){ .sh_name = add_name(&strings, "license"),
						 .sh_type = SHT_PROGBITS,
						 .sh_flags = SHF_ALLOC | SHF_WRITE };
	headers[SECTION_STRINGS] =
	    (Elf64_Shdr){ .sh_name = add_name(&strings, ".strtab"), .sh_type = SHT_STRTAB };
	headers[SECTION_SYMBOLS] = (Elf64_Shdr){ .sh_name = add_name(&strings, ".symtab"),
						 .sh_type = SHT_SYMTAB,
						 .sh_link = SECTION_STRINGS,
						 .sh_info = 1,
						 .sh_entsize = sizeof(Elf64_Sym) };
	symbols[1] = (Elf64_Sym){ .st_name = add_name(&strings, "gate"),
				  .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
				  .st_shndx = SECTION_CODE,
				  .st_size = n_insns * sizeof(*insns) };

	eub_buf_fill(out, 0, sizeof(file));
	add_contents(out, &headers[SECTION_CODE], insns, n_insns * sizeof(*insns));
	add_contents(out, &headers[SECTION_LICENSE], license, sizeof(license));
	add_contents(out, &headers[SECTION_STRINGS], strings.data, strings.len);
	add_contents(out, &headers[SECTION_SYMBOLS], symbols, sizeof(symbols));
	fill_file_header(&file, out->len);
	eub_buf_append(out, headers, sizeof(headers));
	if (strings.has_failed || out->has_failed) {
		eub_buf_done(&strings);
		return -ENOMEM;
	}
	memcpy(out->data, &file, sizeof(file));
	eub_buf_done(&strings);
	return 0;
}
