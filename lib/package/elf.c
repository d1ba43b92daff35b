/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See elf.h. The reader is our own because the bytes come from anybody: libelf and libbpf were
 * written for the output of compilers, and old versions of both trust some fields. All structures
 * are copied out of the file with memcpy, since nothing aligns them. After eun__elf_init() the
 * accessors cannot fail: every header, name, symbol and relocation was checked once.
 * Format: "System V Application Binary Interface", chapter 4; BPF: Documentation/bpf of the kernel.
 */
#include "package/elf.h"

#include "base/cleanup.h"
#include "base/macro.h"
#include "base/str.h"
#include "package/limits.h"
#include "package/name.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define BPF_INSN_SIZE 8

struct machine {
	uint16_t id;
	const char *name;
};

static const struct machine machines[] = {
	{ EM_386, "x86" },	   { EM_X86_64, "x86-64" },	  { EM_ARM, "arm" },
	{ EM_AARCH64, "arm64" },   { EM_RISCV, "RISC-V" },	  { EM_PPC, "powerpc" },
	{ EM_PPC64, "powerpc64" }, { EM_S390, "s390" },		  { EM_MIPS, "mips" },
	{ EM_SPARCV9, "sparc64" }, { EM_LOONGARCH, "loongarch" },
};

static int bad(struct eun_error *err, const char *what)
{
	return eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE, "ELF object: %s", what);
}

bool eun__elf_has_magic(const void *data, size_t size)
{
	return size >= SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0;
}

static int wrong_arch(struct eun_error *err, const char *machine)
{
	eun_error_set(err, -EINVAL, EUN_REASON_WRONG_ARCH,
		      "this is an ELF file for %s, not for little-endian BPF", machine);
	eun_error_set_subject(err, machine);
	eun_error_set_hint(err, "compile with: clang -O2 -g -target bpf -c FILE.bpf.c");
	return -EINVAL;
}

/* Programs, maps and types are in the order of the machine that runs them, as BPF itself is. */
static int wrong_order(struct eun_error *err)
{
	struct utsname host;

	eun_error_set(
	    err, -EINVAL, EUN_REASON_WRONG_ARCH,
	    "this is a BPF object for big-endian machines; this one (%s) is little-endian",
	    uname(&host) == 0 ? host.machine : "unknown");
	eun_error_set_subject(err, "big-endian BPF");
	eun_error_set_hint(err, "compile it with clang -target bpf on this machine, or -target "
				"bpfel anywhere; where a project has both, take *_bpfel.o");
	return -EINVAL;
}

static int check_machine(const unsigned char *ident, uint16_t machine, struct eun_error *err)
{
	bool is_big = ident[EI_DATA] == ELFDATA2MSB;
	char text[32];

	/* The machine field follows the file's byte order, not ours. */
	if (is_big)
		machine = __builtin_bswap16(machine);
	if (machine == EM_BPF || machine == EM_NONE) {
		if (is_big)
			return wrong_order(err);
		return ident[EI_CLASS] == ELFCLASS64 ? 0 : bad(err, "it is not a 64-bit file");
	}
	for (size_t i = 0; i < EUB_ARRAY_SIZE(machines); i++)
		if (machines[i].id == machine)
			return wrong_arch(err, machines[i].name);
	(void)snprintf(text, sizeof(text), "machine %u", machine);
	return wrong_arch(err, text);
}

/* Checks the file header and finds the table of section headers. */
static int check_header(struct eun__elf *elf, Elf64_Ehdr *header, struct eun_error *err)
{
	uint64_t table_size;

	if (!eun__elf_has_magic(elf->data, elf->size))
		return bad(err, "it does not begin with the ELF magic");
	if (elf->size < sizeof(*header))
		return bad(err, "it ends within the file header");
	memcpy(header, elf->data, sizeof(*header));
	if (check_machine(header->e_ident, header->e_machine, err) < 0)
		return -EINVAL;
	if (header->e_ident[EI_DATA] != ELFDATA2LSB)
		return bad(err, "its byte order is unknown");
	if (header->e_type != ET_REL)
		return bad(err, "it is not a relocatable object (compiled with -c)");
	if (header->e_shentsize != sizeof(Elf64_Shdr))
		return bad(err, "its section headers have an unknown size");
	if (header->e_shnum == 0 || header->e_shoff == 0)
		return bad(err, "it has no section headers");
	if (header->e_shnum > EUN__SECTIONS_MAX)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "ELF object: %u sections are over the limit of %d",
				     header->e_shnum, EUN__SECTIONS_MAX);
	table_size = (uint64_t)header->e_shnum * sizeof(Elf64_Shdr);
	if (header->e_shoff > elf->size || table_size > elf->size - header->e_shoff)
		return eun_error_set(
		    err, -EINVAL, EUN_REASON_BAD_PACKAGE,
		    "ELF object: it ends at byte %zu, its section headers lie at %llu; it is cut off",
		    elf->size, (unsigned long long)header->e_shoff);
	if (header->e_shstrndx == SHN_UNDEF || header->e_shstrndx >= header->e_shnum)
		return bad(err, "it has no section names");
	elf->table = header->e_shoff;
	elf->n_sections = header->e_shnum;
	return 0;
}

struct eun__elf_section eun__elf_section(const struct eun__elf *elf, size_t i)
{
	struct eun__elf_section section = { .index = i };

	assert(i < elf->n_sections);
	memcpy(&section.header, elf->data + elf->table + i * sizeof(section.header),
	       sizeof(section.header));
	section.name =
	    section.header.sh_name < elf->names_size ? elf->names + section.header.sh_name : "";
	if (section.header.sh_type != SHT_NOBITS && section.header.sh_offset <= elf->size)
		section.data = elf->data + section.header.sh_offset;
	return section;
}

static int bad_section(const struct eun__elf_section *section, struct eun_error *err,
		       const char *what)
{
	eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE, "ELF object: section %zu '%.64s' %s",
		      section->index, section->name, what);
	eun_error_set_subject(err, section->name);
	return -EINVAL;
}

static int section_too_large(const struct eun__elf_section *section, struct eun_error *err,
			     const char *unit, int limit)
{
	eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
		      "ELF object: section %zu '%.64s' has more than %d %s", section->index,
		      section->name, limit, unit);
	eun_error_set_subject(err, section->name);
	return -E2BIG;
}

static int check_range(const struct eun__elf *elf, const struct eun__elf_section *section,
		       struct eun_error *err)
{
	const Elf64_Shdr *header = &section->header;

	if (header->sh_type == SHT_NULL)
		return 0;
	if (header->sh_type == SHT_NOBITS && header->sh_size > EUN__NOBITS_SIZE_MAX)
		return section_too_large(section, err, "bytes", EUN__NOBITS_SIZE_MAX);
	if (header->sh_type == SHT_NOBITS)
		return 0;
	if (header->sh_offset > elf->size || header->sh_size > elf->size - header->sh_offset)
		return bad_section(section, err,
				   "reaches beyond the end of the file; it is cut off");
	return 0;
}

static bool is_terminated(const struct eun__elf_section *section)
{
	return section->data && section->header.sh_size > 0 &&
	       section->data[section->header.sh_size - 1] == '\0';
}

static int check_strings(const struct eun__elf *elf, const struct eun__elf_section *section,
			 struct eun_error *err)
{
	(void)elf;
	if (section->header.sh_size > 0 && !is_terminated(section))
		return bad_section(section, err, "holds a string without an end");
	return 0;
}

static int check_code(const struct eun__elf *elf, const struct eun__elf_section *section,
		      struct eun_error *err)
{
	(void)elf;
	if (section->header.sh_flags & SHF_EXECINSTR && section->header.sh_size % BPF_INSN_SIZE)
		return bad_section(section, err, "is not made of whole instructions");
	return 0;
}

static int check_symbol(const struct eun__elf *elf, const Elf64_Sym *symbol,
			const struct eun__elf_section *names)
{
	uint64_t names_size = names->header.sh_size;
	struct eun__elf_section target;

	if (symbol->st_name >= names_size ||
	    !eun__is_name((const char *)names->data + symbol->st_name,
			  names_size - symbol->st_name))
		return -EINVAL;
	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= SHN_LORESERVE)
		return 0;
	if (symbol->st_shndx >= elf->n_sections)
		return -EINVAL;
	target = eun__elf_section(elf, symbol->st_shndx);
	if (symbol->st_value > target.header.sh_size ||
	    symbol->st_size > target.header.sh_size - symbol->st_value)
		return -EINVAL;
	return 0;
}

static int check_symbols(const struct eun__elf *elf, const struct eun__elf_section *section,
			 struct eun_error *err)
{
	struct eun__elf_section names;
	size_t n_symbols;

	if (section->header.sh_entsize != sizeof(Elf64_Sym) ||
	    section->header.sh_size % sizeof(Elf64_Sym))
		return bad_section(section, err, "has entries of an unknown size");
	if (section->header.sh_link >= elf->n_sections)
		return bad_section(section, err, "names no string table");
	names = eun__elf_section(elf, section->header.sh_link);
	if (names.header.sh_type != SHT_STRTAB || !is_terminated(&names))
		return bad_section(section, err, "names no string table");
	n_symbols = section->header.sh_size / sizeof(Elf64_Sym);
	if (n_symbols > EUN__SYMBOLS_MAX)
		return section_too_large(section, err, "symbols", EUN__SYMBOLS_MAX);
	for (size_t i = 0; i < n_symbols; i++) {
		Elf64_Sym symbol;

		memcpy(&symbol, section->data + i * sizeof(symbol), sizeof(symbol));
		if (check_symbol(elf, &symbol, &names) < 0)
			return bad_section(section, err,
					   "has a symbol whose name or place is outside");
	}
	return 0;
}

static int check_relocations(const struct eun__elf *elf, const struct eun__elf_section *section,
			     struct eun_error *err)
{
	struct eun__elf_section symbols;
	struct eun__elf_section target;
	size_t n_symbols;

	if (section->header.sh_entsize != sizeof(Elf64_Rel) ||
	    section->header.sh_size % sizeof(Elf64_Rel))
		return bad_section(section, err, "has entries of an unknown size");
	if (section->header.sh_link >= elf->n_sections ||
	    section->header.sh_info >= elf->n_sections)
		return bad_section(section, err, "names no symbols or no target");
	symbols = eun__elf_section(elf, section->header.sh_link);
	target = eun__elf_section(elf, section->header.sh_info);
	if (symbols.header.sh_type != SHT_SYMTAB)
		return bad_section(section, err, "names no symbols or no target");
	n_symbols = symbols.header.sh_size / sizeof(Elf64_Sym);
	for (size_t i = 0; i < section->header.sh_size / sizeof(Elf64_Rel); i++) {
		Elf64_Rel relocation;

		memcpy(&relocation, section->data + i * sizeof(relocation), sizeof(relocation));
		if (ELF64_R_SYM(relocation.r_info) >= n_symbols ||
		    relocation.r_offset >= target.header.sh_size)
			return bad_section(section, err, "has a relocation that lies outside");
	}
	return 0;
}

struct section_check {
	uint32_t type;
	int (*check)(const struct eun__elf *elf, const struct eun__elf_section *section,
		     struct eun_error *err);
};

static const struct section_check section_checks[] = {
	{ SHT_STRTAB, check_strings },
	{ SHT_PROGBITS, check_code },
	{ SHT_SYMTAB, check_symbols },
	{ SHT_REL, check_relocations },
};

static int check_contents(struct eun__elf *elf, struct eun_error *err)
{
	for (size_t i = 1; i < elf->n_sections; i++) {
		struct eun__elf_section section = eun__elf_section(elf, i);
		int r;

		for (size_t j = 0; j < EUB_ARRAY_SIZE(section_checks); j++) {
			if (section_checks[j].type != section.header.sh_type)
				continue;
			r = section_checks[j].check(elf, &section, err);
			if (r < 0)
				return r;
		}
		if (section.header.sh_type != SHT_SYMTAB)
			continue;
		if (elf->symbol_section)
			return bad_section(&section, err, "is a second symbol table");
		elf->symbol_section = i;
	}
	return 0;
}

/* Section names come first: the messages of all later checks use them. */
static int open_names(struct eun__elf *elf, size_t index, struct eun_error *err)
{
	struct eun__elf_section names = eun__elf_section(elf, index);

	if (names.header.sh_type != SHT_STRTAB || check_range(elf, &names, err) < 0 ||
	    !is_terminated(&names))
		return bad(err, "its section names are cut off or damaged");
	elf->names = (const char *)names.data;
	elf->names_size = names.header.sh_size;
	return 0;
}

int eun__elf_init(struct eun__elf *elf, const void *data, size_t size, struct eun_error *err)
{
	Elf64_Ehdr header = { 0 };
	int r;

	*elf = (struct eun__elf){ .data = data, .size = size };
	r = check_header(elf, &header, err);
	if (r < 0)
		return r;
	r = open_names(elf, header.e_shstrndx, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < elf->n_sections; i++) {
		struct eun__elf_section section = eun__elf_section(elf, i);

		if (section.header.sh_name >= elf->names_size ||
		    !eun__is_name(section.name, elf->names_size - section.header.sh_name))
			return bad_section(&section, err, "has a name that is none");
		r = check_range(elf, &section, err);
		if (r < 0)
			return r;
	}
	return check_contents(elf, err);
}

bool eun__elf_find_section(const struct eun__elf *elf, const char *name,
			   struct eun__elf_section *ret_section)
{
	for (size_t i = 1; i < elf->n_sections; i++) {
		struct eun__elf_section section = eun__elf_section(elf, i);

		if (section.header.sh_type == SHT_NULL || !eub_streq(section.name, name))
			continue;
		*ret_section = section;
		return true;
	}
	return false;
}

size_t eun__elf_n_symbols(const struct eun__elf *elf)
{
	if (!elf->symbol_section)
		return 0;
	return eun__elf_section(elf, elf->symbol_section).header.sh_size / sizeof(Elf64_Sym);
}

struct eun__elf_symbol eun__elf_symbol(const struct eun__elf *elf, size_t i)
{
	struct eun__elf_section table = eun__elf_section(elf, elf->symbol_section);
	struct eun__elf_section names = eun__elf_section(elf, table.header.sh_link);
	struct eun__elf_symbol symbol;

	assert(table.data && i < table.header.sh_size / sizeof(symbol.raw));
	memcpy(&symbol.raw, table.data + i * sizeof(symbol.raw), sizeof(symbol.raw));
	symbol.name = (const char *)names.data + symbol.raw.st_name;
	return symbol;
}
